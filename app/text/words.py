"""Words and numbers as a person reads them, the same as `app/shell/static/text` writes them. Pure."""

from __future__ import annotations

import math
import re
from datetime import datetime

SHORT = 400  # characters of a line
# Control characters, and those of Unicode that are invisible or change the direction of what stands after them.
_MARKS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)
_SPACE = re.compile(
    "[\t-\r \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]+"
)  # as a page knows it


def line(text: str, limit: int = SHORT) -> str:
    """A text on one line: white space folded, hidden marks written out. At most `limit` characters."""
    short = f"{text[:limit]}…" if len(text) > limit else text
    return _MARKS.sub(_named, _SPACE.sub(" ", short).strip(" "))


def _named(found: re.Match[str]) -> str:
    point = ord(found[0])
    if point < 0x20:
        return chr(0x2400 + point)
    return "\u2421" if point == 0x7F else f"U+{point:04X}"


def many(number: float, one: str, more: str = "") -> str:
    """ "1 cell", "3 cells"; `more` is the word for several where an s is not enough."""
    return f"{number:,.0f} {one if number == 1 else more or f'{one}s'}"


def duration(seconds: float) -> str:
    """Seconds: 0.24 s, 8.1 s, 3:07, 1:02:09."""
    if seconds < 59.95:
        return f"{seconds:.2f} s" if seconds < 0.995 else f"{seconds:.1f} s"
    return clock(seconds)


def clock(seconds: float) -> str:
    """Seconds as a clock: 0:07, 3:07, 1:02:09."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def percent(share: float) -> str:
    """A share of 1: "0 %", "under 0.1 %", "1.2 %", "35 %"."""
    if not share:
        return "0 %"
    if share < 0.001:
        return "under 0.1 %"
    return f"{100 * share:.1f} %" if share < 0.1 else f"{math.floor(100 * share + 0.5)} %"


def sure(confidence: float | None) -> str:
    """How sure a model was of a reply, by its mean log-probability: "87 % sure"; "" where that is not known."""
    return "" if confidence is None else f"{min(99, math.floor(100 * math.exp(confidence) + 0.5))} % sure"


def moment(then: float) -> str:
    """A moment (seconds since 1970) by the clock of this machine: "4 Nov 2026, 14:05"."""
    at = datetime.fromtimestamp(then)
    return f"{at.day} {at:%b %Y, %H:%M}"


def left(seconds: float | None) -> str:
    """How long it may still take: "40 s left", "7 min left", "1.5 h left"; "" while that is not known."""
    if seconds is None:
        return ""
    if seconds < 90:
        return f"{max(1, math.floor(seconds + 0.5))} s left"
    return f"{math.floor(seconds / 60 + 0.5)} min left" if seconds < 5400 else f"{seconds / 3600:.1f} h left"


def amount(size: float) -> str:
    """Bytes as a person says them: 812 B, 3.4 KB, 120 MB."""
    if size < 1000:
        return f"{size:.0f} B"
    value, units = size / 1024, ["KB", "MB", "GB", "TB"]
    while value >= 1000 and len(units) > 1:
        value = value / 1024
        units.pop(0)
    return f"{value:.1f} {units[0]}" if value < 10 else f"{math.floor(value + 0.5)} {units[0]}"
