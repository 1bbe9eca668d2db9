"""Lessons for training: what is learnt, what was given, and which runs make none."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from engine.errors import InputError
from engine.exchange.export import export
from engine.exchange.lessons import lessons, unfit
from tests.engine.exchange.conftest import CELLS

pytestmark = pytest.mark.sandbox


def test_each_node_that_answered_is_a_conversation_whose_own_turns_are_learnt(store, made):
    found = [json.loads(line) for line in export(store, made.run, "train").text.splitlines()]
    assert [lesson["node"] for lesson in found] == [id for id, n in made.record.nodes.items() if n.answer]
    root = found[0]
    assert (root["status"], root["agreement"], root["kind"]) == ("answered", "computed", "root")
    assert {m["role"] for m in root["messages"] if m["weight"]} == {"assistant"}
    turns = [message for message in root["messages"] if message["role"] == "assistant"]
    assert [turn["weight"] for turn in turns] == [1, 1, 1, 0, 1, 1, 1, 0, 1]  # 1/0, and a prompt too long
    assert all(code in turn["content"] for code, turn in zip(CELLS, turns, strict=True))


def test_older_turns_that_were_left_out_make_a_lesson_of_their_own(made):
    record = made.record
    turns = record.root.turns
    whole = (*turns[1].messages, *turns[4].messages)  # as after a compaction: the conversation anew
    turns[4] = replace(turns[4], started=replace(turns[4].started, messages=whole))
    first, second = [json.loads(line) for line in lessons(record).splitlines()][:2]
    assert first["node"] == second["node"] == "0"
    assert len([m for m in first["messages"] if m["role"] == "assistant"]) == 3
    assert [m["role"] for m in second["messages"]][:2] == ["system", "user"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"status": "unanswered", "answer": None}, "has no answer"),
        ({"forced": True}, "was asked for its answer at a limit"),
        ({"agreement": {"status": "absent"}}, "has an answer that its sources do not bear out"),
    ],
)
def test_a_run_that_is_no_example_makes_no_lessons(made, change, why):
    record = made.record
    record.ended = replace(record.ended, **change)
    assert unfit(record) == why and lessons(record) == ""


def test_the_reason_is_told(store, made, monkeypatch):
    monkeypatch.setattr("engine.exchange.lessons.unfit", lambda record: "has no answer")
    monkeypatch.setattr("engine.exchange.export.unfit", lambda record: "has no answer")
    with pytest.raises(InputError, match="makes no lessons: it has no answer"):
        export(store, made.run, "train")
