"""Which capitalised words of a text are names, and which only begin a sentence; log-in names in the lines of logs."""

from __future__ import annotations

import re

AROUND = 20_000  # characters before and after in which the same word in small letters is sought
SENTENCE_START = re.compile(r"(?:^|[.!?:…]|\n)[\s\"'“‘(]*(?:(?:[-*•#>]+|\(?[\da-z]{1,3}[.)])\s+)*$")
STAMPED = re.compile(r"\s*\[?\d{4}-\d\d-\d\d[ T]\d\d:\d\d")
# What ends the bold label of a paragraph, such as **Staff.**
BOLD = re.compile(r"(?:\*\*|__)\s?[.:]|[.:]\s?(?:\*\*|__)")
LOGIN = re.compile(r"\b(?:user|account|login)\s+([a-z][\w.-]*\w)|\bby\s+([a-z][\w.-]*\w)\s*$")
NO_NAMES = frozenset(
    """everyone everybody someone somebody anyone anybody nobody everything something anything nothing yours ours mine dear both neither many most
    others whoever today tomorrow yesterday next last then there here however therefore meanwhile later afterwards
    one two three four five six seven eight nine ten eleven twelve half several some few
    finally unfortunately since because although when while where if but and or so yes not only also once again since late early""".split()
)
MONTHS = frozenset(("May", "March", "August"))  # that may be names of people too
FIRM = re.compile(
    r"\bof\b|^(?:Sons|Partners|Company|Brothers|Co|Spencer|Daughters)\b|\b(?:Ltd|Inc|GmbH|LLP|Affairs|Services)$"
)
DOUBT = 1.0  # what a single word costs that begins a sentence and may be no name


def doubt(value: str, before: str, text: str, after: str = "") -> float | None:
    """How doubtful it is that `value` is a name: 0 for sure; None where it is none.

    `before` and `after` are what stands beside it on its line, `text` the text around.
    """
    if before.endswith(("**", "__")) and BOLD.match(after):
        return None
    if value.isupper() and len(value) < 4 and re.search(r"\d\s?$", before):  # a unit, such as GB
        return None
    if value in MONTHS and (re.search(r"\d(?:st|nd|rd|th)?\s?$", before) or not before):
        return None
    if " " in value or before.rstrip().endswith(":") or not SENTENCE_START.search(before):
        return 0.0
    word = re.escape(value)
    if value.lower() in NO_NAMES or re.search(rf"\b{word.lower()}\b", text):
        return None
    if re.search(rf"[a-z,] {word}\b", text):
        return 0.0
    return DOUBT


def logins(line: str) -> list[tuple[int, int]]:
    """The ranges of log-in names, which have small letters, in a line that begins with a date and a time."""
    if not STAMPED.match(line):
        return []
    return [found.span(1 if found[1] else 2) for found in LOGIN.finditer(line)]


def joined(value: str, beside: int) -> list[tuple[int, int]]:
    """The ranges of names that "and" joins; the whole where it seems to be one name, such as that of a firm.

    `beside` is how many values stand in the same line.
    """
    parts = re.split(r" and ", value)
    full = all(" " in part for part in parts)
    if len(parts) < 2 or any(FIRM.search(part) for part in parts) or not (full or beside > 1):
        return [(0, len(value))]
    ranges, at = [], 0
    for part in parts:
        ranges.append((at, at + len(part)))
        at += len(part) + len(" and ")
    return ranges
