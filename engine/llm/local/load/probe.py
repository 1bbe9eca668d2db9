"""A first decode before a model is called ready: does it compute numbers, how fast, with how many threads.

A prompt, several replies at once, one reply alone: what runs ask of it, with every set of adapters. A fault of llama.cpp
on this processor, or a driver's, shows here and not in the middle of a run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from engine.errors import Unsound
from engine.llm.local.context import DECODED, Context, Part
from engine.llm.local.load.measured import Measured
from engine.llm.local.load.threads import Threads

PROMPT_TOKENS = 64
ROWS = 16  # replies at once
FEW_TOKENS = 8  # where the model showed on this machine before that it computes
ROUNDS = 4  # of timing at most: one always, more where they cost nearly nothing
ABOUT = 1.15  # times the least; a thread that brings less than that is better left to others
SHARE = 0.05  # of the time of loading that further rounds may take

Clock = Callable[[], float]


def probe(
    context: Context,
    tokens: Sequence[int],
    choices: Sequence[int],
    *,
    before: Measured | None = None,
    rows: int = ROWS,
    loading: float = 0.0,
    clock: Clock = time.perf_counter,
) -> Measured:
    """Read `tokens`, then write several replies and one, with each number of threads of `choices`.
    `before`: what this model showed on this machine the last time; then a few tokens have to do. `rows`: replies at
    once. `loading`: seconds that loading took. Sets the threads and leaves the memory of the context empty. The first
    set of adapters, which is the root's, is the one that is timed.

    Raises Unsound when what is computed is no number.
    """
    begun = clock()
    trial = _Trial(context, rows, clock)
    if before is not None:
        context.set_threads(before.threads)
        for adapters in range(context.sets):
            _Trial(context, rows, clock, adapters).read(tokens[:FEW_TOKENS])
            context.clear()
        return replace(before, seconds=clock() - begun)
    context.set_threads(Threads(max(choices), max(choices)))
    for adapters in range(1, context.sets):
        other = _Trial(context, rows, clock, adapters)
        other.read(tokens)
        other.write(max(choices))
        context.clear()
    reading = trial.read(tokens)
    for number in range(ROUNDS):
        if number and clock() - begun > loading * SHARE:
            break
        for threads in choices:
            context.set_threads(Threads(threads, threads))
            trial.write(threads)
    best = Threads(trial.fastest(1), trial.fastest(rows))
    context.set_threads(best)
    context.clear()
    return Measured(
        read=len(tokens) / max(reading, 1e-9),
        alone=1 / trial.least(1),
        together=rows / trial.least(rows) if rows > 1 else 0.0,
        threads=best,
        seconds=clock() - begun,
    )


class _Trial:
    """The steps of a probe with one set of adapters, and the seconds each took by rows and threads."""

    def __init__(self, context: Context, rows: int, clock: Clock, adapters: int = 0):
        self.rows = rows
        self._adapters = adapters
        self._context = context
        self._clock = clock
        self._lengths = [0] * rows
        self._token = 0
        self._seconds: dict[tuple[int, int], float] = {}

    def read(self, tokens: Sequence[int]) -> float:
        """Read a prompt into every sequence; return the seconds."""
        begun = self._clock()
        self._decode([Part(0, 0, tokens, True)])
        seconds = self._clock() - begun
        self._check(len(tokens) - 1)
        self._token = tokens[-1]
        for sequence in range(1, self.rows):
            self._context.copy(0, sequence, len(tokens))
        self._lengths = [len(tokens)] * self.rows
        return seconds

    def write(self, threads: int) -> None:
        """Write one token with each sequence, then one more with the first."""
        for rows in sorted({1, self.rows}, reverse=True):
            parts = [Part(n, self._lengths[n], [self._token], True) for n in range(rows)]
            begun = self._clock()
            self._decode(parts)
            took = self._clock() - begun
            self._seconds[rows, threads] = min(took, self._seconds.get((rows, threads), took))
            self._check(rows - 1)
            for n in range(rows):
                self._lengths[n] += 1

    def fastest(self, rows: int) -> int:
        """The fewest threads with which a step of so many rows took about the least time."""
        enough = ABOUT * self.least(rows)
        return min(threads for (n, threads), s in self._seconds.items() if n == rows and s <= enough)

    def least(self, rows: int) -> float:
        """Seconds of the fastest step of so many rows."""
        return max(1e-9, min(seconds for (n, _), seconds in self._seconds.items() if n == rows))

    def _decode(self, parts: Sequence[Part]) -> None:
        result = self._context.decode(parts, self._adapters)
        if result != DECODED:
            raise Unsound(f"llama.cpp cannot compute with this model (it returned {result}).")

    def _check(self, row: int) -> None:
        if not np.isfinite(self._context.logits(row)).all():
            raise Unsound("The model computes values that are no numbers (NaN) on this machine.")
