"""The time limit of a run holds whatever goes on, can be changed meanwhile, and leaves room for the best answer.

Times are compared with the limit only as far as the promise goes: 5 seconds over it is a fault. They are those of a quick
machine: on one where a plain run takes longer, a second is as much longer.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future

import pytest

from engine.engine import DIRECT, Engine
from engine.llm.broadcast import LiveStream
from engine.llm.scripted import ScriptedModel, ScriptedReply
from engine.run import budget
from engine.run.budget import Ledger
from engine.run.deadline import LOOK_SECONDS, Deadline, in_thread
from engine.run.node import Hooks
from engine.types import Settings

OVER = 5.0  # seconds that a run may take beyond its limit
QUICK = 0.15  # seconds of a plain run on a quick machine
LONG = " ".join(f"thought {number}" for number in range(2000))
FOR_EVER = ScriptedReply("late", delay=600)


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def cell(code):
    return f"```repl\n{code}\n```"


def last(request):
    return request.messages[-1].content


# --- the two moments --------------------------------------------------------------------------------------


def test_the_reserve_is_a_part_of_the_limit_and_no_more_than_a_minute():
    clock = Clock()
    for limit, reserve in ((10, 2), (60, 12), (600, 60), (7200, 60)):
        ledger = Ledger(Settings(max_seconds=limit), clock)
        assert (ledger.reserve_seconds, ledger.remaining().seconds) == (reserve, limit - reserve)


def test_work_ends_before_the_limit_and_the_limit_ends_all():
    clock = Clock()
    ledger = Ledger(Settings(max_seconds=10), clock)
    deadline, seen, work = Deadline(ledger), [], Future()

    def at_work_end():
        seen.append("work")
        assert not deadline.limit.event.is_set() and "nearly reached" in ledger.exhausted()
        clock.now = 10.5

    def at_limit():
        seen.append("limit")
        work.set_result(None)

    clock.now = 8.5
    with deadline.work.calling(at_work_end), deadline.limit.calling(at_limit):
        assert deadline.watch(work) is True
    assert seen == ["work", "limit"]


def test_work_that_does_not_react_is_left_behind():
    clock = Clock()
    deadline = Deadline(Ledger(Settings(max_seconds=10), clock))
    clock.now = 14.0
    assert deadline.watch(Future()) is False


def test_more_time_moves_both_moments_and_less_ends_at_once():
    clock = Clock()
    ledger = Ledger(Settings(max_seconds=10), clock)
    clock.now = 9
    ledger.allow(100)
    assert ledger.exhausted() is None and ledger.remaining().seconds == 100 - 20 - 9
    ledger.allow(5)
    assert "limit of 5 seconds is reached" in ledger.exhausted()


def test_a_thread_hands_on_what_its_work_raises():
    def broken():
        raise ZeroDivisionError("broken")

    with pytest.raises(ZeroDivisionError):
        in_thread(broken, "test").result(300)


# --- whole runs -------------------------------------------------------------------------------------------


@pytest.fixture
def ask(data_dir, tmp_path, kernels, clock):
    """ask(replies or model): the answer of a run with a real kernel, and its events."""
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "mill.md").write_text("The deposit of the mill is 450 crowns.\n")
    (folder / "ferry.md").write_text("The ferry leaves at noon.\n")

    def run(replies, seconds, event=lambda engine, event: None, strategy=None, **settings):
        model = replies if hasattr(replies, "submit") else ScriptedModel(replies, delta_seconds=0.05)
        with Engine(data_dir, model, kernels) as engine:
            corpus = engine.add([folder])
            more = {"strategy": strategy} if strategy else {}
            hooks = Hooks(event=lambda e: event(engine, e))
            chosen = Settings(max_seconds=seconds, **settings)
            answer = engine.ask("How much is the deposit?", corpus, chosen, hooks=hooks, **more)
            events = engine.store.events(answer.run)
            assert engine.store.check() == [] and events[-1].kind == "run_finished"
            changed = [e.payload["seconds"] for e in events if e.payload.get("level") == "limit"]
            assert answer.seconds <= [seconds, *changed][-1] + OVER
            return answer, events

    kernels.worker(None, {"kind": "text", "text": ""}).close()  # what makes them has started
    plain, _ = run([cell("FINAL('450 crowns')")], 600.0)
    clock.pace = max(1.0, plain.seconds / QUICK)
    return run


def forced_or(other):
    return lambda request: cell("FINAL('450 crowns')") if "Stop here" in last(request) else other(request)


CASES = {
    "a reply is written": lambda request: LONG,
    "a prompt is read": lambda request: FOR_EVER,
    "a cell computes": lambda request: cell("while True: pass"),
    "a cell ignores interrupts": lambda request: cell(
        "while True:\n    try:\n        while True: pass\n    except KeyboardInterrupt: pass"
    ),
    "a batch of sub-calls": lambda request: (
        cell("llm_query_batched(['a', 'b', 'c'] * 20)") if "deposit?" in str(request.messages) else LONG
    ),
    "a cell goes on after its sub-calls": lambda request: (
        cell("try:\n    llm_query('wait')\nexcept RuntimeError: pass\nwhile True: pass")
        if "deposit?" in str(request.messages)
        else FOR_EVER
    ),
    "children": lambda request: (
        cell("rlm_query_batched('And?', [context[0], context[1], context[0], context[1]])")
        if "deposit?" in str(request.messages)
        else LONG
    ),
}


@pytest.mark.sandbox
@pytest.mark.parametrize("case", CASES)
def test_whatever_goes_on_the_best_answer_fits_inside_the_limit(ask, case, monkeypatch):
    monkeypatch.setattr(budget, "RESERVE", 0.8)
    answer, _ = ask(forced_or(CASES[case]), 10.0, parallel=2)
    assert (answer.answer, answer.forced) == ("450 crowns", True), answer.reason
    assert answer.reason == "the time limit of 10 seconds is nearly reached"
    assert answer.seconds <= 10.0  # to wind down takes two seconds of the eight


@pytest.mark.sandbox
@pytest.mark.parametrize("late", [LONG, FOR_EVER, cell("while True: pass")])
def test_a_best_answer_that_does_not_come_is_cut_at_the_limit(ask, late):
    answer, _ = ask(lambda request: late, 2.0)
    assert answer.status == "unanswered" and "time limit" in answer.reason and answer.passages


@pytest.mark.sandbox
def test_the_direct_way_is_cut_too_and_half_an_answer_is_none(ask):
    answer, _ = ask([LONG], 1.0, strategy=DIRECT)
    assert (answer.status, answer.answer) == ("unanswered", None)
    assert answer.reason == "the time limit of 1 seconds is reached"


class Hanging(ScriptedModel):
    """A model whose first reply never comes and cannot be cancelled."""

    def __init__(self):
        super().__init__([])
        self.streams: list[LiveStream] = []

    def submit(self, request):
        self.streams.append(LiveStream(lambda: None))
        return self.streams[-1]

    def close(self):
        for stream in self.streams:
            stream.fail(RuntimeError("closed"))


@pytest.mark.sandbox
def test_a_model_that_hangs_is_left_behind_and_adds_nothing_to_the_record(ask):
    answer, events = ask(Hanging(), 1.0)
    assert answer.status == "unanswered" and "did not react" in answer.reason
    assert [e.kind for e in events][-2:] == ["node_finished", "run_finished"]


@pytest.mark.sandbox
def test_more_time_is_given_while_it_runs_and_recorded(ask, clock):
    given = threading.Event()

    def give(engine, event):
        if event.kind == "turn_started":
            threading.Thread(target=lambda: engine.allow(event.run, 6000.0)).start()
        elif event.kind == "note":
            given.set()

    def late(request):
        assert given.wait(300)
        clock.skip(1000)
        return ScriptedReply(cell("FINAL('450 crowns')"), delay=2 * LOOK_SECONDS)

    answer, events = ask(late, 600.0, give)
    assert (answer.answer, answer.forced) == ("450 crowns", False) and answer.seconds > 1000
    notes = [e.payload for e in events if e.kind == "note"]
    assert notes == [{"text": "the time limit is now 6000 seconds", "level": "limit", "seconds": 6000.0}]


@pytest.mark.sandbox
def test_the_limit_of_a_run_that_is_over_cannot_be_changed(ask, data_dir, kernels):
    answer, _ = ask([cell("FINAL('450 crowns')")], 60.0)
    with Engine(data_dir, ScriptedModel([]), kernels) as engine:
        assert engine.allow(answer.run, 90.0) is False
