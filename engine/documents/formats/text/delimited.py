"""Tables in delimited text (CSV, TSV): each row on one line, so that lines can be counted, searched and cited as rows."""

from __future__ import annotations

import re

from engine.text.columns import DELIMITERS, fields

LONGEST_CELL = (
    20_000  # characters of a quoted cell that runs over lines; a quote that is longer open is a stray sign
)
HEAD = 30_000  # characters at the beginning that show whether a text is a table
AS_WIDE = 0.9  # share of its rows there that have the same number of fields
SUFFIXES = (".csv", ".tsv", ".tab", ".psv")


def rows_on_lines(text: str, suffix: str) -> str:
    """Put a space for each line end inside a quoted cell, where the text is a table; else the text as it is."""
    if '"' not in text:
        return text
    delimiter, share = _delimiter(text[:HEAD])
    return _join(text, delimiter) if share >= (0.5 if suffix in SUFFIXES else AS_WIDE) else text


def _delimiter(head: str) -> tuple[str, float]:
    """The delimiter with which most rows of a beginning have as many fields, more than one, and the share of them.

    One that cuts into quoted cells comes last.
    """
    best: tuple[bool, float, int, int, float, str] = (False, 0.0, 0, 0, 0.0, ",")
    for delimiter in DELIMITERS:
        if delimiter not in head:
            continue
        lines = [line for line in _join(head, delimiter).split("\n") if line.strip()]
        widths = [len(fields(line, delimiter)) for line in lines]
        common = max(set(widths), key=lambda width: (width > 1, widths.count(width), width))
        if common > 1:
            count = widths.count(common)
            share = count / len(widths)
            whole = sum(not _cuts(line, delimiter) for line in lines) / len(lines)
            best = max(best, (share >= AS_WIDE, whole, count, common, share, delimiter))
    return best[5], best[4]


def _cuts(line: str, delimiter: str) -> bool:
    """Whether a field begins with a quote that none ends."""
    return any(
        line[start : start + 1] == '"' and line[start - 1 : start] != '"'
        for start, _ in fields(line, delimiter)
    )


def _join(text: str, delimiter: str) -> str:
    opened, closed = _patterns(delimiter)
    lines = text.split("\n")
    done: list[str] = []
    at = 0
    while at < len(lines):
        pieces = [tail := lines[at]]  # the tail follows the last cell that was closed
        at += 1
        while tail.count('"') % 2 and opened.match(tail):
            end, size = at, 0
            while end < len(lines) and '"' not in lines[end].replace('""', "") and size <= LONGEST_CELL:
                size += len(lines[end]) + 1
                end += 1
            ends = closed.match(lines[end]) if end < len(lines) and size <= LONGEST_CELL else None
            if ends is None:
                break
            pieces += lines[at : end + 1]
            tail = lines[end][ends.end() :]
            at = end + 1
        done.append(" ".join(pieces))
    return "\n".join(done)


def _patterns(delimiter: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What a line matches that ends inside a quoted cell, and one that begins inside and ends the cell."""
    cut = re.escape(delimiter)
    inside = r'(?:[^"]++|"")*+'
    field = rf'(?:\s*"{inside}"[^{cut}]*+|(?!\s*")[^{cut}]*+)'
    return re.compile(rf'(?:{field}{cut})*+\s*"{inside}\Z'), re.compile(rf'{inside}"\s*(?:{cut}|\Z)')
