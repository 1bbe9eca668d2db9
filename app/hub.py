"""Who is told what, at once: committed events of runs, live text of replies, and changes of the app."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from engine.store import Store
from engine.types import Json


@dataclass(frozen=True, slots=True)
class Message:
    """One thing to tell a follower. `seq` is the event's number in its run, 0 for what is not stored."""

    name: Literal["run", "draft", "app"]
    data: Json
    seq: int = 0


class Subscription:
    """What one follower has not taken yet. `closed` when it fell too far behind, or the hub ended."""

    closed: bool = False

    def take(self) -> list[Message]:
        """Return and forget what has come since the last call; never waits."""
        return []

    def wait(self, seconds: float) -> bool:
        """Wait until something came or it was closed; False when the time was up first."""
        return False

    def close(self) -> None:
        """Follow no longer."""


class Hub:
    """Thread-safe. Subscribe, take messages, close; `tell` says to everyone that something of the app changed."""

    def __init__(self, store: Store):
        self._store = store

    def tell(self, kind: str, **detail: Json) -> None:
        """Send an `app` message {"kind": kind, ...} to all followers: "corpora", "models", "runs", "progress", ..."""

    def subscribe(
        self, run: str | None = None, after: int = 0, wake: Callable[[], None] | None = None
    ) -> Subscription:
        """Follow the app and, if named, one run from event `after` + 1 on. `wake` is called from other threads."""
        return Subscription()

    def close(self) -> None:
        """End all subscriptions; the streams of the browser end with them. May be called more than once."""
