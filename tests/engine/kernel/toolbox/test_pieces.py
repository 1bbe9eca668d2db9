"""Cutting text into pieces: nothing lost, nothing too long, cut where a reader would."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.toolbox.final import render, spans_of
from engine.kernel.toolbox.pieces import chunks, peek


@given(st.text(alphabet="ab .\n", max_size=300), st.integers(1, 50))
def test_pieces_join_to_the_whole_and_fit(text, size):
    pieces = chunks(text, size)
    assert "".join(pieces) == text
    assert all(len(piece) <= size for piece in pieces)
    assert all(pieces) or text == ""


def test_cuts_fall_between_paragraphs_then_lines_then_sentences_then_words():
    assert chunks("one two.\n\nthree four", 14) == ["one two.\n\n", "three four"]
    assert chunks("one two.\nthree four", 14) == ["one two.\n", "three four"]
    assert chunks("One two. Three four", 14) == ["One two. ", "Three four"]
    assert chunks("one two three four", 14) == ["one two three ", "four"]
    assert chunks("x" * 20, 14) == ["x" * 14, "x" * 6]


def test_a_list_is_cut_item_by_item():
    assert chunks(["aaaa", "bb"], 3) == ["aaa", "a", "bb"]


@pytest.mark.parametrize(
    ("x", "size", "error"), [("a", 0, ValueError), ([3], 5, TypeError), (3, 5, TypeError)]
)
def test_what_cannot_be_cut_is_an_error(x, size, error):
    with pytest.raises(error):
        chunks(x, size)


def test_peek_shows_the_head_of_anything():
    assert repr(peek("abcdef", 3)) == "abc\n[... 3 more characters]"
    assert repr(peek("abc", 3)) == "abc"
    assert repr(peek([1, "two\nlines"], 100)) == "list of 2\n[0] 1\n[1] two lines"
    assert repr(peek({"a": 1}, 100)) == "dict of 1\n[0] ('a', 1)"
    assert repr(peek(range(30), 1000)).endswith("[19] 19\n[... 10 more]")
    assert repr(peek(5, 100)) == "int of 1\n[0] 5"


@given(st.recursive(st.text() | st.integers() | st.floats() | st.booleans(), st.lists, max_leaves=10))
def test_rendering_gives_text_or_says_why_not(value):
    try:
        assert render(value, "FINAL").strip()
    except ValueError as error:
        assert "FINAL got an empty value" in str(error)


def test_spans_are_found_in_nested_values_each_once():
    class Piece(str):
        span = (1, 2, 3)

    assert spans_of([Piece("a"), {"x": (Piece("b"), "plain")}]) == [[1, 2, 3]]
    assert spans_of([(4, 5, 6)]) == []
    assert spans_of([(4, 5, 6)], triples=True) == [[4, 5, 6]]
    assert spans_of([True, False, True], triples=True) == []
