"""A stop request that reaches everything in flight: a flag to poll and callbacks to run once.

Stops form a tree as nodes do: a request reaches all stops below it, and none beside or above.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from engine.errors import Cancelled


class Stop:
    """Set once, by any thread. `event` may be handed to code that only waits or polls."""

    def __init__(self) -> None:
        self.event = threading.Event()
        self._lock = threading.RLock()  # a signal handler may interrupt the thread that holds it
        self._callbacks: list[Callable[[], None]] = []
        self._below: weakref.WeakSet[Stop] = weakref.WeakSet()

    def below(self) -> Stop:
        """Make a stop for a part of the work; it is requested with this one, or alone."""
        part = Stop()
        with self._lock:
            self._below.add(part)
            if self.event.is_set():
                part.request()
        return part

    def request(self) -> None:
        """Ask everything in flight to stop."""
        with self._lock:
            self.event.set()
            callbacks, self._callbacks = self._callbacks, []
            parts = list(self._below)
        for callback in callbacks:
            callback()
        for part in parts:
            part.request()

    def check(self) -> None:
        """Raise Cancelled if a stop was asked for."""
        if self.event.is_set():
            raise Cancelled("stopped")

    @contextmanager
    def calling(self, callback: Callable[[], None]) -> Iterator[None]:
        """Run `callback` if a stop is requested inside the block (at once if it already was).

        It may run twice when the stop is requested at that very moment.
        """
        try:
            with self._lock:
                self._callbacks.append(callback)
            if self.event.is_set():
                callback()
            yield
        finally:
            with self._lock:
                if callback in self._callbacks:
                    self._callbacks.remove(callback)
