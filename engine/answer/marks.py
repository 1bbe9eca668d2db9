"""Which sources stand behind which value of an answer: the places in it where their numbers belong. Pure.

A value is an item of the answer, a quote, a date, or a number of some length; its sources are those in which it stands. An
answer that names the numbers of its sources itself, such as "[2]", gets no others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from engine.answer.agreement import Agreement
from engine.answer.quotations import Quotation
from engine.answer.stated import Passage, Place, places
from engine.text import notation

Mark = tuple[int, tuple[int, ...]]  # after so many characters of the answer: numbers of sources, from 1
Behind = dict[int, dict[int, Place]]  # the same, with the place of the value in each source

MOST = 300  # marks of one answer
MOST_SOURCES = 8  # behind one value
LOOKED_AT = 20_000  # characters of an answer
WORK = 20_000_000  # values times characters of passages that are compared
LEAST_DIGITS = 3  # of a number; a shorter one stands in many sources by chance

_OWN = re.compile(r"\[\d{1,3}(?:, ?\d{1,3})*\](?!\()")
_CLOSING = re.compile(r"[*_`\"'”’»)\]]*")


def marks(behind: Behind) -> tuple[Mark, ...]:
    """After which characters of an answer which sources belong, in order, each place once."""
    return tuple((at, tuple(where)) for at, where in behind.items())


def behind(
    answer: str, agreement: Agreement, passages: Sequence[Passage], quotations: Sequence[Quotation]
) -> Behind:
    """After which characters of an answer which sources belong, in order, and where in each the value stands."""
    text = answer[:LOOKED_AT]
    if _OWN.search(text) or not passages:
        return {}
    found: dict[int, dict[int, Place]] = {}
    told = [*_items(text, agreement), *_quotes(quotations, passages)]
    if not told and agreement.where:
        told = [(len(answer.rstrip()), agreement.where)]
    lines = [(text.rfind("\n", 0, end) + 1, end) for end, _ in told]
    told += [one for one in _values(text, passages) if not any(a <= one[0] <= b for a, b in lines)]
    for end, where in told:
        closed = _CLOSING.match(answer, end)
        known = found.setdefault(closed.end() if closed else end, {})
        for place in where:
            if len(known) < MOST_SOURCES:
                known.setdefault(place.source, place)
    return {at: found[at] for at in [at for at in sorted(found) if found[at]][:MOST]}


def _items(text: str, agreement: Agreement) -> Iterator[tuple[int, Sequence[Place]]]:
    """The end of each item, found in order, with the places that state it."""
    at = 0
    for item in agreement.items:
        _, end = _range(text, item.value, at)
        if end < 0:
            continue
        at = end
        if item.where:
            yield end, item.where


def _range(text: str, value: str, at: int) -> tuple[int, int]:
    start = text.find(value, at)
    if start >= 0:
        return start, start + len(value)
    key, mark, rest = value.partition(": ")
    start = text.find(key, at)
    last = rest.rsplit(", ", 1)[-1] if mark else ""
    found = text.find(last, start + len(key)) if start >= 0 and last else -1
    return (start, found + len(last)) if found >= 0 else (-1, -1)


def _quotes(
    quotations: Sequence[Quotation], passages: Sequence[Passage]
) -> Iterator[tuple[int, Sequence[Place]]]:
    """The end of each quote that stands in the documents, with its place in the sources that hold it."""
    for quote in quotations:
        if quote.status == "exact":
            yield (
                quote.end,
                [
                    Place(p.source, p.document, quote.at, quote.to)
                    for p in passages
                    if p.document == quote.document
                    and p.start < quote.to
                    and quote.at < p.start + len(p.text)
                ],
            )


def _values(text: str, passages: Sequence[Passage]) -> Iterator[tuple[int, Sequence[Place]]]:
    """The end of each date and longer number of the answer, with the places that state it."""
    days = [(start, end) for start, end, _ in notation.dates_in(text)]
    numbers = [
        (start, end)
        for start, end, _ in notation.quantities(text, text)
        if sum(map(str.isdigit, text[start:end])) >= LEAST_DIGITS
    ]
    size = sum(len(p.text) for p in passages)
    for start, end in sorted([*days, *numbers])[: max(1, WORK // max(1, size))]:
        if where := places(text[start:end], passages):
            yield end, where
