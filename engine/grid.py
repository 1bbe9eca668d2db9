"""The sheets, rows and columns that the lines of a workbook's text come from: kept beside the text, which leaves blank ones out."""

from __future__ import annotations

import json
import struct
from array import array
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from operator import lt

WIDTH = 5  # numbers of one mark
HEADER = struct.Struct("<8sQQ")  # magic, marks of all documents, bytes of names
MAGIC = b"TAPGRID1"
MOST_SHEETS = 10_000
MOST = 1 << 32  # no line, row or column has this number
LONGEST_NAME = 200  # characters of the name of a sheet


@dataclass(frozen=True, slots=True)
class Mark:
    """What the lines from `line` (from 1) on are, up to the next mark.

    With `step` 1 that line is row `row` of the sheet, the next one the row after it, and so on; their first cell is in column
    `column`. With `step` 0 each is about that one cell. All count from 1; with `row` 0 they are of no cell.
    """

    line: int
    sheet: str
    row: int
    column: int
    step: int


@dataclass(frozen=True, slots=True)
class Grid:
    """The sheets of one document, and five numbers for each mark: line, number of the sheet (from 0), row, column, step."""

    sheets: Sequence[str] = ()
    marks: Sequence[int] = ()

    def __len__(self) -> int:
        return len(self.marks) // WIDTH

    def __getitem__(self, number: int) -> Mark:
        line, sheet, row, column, step = self.marks[WIDTH * number : WIDTH * number + WIDTH]
        return Mark(line, self.sheets[sheet], row, column, step)

    def at(self, line: int) -> Mark | None:
        """The mark that a line stands under, None where it is of no cell."""
        number = bisect_right(range(len(self)), line, key=lambda n: self.marks[WIDTH * n])
        mark = self[number - 1] if number else None
        return mark if mark and mark.row else None

    def first(self, sheet: str) -> Mark | None:
        """The first row that the text has of a sheet."""
        return next(
            (mark for mark in map(self.__getitem__, range(len(self))) if mark.sheet == sheet and mark.row),
            None,
        )


NONE = Grid()


class GridWriter:
    """Notes what each line of a text is, in their order."""

    def __init__(self) -> None:
        self._sheets: list[str] = []
        self._marks = array("Q")
        self._last = (0, 0, 0, 0, 0)

    def sheet(self, name: str) -> None:
        """What follows is of this sheet."""
        self._sheets.append(name)

    def row(self, line: int, row: int, column: int) -> None:
        """A line is a row whose first cell is in a column."""
        begun, sheet, first, where, step = self._last
        if (
            (sheet, where, step) != (len(self._sheets) - 1, column, 1)
            or not first
            or row - first != line - begun
        ):
            self._mark(line, row, column, 1)

    def about(self, line: int, row: int, column: int) -> None:
        """A line is about one cell, (0, 0) where about none."""
        self._mark(line, row, column, 0)

    def _mark(self, line: int, row: int, column: int, step: int) -> None:
        self._last = (line, len(self._sheets) - 1, row, column, step)
        self._marks.extend(self._last)

    def grid(self) -> Grid:
        """All of it."""
        return Grid(tuple(self._sheets), self._marks) if self._sheets else NONE


def vetted(sheets: object, marks: Sequence[int]) -> Grid:
    """A grid as another process tells it. Raises ValueError where it cannot be one."""
    if not isinstance(sheets, list) or len(sheets) > MOST_SHEETS or len(marks) % WIDTH:
        raise ValueError("grid")
    if not marks:
        return NONE
    lines, numbers, rows, columns, steps = (marks[n::WIDTH] for n in range(WIDTH))
    ascending = lines[0] > 0 and all(map(lt, lines, islice(lines, 1, None)))
    inside = max(numbers) < len(sheets) and max(lines) < MOST and max(rows) < MOST and max(columns) < MOST
    if not ascending or not inside or max(steps) > 1:
        raise ValueError("grid")
    return Grid(tuple(str(name)[:LONGEST_NAME] for name in sheets), marks)


# --- in the index of a corpus -----------------------------------------------------------------------------


def packed(grids: Mapping[int, Grid], documents: int) -> bytes:
    """The grids of documents by their numbers, as bytes; none for none, as corpora of older versions have none."""
    if not grids:
        return b""
    marks, names = array("Q"), bytearray()
    first, begins = array("Q"), array("Q")
    for document in range(documents):
        grid = grids.get(document, NONE)
        first.append(len(marks) // WIDTH)
        begins.append(len(names))
        marks.extend(grid.marks)
        names += (
            json.dumps([*grid.sheets], ensure_ascii=False).encode("utf-8", "replace") if grid.sheets else b""
        )
    first.append(len(marks) // WIDTH)
    begins.append(len(names))
    head = HEADER.pack(MAGIC, len(marks) // WIDTH, len(names))
    return head + b"".join(part.tobytes() for part in (first, begins, marks)) + bytes(names)


class Grids:
    """What `packed` made, read where it lies. Raises ValueError where it is not that."""

    def __init__(self, view: memoryview, documents: int):
        self._first = self._begins = self._marks = memoryview(b"").cast("Q")
        self._names = memoryview(b"")
        if not len(view):
            return
        magic, marks, names = HEADER.unpack_from(view) if len(view) >= HEADER.size else (b"", 0, 0)
        wide = 8 * (documents + 1)
        at = HEADER.size + 2 * wide
        end = at + 8 * WIDTH * marks
        if magic != MAGIC or end + names != len(view):
            raise ValueError("the places of its cells are damaged")
        self._first = view[HEADER.size : HEADER.size + wide].cast("Q")
        self._begins = view[HEADER.size + wide : at].cast("Q")
        self._marks = view[at:end].cast("Q")
        self._names = view[end:]

    def of(self, document: int) -> Grid:
        """The grid of a document, an empty one where it has none."""
        if not len(self._first) or self._begins[document] == self._begins[document + 1]:
            return NONE
        names = json.loads(bytes(self._names[self._begins[document] : self._begins[document + 1]]))
        return Grid(
            tuple(names), self._marks[WIDTH * self._first[document] : WIDTH * self._first[document + 1]]
        )
