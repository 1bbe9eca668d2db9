"""The logs of runs as they are told: each compact event with what it changes (`app.live.fold`), as JSON text."""

from __future__ import annotations

import json
import threading

import orjson

from app.live.fold import Fold
from app.live.trace import Compact, encode
from engine.store import Store

KEPT = 8  # runs whose logs are kept ready


class Logs:
    """Thread-safe. What was told once is kept for the runs that were looked at last: to read on is to fold what is new."""

    def __init__(self, store: Store):
        self._store = store
        self._lock = threading.Lock()
        self._kept: dict[str, Log] = {}

    def after(self, run: str, seq: int) -> list[str]:
        """The texts of the stored events of a run from number `seq` + 1 on; [] for a run that is not there."""
        return self._read(run).told[seq:]

    def way(self, run: str, node: str) -> list[tuple[str, str]]:
        """Id and question (its beginning, on one line) of each node above a node of a run, from the root down."""
        return self._read(run).fold.way(node)

    def forget_deleted(self) -> None:
        """Let go of the logs of runs that are not stored any more: nothing of a deleted run stays in memory."""
        with self._lock:
            kept = list(self._kept)
        for run in kept:
            if not self._store.last(run):
                with self._lock:
                    self._kept.pop(run, None)

    def _read(self, run: str) -> Log:
        with self._lock:
            log = self._kept.pop(run, None) or Log()
            self._kept[run] = log
            if len(self._kept) > KEPT:
                del self._kept[next(iter(self._kept))]
        with log.lock:
            log.read_on(self._store, run)
        return log


class Log:
    """What was told of one run: the text of its first event, of its second, and so on."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.begin()

    def begin(self) -> None:
        """Know nothing."""
        self.told: list[str] = []
        self.fold = Fold()
        self._newest = ""  # the last event as it is stored

    def read_on(self, store: Store, run: str) -> None:
        """Take what the store has beyond what is known. A run that was deleted and came back is read anew."""
        stored = [text for _, text in store.trace(run, max(0, len(self.told) - 1))]
        if self.told:
            if stored[:1] != [self._newest]:
                self.begin()
                stored = [text for _, text in store.trace(run)]
            else:
                stored = stored[1:]
        for text, event in zip(stored, json.loads(f"[{','.join(stored)}]"), strict=True):
            change = self.fold.take(event)
            self.told.append(f"{text[:-1]},{_json(change)[1:]}" if change else text)
        if stored:
            self._newest = stored[-1]


def _json(change: Compact) -> str:
    try:
        return orjson.dumps(change).decode()
    except TypeError:  # a server or a log of strangers counts more tokens than 64 bits hold
        return encode(change)
