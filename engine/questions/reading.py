"""Questions out of a file: a line each in a text, a row each in a table. Pure but for the one function that reads."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from engine.documents.formats import encodings
from engine.errors import InputError

MOST_QUESTIONS = 10_000
LONGEST = 20_000  # characters of one question
LARGEST = 50_000_000  # bytes of a file
COLUMN = "question"
TABLES = (".csv", ".tsv", ".tab")
SHOWN_COLUMNS = 8


@dataclass(frozen=True, slots=True)
class Questions:
    """Questions in the order of their file, each once, and what a person should know of how they were read."""

    questions: tuple[str, ...]
    notices: tuple[str, ...] = ()


def read(path: Path, column: str | None = None) -> Questions:
    """Read a file of questions; `column` names the column of a table. Raises InputError that says what is wrong."""
    try:
        if path.stat().st_size > LARGEST:
            raise InputError(
                f"{path.name} is larger than {LARGEST // 1_000_000} MB, which is no list of questions."
            )
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"The file of questions {path} cannot be read: {error.strerror}.") from error
    return parse(data, path.name, column)


def parse(data: bytes, name: str, column: str | None = None) -> Questions:
    """Take the questions out of the bytes of a file called `name`; what ends in .csv or .tsv is a table.

    Raises InputError for what is no text, a table without a column of questions, and for none or too many questions.
    """
    try:
        decoded = encodings.read(data)
    except encodings.NotText as error:
        raise InputError(
            f"{name} is no text ({error}). Save the questions as CSV or plain text, in UTF-8."
        ) from error
    notices = [f"{name}: {notice}" for notice in decoded.notices]
    if not notices and decoded.encoding not in ("utf-8", "utf-8-sig", "ascii"):
        notices.append(f"{name} is not in UTF-8; it was read as {decoded.encoding}.")
    text = decoded.text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    table = name.casefold().endswith(TABLES)
    cells = _of_table(text, name, column) if table else text.split("\n")
    return _checked(cells, name, notices)


def typed(text: str) -> Questions:
    """Questions that a person typed, a line each. Raises InputError for none or too many."""
    return _checked(text.split("\n"), "what you typed", [])


def _of_table(text: str, name: str, column: str | None) -> list[str]:
    """The cells of the column of questions. The first row is the head if a cell of it is called so."""
    if not text.strip():
        return []
    try:
        rows = [*csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=False)]
    except csv.Error as error:
        raise InputError(f"{name} cannot be read as a table: {error}. Save it again as CSV.") from error
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    head = [cell.strip() for cell in rows[0]]
    wanted = column or COLUMN
    at = next(
        (n for n, cell in enumerate(head) if cell.casefold() in (wanted.casefold(), f"{wanted}s")), None
    )
    if at is not None:
        _refuse_cut(rows, name)
        return [row[at] if at < len(row) else "" for row in rows[1:]]
    if column is None and max(map(len, rows)) == 1:
        return [row[0] for row in rows]
    shown = ", ".join(repr(cell) for cell in head[:SHOWN_COLUMNS])
    raise InputError(
        f"{name} has no column called {wanted!r}; its first row holds {shown}. Call the column of the questions "
        f"{wanted!r}, or name another one."
    )


def _refuse_cut(rows: list[list[str]], name: str) -> None:
    """Raise InputError where a row has more cells than the first: a question in it would lose its end."""
    for number, row in enumerate(rows[1:], 2):
        if any(cell.strip() for cell in row[len(rows[0]) :]):
            raise InputError(
                f"Row {number:,} of {name} has more cells than its first row: {row[0][:60]!r}, {row[1][:60]!r}, ... "
                "Put a question that holds the mark between cells in double quotes."
            )


def _delimiter(text: str) -> str:
    """The mark between the cells of the first row."""
    first = next(line for line in text.split("\n") if line.strip())
    return max(",;\t", key=first.count) if any(mark in first for mark in ",;\t") else ","


def _checked(cells: list[str], name: str, notices: list[str]) -> Questions:
    found = [" ".join(cell.split()) for cell in cells]
    asked = dict.fromkeys(question for question in found if question)
    if not asked:
        raise InputError(f"There is no question in {name}. Write one on each line.")
    if len(asked) > MOST_QUESTIONS:
        raise InputError(
            f"{name} holds {len(asked):,} questions; a list holds at most {MOST_QUESTIONS:,}. Split it into several."
        )
    for question in asked:
        if len(question) > LONGEST:
            raise InputError(
                f"A question in {name} has {len(question):,} characters, and the longest may have {LONGEST:,}: "
                f"{question[:60]!r}. Shorten it."
            )
    filled = sum(map(bool, found))
    last = next((n for n in range(len(found), 0, -1) if found[n - 1]), 0)
    if empty := last - filled:
        notices.append(f"{empty:,} empty line{'s were' if empty > 1 else ' was'} left out.")
    if again := filled - len(asked):
        notices.append(
            f"{again:,} question{'s stand' if again > 1 else ' stands'} there again; each is asked once."
        )
    return Questions(tuple(asked), tuple(notices))
