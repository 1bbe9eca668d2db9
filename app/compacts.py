"""Compact events of the runs that were looked at last, as JSON text: made once, and longer as a run goes on.

A run of 60,000 events takes a second to read and to shorten; a page that is loaded again should not wait for that.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

from app.trace import compact, encode
from engine.store import Store

RUNS = 4  # kept in memory: 6 MB for one of 60,000 events


class Compacts:
    """Thread-safe."""

    def __init__(self, store: Store):
        self._store = store
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, list[str]] = OrderedDict()

    def text(self, run: str, after: int = 0) -> tuple[str, int]:
        """Return the events with a number above `after` as items of a JSON array, and the number of the last one."""
        with self._lock:
            known = self._kept.setdefault(run, [])
            self._kept.move_to_end(run)
            while len(self._kept) > RUNS:
                self._kept.popitem(last=False)
            fresh = self._store.events(run, len(known), resolve=False)
            known += [encode(compact(event, self._store.blob)) for event in fresh]
            return ",".join(known[after:]), max(after, len(known))

    def forget(self, run: str) -> None:
        """Keep nothing of a run that was deleted."""
        with self._lock:
            self._kept.pop(run, None)
