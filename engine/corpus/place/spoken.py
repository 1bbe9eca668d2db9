"""Times above the paragraphs of a transcript (`[00:12:40]`): which one a character stands below, and its paragraph. Pure."""

from __future__ import annotations

import re

from engine.text.passages import SPOKEN_AT

FURTHEST = 4000  # characters between a time and what is said to stand below it
LONGER = 100  # characters than any line that is a time


def time_at(text: str, at: int) -> str:
    """The time above character `at`, as in "00:12:40"; "" where none is near."""
    above = _above(text, at)
    return above[1].strip("[]") if above else ""


def part_at(text: str, at: int) -> tuple[int, int] | None:
    """The characters [start, end) of the paragraph that holds character `at`, with its time; None without a time."""
    above = _above(text, at)
    if above is None:
        return None
    following = SPOKEN_AT.search(text, above.end())
    return above.start(), following.start() if following else len(text)


def _above(text: str, at: int) -> re.Match[str] | None:
    line_end = text.find("\n", at)
    times = [*SPOKEN_AT.finditer(text, max(0, at - FURTHEST), line_end if line_end >= 0 else len(text))]
    return times[-1] if times else None
