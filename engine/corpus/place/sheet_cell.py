"""Cells in the text of a workbook: which sheet, row and column a character stands in, and back. Pure.

This is for corpora of older versions, which stored no addresses (`engine.corpus.place.address`). Rows are counted from 1
among those that the text has (blank ones are left out of it), the row of names included; columns are counted from 1 and
called by what the first row says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

RULE = re.compile(r"\|(?: --- \|)+")
GAP = " | "


@dataclass(frozen=True, slots=True)
class Cell:
    """`sheet` is "" where the text is one sheet; `name` what the first row says of the column, "" where nothing.

    With an `address`, as the file has it, row and column are those of the file, and `sheet` is always its name.
    """

    sheet: str
    row: int
    column: int
    name: str
    address: str = ""


def cells(text: str) -> Iterator[tuple[int, int, Cell]]:
    """(start, end, cell) of every cell in its order; with the gap after it, so that they cover their rows."""
    sheet, row, at = "", 0, 0
    names: list[str] = []
    lines = text.split("\n")
    for number, line in enumerate(lines):
        start, at = at, at + len(line) + 1
        if (
            line.startswith("# ")
            and (number == 0 or not lines[number - 1])
            and lines[number + 1 : number + 2] == [""]
        ):
            sheet, row, names = line[2:], 0, []
        elif line and not RULE.fullmatch(line) and line[0] != "[":
            row += 1
            framed = line.startswith("| ") and line.endswith(" |")
            inner = line[2:-2] if framed else line
            begin = start + (2 if framed else 0)
            values = inner.split(GAP)
            names = names or values
            for column, value in enumerate(values):
                end = begin + len(value)
                last = column == len(values) - 1
                name = names[column].strip() if column < len(names) else ""
                yield begin, end if last else end + len(GAP), Cell(sheet, row, column + 1, name)
                begin = end + len(GAP)


def cell_at(text: str, at: int) -> Cell | None:
    """The cell that holds character `at`; None outside of all."""
    return next((cell for start, end, cell in cells(text) if start <= at < end), None)


def part_at(text: str, wanted: Cell) -> tuple[int, int] | None:
    """The characters [start, end) of a cell, None where there is none."""
    return next(((start, end) for start, end, cell in cells(text) if cell == wanted), None)
