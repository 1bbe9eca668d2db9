"""Where characters of a document stand, as a person would say it, and back to the characters."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from engine.corpus.archive import Archive
from engine.corpus.place import address, json_path, mail_header, sheet_cell, spoken
from engine.corpus.place.sheet_cell import Cell

LONGEST = 200_000  # characters of a text whose cells and paths are looked for: some 30 ms
SHEETS = (".xlsx", ".xlsb", ".xls", ".ods")
SLIDES = (".pptx", ".odp")
JSON = (".json", ".jsonl", ".ndjson", ".geojson", ".jsonld", ".har", ".webmanifest")
MAIL = re.compile(r"(?:From|Sender|To|Date|Subject): ")


@dataclass(frozen=True, slots=True)
class Place:
    """Where [start, end) stands. Lines and columns (characters) count from 1; `last` are those just after the end.

    `page` is that of a PDF or the number of a slide, None without pages. `cell` of a workbook, `header` of a message and `path` in
    JSON are those that hold the first character, `time` of a transcript the one above it; None and "" where there is none.
    """

    line: int
    column: int
    last_line: int
    last_column: int
    page: int | None = None
    slide: bool = False
    cell: Cell | None = None
    header: str = ""
    path: str = ""
    time: str = ""

    def said(self) -> str:
        """In a few words: "line 3, page 2", "line 8, Fees!C14, column Total"."""
        parts = [f"line {self.line:,}"]
        if self.page:
            parts.append(f"{'slide' if self.slide else 'page'} {self.page:,}")
        if self.cell and self.cell.address:
            parts += [self.cell.address, *([f"column {self.cell.name}"] if self.cell.name else [])]
        elif self.cell:
            parts += [f"sheet {self.cell.sheet}"] if self.cell.sheet else []
            parts += [f"row {self.cell.row:,}", f"column {self.cell.name or self.cell.column}"]
        parts += [f"header {self.header}"] if self.header else []
        parts += [self.path] if self.path else []
        parts += [self.time] if self.time else []
        return ", ".join(parts)


def place_of(archive: Archive, document: int, start: int, end: int) -> Place:
    """The place of characters [start, end) of a document."""
    (line, column), (last_line, last_column) = (_line(archive, document, at) for at in (start, end))
    kind = PurePosixPath(re.sub(r" \[\d+ of \d+\]$", "", archive.name(document))).suffix.lower()
    short = archive.chars(document) <= LONGEST
    text = archive.text(document) if short and (kind in SHEETS + JSON or _is_mail(archive, document)) else ""
    if len(archive.grid(document)):
        cell = _cell(archive, document, start)
    else:  # read by an older version
        cell = sheet_cell.cell_at(text, start) if kind in SHEETS else None
    return Place(
        line,
        column,
        last_line,
        last_column,
        archive.page(document, start),
        kind in SLIDES,
        cell,
        "" if kind in SHEETS + JSON else mail_header.header_at(text, start),
        json_path.path_at(text, start) if kind in JSON else "",
        "" if kind in SHEETS + JSON else _time(archive, document, start),
    )


def span_of(archive: Archive, document: int, place: Place) -> tuple[int, int]:
    """The characters [start, end) that stand at a place."""
    first = _offset(archive, document, place.line, place.column)
    return first, _offset(archive, document, place.last_line, place.last_column)


def part_of(archive: Archive, document: int, place: Place) -> tuple[int, int]:
    """The characters [start, end) of the cell, header, value, page or time that a place names; of its line without such."""
    text = archive.text(document)
    found: tuple[int, int] | None = None
    if place.cell and place.cell.address:
        found = address.part_of(
            archive, document, _offset(archive, document, place.line, 1), place.cell.column
        )
    elif place.cell:
        found = sheet_cell.part_at(text, place.cell)
    elif place.header:
        found = mail_header.part_at(text, place.header)
    elif place.path:
        found = json_path.part_at(text, place.path)
    elif place.page:
        starts = [*archive.page_starts(document), len(text)]
        found = starts[place.page - 1] if place.page > 1 else 0, starts[place.page]
    elif place.time:
        found = spoken.part_at(text, _offset(archive, document, place.line, place.column))
    if found is None:
        start = _offset(archive, document, place.line, 1)
        end = text.find("\n", start)
        found = start, len(text) if end < 0 else end + 1
    return found


def _cell(archive: Archive, document: int, at: int) -> Cell | None:
    """The cell that holds a character, by its address in the file, with what the first row of its sheet says above it."""
    where = address.cell_at(archive, document, at)
    if where is None:
        return None
    name, (sheet, row, column) = "", where
    top = archive.grid(document).first(sheet) if archive.chars(document) <= LONGEST else None
    if top and top.step and column >= top.column:
        line = _offset(archive, document, top.line, 1)
        found = address.part_of(archive, document, line, column)
        name = archive.slice(document, *found).strip(address.BLANK + "\n") if found else ""
    return Cell(sheet, row, column, name, address.address(where))


def _time(archive: Archive, document: int, at: int) -> str:
    """The time above a character, from the lines near it alone."""
    first = max(0, at - spoken.FURTHEST - 1)  # the character before tells whether a line begins
    _, last = archive.line_bounds(document, at, at)
    last = min(last, at + spoken.LONGER)
    return spoken.time_at(archive.slice(document, first, last), at - first)


def _is_mail(archive: Archive, document: int) -> bool:
    return MAIL.match(archive.slice(document, 0, 20)) is not None


def _line(archive: Archive, document: int, at: int) -> tuple[int, int]:
    first, _ = archive.line_bounds(document, at, at)
    return archive.line(document, at), at - first + 1


def _offset(archive: Archive, document: int, line: int, column: int) -> int:
    text, at = archive.text(document), 0
    for _ in range(line - archive.first_line(document)):
        at = text.index("\n", at) + 1
    return at + column - 1
