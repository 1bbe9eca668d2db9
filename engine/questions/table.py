"""A list as a table for other programs: CSV and XLSX. Text of documents stays text: no cell becomes a formula or link."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import xlsxwriter

from engine.answer.agreement import sentence
from engine.corpus.place.said import said
from engine.errors import InputError
from engine.types import Json

Row = dict[str, Any]
HEAD = (
    "number",
    "document",
    "question",
    "answer",
    "status",
    "agreement",
    "sources",
    "seconds",
    "calls",
    "run",
    "reason",
)
LONGEST_CELL = 32_767  # characters that a cell of a workbook holds
CUT = " (cut here: a cell of a workbook holds no more; the run and the CSV have it whole)"
WIDTHS = (8, 28, 48, 48, 12, 24, 60, 9, 8, 24, 40)
BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"  # tells spreadsheets that the file is in UTF-8

# What a spreadsheet takes for the beginning of a formula, after white space too; a plain number is none.
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]")
# A formula that could do something, after what parts cells or rows for a spreadsheet whose mark is no comma.
_WITHIN = re.compile(r"([;\t\n\r][\s\"]{0,99})(?=[=+\-@＝＋－＠][^;\t\n\r]*[(|!])")
_NUMBER = re.compile(r"[+-]?\d[\d.,]*")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def cells(row: Row) -> tuple[str | int | float | None, ...]:
    """The cells of a row, in the order of HEAD."""
    return (
        row["number"],
        row["name"],
        row["question"],
        row["answer"],
        row["status"],
        sentence(row["agreement"]),
        "\n".join(map(source_text, row["sources"])),
        row["seconds"],
        row["calls"],
        row["run"],
        row["reason"],
    )


def source_text(source: Json) -> str:
    """A source on one line: `name, line 12, page 3: text`; one that is not in the documents says so."""
    text = " ".join(source["text"].split())
    if source["status"] == "missing":
        return f"NOT FOUND IN THE DOCUMENTS: {text}"
    return f"{source['name']}, {said(source)}: {text}"


def harmless(cell: str) -> str:
    """Text that a spreadsheet shows and does not compute: what begins like a formula gets an apostrophe before it.

    So does a formula within it, which many a spreadsheet in Europe takes for a cell of its own: it parts them by ";".
    """
    plain = _WITHIN.sub(r"\1'", _CONTROL.sub("\N{REPLACEMENT CHARACTER}", cell))
    return f"'{plain}" if _FORMULA.match(plain) and not _NUMBER.fullmatch(plain) else plain


def as_csv(rows: Iterable[Row]) -> bytes:
    """A table as CSV in UTF-8 with a mark, lines ended as RFC 4180 wants."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(HEAD)
    for row in rows:
        writer.writerow(harmless(cell) if isinstance(cell, str) else cell for cell in cells(row))
    return (BOM + out.getvalue()).encode("utf-8")


def as_xlsx(rows: Sequence[Row]) -> bytes:
    """A table as a workbook of one sheet; texts are stored as texts, whatever they begin with."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    sheet = book.add_worksheet("Answers")
    head, wrap = book.add_format({"bold": True}), book.add_format({"text_wrap": True, "valign": "top"})
    for column, (name, width) in enumerate(zip(HEAD, WIDTHS, strict=True)):
        sheet.set_column(column, column, width)
        sheet.write_string(0, column, name, head)
    for line, row in enumerate(rows, 1):
        for column, cell in enumerate(cells(row)):
            if isinstance(cell, str):
                sheet.write_string(line, column, _fitting(cell), wrap)
            elif cell is not None:
                sheet.write_number(line, column, cell, wrap)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, max(1, len(rows)), len(HEAD) - 1)
    book.close()
    return out.getvalue()


def _fitting(cell: str) -> str:
    plain = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", cell)
    units = plain.encode("utf-16-le")  # a letter beyond the first plane counts twice
    if len(units) <= 2 * LONGEST_CELL:
        return plain
    return units[: 2 * (LONGEST_CELL - len(CUT))].decode("utf-16-le", "ignore") + CUT


def save(path: Path, rows: Sequence[Row]) -> None:
    """Write a table as what the name of the file ends in; the file is whole or not there. Raises InputError."""
    data = as_xlsx(rows) if path.suffix.lower() == ".xlsx" else as_csv(rows)
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise InputError(f"{path} cannot be written: {error.strerror}. Choose another place.") from error
