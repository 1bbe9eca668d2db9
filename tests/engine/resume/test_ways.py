"""Other ways to an end, and on from there: read directly, failed with its model, forked after it was resumed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.engine import DIRECT
from engine.events import NodeEnded, Note
from engine.llm.scripted import ScriptedReply
from engine.replay.fork import fork
from engine.resume import resume
from engine.types import Usage
from tests.engine.resume.conftest import ANSWER, QUESTION, Desk, reply

pytestmark = pytest.mark.sandbox


def test_a_run_that_reads_directly_is_asked_anew_only_without_its_reply(desk: Desk) -> None:
    desk.fresh(lambda request: "two letters")
    answer = desk.engine.ask(QUESTION, desk.corpus, strategy=DIRECT)
    events = desk.engine.store.events(answer.run)
    at = {event.kind: number for number, event in enumerate(events)}
    for kind, requests in (("turn_started", 1), ("turn_finished", 0)):
        run = desk.cut(events[: at[kind] + 1])
        model = desk.fresh(lambda request: "two letters")
        gone_on = resume(desk.engine, run)
        assert (gone_on.answer, gone_on.strategy, len(model.requests)) == ("two letters", "direct", requests)


def test_a_run_that_failed_with_its_model_goes_on_with_another(desk: Desk) -> None:
    def failing(request: Any) -> Any:
        leaf = request.role == "sub" and "450 crowns" in request.messages[-1].content
        return ScriptedReply(error="The model process ended.", delay=0.3) if leaf else reply(request)

    desk.fresh(failing)
    failed = desk.engine.ask(QUESTION, desk.corpus)
    assert (failed.status, failed.reason) == ("failed", "The model process ended.")
    asked_before = {
        event.node for event in desk.engine.store.events(failed.run) if event.kind == "turn_finished"
    }
    model = desk.fresh()
    assert resume(desk.engine, failed.run).answer == ANSWER
    assert {"0.1", "0.2"} <= asked_before
    again = [request.conversation.rpartition("/")[2] for request in model.requests]
    assert "0.3" in again and "0.1" not in again and "0.2" not in again


def test_a_run_that_was_resumed_can_be_forked_at_the_cell_that_ran_anew(desk: Desk) -> None:
    events = desk.ask()
    at = next(i for i, event in enumerate(events) if event.node == "0.1" and event.kind == "node_finished")
    run = desk.cut(events[: at + 1])
    desk.fresh()
    assert resume(desk.engine, run).answer == ANSWER
    model = desk.fresh(reply)
    branch = fork(desk.engine, run, 4, code="told = ['long 1', 'long 2']\nprint(told)")
    assert branch.answer == "3 files, Halden, long 1 and long 2"
    assert len(model.requests) == 1  # all before the cell came from the record
    assert desk.engine.store.run(branch.run)["status"] == "answered"
    assert desk.engine.store.verify_projections(branch.run) == []


def test_an_answer_of_a_batch_with_choices_is_taken_as_the_choice_it_was(desk: Desk) -> None:
    code = "said = llm_query_batched(['Is one?', 'Is two?'], choices=['yes', 'no'])\nFINAL(' '.join(said))"

    def choosing(request: Any) -> str:
        return "Yes." if request.role == "sub" else f"```repl\n{code}\n```"

    desk.fresh(choosing)
    answer = desk.engine.ask(QUESTION, desk.corpus)
    assert answer.answer == "yes yes"
    events = desk.engine.store.events(answer.run)
    for kind in ("turn_finished", "node_finished"):  # its reply is committed, or its answer too
        at = next(i for i, event in enumerate(events) if event.node == "0.1" and event.kind == kind)
        run = desk.cut(events[: at + 1])
        model = desk.fresh(choosing)
        assert resume(desk.engine, run).answer == "yes yes"
        assert [request.conversation.rpartition("/")[2] for request in model.requests] == ["0.2"]


def test_a_child_that_a_person_had_stopped_alone_stays_stopped(desk: Desk) -> None:
    events = desk.ask()
    begun = next(i for i, event in enumerate(events) if event.node == "0.5" and event.kind == "node_started")
    run = desk.cut(
        [
            *events[: begun + 1],
            replace(events[begun], fact=Note("stopped by the user", "stop")),
            replace(events[begun], fact=NodeEnded("stopped", None, Usage(), 0.1, "stopped")),
        ]
    )
    model = desk.fresh()
    answer = resume(desk.engine, run).answer
    assert answer is not None and "(no answer: it was stopped before it had one; go on without it)" in answer
    assert not any(request.conversation.endswith("/0.5") for request in model.requests)
