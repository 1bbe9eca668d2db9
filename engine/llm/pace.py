"""Thread count and slice size that follow how fast steps really are: busy cores make spinning threads collapse."""

from __future__ import annotations

import time
from collections.abc import Callable

SLOW = 3.0  # times the best of its kind
SLOW_STEPS = 3  # in a row before threads are taken away
RETRY_SECONDS = 30.0
DEPTH = 1024  # tokens; attention makes deeper steps slower, so they are compared among themselves
SLICE_SECONDS = 0.25
MIN_SLICE, MAX_SLICE = 64, 512


class Pace:
    """Watches the seconds of steps. `set_threads` is called when the number should change."""

    def __init__(
        self, threads: int, set_threads: Callable[[int], None], clock: Callable[[], float] = time.monotonic
    ):
        self.slice = MIN_SLICE
        self.threads = threads
        self._most = threads
        self._set_threads = set_threads
        self._clock = clock
        self._best: dict[tuple[int, int], float] = {}
        self._slow = 0
        self._lowered = 0.0

    def wrote(self, rows: int, depth: int, seconds: float) -> None:
        """Note a step that wrote one token for each of `rows` replies, the deepest at `depth` tokens."""
        self._judge((rows, depth // DEPTH), seconds)

    def read(self, tokens: int, depth: int, seconds: float) -> None:
        """Note a step that read prompts, `tokens` in all; choose how many the next one reads."""
        if tokens >= MIN_SLICE and seconds > 0:
            self.slice = max(MIN_SLICE, min(MAX_SLICE, int(SLICE_SECONDS * tokens / seconds)))
            self._judge((-1, depth // DEPTH), seconds / tokens)

    def _judge(self, kind: tuple[int, int], seconds: float) -> None:
        """Compare a step with the best of its kind; take threads away after several slow ones."""
        best = self._best[kind] = min(seconds, self._best.get(kind, seconds))
        self._slow = self._slow + 1 if seconds > SLOW * best else 0
        now = self._clock()
        if self.threads < self._most and now - self._lowered > RETRY_SECONDS:
            self._use(self._most)
        elif self._slow >= SLOW_STEPS and self.threads > 1:
            self._lowered = now
            self._use(max(1, self.threads // 2))

    def _use(self, threads: int) -> None:
        self.threads, self._slow = threads, 0
        self._set_threads(threads)
