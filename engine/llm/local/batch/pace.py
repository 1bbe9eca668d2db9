"""Thread count and slice size that follow how fast steps really are: busy cores make spinning threads collapse."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

from engine.llm.local.load.threads import Threads, candidates

SLOW = 3.0  # times the best of its kind
SLOW_STEPS = 3  # in a row before other numbers of threads are tried
TRIAL_STEPS = 3  # with each number; the fastest of them counts
RETRY_SECONDS = 30.0  # after which numbers are tried again where not all threads are used; then twice as long
DEPTH = 1024  # tokens; attention makes deeper steps slower, so they are compared among themselves
SLICE_SECONDS = 0.25
MIN_SLICE, MAX_SLICE = 64, 512

Way = Literal["alone", "together"]


class Pace:
    """Watches the seconds of steps. `threads`: the numbers to begin with; `most` may compute.
    `set_threads` is called when they should change.
    """

    def __init__(
        self,
        threads: Threads,
        most: int,
        set_threads: Callable[[Threads], None],
        clock: Callable[[], float] = time.monotonic,
    ):
        self.slice = MIN_SLICE
        self.threads = threads
        self._most = most
        self._set_threads = set_threads
        self._clock = clock
        self._best: dict[tuple[int, int], float] = {}
        self._slow: dict[Way, int] = {"alone": 0, "together": 0}
        self._trials: dict[Way, _Trial] = {}
        self._retry: dict[Way, float] = {
            "alone": clock() + RETRY_SECONDS,
            "together": clock() + RETRY_SECONDS,
        }
        self._pause: dict[Way, float] = {"alone": RETRY_SECONDS, "together": RETRY_SECONDS}

    def wrote(self, rows: int, depth: int, seconds: float) -> None:
        """Note a step that wrote one token for each of `rows` replies, the deepest at `depth` tokens."""
        self._judge("alone" if rows == 1 else "together", (rows, depth // DEPTH), seconds)

    def read(self, tokens: int, depth: int, seconds: float) -> None:
        """Note a step that read prompts, `tokens` in all; choose how many the next one reads."""
        if tokens >= MIN_SLICE and seconds > 0:
            self.slice = max(MIN_SLICE, min(MAX_SLICE, int(SLICE_SECONDS * tokens / seconds)))
            self._judge("together", (-1, depth // DEPTH), seconds / tokens)

    def _judge(self, way: Way, kind: tuple[int, int], seconds: float) -> None:
        """Compare a step with the best of its kind; try numbers of threads after several slow ones, and again later
        where not all are used.
        """
        best = self._best[kind] = min(seconds, self._best.get(kind, seconds))
        times = seconds / max(best, 1e-9)
        if (trial := self._trials.get(way)) is not None:
            self._use(way, trial.note(times))
            if trial.over:
                del self._trials[way]
                self._pause[way] = 2 * self._pause[way] if trial.threads == trial.before else RETRY_SECONDS
                self._retry[way] = self._clock() + self._pause[way]
            return
        self._slow[way] = self._slow[way] + 1 if times > SLOW else 0
        now = getattr(self.threads, way)
        again = now < self._most and self._clock() > self._retry[way]
        if (again or self._slow[way] >= SLOW_STEPS) and self._most > 1:
            self._slow[way] = 0
            self._trials[way] = trial = _Trial(candidates(self._most), now)
            self._use(way, trial.threads)

    def _use(self, way: Way, threads: int) -> None:
        if threads != getattr(self.threads, way):
            self.threads = replace(self.threads, **{way: threads})
            self._set_threads(self.threads)


class _Trial:
    """Steps of real work with each of several numbers of threads. `threads`: the one to be used now; `before`: the
    one that was.
    """

    def __init__(self, numbers: list[int], before: int):
        self.before = before
        self._left = [number for number in numbers for _ in range(TRIAL_STEPS)]
        self._least: dict[int, float] = {}

    @property
    def threads(self) -> int:
        return self._left[0] if self._left else min(self._least, key=self._least.__getitem__)

    @property
    def over(self) -> bool:
        return not self._left

    def note(self, times: float) -> int:
        """Note how many times the best of its kind a step took; return the threads of the next."""
        number = self._left.pop(0)
        self._least[number] = min(times, self._least.get(number, times))
        return self.threads
