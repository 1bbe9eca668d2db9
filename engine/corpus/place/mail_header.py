"""Headers in the text of a message: which one a character stands in, and back. Pure."""

from __future__ import annotations

import re

HEADER = re.compile(r"(From|Sender|Reply-To|To|Cc|Bcc|Date|Subject): [^\n]*(?:\n|\Z)")


def headers(text: str) -> list[tuple[int, int, str]]:
    """(start, end, name) of the headers that a text begins with."""
    found, at = [], 0
    while header := HEADER.match(text, at):
        found.append((at, header.end(), header[1]))
        at = header.end()
    return found


def header_at(text: str, at: int) -> str:
    """The name of the header that holds character `at`; "" in the body."""
    return next((name for start, end, name in headers(text) if start <= at < end), "")


def part_at(text: str, name: str) -> tuple[int, int] | None:
    """The characters [start, end) of the first header with this name, None where there is none."""
    return next(((start, end) for start, end, found in headers(text) if found == name), None)
