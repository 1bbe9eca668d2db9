"""Where a value stands in cited passages: word for word, or as the same number or date in another notation. Pure.

Word for word leaves white space, hyphenation at the end of a line and the glyphs of quotes aside, and nothing else. A
part of a longer word, number, date or range is not the value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import lru_cache

from engine.corpus.citations import QUOTES
from engine.text import notation
from engine.text.amounts import SPACES
from engine.text.columns import fields

SHOWN_CHARS = 500  # of a passage; in a longer one a short value or a bare number stands by chance
SHORT_CHARS = 6
LONGEST_LOOSE = 4000  # characters of a value that is compared loosely
MOST_PLACES = 20
KEPT = 256  # texts and patterns that are worked out once

_SPACE = r"(?:[^\S\n]+(?:\n[^\S\n]*)?|\n[^\S\n]*)"
_BREAK = r"(?:[-‐‑][^\S\n]*\n[^\S\n]*|\u00ad)?"
_TOKEN = re.compile(r"\s+|\w+|.", re.DOTALL)
_LOOSE = re.compile(r"[\s\u00ad‐‑-]|[" + re.escape("".join(QUOTES)) + "]")
_TABLES = (".csv", ".tsv")


@dataclass(frozen=True, slots=True)
class Passage:
    """A cited text: number of its source from 1, document, its name, place in it in characters, what stands beside it."""

    source: int
    document: int
    name: str
    start: int
    text: str
    before: str = ""
    after: str = ""

    def cut(self, start: int, end: int, *, alone: bool = False) -> Passage:
        """The characters [start, end) of this passage; `alone` as a field of its own, with nothing beside it."""
        whole = self.before + self.text + self.after
        at = len(self.before)
        beside = ("", "") if alone else (whole[: at + start], whole[at + end :])
        return replace(
            self, start=self.start + start, text=self.text[start:end], before=beside[0], after=beside[1]
        )


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value stands: in which source (from 1), which characters of which document, how it is written there.

    `written` is "" where it stands word for word.
    """

    source: int
    document: int
    start: int
    end: int
    written: str = ""


def places(value: str, passages: Sequence[Passage]) -> tuple[Place, ...]:
    """The first place in each passage that holds `value`, at most 20; those word for word before the others."""
    if not any(map(str.isalnum, value)):
        return ()
    short = len(value) < SHORT_CHARS or notation.NUMBER.fullmatch(value.lstrip("-+−"))
    read = [p for p in passages if not short or len(p.text) <= SHOWN_CHARS]
    exact = [place for p in read if (place := _first(_verbatim(value, p)))]
    if exact:
        return tuple(exact[:MOST_PLACES])
    return tuple([place for p in read if (place := _first(_otherwise(value, p)))][:MOST_PLACES])


def _first(found: Iterator[Place]) -> Place | None:
    return next(found, None)


def lines(passage: Passage) -> Iterator[Passage]:
    """The lines of a passage that hold something."""
    for found in re.finditer(r"[^\n]*\S[^\n]*", passage.text):
        yield passage.cut(*found.span())


def cells(passage: Passage) -> Iterator[list[Passage]]:
    """The fields of each line of a CSV file that stand whole in a passage; nothing of other files."""
    if not passage.name.casefold().endswith(_TABLES):
        return
    for line in lines(passage):
        delimiter = next((d for d in "\t|;" if d in line.text), ",")
        found = fields(line.text, delimiter)
        if line.before and not line.before.endswith("\n"):
            found = found[1:]
        if line.after and not line.after.startswith(("\n", "\r")):
            found = found[:-1]
        yield [line.cut(start, end, alone=True) for start, end in found]


def _verbatim(value: str, passage: Passage) -> Iterator[Place]:
    if _squeezed(value) not in _squeezed(passage.text):
        return
    for part in _alternatives(passage):
        yield from _matches(_pattern(value), part)


@lru_cache(KEPT)
def _squeezed(text: str) -> str:
    """A text without all that need not be the same, to tell quickly that a value is not in it."""
    return _LOOSE.sub("", text)


def _otherwise(value: str, passage: Passage) -> Iterator[Place]:
    """In another notation, or with another letter at its beginning where it has several words."""
    amount, day = notation.quantity(value), notation.date(value)
    first = value[0].swapcase() + value[1:]
    again = " " in value.strip() and first != value and _squeezed(first) in _squeezed(passage.text)
    if not (amount or day or again):
        return
    for part in _alternatives(passage):
        if amount and amount[1] in ("", *notation.EITHER_SIDE):
            yield from _amounts(value, amount, part)
        if day:
            text, at = _joined(part)
            for start, end, found in notation.dates_in(text):
                if found == day:
                    yield from _placed(part, start - at, end - at, written=True)
        if again:
            yield from _matches(_pattern(first), part, written=True)


def _alternatives(passage: Passage) -> Iterator[Passage]:
    yield passage
    for row in cells(passage):
        yield from row


def _joined(passage: Passage) -> tuple[str, int]:
    before, after = passage.before[-notation.BESIDE :], passage.after[: notation.BESIDE]
    return before + passage.text + after, len(before)


def _matches(pattern: re.Pattern[str], passage: Passage, *, written: bool = False) -> Iterator[Place]:
    text, at = _joined(passage)
    for found in pattern.finditer(text):
        if found[0] and notation.whole(text, *found.span()):
            yield from _placed(passage, found.start() - at, found.end() - at, written=written)


def _amounts(value: str, wanted: notation.Quantity, passage: Passage) -> Iterator[Place]:
    text, at = _joined(passage)
    amount, before, after = wanted
    for start, end, found in _quantities(text):
        if found != amount:
            continue
        span = notation.with_units(text, start, end, before, after)
        beside = before or after or notation.is_money(text, start, end) or len(passage.text) == end - start
        if (
            span and notation.whole(text, *span) and (beside or amount == int(amount))
        ):  # 1.2 and 1.20 may be versions
            yield from _placed(passage, span[0] - at, span[1] - at, written=True)


def _placed(passage: Passage, start: int, end: int, *, written: bool) -> Iterator[Place]:
    if start >= 0 and end <= len(passage.text):
        said = " ".join(passage.text[start:end].split()) if written else ""
        yield Place(passage.source, passage.document, passage.start + start, passage.start + end, said)


@lru_cache(KEPT)
def _quantities(text: str) -> tuple[tuple[int, int, Decimal], ...]:
    return tuple(notation.quantities(text, text))


@lru_cache(KEPT)
def _pattern(value: str) -> re.Pattern[str]:
    """A regular expression for a value with other white space, hyphenation or glyphs of quotes."""
    if len(value) > LONGEST_LOOSE:
        return re.compile(re.escape(value))
    made = []
    tokens = _TOKEN.findall(value)
    for n, token in enumerate(tokens):
        if token.isspace():
            between = (
                tokens[n - 1][-1:].isdigit() and tokens[n + 1][:1].isdigit()
                if 0 < n < len(tokens) - 1
                else False
            )
            made.append(rf"[{SPACES}\t]" if between else _SPACE)
        elif token in QUOTES:
            made.append(QUOTES[token])
        elif token in "-‐‑":
            made.append(r"[-‐‑](?:[^\S\n]*\n[^\S\n]*)?")
        elif token.isalpha():
            made.append(_BREAK.join(map(re.escape, token)))
        else:
            made.append(re.escape(token))
    return re.compile("".join(made))
