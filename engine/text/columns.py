"""Columns of delimited text (CSV, TSV and the like): the fields under a header, with the place of each.

The first line names the columns. Quoted fields may hold the delimiter, but no line end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

DELIMITERS = (",", ";", "\t", "|")
HEADER = 2000  # characters of a first line that may be a header
WORD = re.compile(r"[^\W_]+")
BEGINNING = 3  # letters that two words must share to count as forms of one: "invoice" and "invoices"


def column(text: str, about: str) -> Iterator[tuple[int, int, int, int]]:
    """The fields of the column that `about` names: (line start, line end, field start, field end), in characters.

    `about` holds alternatives separated by "|"; see `place`. Nothing comes where the text has no header or no such
    column; rows that are too short are left out.
    """
    known = place(text[:HEADER], about)
    if known is None:
        return
    at, delimiter = known
    start = text.find("\n") + 1 or len(text)
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        line = text[start:end]
        found = fields(line, delimiter)
        if at < len(found) and found[at][0] < found[at][1]:
            yield start, end, start + found[at][0], start + found[at][1]
        start = end + 1


def fields(line: str, delimiter: str) -> list[tuple[int, int]]:
    """The ranges of the fields of a line, without white space and quotes around them."""
    inside = r'"(?:[^"]|"")*"|[^"\r' + re.escape(delimiter) + "]*"
    found = []
    for match in re.finditer(rf"(?:^|{re.escape(delimiter)})\s*({inside})", line):
        start, end = match.span(1)
        if line[start:end][:1] == '"' and end - start > 1:
            start, end = start + 1, end - 1
        while end > start and line[end - 1].isspace():
            end -= 1
        found.append((start, end))
    return found


def place(head: str, about: str) -> tuple[int, str] | None:
    """The number of the column that `about` names, and the delimiter, from the beginning of a text; None without one.

    A header is named when it holds all words of an alternative, in any case. The earliest alternative of `about` counts,
    then the earliest column; only where no column holds the very words, one whose words begin like them or the other
    way round.
    """
    first = head.split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=first.count)
    if not first.count(delimiter):
        return None
    known = [_words(first[a:b]) for a, b in fields(first, delimiter)]
    for same in (str.__eq__, _alike):
        for wanted in map(_words, about.split("|")):
            for at, words in enumerate(known):
                if wanted and all(any(same(a, b) for b in words) for a in wanted):
                    return at, delimiter
    return None


def _words(text: str) -> list[str]:
    return [word.casefold() for word in WORD.findall(text)]


def _alike(one: str, other: str) -> bool:
    """Whether one word begins with the other."""
    short, long = sorted((one, other), key=len)
    return len(short) >= BEGINNING and long.startswith(short)
