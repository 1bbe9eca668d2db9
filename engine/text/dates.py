"""Dates as they are written: ISO, by the names of months in any language, in figures. Pure.

What can be read in two ways is read in none, and `unclear` says why: 03/04/2025 is April or March. With points the day
comes first, as wherever dates are written so. A year of two digits is one of 1969 to 2068 (POSIX). Names of months are
those of Unicode CLDR; `tests/engine/text/make_months.py` wrote them down.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from engine.text.folding import fold

Date = tuple[int, int, int]  # year, month, day

SURE = 4  # letters of a month's name that is taken for one without a day and a year beside it
YEARS, SHORT_YEARS = (1001, 9999), (1500, 2200)  # beside the name of a month, and beside one of fewer letters
_OUT_OF = re.compile(r"(?i)\s+of\b")
THAI, BUDDHIST = (
    "\u0e01",
    (2400, 543),
)  # in dates written in Thai, years above are counted from 543 years earlier
_NAME = r"[^\W\d_](?:[^\s\d_.,;:()/|\"'’-]|-(?=[^\W\d_])|\.(?=[^\W\d_\x00-\x7f])){1,19}"
_OF = r"(?:(?:of|del?)\s|d['’]\s?)?"
_NTH = r"(?:st|nd|rd|th|er|[.ºª°])?"
_BEFORE, _AFTER = r"(?<![\d.,/:-])", r"(?!\d|[.,/:-]\d)"
_WRITTEN = re.compile(
    rf"(?i){_BEFORE}(?:"
    r"(?P<y1>\d{4})(?P<s1>[-/])(?P<m1>\d\d?)(?P=s1)(?P<d1>\d\d?)(?:[ T]00:00(?::00)?)?"
    r"|(?P<y2>\d{4})\.(?:(?P<m2>\d\d)\.(?P<d2>\d\d)|\s(?P<m3>\d\d?)\.\s(?P<d3>\d\d?))\.?"
    r"|(?P<y4>\d{4})\s?[年년]\s?(?P<m4>\d\d?)\s?[月월]\s?(?P<d4>\d\d?)\s?[日일号]"
    rf"|(?P<d5>\d\d?){_NTH}\s?{_OF}(?P<m5>{_NAME})\.?,?\s{_OF}(?P<y5>\d{{4}})"
    rf"|(?P<d6>\d\d?)(?P<s6>[-/])(?P<m6>{_NAME})(?P=s6)(?P<y6>\d{{4}})"
    rf"|(?P<y7>\d{{4}})\.?\s(?:m\.\s)?(?P<m7>{_NAME})\.?\s(?P<d7>\d\d?)\.?"
    r"|(?P<d8>\d\d?)\.\s?(?P<m8>\d\d?)\.\s?(?P<y8>\d{4})|(?P<d9>\d\d)\.(?P<m9>\d\d)\.(?P<y9>\d\d)"
    r"|(?P<a1>\d\d?)(?P<s2>[/-])(?P<b1>\d\d?)(?P=s2)(?P<y10>\d{4})|(?P<a2>\d\d?)/(?P<b2>\d\d?)/(?P<y11>\d\d)"
    rf"){_AFTER}"
    rf"|(?<![^\W\d_])(?P<m10>{_NAME})\.?\s(?P<d10>\d\d?)(?:st|nd|rd|th|\.)?,?\s(?P<y12>\d{{4}}){_AFTER}"
)
_MONTH_YEAR = re.compile(rf"(?<![^\W\d_])(?P<m>{_NAME})\.?,?\s{_OF}(?P<y>\d{{4}}){_AFTER}")
_DAY_MONTH = re.compile(
    rf"(?i){_BEFORE}\d\d?{_NTH}\s{_OF}(?P<m>{_NAME})|(?<![^\W\d_])(?P<n>{_NAME})\.?\s\d\d?(?!\d|[.,]\d)"
)


def months(name: str) -> tuple[int, ...]:
    """The months with this name, long or short: mostly one, two where languages differ; none for other words."""
    plain = fold(name).strip(". ")
    known = _months()
    found = known.get(plain)
    if found is None and plain[:1] == "ב":  # Hebrew writes "in May" in one word
        found = known.get(plain[1:])
    return tuple(found or ())


@cache
def _months() -> dict[str, list[int]]:
    months: dict[str, list[int]] = json.loads(Path(__file__).with_name("months.json").read_text("utf-8"))
    return months


@cache
def _plain() -> frozenset[str]:
    """Short names of months that no language has as another word. The rest ("out", "set", "see") are months when they
    have a capital, or a point, hyphen or slash after them.
    """
    return frozenset(json.loads(Path(__file__).with_name("short_months.json").read_text("utf-8")))


def surely_month(name: str) -> bool:
    """Whether a word is likely to be a month where no year stands beside it: a long name, or one with a capital."""
    told = len(name) >= SURE or not name[0].islower() or not name.isascii()
    return told and bool(months(name))


def written(text: str) -> Iterator[tuple[int, int, Date | None]]:
    """The dates with day, month and year in a text: (start, end, date), None for one that is unclear or is none."""
    for start, end, readings in _readings(text):
        yield start, end, readings[0] if len(readings) == 1 else None


def date(text: str) -> Date | None:
    """The date that a text is, as a whole; None for others and for what could be two."""
    found = next(written(text), None)
    return found[2] if found and found[:2] == (0, len(text)) else None


def unclear(text: str) -> str:
    """Why the first date of a text cannot be read, in one sentence; "" where it can, or there is none."""
    for start, end, readings in _readings(text):
        if len(readings) == 1:
            return ""
        ways = [f"{year}-{month:02}-{day:02}" for year, month, day in readings]
        return f"{text[start:end]} may be {' or '.join(ways)}" if ways else f"{text[start:end]} is no date"
    return ""


def month_of_year(text: str) -> Date | None:
    """The first day of the month that a text names with its year, as "May 2024"."""
    for found in _MONTH_YEAR.finditer(text):
        named, year = months(found["m"]), _year(found["y"], found["m"])
        if surely_month(found["m"]) and len(named) == 1 and _may_stand(found, "m", year):
            return year, named[0], 1
    return None


def month_of_no_year(text: str) -> bool:
    """Whether a text names a month with the year 0, which is none, as "May 0000"."""
    return any(not int(found["y"]) and surely_month(found["m"]) for found in _MONTH_YEAR.finditer(text))


def day_of_month(text: str) -> bool:
    """Whether a text names a day of a month, as "June 11"."""
    return any(surely_month(found["m"] or found["n"]) for found in _DAY_MONTH.finditer(text))


def _readings(text: str) -> Iterator[tuple[int, int, list[Date]]]:
    """Where dates are written, and the dates that each may be."""
    at = 0
    while found := _WRITTEN.search(text, at):
        part = {name[0]: value for name, value in found.groupdict().items() if value}
        at = found.end()
        named = part.get("m", "")
        year = _year(part["y"], named)
        if "a" in part:
            a, b = int(part["a"]), int(part["b"])
            ways = [(year, b, a), (year, a, b)]
        else:
            numbers = (int(named),) if named.isdecimal() else months(named)
            if named and not named.isdecimal() and not _may_stand(found, _group(found, named), year):
                numbers = ()
            if not numbers:  # another word
                at = found.start() + 1
                continue
            ways = [(year, number, int(part["d"])) for number in numbers]
        yield found.start(), found.end(), [*dict.fromkeys(filter(_is_day, ways))]


def _year(written: str, beside: str) -> int:
    year = int(written)
    if len(written) == 2:
        return year + (2000 if year < 69 else 1900)
    above, more = BUDDHIST
    return year - more if year > above and THAI <= beside[:1] <= "\u0e7f" else year


def _group(found: re.Match[str], named: str) -> str:
    return next(name for name, value in found.groupdict().items() if name[0] == "m" and value == named)


def _may_stand(found: re.Match[str], group: str, year: int) -> bool:
    """Whether a name of a month is likely to be one beside this year: "10 out of 1000" is no date."""
    name, after = found[group], found.string[found.end(group) :][:20]
    plain = fold(name).strip(". ")
    least, most = YEARS if len(plain) >= SURE or not name.isascii() else SHORT_YEARS
    if not least <= year <= most:
        return False
    if len(plain) >= SURE or plain in _plain():
        return True
    small = name.islower() and name != name.capitalize()  # Georgian, for one, has small letters alone
    return after[:1] in (".", "-", "/") or not (small or _OUT_OF.match(after))


def _is_day(day: Date) -> bool:
    try:
        datetime.date(*day)
    except ValueError:
        return False
    return True
