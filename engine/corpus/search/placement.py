"""Which rows of the search index hold which passages of a corpus, and which passages a question is about.

In an index that was made anew, row n + 1 is passage n. One that goes on from the index of the reading before keeps the
rows of what stayed and puts what is new behind them, so that rows and passages go together in runs.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter

from engine.corpus.archive import Archive

SCHEMA = "create table runs(passage integer primary key, row integer not null, length integer not null)"

Run = tuple[int, int, int]  # the first passage, its row, and how many follow one another in both


@dataclass(frozen=True, slots=True)
class Scope:
    """Which passages may be found: passages [first, last) and, unless None, only those of these documents."""

    first: int
    last: int
    documents: frozenset[int] | None = None


def scope_of(archive: Archive, documents: Sequence[int], bounds: tuple[int, int] | None) -> Scope:
    """The indexed passages of `documents`, or of characters [start, end) of the one there is."""
    low, high = min(documents), max(documents)
    first, last = archive.passage_first[low], archive.passage_first[high + 1]
    if bounds is not None and bounds != (0, archive.chars(low)):
        base = archive.byte_start(low)
        start = base + archive.byte_of(low, bounds[0])
        end = base + archive.byte_of(low, bounds[1])
        first = max(first, bisect_right(archive.passage_start, start) - 1)
        last = min(last, bisect_left(archive.passage_start, end))
    dense = high - low + 1 == len(documents)
    return Scope(first, last, None if dense else frozenset(documents))


class Placement:
    """The rows of an index by passage, and the passages by row; `runs` hold each passage once."""

    def __init__(self, runs: Iterable[Run]):
        self.runs = sorted(runs)
        self._passages = [passage for passage, _, _ in self.runs]
        self._by_row = sorted((row, passage) for passage, row, _ in self.runs)

    @property
    def end(self) -> int:
        """The number above that of the last row."""
        return max((row + length for _, row, length in self.runs), default=1)

    def passage(self, row: int) -> int:
        """The passage in a row."""
        first, passage = self._by_row[bisect_right(self._by_row, row, key=itemgetter(0)) - 1]
        return passage + row - first

    def ranges(self, first: int, last: int) -> list[tuple[int, int]]:
        """The rows [start, end) of passages [first, last), in the order of the passages."""
        found = []
        for at in range(max(0, bisect_right(self._passages, first) - 1), len(self.runs)):
            passage, row, length = self.runs[at]
            if passage >= last:
                break
            low, high = max(first, passage), min(last, passage + length)
            if low < high:
                found.append((row + low - passage, row + high - passage))
        return found


def placement_of(index: sqlite3.Connection, passages: int) -> Placement:
    """How the passages lie in an opened index. Raises sqlite3.Error when it is damaged."""
    known = index.execute("select 1 from sqlite_master where name = 'runs'").fetchone()
    runs = index.execute("select passage, row, length from runs").fetchall() if known else [(0, 1, passages)]
    if sum(length for _, _, length in runs) != passages:
        raise sqlite3.DatabaseError("its rows are not those of the text")
    return Placement(runs)


def joined(runs: Iterable[Run]) -> list[Run]:
    """Runs in the order of their passages, those that follow one another in both made one."""
    found: list[Run] = []
    for passage, row, length in sorted(runs):
        if found and found[-1][0] + found[-1][2] == passage and found[-1][1] + found[-1][2] == row:
            before = found.pop()
            found.append((before[0], before[1], before[2] + length))
        elif length:
            found.append((passage, row, length))
    return found
