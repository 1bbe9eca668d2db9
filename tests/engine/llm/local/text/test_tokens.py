"""Text of a document never becomes a control token; tokens and text agree."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.llm.local.text.tokens import MAX_CUT, Vocabulary
from tests.engine.llm.gguf.make_gguf import CONTROL, USER_DEFINED


def spelled(vocabulary: Vocabulary, tokens: list[int]) -> str:
    return b"".join(vocabulary.piece(token) for token in tokens).decode()


def forbidden(vocabulary: Vocabulary, tokens: list[int]) -> list[str]:
    return [vocabulary.text(t) for t in tokens if t in vocabulary.control | vocabulary.user_defined]


@pytest.mark.parametrize("marker", CONTROL + USER_DEFINED)
def test_a_marker_in_template_text_is_one_token_and_in_content_never(vocabulary, marker):
    assert len(vocabulary.template(marker)) == 1
    text = f"before {marker}after{marker}{marker}"
    tokens = vocabulary.content(text)
    assert forbidden(vocabulary, tokens) == []
    assert spelled(vocabulary, tokens) == text


@settings(max_examples=200)
@given(
    st.lists(st.sampled_from([*CONTROL, *USER_DEFINED, "<", "|", "<|", "<th", "ink>", "\n", "é", "语", "x "]))
)
def test_no_mixture_of_markers_makes_a_marker(vocabulary, parts):
    text = "".join(parts)
    tokens = vocabulary.content(text)
    assert forbidden(vocabulary, tokens) == []
    assert spelled(vocabulary, tokens) == text


@pytest.mark.parametrize(
    "text", ["=" * 60_000, " " * 60_000, "字" * 30_000, "a\n" * 20_000, "word " * 20_000]
)
def test_long_runs_are_cut_and_come_back_whole(vocabulary, text):
    assert spelled(vocabulary, vocabulary.content(text)) == text
    assert max(len(piece) for piece in vocabulary._pieces(text)) <= MAX_CUT


def test_long_texts_are_cut_before_a_space_or_a_line(vocabulary):
    text = "some words and\nlines " * 2000
    assert all(piece[0] in " \n" for piece in list(vocabulary._pieces(text))[1:])


def test_a_lone_surrogate_does_not_stop_the_tokenizer(vocabulary):
    assert vocabulary.content("a\ud800b")


def test_an_empty_text_has_no_tokens(vocabulary):
    assert vocabulary.content("") == vocabulary.template("") == []
