"""Sessions: a first run and its follow-ups. Listed, searched, renamed, deleted."""

from __future__ import annotations

from app.hub import Hub
from app.runs import Runs
from engine.store import Store
from engine.types import Json


class Sessions:
    """Thread-safe. A session has the id of its first run."""

    def __init__(self, store: Store, runs: Runs, hub: Hub):
        self._store, self._runs, self._hub = store, runs, hub

    def list(self, query: str = "", corpus: str | None = None, limit: int = 100) -> list[Json]:
        """Newest first, or those in which `query` stands: in questions, answers, code, outputs or titles."""
        return []

    def rename(self, session: str, title: str) -> None:
        """Give a session a title; "" takes it away. Raises InputError when there is no such session."""

    def delete(self, session: str) -> Json:
        """Delete all runs of a session; return a receipt. Raises InputError, Busy while one of them runs."""
        return {}
