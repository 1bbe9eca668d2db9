"""Numbers, quantities and dates as they are written: what they amount to, and where a text holds a whole one. Pure.

Exact rather than clever: what can be read in two ways is read in none, unless the text around it shows which. A number
is whole only where nothing beside it makes it another one: not the 250 of 1,250, 11.250, -250 or "250 million".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal

from engine.text import dates
from engine.text.amounts import SPACES, WORDS
from engine.text.dates import Date

LONGEST_NUMBER = 40  # characters
LONGEST_QUANTITY = 100  # characters of a number with its units, and of a date
BESIDE = 32  # characters on each side that are looked at
LARGE = frozenset(
    """hundred thousand million billion trillion hundreds thousands millions billions dozen mio mrd tsd mn bn k
    tausend millionen milliarde milliarden""".split()
)
UNITS = {"eur": "€", "euro": "€", "euros": "€", "gbp": "£", "percent": "%", "per cent": "%"}
EITHER_SIDE = frozenset("€ £ $ % chf usd sek nok dkk pln jpy cad aud".split())
COINS = frozenset("€ £ $ ¥ chf usd sek nok dkk pln jpy cad aud crowns dollars pounds francs".split())

_GROUPED = rf"\d{{1,3}}(?:[{SPACES}'’]\d{{3}})+(?:[.,]\d+)?"
_DIGITS = rf"(?:{_GROUPED}|\d+(?:[.,]\d+)*)"
NUMBER = re.compile(_DIGITS)
_UNIT = r"[€£$¥%°]|[^\W\d_][^\W\d_²³]*[²³]?\.?"
_QUANTITY = re.compile(
    rf"(?P<before>{_UNIT})?\s?(?P<sign>[-−+])?(?P<number>{_DIGITS})(?:[\s-]?(?P<after>(?:{_UNIT})(?:\s[^\W\d_]+)?))?"
)
_AFTER = re.compile(rf"[{SPACES}-]?({_UNIT})(?:[{SPACES}]([^\W\d_]+))?")
_BEFORE = re.compile(rf"(?<!\w)({_UNIT})[{SPACES}]?$")
_DECIMAL_COMMA = re.compile(r"(?<![\d.,])\d+(?:\.\d{3})*,\d{1,2}(?![\d,.]\d|\d)")
_NAME_AFTER = re.compile(r"\.?\s(?:of\s)?([^\W\d_]+)")  # of a month: its day is no number of its own
_NAME_BEFORE = re.compile(r"([^\W\d_]+)\.?\s$")
_UNSPACED_DATE = "日일号"

# What stands directly beside a word and makes it a part of a longer one, a hyphen at the end of a line included.
_JOINED_BEFORE = re.compile(r"\w[-‐‑–'’./@&+]\Z|\w[-‐‑][ \t]*\n[ \t]*\Z|\u00ad\Z")
_JOINED_AFTER = re.compile(r"[-‐‑–./@&+]\w|[@+#]|[-‐‑][ \t]*\n[ \t]*\w|['’](?!s\b)\w")
# What makes a number another one: marks, signs, ranges, comparisons, fractions, powers.
_MORE_BEFORE = re.compile(
    r"\d[,:·^*×]\Z|\d[ \t]?[-–—−×xX^*][ \t]?\Z|(?:^|\W)[-−–]\Z|[<≤≥±~≈]\s?\Z|[^\s>]\s?>\s?\Z|(?:^|\s)[.,]\Z"
)
_MORE_AFTER = re.compile(r"[.,'’:/·]\d|[ \t]?[-–—−×xX^*][ \t]?\d|[ \t]?[¼-¾⅐-⅞]|[ \t]\d+/\d")
_HALF = re.compile(r"\s+(?:and\s+)?(?:an?\s+)?(?:half|quarter)\b")

Quantity = tuple[Decimal, str, str]  # the number, the units before and after it


# --- whole words and whole numbers ------------------------------------------------------------------------


def whole(text: str, start: int, end: int) -> bool:
    """Whether the words or numbers at the edges of text[start:end] end there, and are no part of longer ones."""
    before, after = text[max(0, start - BESIDE) : start], text[end : end + BESIDE]
    part = text[start:end]
    if re.fullmatch(r"\d{1,2}", part):
        beside = (_NAME_AFTER.match(after), _NAME_BEFORE.search(before))
        if any(name and dates.surely_month(name[1]) for name in beside):
            return False
    return begins(part, before) and ends(part, after)


def begins(part: str, before: str) -> bool:
    """Whether `part` begins a word or number where this stands before it."""
    if part[0] in "$€£¥-−+.,:/'’" and before[-1:].isalnum():
        return False
    if not _word(part[0]):
        return True
    if _word(before[-1:]) or _JOINED_BEFORE.search(before):
        return False
    if part[0].isdigit() and (
        _MORE_BEFORE.search(before)
        or (re.match(r"\d{3}(?!\d)", part) and re.search(rf"(?<!\d)\d{{1,3}}[{SPACES}]$", before))
    ):
        return False
    spelt = re.match(r"[^\W\d_]+", part)
    previous = re.search(r"([^\W_]+)[\s-]+$", before)
    if spelt and _counts(spelt[0]):
        joined = re.search(r"([^\W_]+)\s+and\s+$", before)
        return not (
            (previous and (_counts(previous[1]) or previous[1].isdigit()))
            or (joined and joined[1].casefold() in LARGE)
        )
    return True


def ends(part: str, after: str) -> bool:
    """Whether `part` ends a word or number where this stands after it."""
    if after and (unicodedata.combining(after[0]) or after[0] == "\u00ad"):
        return False
    if part[-1] in ".,:/'’-" and after[:1].isalnum():
        return False
    if not _word(part[-1]):
        return True
    if _word(after[:1]) or _JOINED_AFTER.match(after):
        return False
    digits = re.search(r"\d+$", part)
    if digits and (
        _MORE_AFTER.match(after) or (len(digits[0]) <= 3 and re.match(rf"[{SPACES}]\d{{3}}(?!\d)", after))
    ):
        return False
    following = re.match(r"[\s-]*(?:and\s+)?([^\W\d_]+)", after)
    spelt = _counts(re.findall(r"[^\W_]+", part)[-1])
    if following and (spelt or any(map(str.isdigit, part))) and following[1].casefold() in LARGE:
        return False
    if (digits or spelt) and _HALF.match(after):
        return False
    return not (spelt and following and following[1].casefold() in WORDS)


def _word(char: str) -> bool:
    return char.isalnum() or char == "_"


def _counts(word: str) -> bool:
    return word.casefold() in WORDS or word.casefold() in LARGE


# --- numbers and quantities -------------------------------------------------------------------------------


def number(written: str, around: str = "") -> Decimal | None:
    """What digits with marks in them amount to; None for what is no number or could be two, as "1.250" is.

    "1,250" is 1250 unless `around` sets decimals apart by a comma; "1.250" is 1250 only where it does.
    """
    if len(written) > LONGEST_NUMBER or not NUMBER.fullmatch(written):
        return None
    if re.match(r"0\d", written):  # a code
        return None
    plain = re.sub(rf"[{SPACES}'’]", "", written)
    points, commas = plain.count("."), plain.count(",")
    if plain != written or (points and commas):
        mark = max(".,", key=plain.rfind)
        group = "." if mark == "," else ","
        head, _, tail = plain.rpartition(mark) if points or commas else (plain, "", "")
        if mark in head or (group in head and not _groups(head, group)):
            return None
        return Decimal(f"{head.replace(group, '')}.{tail or 0}")
    mark = "." if points else ","
    if not points + commas:
        return Decimal(plain)
    if points + commas > 1:
        return Decimal(plain.replace(mark, "")) if _groups(plain, mark) else None
    head, _, tail = plain.partition(mark)
    if len(tail) != 3 or len(head) > 3 or head == "0":
        return Decimal(f"{head}.{tail}")
    comma_decimals = bool(_DECIMAL_COMMA.search(around))
    return Decimal(head + tail) if (mark == ",") != comma_decimals else None


def _groups(digits: str, mark: str) -> bool:
    return bool(re.fullmatch(rf"\d{{1,3}}(?:\{mark}\d{{3}})+", digits))


def quantity(text: str) -> Quantity | None:
    """The one number that a text consists of, with its units, such as "EUR 1,250.00", "12 kg", "-3.5 %"."""
    found = _QUANTITY.fullmatch(text.strip()) if len(text) <= LONGEST_QUANTITY else None
    value = number(found["number"]) if found else None
    if found is None or value is None:
        return None
    signed = -value if found["sign"] and found["sign"] in "-−" else value
    return signed, unit(found["before"] or ""), unit(found["after"] or "")


def unit(written: str) -> str:
    """A unit in one notation: "EUR", "euros" and "€" are the same, "crowns" and "Crowns" too."""
    plain = " ".join(written.casefold().strip(" .").split())
    return UNITS.get(plain, plain)


def quantities(text: str, around: str) -> Iterator[tuple[int, int, Decimal]]:
    """The whole numbers, with sign and decimals, that stand in a text by themselves: (start, end, value).

    Digits of dates and codes are none.
    """
    days = [found[:2] for found in dates.written(text)]
    for found in NUMBER.finditer(text):
        start, end = found.span()
        minus = re.search(r"(?:^|[\s(;:|])([-−])$", text[max(0, start - 2) : start])
        if any(a < end and start < b for a, b in days):
            continue
        if not (minus or begins(found[0], text[max(0, start - BESIDE) : start])):
            continue
        if not ends(found[0], text[end : end + BESIDE]):
            continue
        value = number(found[0], around)
        if value is not None:
            yield (start - 1, end, -value) if minus else (start, end, value)


def with_units(text: str, start: int, end: int, before: str, after: str) -> tuple[int, int] | None:
    """The number at text[start:end] with these units beside it, which may be none; None where it has not got them.

    A currency or % may stand on the other side.
    """
    left = _BEFORE.search(text[max(0, start - BESIDE) : start])
    right = _AFTER.match(text, end)
    large = right and (right[2] or "").casefold() in LARGE
    for wanted, usual in ((before, left), (after, right)):
        if not wanted:
            continue
        sides = [usual, left, right] if wanted in EITHER_SIDE else [usual]
        side = next((m for m in sides if m and wanted in _units(m)), None)
        if side is None or (large and unit(right[1] if right else "") == wanted):
            return None
        if side is left and left:
            start -= len(left[0])
        elif side and wanted == unit(side[1]):
            end = max(end, side.end(1))
        elif side:
            end = max(end, side.end())
    return start, end


def _units(match: re.Match[str]) -> list[str]:
    more = match[2] if match.re is _AFTER else None
    return [unit(match[1]), unit(f"{match[1]} {more}")] if more else [unit(match[1])]


def is_money(text: str, start: int, end: int) -> bool:
    """Whether the number at text[start:end] has a currency beside it."""
    beside = (_BEFORE.search(text[max(0, start - BESIDE) : start]), _AFTER.match(text, end))
    return any(match and unit(match[1]) in COINS for match in beside)


# --- dates ------------------------------------------------------------------------------------------------


def date(text: str) -> Date | None:
    """(year, month, day) of a text that is one whole date; None for others and for what could be two, as 3/5/2024."""
    return dates.date(" ".join(text.split())) if len(text) <= LONGEST_QUANTITY else None


def dates_in(text: str) -> Iterator[tuple[int, int, Date]]:
    """The whole dates in a text that have a year and one meaning: (start, end, date)."""
    for start, end, value in dates.written(text):
        if value and (text[end - 1] in _UNSPACED_DATE or whole(text, start, end)):
            yield start, end, value
