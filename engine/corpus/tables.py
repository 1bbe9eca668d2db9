"""What stands above a table's row: the header of each of its fields, for delimited text and for Markdown tables."""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.corpus.columns import DELIMITERS, fields
from engine.corpus.layout import Archive
from engine.corpus.words import WORD, stem, stems

FIRST_LINE = 2000  # characters of a first line that may be a header
UP = 8000  # characters above a row in which its Markdown header is sought
LABEL = 40  # characters that a column may be called
OF_MONEY = stems(
    "amount price cost total sum fee rent salary wage pay paid net gross balance euros dollars pounds"
)
NUMBER = re.compile(r"-?\d[\d.,]*")
LITTLE = frozenset(
    "a an the of is are was in on at to has have had for which what who number by from".split()
)
ROW_NUMBER = stems("id no number nr ref reference code")
SOMEBODY = stems(
    "customer name person supplier company firm client owner member guest tenant driver author from by to"
)
RULE = re.compile(r"[|\s:-]+")


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a row: characters [start, end) of its line, and the stems of the words of its header."""

    start: int
    end: int
    header: frozenset[str]

    def is_money(self, line: str) -> bool:
        """True for a bare number under a header that speaks of money."""
        return bool(self.header & OF_MONEY and NUMBER.fullmatch(line[self.start : self.end]))


def row(archive: Archive, document: int, start: int, line: str) -> list[Field]:
    """The fields of the line at character `start` of a document; none where it is no row of a table with a header."""
    above, delimiter = _above(archive, document, start, line)
    labels = [above[a:b] for a, b in fields(above, delimiter)] if above else []
    found = fields(line, delimiter)
    if len(labels) != len(found) or any(len(x) > LABEL or NUMBER.fullmatch(x) for x in labels):
        return []
    return [
        Field(a, b, frozenset(stems(label.replace("_", " "))))
        for (a, b), label in zip(found, labels, strict=True)
    ]


def header(archive: Archive, document: int, start: int, line: str) -> str:
    """The line that names the columns of the row at character `start` of a document; "" where it is no row of a table."""
    return _above(archive, document, start, line)[0] if row(archive, document, start, line) else ""


def _above(archive: Archive, document: int, start: int, line: str) -> tuple[str, str]:
    """What may be the header of a line if it is a row, and the delimiter of its fields; "" where nothing may."""
    if line.lstrip().startswith("|"):
        return _markdown_header(archive.slice(document, max(0, start - UP), start)), "|"
    first = archive.slice(document, 0, min(FIRST_LINE, archive.chars(document))).split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=first.count)
    return ("" if start == 0 or first.count(delimiter) < 2 else first), delimiter


def asked_field(found: list[Field], line: str, question: str, at: int = -1) -> tuple[int, int] | None:
    """The range of the field that a question asks for, but not the one at character `at`; None without fields.

    Its header shares the earliest word with the question. Where none does, it is the row's number ("id", "no"); for "who"
    a column of people or firms. Without such a column it is the first field of words.
    """
    words = [stem(word) for word in WORD.findall(question) if word.lower() not in LITTLE]
    who = re.match(r"(?i)\W*(?:\w+\W+){0,4}?who\b", question) is not None
    others = [field for field in found if not field.start <= at < field.end]
    shared = [(min(map(words.index, here)), field) for field in others if (here := field.header & {*words})]
    if shared:
        field = min(shared, key=lambda one: one[0])[1]
        return field.start, field.end
    told = [field for field in others if re.search(r"[^\W\d]{3}", line[field.start : field.end])]
    known = [field for field in others if field.header & (SOMEBODY if who else ROW_NUMBER)]
    return next(((field.start, field.end) for field in (*known, *told, *others)), None)


def _markdown_header(above: str) -> str:
    """The first line of the table that ends where `above` ends; empty without a rule of dashes below it."""
    lines: list[str] = []
    for line in reversed(above.rstrip("\n").split("\n")):
        if not line.lstrip().startswith("|"):
            break
        lines.append(line)
    return lines[-1] if len(lines) > 1 and RULE.fullmatch(lines[-2]) else ""
