"""What a written value amounts to, so that values can be compared and added: amounts, durations, measures, dates.

Units of one kind come out in one unit: durations in days, weights in kilograms, lengths in metres, areas in square
metres, volumes in litres, powers in watts, storage in bytes. Currencies are not converted. A date is its day number, so that
the largest is the latest. The words here are data of formats: how numbers, units and months are written in English.
"""

from __future__ import annotations

import re
from datetime import datetime

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
NUMBER = re.compile(r"(?<![\w.,])-?\d[\d.,]*")
WORD = re.compile(rf"\b(half an?|(?:{'|'.join(WORDS)})(?:-(?:{'|'.join(WORDS)}))?)\b")
UNIT = re.compile(
    rf"[\s-]*(?:working |full )?({'|'.join(sorted(map(re.escape, UNITS), key=len, reverse=True))})s?(?![\w])"
)
FIRST = datetime(1, 1, 1)  # a month without a day begins with its first
YEAR = re.compile(r"\b\d{4}\b")
RANGE = re.compile(
    r"^\d{1,2}(?:st|nd|rd|th)?\s?(?:to|until|-|–)\s?(?=\d{1,2}(?:st|nd|rd|th)?\s)"
)  # its last day counts
DATE = re.compile(
    r"\d{4}-\d\d-\d\d|\d\d?[./]\d\d?[./]\d{4}|(?i:\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b)"
)


def amount(text: str) -> float | None:
    """The number that a text states first, in the units above; None where it states none.

    "EUR 1,200.50" is 1200.5, "$0.9 million" 900000.0, "nine working days" 9.0, "3 weeks" 21.0, "17 %" 17.0,
    "3 June 2008" the day number of that date. A date without a year is None.
    """
    if DATE.search(text):
        return _day(text)
    digits, word = NUMBER.search(text), WORD.search(text.lower())
    if digits and not (word and word.start() < digits.start()):
        value, end = _number(digits[0].rstrip(".,")), digits.end()
    elif word:
        value, end = _spelt(word[1]), word.end()
    else:
        return None
    unit = UNIT.match(text.lower(), end)
    return value * UNITS[unit[1]] if unit else value


def _number(digits: str) -> float:
    """Read digits with thousands and decimals set apart by comma or point."""
    comma, point = digits.rfind(","), digits.rfind(".")
    if comma >= 0 and point >= 0:
        thousands = "," if comma < point else "."
        digits = digits.replace(thousands, "").replace(",", ".")
    elif digits.count(",") > 1 or re.search(r",\d{3}$", digits):
        digits = digits.replace(",", "")
    elif digits.count(".") > 1:
        digits = digits.replace(".", "")
    return float(digits.replace(",", "."))


def _spelt(word: str) -> float:
    if word.startswith("half"):
        return 0.5
    return float(sum(WORDS[part] for part in word.split("-")))


def _day(text: str) -> float | None:
    if not YEAR.search(text):
        return None
    text = RANGE.sub("", text)
    from dateutil import parser  # takes longer to import than most cells to run

    try:
        found = parser.parse(text, dayfirst=not re.match(r"\d{4}", text), fuzzy=True, default=FIRST)
    except (ValueError, OverflowError):
        return None
    return float(found.toordinal())
