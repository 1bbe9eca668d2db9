"""Rows of a list: which columns there are, which rows a filter keeps, and in which order. Pure."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from engine.types import Json

COLUMNS = {
    "number": "Row",
    "name": "Document",
    "question": "Question",
    "answer": "Answer",
    "sources": "Sources",
    "status": "Status",
    "seconds": "Time",
    "run": "Run",
}


def wanted(rows: list[Json], words: str, status: str) -> list[Json]:
    """The rows that hold every one of these words, in any case, and have this status ("" for all)."""
    wanted = words.lower().split()

    def text(row: Json) -> str:
        answer = row["reason"] if row["answer"] is None else row["answer"]
        return "\n".join((row["name"], row["question"], answer, *row["sources"])).lower()

    return [
        row
        for row in rows
        if (not status or row["status"] == status) and all(word in text(row) for word in wanted)
    ]


def ordered(rows: list[Json], column: str, down: bool) -> list[Json]:
    """The rows by a column, those of one value by their numbers; what has no value comes last either way. A column that
    there is not gives them by their numbers.
    """
    column = column if column in COLUMNS else "number"

    def value(row: Json) -> Any:
        return len(row["sources"]) + row["more"] if column == "sources" else row[column]

    by_number = sorted(rows, key=lambda row: row["number"])
    some = [row for row in by_number if value(row) not in (None, "")]
    none = [row for row in by_number if value(row) in (None, "")]
    return [*sorted(some, key=lambda row: _rank(value(row)), reverse=down), *none]


def _rank(value: Any) -> Any:
    """What a person would sort by: words without case and accents, numbers in them as numbers."""
    if not isinstance(value, str):
        return value
    spread = unicodedata.normalize("NFKD", value)
    letters = "".join(letter for letter in spread if not unicodedata.combining(letter)).casefold()
    parts = re.split(r"0*([0-9]+)", letters)  # at odd places numbers
    return [(len(part), part) if i % 2 else part for i, part in enumerate(parts)]
