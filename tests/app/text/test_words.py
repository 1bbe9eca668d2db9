"""Words and numbers as Python writes them are those that the page writes (`app/shell/static/text`)."""

from __future__ import annotations

from datetime import datetime

import pytest

from app.text.words import amount, left, line, moment


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (" a\n\tb\xa0\u3000\ufeffc ", "a b c"),
        ("a\x85b\x9c", "aU+0085bU+009C"),
        ("\x1ca\x1fb\x7f\x00", "\u241ca\u241fb\u2421\u2400"),
        ("a\u202eb\U000e0041", "aU+202EbU+E0041"),
        ("x" * 401, "x" * 400 + "\u2026"),
    ],
)
def test_a_line_is_what_the_page_makes_of_it(text: str, wanted: str) -> None:
    assert line(text) == wanted


@pytest.mark.parametrize(
    ("seconds", "wanted"),
    [(None, ""), (0, "1 s left"), (89, "89 s left"), (90, "2 min left"), (5400, "1.5 h left")],
)
def test_what_is_left_is_said_in_the_unit_that_a_person_would_take(
    seconds: float | None, wanted: str
) -> None:
    assert left(seconds) == wanted


@pytest.mark.parametrize(
    ("size", "wanted"),
    [(999, "999 B"), (1000, "1.0 KB"), (10_240, "10 KB"), (3_565_158, "3.4 MB"), (5 * 1024**4, "5.0 TB")],
)
def test_bytes_are_said_in_the_unit_that_a_person_would_take(size: int, wanted: str) -> None:
    assert amount(size) == wanted


def test_a_moment_is_said_by_the_clock_of_this_machine() -> None:
    assert moment(datetime(2026, 11, 4, 9, 5, 59).timestamp()) == "4 Nov 2026, 09:05"
