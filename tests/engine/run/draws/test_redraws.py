"""Turns of a small model that are taken anew, in whole runs with a scripted model and real cells."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.engine import Engine
from engine.llm.forms import HeldCell
from engine.llm.scripted import ScriptedModel
from engine.replay.verify import verify
from engine.types import Settings
from tests.engine.run.conftest import cell, kinds

pytestmark = pytest.mark.sandbox

NOTHING = cell("docs = context.matching(r'Haldn')\nFINAL(len(docs), docs)")
RIGHT = cell("docs = context.matching(r'Halden')\nFINAL(len(docs), docs)")
FAILS = cell("FINAL(missing)")


@pytest.fixture
def ask(data_dir, folder, kernels):
    """Ask a model of 135 million parameters, or of `parameters`; returns the answer, the events and the requests."""

    def ask(replies, parameters=135_000_000, question="How many letters mention Halden?"):
        model = ScriptedModel(replies)
        model.info = replace(model.info, parameters=parameters)
        with Engine(data_dir, model, kernels) as engine:
            answer = engine.ask(question, engine.add([folder]), Settings())
            assert verify(engine.store, kernels, answer.run).holds
            return answer, engine.store.events(answer.run), model.requests

    return ask


def test_a_count_of_nothing_is_counted_again_before_anything_is_told(ask):
    answer, _, requests = ask([NOTHING, RIGHT])
    assert answer.answer == "2" and len(answer.sources) == 2
    assert requests[1].messages == requests[0].messages, "the second draw knows nothing of the first"
    assert isinstance(requests[1].form, HeldCell)
    assert "Halden" in requests[1].form.text and "notes.md" in requests[1].form.names
    assert requests[0].form is None


def test_a_count_that_stays_at_nothing_is_taken(ask):
    answer, events, requests = ask(lambda request: NOTHING)
    assert answer.answer == "0" and answer.status == "answered" and len(requests) == 5
    assert len(kinds(events, "cell_started")) == 2, (
        "the same cell is run only for its first draw and its answer"
    )
    assert {one.sampling.temperature > 0 for one in requests[2:]} == {True}
    assert len({one.sampling.seed for one in requests}) == 4


def test_a_cell_that_fails_is_drawn_again_and_what_was_told_is_the_first_where_none_is_better(ask):
    told = []

    def reply(request):
        if len(request.messages) > 2:
            told.append(request.messages[-1].content)
            return RIGHT
        return FAILS

    answer, _, requests = ask(reply)
    assert answer.answer == "2" and len(requests) == 6
    assert "NameError" in told[0] and told[0].count("FINAL(missing)") == 1


def test_a_larger_model_is_told_at_once_and_its_nothing_is_taken(ask):
    answer, _, requests = ask([FAILS, NOTHING], parameters=7_000_000_000)
    assert answer.answer == "0" and len(requests) == 2
    assert "NameError" in requests[1].messages[-1].content and not isinstance(requests[1].form, HeldCell)


def test_the_draws_of_a_node_are_limited(ask):
    answer, _, requests = ask(lambda request: FAILS)
    assert answer.answer is None
    assert sum(isinstance(one.form, HeldCell) for one in requests) == 6
