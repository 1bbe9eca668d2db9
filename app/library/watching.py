"""Watching folders on request: look at them every few seconds, and say once when something in them changed and came to rest.

Looking reads names, sizes and times; only where these differ is anything hashed. Nothing is asked of the system to
tell of changes, so it works on every disk, also one on the network.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from app.preferences import Preferences
from engine.documents.ingest import is_current, look
from engine.errors import TaprootError
from engine.store import Store

SECONDS = 5.0  # between two looks, at least
PATIENCE = 20  # times as long as a look took; so that large folders cost little
FILE = "watched.json"


class Looker:
    """What one folder, or several, looked like; tells of each change once, when it has come to rest."""

    def __init__(self, sources: list[str], corpora_dir: Path, leave_out: Path | None = None):
        self._sources, self._corpora_dir, self._leave_out = sources, corpora_dir, leave_out
        self._known = self._before = ""

    def changed(self) -> bool:
        """Whether the folders differ from what was read last, and look as they did at the last call."""
        try:
            found, now = look(self._sources, leave_out=self._leave_out)
        except TaprootError:  # a disk that is not there now; nothing is concluded
            return False
        if now in (self._known, self._before):
            if now == self._known:
                return False
            self._known = now
            return not is_current(found, self._corpora_dir)
        self._before = now
        return False


class Watching:
    """The cards that are watched, in a thread that ends with `close`. `rescan` reads a card again; `busy` ones wait."""

    def __init__(
        self,
        data: Path,
        store: Store,
        rescan: Callable[[str], object],
        busy: Callable[[str], bool],
        seconds: float = SECONDS,
    ):
        self._data, self._store, self._rescan, self._busy, self._seconds = data, store, rescan, busy, seconds
        self._wishes = Preferences(data, FILE)
        self._cards: set[str] = set(self._wishes.get("cards") or ())
        self._lookers: dict[str, Looker] = {}
        self._ends = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._work, name="watching", daemon=True)
        if self._cards:
            self._thread.start()

    def close(self) -> None:
        """Stop looking."""
        self._ends.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(10)

    def has(self, card: str) -> bool:
        """Whether a card is watched."""
        return card in self._cards

    def set(self, card: str, on: bool) -> None:
        """Watch a card from now on, or no longer; remembered for the next start."""
        self._cards = self._cards | {card} if on else self._cards - {card}
        self._wishes.put(cards=sorted(self._cards))
        if self._cards and not self._thread.is_alive() and not self._ends.is_set():
            self._thread.start()
        self._wake.set()

    def _work(self) -> None:
        while not self._ends.is_set():
            began = time.monotonic()
            with suppress(
                TaprootError, OSError
            ):  # a disk or database that cannot be used now; looked at again
                for row in self._store.collections() if self._cards else ():
                    if row["collection"] in self._cards and not self._ends.is_set():
                        self._look(row["collection"], row["sources"])
            self._lookers = {card: looker for card, looker in self._lookers.items() if card in self._cards}
            took = time.monotonic() - began
            self._wake.wait(max(self._seconds, PATIENCE * took) if self._cards else None)
            self._wake.clear()  # before the next look: whoever wakes it while it looks is heard

    def _look(self, card: str, sources: list[str]) -> None:
        if self._busy(card):
            return
        looker = self._lookers.get(card)
        if looker is None:
            looker = self._lookers[card] = Looker(sources, self._store.corpora_dir, self._data)
        if looker.changed():
            try:
                self._rescan(card)
            except TaprootError:  # it went, or is being read since; looked at as if for the first time
                del self._lookers[card]
