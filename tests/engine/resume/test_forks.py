"""Runs that were cut off and went on are forked at the cell that was under way then, which ran anew as the next one."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from engine.replay.fork import fork
from engine.replay.verify import verify
from engine.resume import resume
from tests.engine.resume.conftest import ANSWER, CELLS, Desk, reply
from tests.engine.resume.test_resume import after

pytestmark = pytest.mark.sandbox


def ending(request: Any) -> str:
    """The reply of the script; where it has none, an answer."""
    try:
        return reply(request)
    except IndexError:
        return "```repl\nFINAL('17 of them')\n```"


def cut_off(desk: Desk, node: str, kind: str) -> str:
    """A run that was cut off after an event, and went on to its end."""
    run = desk.cut(after(desk.ask(), node, kind))
    desk.fresh()
    assert resume(desk.engine, run).answer == ANSWER
    return run


def problems(desk: Desk, run: str) -> list[Any]:
    """What does not hold of a run, and its nodes that began more than once."""
    verdict = verify(desk.engine.store, desk.engine.kernels, run)
    begun = Counter(event.node for event in desk.engine.store.events(run) if event.kind == "node_started")
    twice = [node for node, count in begun.items() if count > 1]
    return [check for check in verdict.checks if check.result != "holds"] + twice


@pytest.mark.parametrize("cell", [2, 3], ids=["the void one", "the one that ran"])
def test_the_model_is_asked_anew_for_the_cell_of_the_root_that_was_cut_off(desk: Desk, cell: int) -> None:
    run = cut_off(desk, "0.2", "turn_finished")
    model = desk.fresh()
    answer = fork(desk.engine, run, cell)
    assert (answer.answer, answer.nodes, len(desk.engine.store.nodes(answer.run))) == (ANSWER, 8, 8)
    assert [message.role for message in model.requests[0].messages] == ["system", "user", "assistant", "user"]
    cells = [event.fact for event in desk.engine.store.events(answer.run) if event.kind == "cell_started"]
    assert [fact.cell for fact in cells if fact.code in CELLS] == [1, 2, 3, 4]
    assert problems(desk, answer.run) == []


@pytest.mark.parametrize("cell", [1, 2])
def test_a_cell_of_a_child_that_was_cut_off_is_edited(desk: Desk, cell: int) -> None:
    run = cut_off(desk, "0.4.1", "node_started")
    desk.fresh()
    answer = fork(desk.engine, run, cell, node="0.4", code="FINAL('mine 5')")
    assert answer.answer == "3 files, Halden, mine 5 and long 53"
    assert problems(desk, answer.run) == []


def test_such_a_fork_is_cut_off_itself_and_goes_on(desk: Desk) -> None:
    run = cut_off(desk, "0.2", "turn_finished")
    desk.fresh(ending)
    events = desk.engine.store.events(fork(desk.engine, run, 3, code="said = ['Bergen']").run)
    again = desk.cut(after(events, "0", "cell_finished", 2))
    desk.fresh(ending)
    assert resume(desk.engine, again).answer == "3 files, Bergen, long 57 and long 53"
    assert problems(desk, again) == []
