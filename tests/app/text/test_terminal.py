"""Colours of a terminal are kept, lines that were written over are shown as they ended, and nothing else is believed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.text.elements import text_of
from app.text.terminal import coloured, overwritten, uncut


def test_colours_and_weights_are_kept_until_they_are_taken_back() -> None:
    text = "a\x1b[1;31mred\x1b[0m \x1b[38;5;196mx\x1b[48;2;1;2;3my\x1b[m\x1b[2Kz"
    exact = {"color": "rgb(255, 0, 0)"}
    assert coloured(text, {}) == [
        "a",
        ["span", {"class": "bold ink-1", "style": {}}, "red"],
        " ",
        ["span", {"class": "", "style": exact}, "x"],
        ["span", {"class": "", "style": {**exact, "background-color": "rgb(1, 2, 3)"}}, "y"],
        "\x1b[2Kz",  # no colour: the page writes such a mark out
    ]


@pytest.mark.parametrize(
    "codes, names",
    [
        ("7", "ink-inverse paper-inverse"),
        ("7;32", "ink-inverse paper-2"),
        ("94;105", "ink-12 paper-13"),
        ("1;2;22;3", "italic"),
        ("38;5;9", "ink-9"),
        ("38;9;4", "underline"),
        ("4;24;31", "ink-1"),
    ],
)
def test_codes_have_the_classes_of_the_page(codes: str, names: str) -> None:
    assert coloured(f"\x1b[{codes}mx", {})[0][1]["class"] == names


def test_a_part_goes_on_with_the_colours_of_the_part_before_and_no_sequence_is_cut() -> None:
    text = "ab\x1b[31mcd"
    assert [uncut(text, end) for end in range(len(text) + 1)] == [0, 1, 2, 7, 7, 7, 7, 7, 8, 9]
    style: dict[str, int | str] = {}
    assert coloured(text[:8], style) + coloured(text[8:], style) == [
        "ab",
        ["span", {"class": "ink-1", "style": {}}, "c"],
        ["span", {"class": "ink-1", "style": {}}, "d"],
    ]


def test_a_line_that_was_written_over_is_shown_as_it_ended() -> None:
    assert overwritten("1%\r50%\r100%\nok\r\n") == "100%\nok\n"
    assert overwritten("done\r") == "done"


@given(st.lists(st.sampled_from(["\x1b[", "\x1b", "m", ";", ":", "38", "5", "2", "9" * 90, "\r", "\n", "x"])))
def test_whatever_comes_every_other_character_stays(parts: list[str]) -> None:
    text = "".join(parts)
    shown = text_of(coloured(text, {}))
    assert shown.replace("\x1b[", "").count("x") == text.count("x")
    assert "\r" not in overwritten(text)
