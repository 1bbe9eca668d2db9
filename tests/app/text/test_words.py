"""Words and numbers as Python writes them are those that the page writes (`app/shell/static/text`)."""

from __future__ import annotations

import pytest

from app.text.words import line


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
