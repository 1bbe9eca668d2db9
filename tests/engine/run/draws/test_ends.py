"""Turns that are taken anew, where a limit ends them, a draw holds no cell, or a record of them is used later."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from engine.engine import Engine
from engine.events.record import record_of
from engine.exchange.lessons import lessons
from engine.llm.forms import FinalCell
from engine.llm.scripted import ScriptedModel
from engine.replay.fork import fork
from engine.replay.verify import verify
from engine.types import Settings
from tests.engine.run.conftest import cell
from tests.engine.run.draws.test_redraws import FAILS, NOTHING, RIGHT

pytestmark = pytest.mark.sandbox


@pytest.mark.parametrize("poor", ["Let me think about it.", "```repl\n" + "x = 1\n" * 3000])
def test_a_draw_without_a_cell_does_not_lose_what_the_first_one_found(ask, poor):
    answer, _, requests = ask([NOTHING, poor, RIGHT])
    assert answer.answer == "0" and len(requests) == 2


def test_a_count_of_nothing_that_every_cell_gives_is_taken_and_holds(ask):
    def reply(request):
        return cell(f"docs = context.matching(r'Hald{next(count)}')\nFINAL(len(docs), docs)")

    count = iter(range(100))
    answer, _, requests = ask(reply)
    assert answer.answer == "0" and len(requests) == 5


def test_a_draw_without_a_cell_does_not_hide_the_error_of_the_first(ask):
    answer, _, requests = ask([FAILS, "Let me think about it.", RIGHT])
    assert answer.answer == "2" and "NameError" in requests[2].messages[-1].content
    assert requests[2].messages[-2].content == FAILS


def test_a_count_of_nothing_is_taken_at_a_limit_without_another_draw(ask):
    answer, _, requests = ask(lambda request: NOTHING, max_tokens=700)
    assert answer.answer == "0" and answer.forced and len(requests) < 5
    assert not any(isinstance(one.form, FinalCell) for one in requests)


def test_what_failed_is_told_before_the_best_answer_is_asked_for_as_a_first_reply_is(ask):
    def reply(request):
        return (
            cell("FINAL('best')") if "Stop here" in request.messages[-1].content else cell(f"x{next(count)}")
        )

    count = iter(range(100))
    answer, _, requests = ask(reply, max_tokens=350)
    assert answer.answer == "best" and answer.forced
    assert "NameError" in requests[-1].messages[-1].content
    assert requests[-1].sampling.temperature == 0


def test_sub_calls_that_could_not_be_made_again_are_not_doubted(ask):
    def reply(request):
        return cell("a = llm_query_batched(['x', 'y'])\nFINAL(0)") if request.role == "root" else "NONE"

    answer, _, requests = ask(reply, max_calls=5)
    assert answer.answer == "0" and len([one for one in requests if one.role == "root"]) == 1


def test_a_worker_that_died_in_a_draw_is_told(ask):
    replies = ["x = 1\nmissing", "import os\nos._exit(1)", "FINAL('told')"]
    answer, _, requests = ask([cell(code) for code in replies])
    assert answer.answer == "told"
    assert "NameError" in requests[2].messages[-1].content and "restarted" in requests[2].messages[-1].content


@pytest.fixture
def small(data_dir, folder, kernels):
    """An engine, and a way to give its small model replies."""
    with Engine(data_dir, ScriptedModel([]), kernels) as engine:

        def use(replies):
            model = ScriptedModel(replies)
            model.info = replace(model.info, parameters=135_000_000)
            engine.use(model)
            return model

        yield engine, use, engine.add([folder])


MISSING = [cell(f"missing{n}") for n in range(5)]


def test_a_fork_after_draws_goes_on_from_what_the_model_was_told(small):
    engine, use, corpus = small
    model = use([*MISSING, cell("x = 1"), cell("FINAL('a')")])
    answer = engine.ask("How many?", corpus, Settings())
    assert model.requests[-1].messages[2].content == MISSING[0]
    forked = use([cell("FINAL('b')")])
    again = fork(engine, answer.run, 7)
    assert again.answer == "b" and verify(engine.store, engine.kernels, again.run).holds
    assert forked.requests[0].messages == model.requests[-1].messages


def test_what_a_person_writes_into_a_fork_is_not_doubted(small):
    engine, use, corpus = small
    use([cell("x = 1"), cell("FINAL(2)")])
    answer = engine.ask("How many?", corpus, Settings())
    use([])
    assert fork(engine, answer.run, 2, code="FINAL(0)").answer == "0"


def test_lessons_hold_one_reply_for_each_message(small):
    engine, use, corpus = small
    use([FAILS, cell("x = 1"), *MISSING, cell("FINAL('a')")])
    answer = engine.ask("How many?", corpus, Settings())
    record = record_of(engine.store.events(answer.run))
    said = [message for one in map(json.loads, lessons(record).splitlines()) for message in one["messages"]]
    assert [message["role"] for message in said] == ["system", *["user", "assistant"] * 3]
    assert [one["content"] for one in said if one["role"] == "assistant"] == [
        cell("x = 1"),
        MISSING[0],
        cell("FINAL('a')"),
    ]
