"""What stands above a table's row: the line that names its columns, for delimited text and for Markdown tables."""

from __future__ import annotations

import re

from engine.corpus.archive import Archive
from engine.text.columns import HEADER, fields, layout

UP = 8000  # characters above a row in which its Markdown header is sought
LABEL = 40  # characters that a column may be called
NUMBER = re.compile(r"-?\d[\d.,]*")
RULE = re.compile(r"[|\s:-]+")


def header(archive: Archive, document: int, start: int, line: str) -> str:
    """The line that names the columns of the row at character `start` of a document; "" where it is no row of a table."""
    above, delimiter = _above(archive, document, start, line)
    labels = [above[a:b] for a, b in fields(above, delimiter)] if above else []
    if len(labels) != len(fields(line, delimiter)):
        return ""
    return "" if any(len(x) > LABEL or NUMBER.fullmatch(x) for x in labels) else above


def _above(archive: Archive, document: int, start: int, line: str) -> tuple[str, str]:
    """What may be the header of a line if it is a row, and the delimiter of its fields; "" where nothing may."""
    if line.lstrip().startswith("|"):
        return _markdown_header(archive.slice(document, max(0, start - UP), start)), "|"
    head = archive.slice(document, 0, min(HEADER, archive.chars(document)))
    found = layout(head)
    if found is None:
        return "", ","
    delimiter, begin, end = found
    names = head[begin:end]
    return ("" if start <= begin or names.count(delimiter) < 2 else names), delimiter


def _markdown_header(above: str) -> str:
    """The first line of the table that ends where `above` ends; empty without a rule of dashes below it."""
    lines: list[str] = []
    for line in reversed(above.rstrip("\n").split("\n")):
        if not line.lstrip().startswith("|"):
            break
        lines.append(line)
    return lines[-1] if len(lines) > 1 and RULE.fullmatch(lines[-2]) else ""
