"""Requests as bytes: what is read of them, and that whatever bytes come are read or refused with a sentence."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import NotFound
from app.programs.names import find, named
from app.programs.openai.requests import Asked, Refusal, read

QUESTION = {"role": "user", "content": "When?"}


def body(**more: Any) -> bytes:
    return json.dumps({"model": "letters", "messages": [QUESTION], **more}).encode()


def messages(*given: Any) -> bytes:
    return body(messages=list(given))


def reply(content: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": content}


def test_the_last_message_is_the_question_and_those_before_are_exchanges() -> None:
    asked = read(
        messages(
            {"role": "developer", "content": "Be brief."}, QUESTION, reply("At"), reply(" noon."), QUESTION
        )
    )
    assert (asked.question, asked.earlier, asked.ignored) == (
        "When?",
        (("When?", "At noon."),),
        ("system messages",),
    )
    assert read(messages(QUESTION, QUESTION)).earlier == (("When?", None),)
    parts = [{"type": "text", "text": "Where"}, {"type": "text", "text": "to?"}]
    assert read(messages({"role": "user", "content": parts})).question == "Where\nto?"


def test_what_says_nothing_is_as_if_it_were_not_there() -> None:
    neutral: dict[str, Any] = {
        **{
            "tools": [],
            "tool_choice": "auto",
            "n": None,
            "stream": None,
            "stream_options": None,
            "seed": None,
        },
        **{
            "response_format": {"type": "text"},
            "modalities": ["text"],
            "temperature": None,
            "logprobs": False,
        },
    }
    assert read(body(**neutral)) == read(body()) == Asked("letters", "When?")


def test_text_that_cannot_be_stored_is_replaced() -> None:
    assert read(body(messages=[{"role": "user", "content": "a\0b"}])).question == "a\ufffdb"
    half = b'{"model": "m", "messages": [{"role": "user", "content": "a\\ud800b \\ud83d\\ude00"}]}'
    assert read(half).question == "a\ufffdb \U0001f600"
    assert read(b"\xef\xbb\xbf" + body()) == read(body())


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"\xff{}", "not UTF-8"),
        ("{}".encode("utf-16"), "not UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not JSON"),
        (b'{"temperature": NaN}', "NaN is no number"),
        (b"[]", "a JSON object"),
        (b"{}", "model has to name"),
        (body(model=" "), "model has to name"),
        (body(messages=[]), "messages has to be a list"),
        (body(messages={"role": "user"}), "messages has to be a list"),
        (body(messages=[QUESTION] * 3000), "leave out the oldest"),
        (messages(3), r"messages\[0\] has to be an object"),
        (messages({"role": "user"}), "has to be text"),
        (messages({"role": ["user"], "content": "x"}), "whose role is one of"),
        (messages(QUESTION, reply("At noon.")), "The last message has to be the question"),
        (messages({"role": "user", "content": " \n"}), "The question is empty"),
        (messages({"role": "user", "content": [{"type": "text", "text": 3}]}), "text alone"),
        (body(stream="yes"), "stream has to be true or false"),
        (body(stream_options=[]), "stream_options has to be an object"),
        (body(seed=1.5), "seed has to be a whole number"),
        (body(n=True), "one answer"),
        (body(functions=[{}]), "Leave functions out"),
        (body(taproot=[]), "taproot has to be an object"),
    ],
)
def test_what_is_wrong_is_said(sent: bytes, told: str) -> None:
    with pytest.raises(Refusal, match=told) as refused:
        read(sent)
    assert refused.value.status == 400


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from(
    "model messages stream stream_options temperature seed n taproot tools logprobs response_format "
    "tool_choice modalities stop user".split()
)
MESSAGES = st.lists(
    st.dictionaries(
        st.sampled_from(["role", "content", "name"]),
        st.sampled_from(["user", "assistant", "system", "tool"]) | VALUES,
        max_size=3,
    ),
    max_size=4,
)


@settings(max_examples=300)
@given(st.dictionaries(NAMES, VALUES | MESSAGES, max_size=6) | VALUES, st.booleans())
def test_any_json_is_read_or_refused(value: Any, whole: bool) -> None:
    if whole and isinstance(value, dict):
        value = {"model": "letters", "messages": [QUESTION], **value}
    try:
        asked = read(json.dumps(value).encode())
    except Refusal as refused:
        assert refused.status == 400 and str(refused)
    else:
        assert asked.question.strip() and asked.model


@settings(max_examples=200)
@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(sent: bytes) -> None:
    with pytest.raises(Refusal):
        read(sent)


def card(name: str, id: str, *versions: str) -> dict[str, Any]:
    return {"name": name, "card": id, "versions": [*versions]}


def test_names_are_plain_and_those_of_two_cards_bear_their_ids() -> None:
    cards = [
        card("Sample: Hessindale Ropeworks", "sample", "a1"),
        card("Büro / 2024.1", "c1"),
        card("…", "c2"),
    ]
    assert [*named(cards)] == [
        "taproot/sample-hessindale-ropeworks",
        "taproot/büro-2024.1",
        "taproot/corpus-c2",
    ]
    same = [card("Case", "c3", "v1"), card("case!", "c4")]
    assert [*named(same)] == ["taproot/case-c3", "taproot/case-c4"]
    assert find(same, "v1") is same[0] and find(same, "taproot/case-c4") is same[1]
    assert find(same, "CASE!") is same[1] and find(cards, "taproot/Büro / 2024.1") is cards[1]
    two = [card("Case", "c3"), card("Case", "c4")]
    with pytest.raises(NotFound, match=r"Several .* taproot/case-c3, taproot/case-c4"):
        find(two, "taproot/Case")
    with pytest.raises(NotFound, match="add documents in the library first"):
        find([], "x")
