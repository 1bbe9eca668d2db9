"""Columns of delimited text (CSV, TSV and the like): the fields under a header, with the place of each.

A row is a line: line ends inside quotes were taken out when the file was read. The header names the columns; lines that
are no rows, such as a title, may stand above it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

DELIMITERS = (",", ";", "\t", "|")
HEADER = 8000  # characters at the beginning of a text in which its header is sought
LOOKED_AT = 40  # lines there that show how many fields a row has
ROWS_LIKE_IT = 0.9  # share of the lines below a header that are rows as wide, where it is not the first line
SEPARATOR = re.compile(r"(?i)sep=.\s*")  # a line by which a spreadsheet is told the delimiter
RULE = re.compile(r"[\s|:+-]*")  # the line below the header of a Markdown table
WORD = re.compile(r"[^\W_]+")
KIN = 0.75  # share of the longer word that two forms of one have in common
BEGINNING = 3  # letters that two words must share to count as forms of one: "invoice" and "invoices"


def column(text: str, about: str) -> Iterator[tuple[int, int, int, int]]:
    """The fields of the column that `about` names: (line start, line end, field start, field end), in characters.

    `about` holds alternatives separated by "|"; see `place`. Nothing comes where the text has no header or no such
    column; rows that are too short are left out.
    """
    head = text[:HEADER]
    known, header = place(head, about), layout(head)
    if known is None or header is None:
        return
    at, delimiter = known
    start = header[2] + 1
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        line = text[start:end]
        found = fields(line, delimiter)
        if at < len(found) and found[at][0] < found[at][1] and not RULE.fullmatch(line):
            yield start, end, start + found[at][0], start + found[at][1]
        start = end + 1


def fields(line: str, delimiter: str) -> list[tuple[int, int]]:
    """The ranges of the fields of a line, without white space and quotes around them.

    A field is quoted where a quote begins it and another ends it; any other quote is a sign like the rest.
    """
    found = []
    for match in _field(delimiter).finditer(line):
        start, end = match.span(1)
        if match.span(2) != (-1, -1):
            start, end = match.span(2)
        while end > start and line[end - 1].isspace():
            end -= 1
        found.append((start, end))
    return found


@lru_cache(maxsize=16)
def _field(delimiter: str) -> re.Pattern[str]:
    cut = re.escape(delimiter)
    return re.compile(rf"(?:^|{cut})[^\S\t]*(\"((?:[^\"]++|\"\")*+)\"(?=\s*(?:{cut}|$))|[^\r{cut}]*)")


@lru_cache(maxsize=64)
def layout(head: str) -> tuple[str, int, int] | None:
    """The delimiter of a table at the beginning of a text, and where its header begins and ends; None without one."""
    lines = _lines(head)
    best: tuple[int, int, int, str] | None = None
    for order, delimiter in enumerate(DELIMITERS):
        wide = Counter(len(fields(head[a:b], delimiter)) for a, b in lines if delimiter in head[a:b])
        if wide:
            width, count = max(wide.items(), key=lambda item: (item[1], item[0]))
            best = max(best or (0, 0, 0, ""), (count, width, -order, delimiter))
    if best is None:
        return None
    _, width, _, delimiter = best
    widths = [len(fields(head[a:b], delimiter)) for a, b in lines]
    at = widths.index(width)
    below = widths[at + 1 :]
    if at and not (below and sum(n == width for n in below) >= ROWS_LIKE_IT * len(below)):
        if widths[0] < 2:
            return None
        at = 0
    return delimiter, *lines[at]


def _lines(head: str) -> list[tuple[int, int]]:
    """The ranges of the lines of a beginning that hold something; its last line may be cut off and then is none."""
    found: list[tuple[int, int]] = []
    start = 0
    while start < len(head) and len(found) < LOOKED_AT:
        end = head.find("\n", start)
        if end < 0:
            if len(head) == HEADER and found:
                break
            end = len(head)
        if head[start:end].strip() and not SEPARATOR.fullmatch(head[start:end]):
            found.append((start, end))
        start = end + 1
    return found


def place(head: str, about: str) -> tuple[int, str] | None:
    """The number of the column that `about` names, and the delimiter, from the beginning of a text; None without one.

    A header is named when it holds all words of an alternative, in any case. The earliest alternative of `about` counts,
    then the earliest column; only where no column holds the very words, one whose words begin like them or the other
    way round, and then one whose words are other forms of them ("giver" for "given_by").
    """
    found = layout(head)
    if found is None:
        return None
    delimiter, _, _ = found
    known = [*map(_words, names(head))]
    for same in (str.__eq__, _alike, _kin):
        for wanted in map(_words, about.split("|")):
            for at, words in enumerate(known):
                if wanted and all(any(same(a, b) for b in words) for a in wanted):
                    return at, delimiter
    return None


def names(head: str) -> list[str]:
    """What the columns of the table at the beginning of a text are called; empty where there is none."""
    found = layout(head)
    if found is None:
        return []
    delimiter, start, end = found
    return [head[start:end][a:b] for a, b in fields(head[start:end], delimiter)]


def _words(text: str) -> list[str]:
    return [word.casefold() for word in WORD.findall(text)]


def _alike(one: str, other: str) -> bool:
    """Whether one word begins with the other; "item1" is no beginning of "item10"."""
    short, long = sorted((one, other), key=len)
    if not long.startswith(short) or len(short) < BEGINNING:
        return False
    return not (short[-1].isdigit() and long[len(short) :][:1].isdigit())


def _kin(one: str, other: str) -> bool:
    """Whether two words of letters differ only in how they end: another digit ("FY2024") is another thing."""
    if not (one.isalpha() and other.isalpha()):
        return False
    same = next(
        (n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
    return same >= max(BEGINNING + 1, KIN * max(len(one), len(other)))
