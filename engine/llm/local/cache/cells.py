"""Counting the cells of a memory whose sequences share them: ranges of cell numbers, never single cells.

A sequence holds a list of half-open ranges. Sequences that share a start hold the same numbers for it, so the
cells in use are those of the union. Numbers are never used twice. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

Range = tuple[int, int]

_STRIDE = 1 << 40  # more than any sequence grows


class Numbers:
    """Hands out numbers for cells that were not in use before."""

    def __init__(self) -> None:
        self._next = 0

    def grow(self, ranges: list[Range], count: int, *, fresh: bool) -> None:
        """Add `count` cells to a sequence, next to its last ones unless others share those (`fresh`)."""
        if fresh or not ranges:
            self._next += _STRIDE
            ranges.append((self._next, self._next))
        start, end = ranges[-1]
        ranges[-1] = (start, end + count)


def first(ranges: Sequence[Range], count: int) -> list[Range]:
    """Return the ranges of the first `count` cells."""
    kept: list[Range] = []
    for start, end in ranges:
        if count <= 0:
            break
        kept.append((start, min(end, start + count)))
        count -= end - start
    return kept


def distinct(sequences: Iterable[Sequence[Range]]) -> int:
    """Return how many cells sequences take together."""
    total, reached = 0, -1
    for start, end in sorted(chain.from_iterable(sequences)):
        total += max(0, end - max(start, reached))
        reached = max(reached, end)
    return total
