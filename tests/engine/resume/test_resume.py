"""Runs that ended without an answer go on: nothing committed is asked again, the end is as if nothing had happened."""

from __future__ import annotations

import shutil
import threading
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from engine.errors import InputError
from engine.events import Event, RunEnded, RunResumed
from engine.replay import read_record
from engine.replay.verify import verify
from engine.resume import resume
from engine.run.node import Hooks
from engine.stop import Stop
from tests.engine.resume.conftest import ANSWER, CELLS, INTERRUPTED, Desk, asked, reply, resumed

pytestmark = pytest.mark.sandbox


@pytest.fixture(scope="module")
def whole(desk: Desk) -> tuple[list[Event], Counter[Any]]:
    """The events of a run that nothing disturbed, and what its model was asked."""
    return desk.ask(), asked(desk.model)


def after(events: list[Event], node: str, kind: str, nth: int = 1) -> list[Event]:
    """The events up to the nth one of a kind of a node."""
    at = [i for i, event in enumerate(events) if event.node == node and event.kind == kind]
    return events[: at[nth - 1] + 1]


@pytest.mark.parametrize(
    ("node", "kind", "nth"),
    [
        ("0", "run_started", 1),  # before there was a root
        ("0", "turn_started", 2),  # while a reply was written
        ("0", "turn_finished", 2),  # before its cell
        ("0.2", "turn_finished", 1),  # a leaf had its reply, and others had not
        ("0.3", "node_finished", 1),  # all had, and the cell was not told
        ("0.4.1", "node_started", 1),  # within a child
        ("0.4", "node_finished", 1),  # one child was done
        ("0", "cell_finished", 4),  # the answer was there
    ],
)
def test_a_run_that_was_cut_off_goes_on_from_its_last_event(
    desk: Desk, whole: tuple[list[Event], Counter[Any]], node: str, kind: str, nth: int
) -> None:
    events, everything = whole
    before = after(events, node, kind, nth)
    run = desk.cut(before)
    model = desk.fresh()
    answer = resume(desk.engine, run)
    assert (answer.status, answer.answer, answer.nodes) == ("answered", ANSWER, 8)
    replies = Counter(
        (event.node, event.fact.to_payload()["turn"]) for event in before if event.kind == "turn_finished"
    )
    assert len(model.requests) == everything.total() - replies.total()
    assert not asked(model) - everything  # and each of them was asked before, once
    log = desk.engine.store.events(run)
    written = Counter((e.node, e.fact.to_payload()["turn"]) for e in log if e.kind == "turn_finished")
    assert set(written.values()) == {1}
    assert answer.usage.calls == everything.total()
    assert [e.fact.to_payload()["text"] for e in resumed(log) if e.kind == "note"] == []
    assert desk.engine.store.verify_chain(run) == desk.engine.store.verify_projections(run) == []


def test_the_record_of_a_resumed_run_holds_when_it_is_verified(
    desk: Desk, whole: tuple[list[Event], Counter[Any]]
) -> None:
    run = desk.cut(after(whole[0], "0.4", "node_finished"))
    desk.fresh()
    resume(desk.engine, run)
    verdict = verify(desk.engine.store, desk.engine.kernels, run)
    assert [check for check in verdict.checks if check.result != "holds"] == []


def test_a_run_may_be_cut_off_and_go_on_twice(desk: Desk, whole: tuple[list[Event], Counter[Any]]) -> None:
    run = desk.cut(after(whole[0], "0.2", "node_finished"))
    desk.fresh()
    resume(desk.engine, run)
    log = desk.engine.store.events(run)
    again = desk.cut(after(log, "0.4", "turn_finished", 2))
    model = desk.fresh()
    assert resume(desk.engine, again).answer == ANSWER
    replies = sum(event.kind == "turn_finished" for event in after(log, "0.4", "turn_finished", 2))
    assert replies + len(model.requests) == whole[1].total()


def test_a_run_that_a_person_stopped_goes_on_where_it_was(
    desk: Desk, whole: tuple[list[Event], Counter[Any]]
) -> None:
    stop = Stop()
    seen = threading.Event()

    def slow(request: Any) -> Any:
        if "Anna, I will" in " ".join(request.messages[-1].content.split()) and request.role == "sub":
            seen.set()
            stop.request()
        return reply(request)

    first = desk.fresh(slow, delta_seconds=0.05, delta_chars=1)
    stopped = desk.engine.ask("How many letters mention Halden?", desk.corpus, stop=stop)
    assert stopped.status == "interrupted" and seen.is_set()
    log = desk.engine.store.events(stopped.run)
    replies = sum(event.kind == "turn_finished" for event in log)
    model = desk.fresh()
    answer = resume(desk.engine, stopped.run)
    assert (answer.answer, answer.run) == (ANSWER, stopped.run)
    assert replies + len(model.requests) == whole[1].total()
    assert len(first.requests) < whole[1].total()


def test_a_cell_that_was_stopped_asks_its_prompts_of_clocks_as_before(desk: Desk) -> None:
    stop = Stop()
    cell = "import time\nsaid = llm_query(f'Say how long at {time.time()}')\ntime.sleep(0.8)\nFINAL(said)"

    def asked_at(request: Any) -> str:
        return "long" if request.role == "sub" else f"```repl\n{cell}\n```"

    answered = Hooks(event=lambda event: stop.request() if event.kind == "call_finished" else None)
    desk.fresh(asked_at)
    stopped = desk.engine.ask("How long?", desk.corpus, hooks=answered, stop=stop)
    assert stopped.status == "interrupted"
    model = desk.fresh(asked_at)
    assert resume(desk.engine, stopped.run).answer == "long" and model.requests == []
    assert verify(desk.engine.store, desk.engine.kernels, stopped.run).holds


def test_a_run_that_ended_at_a_limit_goes_on_with_the_limit_anew(desk: Desk) -> None:
    def to_the_limit(request: Any) -> str:
        if "Stop here" in request.messages[-1].content:
            return "I do not know yet."
        return reply(request)

    desk.fresh(lambda request: "" if "Stop here" in request.messages[-1].content else to_the_limit(request))
    from engine.types import Settings

    ended = desk.engine.ask("How many letters mention Halden?", desk.corpus, Settings(max_turns=2))
    assert ended.status == "unanswered"

    def going_on(request: Any) -> str:
        if request.role == "sub" or not request.conversation.endswith("/0"):
            return reply(request)
        done = "Output" in request.messages[-1].content and "['long" in request.messages[-1].content
        return f"```repl\n{CELLS[3] if done else CELLS[2]}\n```"

    model = desk.fresh(going_on)
    answer = resume(desk.engine, ended.run)
    assert answer.answer == ANSWER
    assert "The limits were raised: go on." in model.requests[0].messages[-1].content


def test_other_limits_are_recorded_and_the_owner_is_the_one_that_goes_on(
    desk: Desk, whole: tuple[list[Event], Counter[Any]]
) -> None:
    run = desk.cut(after(whole[0], "0", "cell_finished"))
    desk.fresh()
    resume(desk.engine, run, seconds=77, depth=2)
    fact = next(e.fact for e in desk.engine.store.events(run) if isinstance(e.fact, RunResumed))
    assert (fact.settings["max_seconds"], fact.settings["depth"]) == (77, 2)
    assert fact.nodes == ("0",) and fact.owner is not None
    assert desk.engine.store.run(run)["settings"]["max_seconds"] == 77


def test_a_cell_that_lost_its_way_is_said_and_the_run_goes_on(
    desk: Desk, whole: tuple[list[Event], Counter[Any]]
) -> None:
    """A recorded prompt that the cell does not ask any more."""
    events = after(whole[0], "0", "cell_finished", 2)
    changed = [
        replace(event, fact=replace(event.fact, hashes=("0" * 64,) * 3))
        if event.kind == "call_started"
        else event
        for event in events
    ]
    run = desk.cut(changed)
    model = desk.fresh(lambda request: "```repl\nFINAL(str(len(names)))\n```")
    answer = resume(desk.engine, run)
    notes = [e.fact.to_payload()["text"] for e in desk.engine.store.events(run) if e.kind == "note"]
    assert answer.answer == "3" and any("could not be restored in whole" in note for note in notes)
    assert "restored up to cell 1 only" in model.requests[0].messages[-1].content


def test_a_cell_that_ran_anew_finds_the_time_of_the_first_try_whenever_it_is_executed(
    desk: Desk, whole: tuple[list[Event], Counter[Any]]
) -> None:
    run = desk.cut(after(whole[0], "0.2", "turn_finished"))
    desk.fresh()
    resume(desk.engine, run)
    log = desk.engine.store.events(run)
    at = next(event.seq for event in log if isinstance(event.fact, RunResumed))
    days_later = [replace(event, ts=event.ts + 3 * 86400 * (event.seq >= at)) for event in log]
    _, void, anew, following, _ = read_record(days_later).nodes["0"].cells
    assert void.void and anew.ts == void.ts and following.ts > void.ts + 86400


# --- what is refused --------------------------------------------------------------------------------------


def refused(desk: Desk, run: str, words: str) -> None:
    before = desk.engine.store.last(run) if run != "nothing" else 0
    with pytest.raises(InputError, match=words):
        resume(desk.engine, run)
    assert run == "nothing" or desk.engine.store.last(run) == before


def test_what_cannot_go_on_is_refused_with_the_log_as_it_was(
    desk: Desk, whole: tuple[list[Event], Counter[Any]]
) -> None:
    events = whole[0]
    refused(desk, "nothing", "There is no run 'nothing'")
    refused(desk, events[0].run, "has an answer. Ask a new question that follows it")
    alive = desk.engine.store.new_run(events[0].fact)  # type: ignore[arg-type]
    refused(desk, alive, "is still going on. Wait for its end, or stop it first")
    desk.engine.store.append(alive, "0", INTERRUPTED)
    bench = desk.engine.store.new_run(
        type(events[0].fact)(**{**fields_of(events[0]), "strategy": "retrieval"})
    )
    desk.engine.store.append(bench, "0", INTERRUPTED)
    refused(desk, bench, "is one of the bench")


def fields_of(event: Event) -> dict[str, Any]:
    from dataclasses import fields

    return {field.name: getattr(event.fact, field.name) for field in fields(event.fact)}


def test_a_run_of_changed_or_deleted_documents_is_refused(tmp_path: Any, kernels: Any) -> None:
    from engine.engine import Engine
    from engine.llm.scripted import ScriptedModel
    from tests.engine.conftest import fill
    from tests.engine.run.conftest import LETTERS

    fill(tmp_path / "papers", LETTERS)
    with Engine(tmp_path / "data", ScriptedModel(reply), kernels) as engine:
        desk = Desk(engine, tmp_path / "papers")
        events = desk.ask()
        run = desk.cut(after(events, "0", "cell_finished"))
        text = next(desk.corpus.path.glob("text*"))
        text.write_bytes(text.read_bytes().replace(b"Halden", b"Harlem"))
        refused(desk, run, "was changed after the run")
        shutil.rmtree(desk.corpus.path)
        refused(desk, run, "is missing in")
        assert [e.kind for e in engine.store.events(run)].count("run_resumed") == 0
        assert isinstance(engine.store.events(run)[-1].fact, RunEnded)
