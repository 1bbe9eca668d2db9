"""The two moments of a run's time: when its work ends and only the best answer is left, and when all of it ends.

A run that is asked to end has two ways: everything in flight listens to one of the two stops, and what does not react
within `GRACE_SECONDS` of the limit (a model that hangs, a session that cannot be had) is left behind.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import Any, TypeVar

from engine.run.budget import Ledger
from engine.stop import Stop

T = TypeVar("T")
GRACE_SECONDS = 3.5  # a cell that ignores every interrupt is ended after two
LOOK_SECONDS = 0.25  # between two looks at a limit that may have been changed


class Deadline:
    """`work` is requested when only the reserve of the time is left, `limit` when none is."""

    def __init__(self, ledger: Ledger):
        self._ledger = ledger
        self.work = Stop()
        self.limit = Stop()

    def watch(self, work: Future[Any]) -> bool:
        """Request the stops in time until `work` is done; False when it is not `GRACE_SECONDS` after the limit."""
        while not wait((work,), self._pause()).done:
            left = self._ledger.seconds_left
            if left <= self._ledger.reserve_seconds:
                self.work.request()
            if left <= 0:
                self.limit.request()
            if left <= -GRACE_SECONDS:
                return False
        return True

    def _pause(self) -> float:
        left = self._ledger.seconds_left
        coming = (moment for moment in (left - self._ledger.reserve_seconds, left) if moment > 0)
        return min(LOOK_SECONDS, *coming, LOOK_SECONDS)


def in_thread(work: Callable[[], T], name: str) -> Future[T]:
    """Do `work` in a thread that ends with the program; the future holds what it returns or raises."""
    done: Future[T] = Future()

    def run() -> None:
        try:
            done.set_result(work())
        except BaseException as error:
            done.set_exception(error)

    threading.Thread(target=run, name=name, daemon=True).start()
    return done
