"""How long nobody has asked anything: runs are heard from their first event to their last, whoever began them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from engine.events import Event, RunEnded, RunResumed, RunStarted
from engine.store import Store


class Quiet:
    """Thread-safe. `begins` is called at the first event of a run, before the run asks its model for anything."""

    def __init__(self, store: Store, begins: Callable[[], None]):
        self._begins = begins
        self._lock = threading.Lock()
        self._runs: set[str] = set()
        self._since = time.monotonic()
        store.watch(self._heard)

    def seconds(self) -> float:
        """Seconds since the last run ended, or since this was made; 0 while one goes on."""
        with self._lock:
            return 0.0 if self._runs else time.monotonic() - self._since

    def _heard(self, event: Event) -> None:
        match event.fact:
            case RunStarted() | RunResumed():
                with self._lock:
                    self._runs.add(event.run)
                self._begins()
            case RunEnded():
                with self._lock:
                    self._runs.discard(event.run)
                    self._since = time.monotonic()
