"""What a written value amounts to, so that values can be compared and added: amounts, durations, measures, dates.

Units of one kind come out in one unit: durations in days, weights in kilograms, lengths in metres, areas in square
metres, volumes in litres, powers in watts, storage in bytes. Currencies are not converted. A date is its day number, so that
the largest is the latest. The words here are data of formats: how numbers and units are written in English.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date

from engine.text import dates

_ONES = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
WORDS = {word: number for number, word in enumerate(_ONES.split())} | {
    word: 10 * tens for tens, word in enumerate(_TENS.split(), start=2)
}
UNITS = {
    "second": 1 / 86_400, "minute": 1 / 1440, "hour": 1 / 24, "day": 1.0, "night": 1.0, "week": 7.0, "month": 30.44, "year": 365.25, "decade": 3652.5,
    "g": 0.001, "gram": 0.001, "kg": 1.0, "kilogram": 1.0, "tonne": 1000.0, "lb": 0.4536, "mg": 1e-6, "ounce": 0.02835, "oz": 0.02835,
    "mm": 0.001, "millimetre": 0.001, "cm": 0.01, "centimetre": 0.01, "inch": 0.0254, "inche": 0.0254, "yard": 0.9144,
    "l": 1.0, "litre": 1.0, "ml": 0.001, "ha": 10_000.0, "hectare": 10_000.0, "acre": 4046.86, "m²": 1.0,
    "w": 1.0, "watt": 1.0, "kw": 1000.0, "hz": 1.0, "mhz": 1e6, "ghz": 1e9, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12,
    "m": 1.0, "metre": 1.0, "meter": 1.0, "km": 1000.0, "kilometre": 1000.0, "mile": 1609.344, "feet": 0.3048,
    "m2": 1.0, "square metre": 1.0, "square feet": 0.0929, "million": 1e6, "thousand": 1e3, "billion": 1e9,
}  # fmt: skip
SPACES = " \u00a0\u2002-\u200a\u202f\u205f\u3000"
MARKS = str.maketrans("٫٬．，−", ".,.,-")  # as others write them
_GROUPED = rf"[1-9]\d{{0,2}}(?:[{SPACES}'’]\d{{3}})+(?:[.,]\d+)?(?![\d'’])"
DIGITS = rf"(?:{_GROUPED}|\d+(?:[.,]\d+)*)"
NUMBER = re.compile(rf"(?<![\w.,])(-?)({DIGITS})")
GROUPS = {
    mark: re.compile(rf"\d{{1,3}}(?:{re.escape(mark)}\d{{2,3}})*{re.escape(mark)}\d{{3}}") for mark in ",."
}
# What shows the mark that sets decimals apart: amounts of money with two of them, and both marks in one number.
_SHOWS = re.compile(
    r"(?<![\d.,])(?:\d+(?:\.\d{3})*(,)\d\d|\d+(?:,\d{3})*(\.)\d\d|\d{1,3}(?:\.\d{3}){2,}()|\d{1,3}(?:,\d{3}){2,}())(?![.,]?\d)"
)
PART = re.compile(rf"[{SPACES}]?([¼-¾⅐-⅞↉])(?![\d/⁄])")  # of one, after a whole number
ONLY_PART = re.compile(r"(?<![\w.,])(-?)([¼-¾⅐-⅞↉])")
WORD = re.compile(rf"\b(half an?|(?:{'|'.join(WORDS)})(?:-(?:{'|'.join(WORDS)}))?)\b")
UNIT = re.compile(
    rf"[\s-]*(?:working |full )?({'|'.join(sorted(map(re.escape, UNITS), key=len, reverse=True))})s?(?![\w])"
)
RANGE = re.compile(
    r"^\d{1,2}(?:st|nd|rd|th)?\s?(?:to|until|-|–)\s?(?=\d{1,2}(?:st|nd|rd|th)?\s)"
)  # its last day counts


def amount(text: str, mark: Callable[[], str] = str) -> float | None:
    """The number that a text states first, in the units above; None where it states none.

    "EUR 1,200.50" is 1200.5, "$0.9 million" 900000.0, "nine working days" 9.0, "3 weeks" 21.0, "17 %" 17.0,
    "12½" 12.5, "3 June 2008" the day number of that date. A date without a year is None, and so is one that may be two
    (`engine.text.dates.unclear` says which). Three digits after the only comma or point are thousands, as in "3.500",
    unless `mark`, which is asked only then, says that it sets decimals apart; see `decimal_mark`.
    """
    text = text.translate(MARKS)
    if days := _days(RANGE.sub("", text)):
        return days[0]
    value: float | None
    digits, word, part = NUMBER.search(text), WORD.search(text.lower()), ONLY_PART.search(text)
    if part and not any(found and found.start() < part.start() for found in (digits, word)):
        value, end = unicodedata.numeric(part[2]), part.end()
        value = -value if part[1] else value
    elif digits and not (word and word.start() < digits.start()):
        value, end = number(digits[2], mark), digits.end()
        if value is None:
            return None
        if value.is_integer() and (part := PART.match(text, end)):
            value, end = value + unicodedata.numeric(part[1]), part.end()
        value = -value if digits[1] else value
    elif word:
        value, end = _spelt(word[1]), word.end()
    else:
        return None
    unit = UNIT.match(text.lower(), end)
    return value * UNITS[unit[1]] if unit else value


def number(digits: str, mark: Callable[[], str] = str) -> float | None:
    """What digits with marks among them amount to; None where they are grouped as no number is, as in 192.168.1.1."""
    digits = re.sub(rf"[{SPACES}'’]", "", digits)
    decimal = max(",.", key=digits.rfind)
    group = "," if decimal == "." else "."
    head, _, tail = digits.rpartition(decimal)
    if not head:
        return float(digits)
    if group in head:
        grouped = decimal not in head and GROUPS[group].fullmatch(head)
        return float(f"{head.replace(group, '')}.{tail}") if grouped else None
    if decimal in head:
        return float(digits.replace(decimal, "")) if GROUPS[decimal].fullmatch(digits) else None
    if len(tail) == 3 and len(head) <= 3 and head[0] != "0" and mark() != decimal:
        return float(head + tail)
    return float(f"{head}.{tail}")


def decimal_mark(text: str) -> str:
    """The mark that sets decimals apart in most numbers of a text that show it, "," or "."; "" where none does."""
    shown = [found.lastindex for found in _SHOWS.finditer(text)]
    commas = sum(n in (1, 3) for n in shown)
    return "," if commas > len(shown) - commas else "." if 2 * commas < len(shown) else ""


def _spelt(word: str) -> float:
    if word.startswith("half"):
        return 0.5
    return float(sum(WORDS[part] for part in word.split("-")))


def _days(text: str) -> list[float | None]:
    """The day number of the first date in a text, None for one that is unclear or has no year; empty without a date."""
    for _, _, day in dates.written(text):
        return [day and float(date(*day).toordinal())]
    if day := dates.month_of_year(text):
        return [float(date(*day).toordinal())]
    return [None] if dates.day_of_month(text) or dates.month_of_no_year(text) else []
