"""A reply that only repeats itself is recognised, and cut."""

from __future__ import annotations

import pytest

from engine.circling import TAIL, circles


@pytest.mark.parametrize(
    "words", ["The bus. ", "c ", "form, docs)\n", "a line of more words than most, with a comma, " * 2]
)
def test_words_again_and_again_are_a_circle_from_anywhere_on(words):
    text = "It began well, and then: " + words * (TAIL // len(words) + 2)
    assert circles(text)
    assert circles(text[:-3])


@pytest.mark.parametrize(
    "text",
    [
        "The bus. " * 20,  # too short to be sure
        "-" * 2000,
        " \n" * 2000,
        "| --- " * 300,
        "".join(f"- item {n}\n" for n in range(300)),
        "".join(f"{n},{n * n}," for n in range(400)),
    ],
)
def test_lists_rules_and_short_texts_are_none(text):
    assert not circles(text)
