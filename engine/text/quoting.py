"""Where words of a text begin and end, and whether a reply stands in it word for word. Pure, for every script.

A quote begins where a word, number or sign begins and ends where one ends. A word is a run of letters, digits and
their marks; a number is one with its points and commas ("1,250.00", "3.5"), but fields of a row of CSV are apart. In
scripts that write no spaces between words (Han, Kana, Thai, Lao, Burmese, Khmer) each letter counts as a word. What a
reader sees as one sign is one: a letter with its accents, an emoji of several, "\\r\\n".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

NOTHING = "NONE"
UNCLEAR = "UNCLEAR"  # the answer to a question with choices that names none of them, or several
ALTERNATIVES = (NOTHING, "yes", "no")  # what a quoting reply may be besides a quote

_ALONE = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_LETTER = rf"[^\W{_ALONE}]"
_NUMBERS = "|".join(
    (
        r"(?<![\d,])\d{1,3}(?:,\d{3})+(?:\.\d+)?(?!\d|,\w)",  # 1,250.00; not two fields of a row
        r"(?<![\d,])\d{1,3}(?:\.\d{3})+,\d{1,2}(?!\d|,\w)",  # 1.250,00
        r"(?<![\d,])\d+,\d{1,2}(?!\d|,\w)",  # 12,50
        r"\d+(?:[.'’]\d+)*",
    )
)
_JOINER = "\u200d"


def is_none(reply: str) -> bool:
    """Whether a reply says that the text does not hold the answer, as it was told to, or says nothing at all."""
    return reply.strip(" .\n").upper() in ("", NOTHING)


def edges(text: str) -> tuple[list[int], list[int]]:
    """Return where a quote may begin and where it may end in `text`, in characters, each in order.

    None begins with white space; one may end after it.
    """
    starts, ends = [], []
    for found in _signs(text):
        ends.append(found.end())
        if found.lastgroup is None:
            starts.append(found.start())
    return starts, ends


def place(words: str, text: str) -> tuple[int, int] | None:
    """Return where `words` first stand in `text` as whole words [start, end), in characters; None where they do not."""
    if not words or words not in text:
        return None
    starts, ends = _edge_sets(str(text))
    at = str.find(text, words)
    while at >= 0:
        if at in starts and at + len(words) in ends:
            return at, at + len(words)
        at = str.find(text, words, at + 1)
    return None


@lru_cache(8)
def _edge_sets(text: str) -> tuple[frozenset[int], frozenset[int]]:
    starts, ends = edges(text)
    return frozenset(starts), frozenset(ends)


def _signs(text: str) -> Iterator[re.Match[str]]:
    if text.isascii():
        return _expression("").finditer(text)
    return _expression("".join(sorted(c for c in set(text) if _is_mark(c)))).finditer(text)


def _is_mark(character: str) -> bool:
    """Whether a character belongs to the one before it: accents, joiners, tones of skin."""
    category = unicodedata.category(character)
    return category[0] == "M" or category == "Cf" or "\U0001f3fb" <= character <= "\U0001f3ff"


@lru_cache(64)
def _expression(marks: str) -> re.Pattern[str]:
    """One word, number, sign or white space (a group) at a time, for a text with these marks."""
    after = f"[{''.join(map(re.escape, marks))}]*" if marks else ""
    joined = (
        rf"(?:[{''.join(map(re.escape, marks))}]|(?<={_JOINER})\S)*" if _JOINER in marks else after
    )  # an emoji of several
    flag = rf"[\U0001F1E6-\U0001F1FF]{{2}}{after}"
    return re.compile(rf"(?P<space>\r\n|\s)|(?:(?:{_NUMBERS}|{_LETTER}){after})+|{flag}|\S{joined}")
