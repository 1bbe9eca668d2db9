"""Whose turn it is where replies need different adapters: a context has one set of them on at a time."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

from engine.llm.local.batch.job import Job

TURN_SECONDS = 0.2  # of one set while another waits; changing it makes llama.cpp plan its computation anew


class Turns:
    """Gives the sets of adapters their turns. A turn lasts as long as no other set is needed; while one is, until
    `seconds` are over or nothing is left to do. The set that waited longest is next.
    """

    def __init__(self, seconds: float = TURN_SECONDS, clock: Callable[[], float] = time.monotonic):
        self.changed = False  # whether the last turn that was taken began another set's
        self._seconds = seconds
        self._clock = clock
        self._set = 0
        self._begun = -math.inf
        self._left: dict[int, float] = {}  # when the turn of a set ended

    def take(self, jobs: Sequence[Job]) -> list[Job]:
        """Return those of these jobs that the next step is for: all with the set whose turn it is."""
        sets = {job.adapters for job in jobs}
        before, now = self._set, self._clock()
        if sets and (before not in sets or (len(sets) > 1 and now - self._begun >= self._seconds)):
            self._left[before] = now
            self._set = min(sets, key=lambda one: (self._left.get(one, -math.inf), one))
            self._begun = now
        self.changed = self._set != before
        return [job for job in jobs if job.adapters == self._set]
