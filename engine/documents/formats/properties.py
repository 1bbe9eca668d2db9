"""What a file says of itself (author, dates, title), as a line that says that it is no part of the text."""

from __future__ import annotations

import re

EMPTY = frozenset(("", "untitled", "anonymous", "unspecified", "unknown", "(anonymous)", "(unspecified)"))
LONGEST = 500  # characters of one property
DATE = re.compile(r"(?:D:)?(\d{4})-?(\d\d)-?(\d\d)(?:T?(\d\d):?(\d\d))?")


def property_line(properties: dict[str, str], dates: dict[str, str]) -> str:
    """One line of what was entered, with its dates, or "" when nobody entered anything."""
    given = {name: " ".join(value.split())[:LONGEST] for name, value in properties.items()}
    given = {name: value for name, value in given.items() if value.casefold() not in EMPTY}
    if not given:
        return ""
    given |= {name: _date(value) for name, value in dates.items() if value.strip()}
    return "[properties of the file] " + "; ".join(f"{name}: {value}" for name, value in given.items())


def _date(value: str) -> str:
    """A date of a PDF (`D:20250503101500+02'00'`) or of XML as people write it, else as it stands."""
    found = DATE.match(value.strip())
    if not found:
        return " ".join(value.split())[:LONGEST]
    year, month, day, hour, minute = found.groups()
    return f"{year}-{month}-{day}" + (f" {hour}:{minute}" if hour else "")
