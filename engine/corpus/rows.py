"""A document as rows that a screen can hold: each line, and long lines cut. Found by number or by character, fast.

A document may be one line of 60 million characters, or a million lines. Row and line numbers count from 0 in here;
lines are shown from `first_line` of the document on. Offsets are characters, as everywhere outside the archive.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.corpus.archive import Archive

LONGEST = 2000  # bytes of a row; a longer line is cut into several
BLOCK = 4 << 20  # bytes looked at in one go


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the number of its line as a person counts, where it starts (characters), its text.

    `first` is True where its line begins, `last` where it ends.
    """

    line: int
    start: int
    text: str
    first: bool
    last: bool


class Rows:
    """The rows of one document. Making it reads the document once (60 MB: about 0.3 s); asking is cheap."""

    def __init__(self, archive: Archive, document: int):
        self._raw = archive.raw(document)
        self._first_line = archive.first_line(document)
        data = np.frombuffer(self._raw, dtype=np.uint8)
        ends = _line_ends(data)
        self.lines = len(ends) + (1 if not len(ends) or ends[-1] != len(data) - 1 else 0)
        starts = np.concatenate((np.zeros(1, np.int64), ends + 1))[: self.lines]
        stops = np.concatenate((ends, np.array([len(data)], np.int64)))[: self.lines]
        self._byte, self._line = _cut(data, starts, stops)
        self._stop = stops
        self._char = self._byte if archive.is_ascii(document) else _chars_before(data, self._byte)
        self.chars = archive.chars(document)

    def __len__(self) -> int:
        return len(self._byte)

    def row_of(self, char: int) -> int:
        """The row that holds character `char`; the nearest one for what lies outside."""
        return max(0, bisect_right(self._char, char) - 1)

    def rows_of(self, chars: Sequence[int]) -> list[int]:
        """The rows that hold these characters."""
        found = np.searchsorted(self._char, np.asarray(chars, np.int64), side="right") - 1
        rows: list[int] = np.maximum(found, 0).tolist()
        return rows

    def row_of_line(self, line: int) -> int:
        """The row where a line begins, by its number as a person counts; the nearest one for what is outside."""
        wanted = min(max(0, line - self._first_line), self.lines - 1)
        return int(np.searchsorted(self._line, wanted))

    def rows(self, first: int, count: int) -> list[Row]:
        """Up to `count` rows from row `first` on."""
        found = []
        for number in range(max(0, first), min(len(self), first + count)):
            line, start = int(self._line[number]), int(self._byte[number])
            last = number + 1 == len(self) or int(self._line[number + 1]) != line
            stop = int(self._stop[line]) if last else int(self._byte[number + 1])
            found.append(
                Row(
                    line=line + self._first_line,
                    start=int(self._char[number]),
                    text=str(self._raw[start:stop], "utf-8"),
                    first=number == 0 or int(self._line[number - 1]) != line,
                    last=last,
                )
            )
        return found


def _line_ends(data: np.ndarray) -> np.ndarray:
    """Where the line ends stand."""
    found = [
        np.flatnonzero(data[at : at + BLOCK] == 10).astype(np.int64) + at for at in range(0, len(data), BLOCK)
    ]
    return np.concatenate(found) if found else np.zeros(0, np.int64)


def _cut(data: np.ndarray, starts: np.ndarray, stops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Start and line of each row: long lines are cut at a space where there is one near, never in a character."""
    lines = np.arange(len(starts), dtype=np.int64)
    long = np.flatnonzero(stops - starts > LONGEST)
    if not len(long):
        return starts, lines
    more_starts: list[int] = []
    more_lines: list[int] = []
    for line in long.tolist():
        at, stop = int(starts[line]), int(stops[line])
        while stop - at > LONGEST:
            at = _cut_at(data, at, at + LONGEST)
            more_starts.append(at)
            more_lines.append(line)
    every = np.concatenate((starts, np.array(more_starts, np.int64)))
    order = np.argsort(every, kind="stable")
    return every[order], np.concatenate((lines, np.array(more_lines, np.int64)))[order]


def _cut_at(data: np.ndarray, start: int, at: int) -> int:
    spaces = np.flatnonzero(data[at - LONGEST // 10 : at] == 32)
    if len(spaces):
        return at - LONGEST // 10 + int(spaces[-1]) + 1
    while data[at] & 0xC0 == 0x80 and at > start + 1:  # inside a character
        at -= 1
    return at


def _chars_before(data: np.ndarray, bytes_: np.ndarray) -> np.ndarray:
    """How many characters stand before each of these bytes, which ascend."""
    found = np.empty(len(bytes_), np.int64)
    before = done = 0
    for at in range(0, max(1, len(data)), BLOCK):
        begins = (data[at : at + BLOCK] & 0xC0) != 0x80
        until = int(np.searchsorted(bytes_, at + len(begins)))
        counts = np.concatenate((np.zeros(1, np.int64), np.cumsum(begins, dtype=np.int64)))
        found[done:until] = before + counts[bytes_[done:until] - at]
        before, done = before + int(counts[-1]), until
    found[done:] = before
    return found
