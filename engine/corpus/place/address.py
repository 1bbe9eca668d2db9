"""Addresses of cells as a spreadsheet says them, `Fees!C14`, for characters of the text of a workbook."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.corpus.archive import Archive

BARE = re.compile(r"[^\W\d][\w.]*")  # a sheet with such a name needs no quotes
LIKE_CELL = re.compile(r"[A-Z]{1,3}\d+|R\d*C\d*|R|C|TRUE|FALSE", re.I)
GAP = " | "
BLANK = " |"  # what stands between cells
LOOKED_AT = 200  # lines of a longer stretch

Where = tuple[str, int, int]  # sheet, row, column, from 1


def column_letters(column: int) -> str:
    """The letters of a column: 1 is A, 27 is AA."""
    letters = ""
    while column > 0:
        column, digit = divmod(column - 1, 26)
        letters = chr(65 + digit) + letters
    return letters


def sheet_name(name: str) -> str:
    """A sheet in an address, in quotes where it needs them: `Fees`, `'Fees 2024'`."""
    plain = BARE.fullmatch(name) and not LIKE_CELL.fullmatch(name)
    return name if plain else "'" + name.replace("'", "''") + "'"


def address(*cells: Where) -> str:
    """One cell, or the least range that holds all of them: `Fees!C14`, `Fees!B2:C4`; of several sheets from the first
    cell to the last.
    """
    first, last = cells[0], cells[-1]
    if first[0] != last[0]:
        return f"{address(first)} to {address(last)}"
    rows, columns = [row for _, row, _ in cells], [column for _, _, column in cells]
    corners = (min(columns), min(rows)), (max(columns), max(rows))
    named = dict.fromkeys(f"{column_letters(column)}{row}" for column, row in corners)
    return f"{sheet_name(first[0])}!{':'.join(named)}"


def cell_at(archive: Archive, document: int, at: int) -> Where | None:
    """The cell that holds character `at` of a document; None outside of all, and where no addresses were stored."""
    grid = archive.grid(document)
    if not len(grid):
        return None
    line = archive.line(document, at)
    mark = grid.at(line)
    if mark is None:
        return None
    if not mark.step:
        return mark.sheet, mark.row, mark.column
    first, _ = archive.line_bounds(document, at, at)
    before = archive.slice(document, first, at)
    passed = len(before.removeprefix("| ").split(GAP)) - 1
    return mark.sheet, mark.row + line - mark.line, mark.column + passed


def address_of(archive: Archive, document: int, start: int, end: int) -> str:
    """The address of characters [start, end) of a document, "" where they stand in no cell.

    Of several cells it is the range from the first to the last that holds something.
    """
    if not len(archive.grid(document)):
        return ""
    lines = [*_lines(archive, document, start, end)]
    if len(lines) > LOOKED_AT:
        lines = lines[: LOOKED_AT // 2] + lines[-LOOKED_AT // 2 :]
    ends = [at for first, last in lines for at in dict.fromkeys((first, last))]
    known = [where for at in ends if (where := cell_at(archive, document, at))]
    return address(*known) if known else ""


def _lines(archive: Archive, document: int, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The first and the last character that says something, in each line of [start, end) that has such; of none the
    first of all.
    """
    at, found = start, False
    for line in archive.slice(document, start, end).split("\n"):
        if said := line.strip(BLANK):
            found = True
            first = at + line.index(said)
            yield first, first + len(said) - 1
        at += len(line) + 1
    if not found:
        yield start, start


def part_of(archive: Archive, document: int, start: int, column: int) -> tuple[int, int] | None:
    """The characters [start, end) of a column's cell in the line that begins at `start`; with the gap after it, so that
    cells cover their lines. None where the line has no such cell. A line about one cell is that cell's as a whole.
    """
    line = archive.line(document, start)
    mark = archive.grid(document).at(line)
    _, last = archive.line_bounds(document, start, start)
    end = min(last + 1, archive.chars(document))
    if mark is None or not mark.step:
        return (start, end) if mark and mark.column == column else None
    text = archive.slice(document, start, last)
    frame = 2 if text.startswith("| ") else 0
    values = text[frame:].split(GAP)
    number = column - mark.column
    if not 0 <= number < len(values):
        return None
    at = start + (frame + sum(len(value) + len(GAP) for value in values[:number]) if number else 0)
    return at, end if number == len(values) - 1 else at + len(values[number]) + len(GAP) + (
        0 if number else frame
    )
