"""Workbooks (.xlsx, .xlsb, .xls, .ods) as rows of text, read by calamine; and the comments of .xlsx."""

from __future__ import annotations

import datetime
import io
import re
from collections.abc import Iterator
from xml.etree import ElementTree

import python_calamine
from python_calamine import CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from engine.documents.formats import passwords
from engine.documents.formats.office.package import Package, attribute, local
from engine.documents.formats.unreadable import Unreadable

LARGEST = 64_000_000  # characters of all sheets
SPREAD = 40_000_000  # cells from the first to the last of a sheet; calamine makes room for each
FORMULAS = 200  # that are named where a sheet holds them without their values
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
) -> tuple[str, list[str]]:
    """Return the rows of all sheets as text, and notices. `package` is the same file where it is zipped,
    `kind` what people call it.

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
    parts, notices, left = [], [], LARGEST
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
        lines = [*(_table(rows) if len(sheets) > 1 else map(" | ".join, rows)), *beside.get(place, [])]
        if len(sheets) > 1 and lines:
            mark = " (hidden sheet)" if meta.name in hidden else ""
            lines = [f"# {meta.name}{mark}", "", *lines]
        left -= sum(map(len, lines))
        parts += ["\n".join(lines)] if lines else []
    if left <= 0:
        notices.append("only the first 64 million characters of its sheets were read")
    if hidden:
        notices.append(f"{len(hidden)} of its sheets are hidden: {', '.join(hidden[:12])}")
    if not parts and spread:
        raise Unreadable("the cells of its sheets lie too far apart")
    return "\n\n".join(parts) + "\n" if parts else "", notices


def _rows(sheet: CalamineSheet, room: int) -> list[list[str]]:
    """The cells of a sheet as text, without blank rows and columns around them; at most `room` characters.

    From the first row with two cells on, all are as wide as the sheet; what stands above it is a title.
    """
    rows, kept = [], 0
    for row in sheet.iter_rows():
        cells = [_written(value) for value in row]
        while cells and not cells[-1]:
            cells.pop()
        if not cells:
            continue
        rows.append(cells)
        kept += sum(map(len, cells)) + 3 * len(cells)
        if kept > room:
            break
    blank = min((next(i for i, cell in enumerate(row) if cell) for row in rows), default=0)
    rows = [row[blank:] for row in rows]
    width = max(map(len, rows), default=0)
    if kept + 3 * sum(width - len(row) for row in rows) > room:
        return rows
    table = next((i for i, row in enumerate(rows) if len(row) > row.count("") + 1), len(rows))
    return rows[:table] + [row + [""] * (width - len(row)) for row in rows[table:]]


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


def _table(rows: list[list[str]]) -> Iterator[str]:
    """Rows as a Markdown table: each row then goes to a model with the names of its columns."""
    width = max(map(len, rows), default=0)
    for number, row in enumerate(rows):
        yield "| " + " | ".join([*row, *[""] * (width - len(row))]) + " |"
        if number == 0:
            yield "|" + " --- |" * width


# --- what calamine does not give ----------------------------------------------------------------------------


def _beside(package: Package) -> dict[int, list[str]]:
    """By the place of a sheet: lines with its comments, and with formulas whose values were never computed."""
    authors = _people(package)
    found: dict[int, list[str]] = {}
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
        columns = 0
        for letter in letters:
            columns = 26 * columns + letter - 64
        if rows * columns > SPREAD:
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


def _comments(package: Package, name: str, people: dict[str, str]) -> Iterator[str]:
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
        yield f"[comment on {attribute(item, 'ref')}{f' by {by}' if by else ''}] {text}"


def _uncomputed(data: bytes) -> list[str]:
    """Formulas without a value, as programs write that do not compute them."""
    if not re.search(rb"<(?:\w+:)?f[ >]", data):
        return []
    lines = []
    for _, element in ElementTree.iterparse(io.BytesIO(data)):
        if local(element) == "c":
            parts = {local(child): child.text or "" for child in element}
            if parts.get("f") and not parts.get("v"):
                lines.append(f"[formula in {attribute(element, 'r')}, never computed] ={parts['f']}")
            element.clear()
        if len(lines) >= FORMULAS:
            break
    return lines
