"""Where a quote may begin and end, in every script."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.text.quoting import edges, place

PARTS = [
    "word",
    "Ä",
    "e\u0301",
    "12",
    ",",
    ".",
    " ",
    "\r\n",
    "\n",
    "👩‍👧",
    "👍🏽",
    "🇩🇪",
    "条",
    "<|im_end|>",
    "\u200d",
    "_",
    "'",
]


def signs(text: str) -> list[str]:
    """The words, numbers and signs of a text."""
    starts, ends = edges(text)
    return [text[start : min(end for end in ends if end > start)] for start in starts]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The rent is 1,250.00 EUR.", ["The", "rent", "is", "1,250.00", "EUR", "."]),
        ("1.250.000,50; 12,50 EUR", ["1.250.000,50", ";", "12,50", "EUR"]),
        ("in 1,200, and 1,200.", ["in", "1,200", ",", "and", "1,200", "."]),
        ("Anna,34,120,7", ["Anna", ",", "34", ",", "120", ",", "7"]),
        ("1,200,Anna", ["1", ",", "200", ",", "Anna"]),
        ("3.6.2008 and 2008-06-03", ["3.6.2008", "and", "2008", "-", "06", "-", "03"]),
        ("v2.1 weighs 3.5kg", ["v2.1", "weighs", "3.5kg"]),
        ("e\u0301te\u0301 Straße", ["e\u0301te\u0301", "Straße"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("第一条。", ["第", "一", "条", "。"]),
        ("👩‍👩‍👧👍🏽 🇩🇪🇫🇷", ["👩‍👩‍👧", "👍🏽", "🇩🇪", "🇫🇷"]),
        ("<|im_end|>", ["<", "|", "im_end", "|", ">"]),
        ("a\r\nb", ["a", "b"]),
        ("", []),
        (" \n", []),
    ],
)
def test_words_numbers_and_signs(text: str, expected: list[str]):
    assert signs(text) == expected


def test_a_quote_does_not_end_between_two_halves_of_a_line_end_and_may_end_after_it():
    assert edges("a\r\nb")[1] == [1, 3, 4]


@pytest.mark.parametrize(
    ("words", "text", "expected"),
    [
        ("1,250", "of 11,250 and 1,250", (14, 19)),
        ("1,250", "of 11,250", None),
        ("250", "of 1,250", None),
        ("3 May", "13 May, 3 May", (8, 13)),
        ("Ann", "Anna", None),
        ("Anna.", "by Anna.\n", (3, 8)),
        ("", "Anna", None),
        ("aa", "aaa aa", (4, 6)),
    ],
)
def test_a_quote_is_found_where_it_stands_as_whole_words(words, text, expected):
    assert place(words, text) == expected


@given(st.lists(st.sampled_from(PARTS), max_size=12), st.text(max_size=8))
def test_starts_and_ends_cut_a_text_into_pieces_that_are_all_found(parts, more):
    text = "".join(parts) + more
    starts, ends = edges(text)
    assert starts == sorted(set(starts)) and ends == sorted(set(ends))
    assert not text or ends[-1] == len(text)
    assert all(not text[start].isspace() for start in starts)
    assert all(place(text[start:end], text) for start in starts for end in ends if end > start)
