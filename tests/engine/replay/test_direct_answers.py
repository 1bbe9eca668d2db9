"""Answers that a model read directly are held against its reply, whatever became of it on the way."""

from __future__ import annotations

import pytest

from engine.engine import DIRECT
from engine.events import NodeEnded, RunEnded
from engine.llm.scripted import ScriptedModel
from engine.types import Settings
from tests.engine.replay.test_verify import verdict_of
from tests.proof.forger import alter
from tests.proof.verify import caught, swap

pytestmark = pytest.mark.sandbox


@pytest.mark.parametrize(
    ("reply", "end"),
    [
        ("NONE.", "not in these documents"),
        ("<think>\nIs it there? No.\n</think>\nNONE", "not in these documents"),
        ("The ferry to Halden leaves the quay " * 9, "[cut off here: the answer reached its limit]"),
    ],
)
def test_direct_answers_that_say_none_or_were_cut_verify(desk, reply, end):
    desk.engine.use(ScriptedModel([reply]))
    settings = Settings(reply_tokens=30)
    found = desk.engine.ask("When does it leave?", desk.corpus, settings, strategy=DIRECT)
    assert found.answer.endswith(end)
    assert verdict_of(desk, found.run).holds
    swapped = swap(RunEnded, NodeEnded, answer=(found.answer, "not at all"))
    assert alter(desk.engine.store.folder, found.run, swapped, anew=True) > 0
    assert "answer" in caught(verdict_of(desk, found.run))
