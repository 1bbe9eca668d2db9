"""A job: one piece of work at a time, in a thread, followed, stopped, and said why it ended before its end."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from app.errors import Conflict
from app.live.job import Job
from engine.errors import InputError
from engine.stop import Stop

SECONDS = 300.0  # that nothing takes unless it is broken


class Desk:
    """A job, and what was told of it: its state each time."""

    def __init__(self) -> None:
        self.told: list[tuple[object, str]] = []
        self.ended = threading.Event()
        self.job = Job("test", self._tell, busy="Wait.", stopped="Stopped.", kept="All is kept.")

    def _tell(self) -> None:
        self.told.append(self.job.state())
        self.ended.set()

    def begin(self, work: Callable[[Stop], str | None], now: object = "begun") -> None:
        self.ended.clear()
        with self.job.alone():
            self.job.begin(work, now)

    def end(self) -> str:
        """Why the work ended before its end."""
        assert self.ended.wait(SECONDS)
        now, message = self.job.state()
        assert now is None
        return message


def until_stopped(stop: Stop) -> None:
    assert stop.event.wait(SECONDS)
    stop.check()


def test_what_was_told_to_stop_is_stopping_until_it_has_ended() -> None:
    desk, go = Desk(), threading.Event()
    desk.begin(lambda stop: (go.wait(SECONDS), until_stopped(stop))[1])
    assert not desk.job.stopping
    desk.job.stop()
    assert desk.job.stopping
    go.set()
    assert desk.end() == "Stopped." and not desk.job.stopping


def test_it_is_followed_to_its_end_and_another_can_begin() -> None:
    desk, go = Desk(), threading.Event()

    def work(stop: Stop) -> None:
        desk.job.update("half")
        assert go.wait(SECONDS)

    for _ in range(2):
        go.clear()
        desk.begin(work)
        assert desk.job.state()[0] in ("begun", "half")
        go.set()
        assert desk.end() == ""
    assert desk.told == [(None, "")] * 2
    assert desk.job.stop() is False


def test_while_one_goes_on_no_other_begins_and_nothing_is_prepared() -> None:
    desk = Desk()
    desk.begin(until_stopped)
    with pytest.raises(Conflict, match=r"Wait\."), desk.job.alone():
        pytest.fail("it was let in")
    assert desk.job.state() == ("begun", "")
    assert desk.job.stop() is True
    assert desk.end() == "Stopped."


def test_what_it_raises_is_said_until_the_next_one_begins() -> None:
    desk = Desk()

    def refused(stop: Stop) -> None:
        raise InputError("There is no question.")

    def defect(stop: Stop) -> None:
        raise ZeroDivisionError("1/0")

    desk.begin(refused)
    assert desk.end() == "There is no question."
    desk.begin(defect)
    assert desk.end() == "Taproot made a mistake (ZeroDivisionError). All is kept."
    desk.begin(until_stopped)
    assert desk.job.state() == ("begun", "")
    desk.job.close()
    assert desk.end() == "Stopped."


def test_what_it_has_to_say_of_its_end_is_said() -> None:
    desk = Desk()
    desk.begin(lambda stop: "Two of three hold.")
    assert desk.end() == "Two of three hold."


def test_what_cannot_be_prepared_leaves_it_free() -> None:
    desk = Desk()
    with pytest.raises(InputError), desk.job.alone():
        raise InputError("There is no model.")
    desk.begin(lambda stop: None)
    assert desk.end() == ""


def test_closing_waits_for_the_end() -> None:
    desk, done = Desk(), list[int]()

    def work(stop: Stop) -> None:
        assert stop.event.wait(SECONDS)
        done.append(1)

    desk.begin(work)
    desk.job.close()
    assert done == [1] and desk.job.state() == (None, "")
    desk.job.close()
