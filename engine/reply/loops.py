"""Does a text go round in circles? A model that has lost its way writes the same again and again, to its limit. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

LEAST_TIMES = 3  # of anything
WORDS = 480  # characters that words must fill by repeating themselves: a unit of 160 three times, of 12 forty times
DATA = 2000  # the same for rows, lists of values and rules ("-----"), which may well repeat themselves
MARKS = 48  # the same for fences, "Output:" and blank lines, which nothing needs many of
LONGEST = 1200  # characters of a unit that is looked for
PROBE = 24  # characters at the end that must have stood there before
PLACES = 4  # where they stood that are tried

_TAIL = LEAST_TIMES * LONGEST + PROBE
_MARK = re.compile(r"`+|\b(?:output|repl|python|py|code)\b:?|[\s>*#]+", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]{2,}")
_SEPARATORS = frozenset(",;|\t{}[]\"'")
_DATA_WORDS = 3  # a unit with a separator and no more different words is a row or a value of a list


class Loop(NamedTuple):
    """A text that ends in `unit` (characters), again and again from `start` on; `times` counts whole ones."""

    unit: str
    start: int
    times: int


def find_loop(text: str) -> Loop | None:
    """Return the loop that `text` ends in, or None. Looks at its last 3,624 characters, in microseconds.

    How much must repeat itself depends on what it is: see `WORDS`, `DATA` and `MARKS`.
    """
    tail = text[-_TAIL:]
    probe = tail[-PROBE:]
    at = len(tail) - PROBE
    for _ in range(PLACES):
        at = tail.rfind(probe, 0, at + PROBE - 1)
        period = len(tail) - PROBE - at
        if at < 0 or period > LONGEST:
            return None
        unit = tail[-period:]
        needed = max(LEAST_TIMES * period, _least(unit))
        if len(tail) >= needed and tail[-needed + period :] == tail[-needed:-period]:
            return _whole(text, period)
    return None


def without_loop(text: str) -> str:
    """Return a text that goes round in circles up to the end of its first round; any other as it is."""
    loop = find_loop(text)
    return text if loop is None else text[: loop.start + len(loop.unit)]


def _least(unit: str) -> int:
    """How many characters a repeated unit must fill before it counts as a loop."""
    if not _MARK.sub("", unit):
        return MARKS if "`" in unit or "\n" in unit or ":" in unit else DATA
    words = len(set(_WORD.findall(unit + unit)[1:-1]))  # the first and the last may be parts of words
    if not words or (words <= _DATA_WORDS and not _SEPARATORS.isdisjoint(unit)):
        return DATA
    return WORDS


def _whole(text: str, period: int) -> Loop:
    """Follow a loop back to its first unit."""
    start = len(text) - period
    while start >= period and text[start - period : start] == text[start : start + period]:
        start -= period
    while start and text[start - 1] == text[start - 1 + period]:
        start -= 1
    return Loop(text[start : start + period], start, (len(text) - start) // period)
