"""The ledger of a whole tree: sub-calls, tokens, seconds and nodes, with reservation for parallel work."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from engine.errors import CallRefused
from engine.types import Settings, Usage

RESERVE = 0.2  # of the time limit, kept for the best answer
MOST_RESERVE = 60.0  # seconds


@dataclass(frozen=True, slots=True)
class Remaining:
    """What a run may still spend. Calls are sub-calls; nodes are `rlm_query` children.

    Seconds are wall time, without the reserve for the best answer.
    """

    calls: int
    tokens: int
    seconds: float
    nodes: int


class Ledger:
    """Shared by all nodes of one run; thread-safe. `clock` returns seconds and is replaceable in tests."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic):
        self._settings = settings
        self._clock = clock
        self._start = clock()
        self._limit = settings.max_seconds
        self._carried = 0.0
        self._lock = threading.RLock()
        self._calls = 0
        self._nodes = 0
        self._reserved_tokens = 0
        self._usage = Usage()
        self._before = Usage()

    def carry(self, usage: Usage, seconds: float) -> None:
        """Count what a run had used before it was resumed. It counts against no limit: those begin anew."""
        with self._lock:
            self._usage += usage
            self._before = usage
            self._start -= seconds
            self._carried = seconds
            self._limit += seconds

    @property
    def usage(self) -> Usage:
        """The sum over all model calls so far."""
        with self._lock:
            return self._usage

    @property
    def seconds(self) -> float:
        """Wall time since the run began."""
        return self._clock() - self._start

    @property
    def limit(self) -> float:
        """Wall seconds that the run may take in all."""
        return self._limit

    def allow(self, seconds: float) -> None:
        """Change the time limit, in wall seconds since the run began."""
        self._limit = seconds

    @property
    def seconds_left(self) -> float:
        """Wall time until the limit; negative after it."""
        return self._limit - self.seconds

    @property
    def reserve_seconds(self) -> float:
        """The part of the time limit that is kept for the best answer."""
        return min(MOST_RESERVE, RESERVE * max(0.0, self._limit - self._carried))

    def remaining(self) -> Remaining:
        """What is left, counting reservations as spent. Never negative."""
        with self._lock:
            s = self._settings
            spent = self._spent() + self._reserved_tokens
            return Remaining(
                calls=max(0, s.max_calls - self._calls),
                tokens=max(0, s.max_tokens - spent),
                seconds=max(0.0, self.seconds_left - self.reserve_seconds),
                nodes=max(0, s.max_nodes - self._nodes),
            )

    def exhausted(self) -> str | None:
        """The reason why no further turn may start, or None. Completes the sentence "Stop here: ..."."""
        with self._lock:
            spent = self._spent()
        if self.seconds_left <= 0:
            return f"the time limit of {self._limit:g} seconds is reached"
        if self.seconds_left <= self.reserve_seconds:
            return f"the time limit of {self._limit:g} seconds is nearly reached"
        if spent >= self._settings.max_tokens:
            return f"the limit of {self._settings.max_tokens:,} tokens is reached"
        return None

    def _spent(self) -> int:
        used, before = self._usage, self._before
        return used.prompt_tokens + used.completion_tokens - before.prompt_tokens - before.completion_tokens

    def reserve(self, *, calls: int = 0, nodes: int = 0, tokens: int = 0) -> None:
        """Set aside what a batch will use, all or nothing, before it starts.

        Raises CallRefused with what is left, so that a cell can send a smaller batch.
        """
        with self._lock:
            if reason := self._refusal(self.remaining(), calls, nodes, tokens):
                raise CallRefused(reason)
            self._calls += calls
            self._nodes += nodes
            self._reserved_tokens += tokens

    @contextmanager
    def reservation(self, tokens: int) -> Iterator[None]:
        """Set tokens aside for the length of a block. Raises CallRefused when they are not there."""
        self.reserve(tokens=tokens)
        try:
            yield
        finally:
            with self._lock:
                self._reserved_tokens -= tokens

    def charge(self, usage: Usage) -> None:
        """Book what a call really used."""
        with self._lock:
            self._usage += usage

    def _refusal(self, left: Remaining, calls: int, nodes: int, tokens: int) -> str | None:
        if left.seconds <= 0:
            return "no time is left for sub-calls; finish with FINAL(...)"
        if self._calls + calls > self._settings.max_calls:
            return (
                f"{calls} sub-calls asked for, {left.calls} left; ask about fewer or larger pieces, or finish"
            )
        if self._nodes + nodes > self._settings.max_nodes:
            return f"{nodes} children asked for, {left.nodes} left; use llm_query, or finish"
        if tokens > left.tokens:
            return f"about {tokens:,} tokens needed, {left.tokens:,} left; ask about less, or finish"
        return None
