"""Workbooks (.xlsx, .xlsb, .xls, .ods) as rows of text, read by calamine; and the comments of .xlsx."""

from __future__ import annotations

import datetime
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree import ElementTree

import python_calamine
from python_calamine import CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from engine.documents.formats import passwords
from engine.documents.formats.office.package import Package, attribute, local
from engine.documents.formats.unreadable import Unreadable
from engine.grid import LONGEST_NAME, NONE, Grid, GridWriter

LARGEST = 64_000_000  # characters of all sheets
SPREAD = 40_000_000  # cells from the first to the last of a sheet; calamine makes room for each
FORMULAS = 200  # that are named where a sheet holds them without their values
JOINERS = "\u200c\u200d"  # letters of some scripts are written with them
FAULTS = (
    python_calamine.CalamineError,
    python_calamine.XmlError,
    python_calamine.ZipError,
    OSError,
    ValueError,
)


class Locked(Unreadable):
    """A workbook needs a password, perhaps an empty one."""


def parse_workbook(
    data: bytes, package: Package | None = None, kind: str = "workbook"
) -> tuple[str, list[str], Grid]:
    """Return the rows of all sheets as text, notices, and which cells its lines come from. `package` is the same file
    where it is zipped, `kind` what people call it.

    One sheet alone is plain rows, so that its first line names the columns; several are Markdown tables under
    headings. Raises Unreadable, or its Locked.
    """
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
    except python_calamine.PasswordError as problem:
        raise Locked(passwords.why_locked()) from problem
    except FAULTS as problem:
        raise Unreadable(f"this {kind} is damaged and cannot be opened") from problem
    sheets = [sheet for sheet in book.sheets_metadata if sheet.typ != SheetTypeEnum.Vba]
    spread = _spread(package) if package is not None else set()
    beside = _beside(package) if package is not None else {}
    told, notices, left = _Lines(), [], LARGEST
    hidden = [sheet.name for sheet in sheets if sheet.visible != SheetVisibleEnum.Visible]
    for place, meta in enumerate(sheets):
        if place in spread:
            notices.append(f"its sheet {meta.name} was not read: its cells lie too far apart")
            continue
        try:
            rows = _rows(book.get_sheet_by_name(meta.name), left)
        except FAULTS:
            if meta.typ == SheetTypeEnum.WorkSheet:
                notices.append(f"its sheet {meta.name} could not be read")
            rows = []
        notes = beside.get(place, [])
        if not (rows or notes):
            continue
        before = told.size
        told.sheet(meta.name, " (hidden sheet)" if meta.name in hidden else "", alone=len(sheets) == 1)
        for text, row, column in _table(rows) if len(sheets) > 1 else _plain(rows):
            told.row(text, row, column)
        for text, about in notes:
            told.about(text, about)
        left -= told.size - before
    if left <= 0:
        notices.append("only the first 64 million characters of its sheets were read")
    if hidden:
        notices.append(f"{len(hidden)} of its sheets are hidden: {', '.join(hidden[:12])}")
    if not told.lines and spread:
        raise Unreadable("the cells of its sheets lie too far apart")
    if not told.lines:
        return "", notices, NONE
    told.grid.about(told.ended + 1, 0, 0)  # what a file says of itself may follow
    return "\n".join(told.lines) + "\n", notices, told.grid.grid()


@dataclass(slots=True)
class _Row:
    """The cells of one row as text; its number in the sheet and that of its first cell's column, from 1."""

    number: int
    column: int
    cells: list[str]


@dataclass(slots=True)
class _Lines:
    """The text of a workbook as it grows. A line may hold line ends of its own."""

    lines: list[str] = field(default_factory=list)
    size: int = 0  # characters
    ended: int = 0  # lines
    grid: GridWriter = field(default_factory=GridWriter)

    def _add(self, text: str) -> None:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        self.lines.append(text)
        self.size += len(text)
        self.ended += 1 + text.count("\n")

    def sheet(self, name: str, mark: str, *, alone: bool) -> None:
        """Begin a sheet, under a heading where it is not the only one."""
        plain = "".join(c if c.isprintable() or c in JOINERS else " " for c in name)
        self.grid.sheet(" ".join(plain.split())[:LONGEST_NAME])
        if not alone:
            if self.lines:
                self._add("")
            self.grid.about(self.ended + 1, 0, 0)
            self._add(f"# {name}{mark}")
            self._add("")

    def row(self, text: str, row: int, column: int) -> None:
        """A row of the sheet; number 0 is none."""
        if row:
            self.grid.row(self.ended + 1, row, column)
        else:
            self.grid.about(self.ended + 1, 0, 0)
        self._add(text)

    def about(self, text: str, cell: str) -> None:
        """What is told of the cell with an address such as C14."""
        self.grid.about(self.ended + 1, *_numbers(cell))
        self._add(text)


def _numbers(cell: str) -> tuple[int, int]:
    """Row and column of an address such as C14, (0, 0) for none."""
    found = re.fullmatch(r"([A-Z]{1,3})([1-9]\d{0,6})", cell)
    return (int(found[2]), _column(found[1].encode())) if found else (0, 0)


def _column(letters: bytes) -> int:
    column = 0
    for letter in letters:
        column = 26 * column + letter - 64
    return column


def _rows(sheet: CalamineSheet, room: int) -> list[_Row]:
    """The cells of a sheet as text, without blank rows and columns around them; at most `room` characters.

    From the first row with two cells on, all are as wide as the sheet; what stands above it is a title.
    """
    rows: list[_Row] = []
    kept = 0
    column = sheet.start[1] + 1 if sheet.start else 1
    for number, values in enumerate(sheet.iter_rows(), 1):
        cells = [_written(value) for value in values]
        while cells and not cells[-1]:
            cells.pop()
        if not cells:
            continue
        rows.append(_Row(number, column, cells))
        kept += sum(map(len, cells)) + 3 * len(cells)
        if kept > room:
            break
    blank = min((next(i for i, cell in enumerate(row.cells) if cell) for row in rows), default=0)
    for row in rows:
        row.cells, row.column = row.cells[blank:], row.column + blank
    width = max((len(row.cells) for row in rows), default=0)
    if kept + 3 * sum(width - len(row.cells) for row in rows) > room:
        return rows
    table = next((i for i, row in enumerate(rows) if len(row.cells) > row.cells.count("") + 1), len(rows))
    for row in rows[table:]:
        row.cells += [""] * (width - len(row.cells))
    return rows


def _written(value: object) -> str:
    """A value as a person would write it, on one line."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(round(value, 12))
    if isinstance(value, datetime.datetime):
        return value.isoformat(" ", "minutes").removesuffix(" 00:00")
    if isinstance(value, datetime.date | datetime.time | datetime.timedelta):
        return str(value)
    return " ".join(str(value).split()).replace("|", "/")


def _plain(rows: list[_Row]) -> Iterator[tuple[str, int, int]]:
    """Rows as lines: (text, number, column of the first cell)."""
    for row in rows:
        yield " | ".join(row.cells), row.number, row.column


def _table(rows: list[_Row]) -> Iterator[tuple[str, int, int]]:
    """Rows as a Markdown table, as `_plain`: each row then goes to a model with the names of its columns."""
    width = max((len(row.cells) for row in rows), default=0)
    for number, row in enumerate(rows):
        yield "| " + " | ".join([*row.cells, *[""] * (width - len(row.cells))]) + " |", row.number, row.column
        if number == 0:
            yield "|" + " --- |" * width, 0, 0


# --- what calamine does not give ----------------------------------------------------------------------------


def _beside(package: Package) -> dict[int, list[tuple[str, str]]]:
    """By the place of a sheet: lines with its comments, and with formulas whose values were never computed, each with
    the address of its cell.
    """
    authors = _people(package)
    found: dict[int, list[tuple[str, str]]] = {}
    for place, name in _sheets(package):
        if name not in package:
            continue
        lines = _uncomputed(package.read(name))
        targets = sorted(package.relations(name).values())
        threaded = [target for kind, target in targets if kind == "threadedComment"]
        for target in threaded or [target for kind, target in targets if kind == "comments"]:
            lines += _comments(package, target, authors)
        found[place] = lines
    return found


def _spread(package: Package) -> set[int]:
    """The places of the sheets whose last cell is too far from the first to make room for all between."""
    found = set()
    for place, name in _sheets(package):
        data = package.read(name) if name in package else b""
        rows = max((int(n) for n in re.findall(rb'<(?:\w+:)?row [^>]*?\br="(\d{1,7})"', data)), default=0)
        letters = max(
            set(re.findall(rb'<(?:\w+:)?c [^>]*?\br="([A-Z]{1,3})\d', data)),
            key=lambda name: (len(name), name),
            default=b"",
        )
        if rows * _column(letters) > SPREAD:
            found.add(place)
    return found


def _sheets(package: Package) -> Iterator[tuple[int, str]]:
    """(place, name of the part) of the sheets of an .xlsx file."""
    book = package.xml("xl/workbook.xml")
    related = package.relations("xl/workbook.xml") if book is not None else {}
    for place, sheet in enumerate(item for item in _all(book) if local(item) == "sheet"):
        yield place, related.get(_relation(sheet), ("", ""))[1]


def _all(root: ElementTree.Element | None) -> Iterator[ElementTree.Element]:
    return root.iter() if root is not None else iter(())


def _relation(element: ElementTree.Element) -> str:
    return next((value for key, value in element.attrib.items() if key.endswith("}id")), "")


def _people(package: Package) -> dict[str, str]:
    roots = [package.xml(name) for name in package.names if name.startswith("xl/persons/")]
    return {
        attribute(item, "id"): attribute(item, "displayName")
        for root in roots
        for item in (root if root is not None else ())
    }


def _comments(package: Package, name: str, people: dict[str, str]) -> Iterator[tuple[str, str]]:
    root = package.xml(name)
    if root is None:
        return
    authors = [item.text or "" for item in root.iter() if local(item) == "author"]
    for item in root.iter():
        if local(item) not in ("comment", "threadedComment"):
            continue
        text = " ".join("".join(e.text or "" for e in item.iter() if local(e) in ("t", "text")).split())
        number = attribute(item, "authorId")
        by = authors[int(number)] if number.isdecimal() and int(number) < len(authors) else ""
        by = people.get(attribute(item, "personId"), by)
        cell = attribute(item, "ref")
        yield f"[comment on {cell}{f' by {by}' if by else ''}] {text}", cell


def _uncomputed(data: bytes) -> list[tuple[str, str]]:
    """Formulas without a value, as programs write that do not compute them."""
    if not re.search(rb"<(?:\w+:)?f[ >]", data):
        return []
    lines: list[tuple[str, str]] = []
    for _, element in ElementTree.iterparse(io.BytesIO(data)):
        if local(element) == "c":
            parts = {local(child): child.text or "" for child in element}
            if parts.get("f") and not parts.get("v"):
                cell = attribute(element, "r")
                lines.append((f"[formula in {cell}, never computed] ={parts['f']}", cell))
            element.clear()
        if len(lines) >= FORMULAS:
            break
    return lines
