"""Conversations grow without being written anew."""

from __future__ import annotations

from datetime import date

import pytest

from engine.llm.local.text.template import GENERIC, cut_template
from engine.llm.local.text.token_log import MAX_LOGS, Logs, without_thinking
from engine.types import Message
from tests.engine.llm.conftest import template_named

DAY = date(2026, 3, 14)
OPENING = [Message("system", "Be brief."), Message("user", "What is it?")]


class Letters:
    """A tokenizer with one token per character; template text gets numbers of its own."""

    bos, adds_bos = 1, False

    def template(self, text: str) -> list[int]:
        return [ord(letter) + 0x200000 for letter in text]

    def content(self, text: str) -> list[int]:
        return [ord(letter) for letter in text]


def words(tokens: list[int]) -> str:
    return "".join(chr(token & 0x1FFFFF) for token in tokens)


@pytest.fixture
def logs() -> Logs:
    return Logs(Letters(), lambda day: GENERIC, window=1000)


def reply(logs: Logs, messages: list[Message], text: str, sampled: str | None = None) -> list[Message]:
    prompt = logs.prompt("key", messages, DAY, 10)
    logs.add_reply(prompt, Letters().content(sampled or text), text)
    return [*messages, Message("assistant", text)]


def test_the_next_turn_begins_with_every_token_of_the_last(logs):
    first = logs.prompt("key", OPENING, DAY, 10)
    messages = reply(logs, OPENING, "A box.", sampled="A box.\n and more")
    second = logs.prompt("key", [*messages, Message("user", "Whose?")], DAY, 10)
    assert second.extended and not first.extended
    assert words(second.tokens) == (
        words(first.tokens)
        + "A box.\n and more<|im_end|>\n<|im_start|>user\nWhose?<|im_end|>\n<|im_start|>assistant\n"
    )


@pytest.mark.parametrize("given", ["<think>It is a box.</think>\n\nA box.", "A box.", "A box.\n"])
def test_a_reply_that_comes_back_without_its_thought_is_the_same_reply(logs, given):
    reply(logs, OPENING, "<think>It is a box.</think>\n\nA box.")
    messages = [*OPENING, Message("assistant", given), Message("user", "Whose?")]
    prompt = logs.prompt("key", messages, DAY, 10)
    assert prompt.extended
    assert "<think>It is a box.</think>" in words(prompt.tokens)


def test_asking_the_same_again_takes_the_reply_back(logs):
    first = logs.prompt("key", OPENING, DAY, 10)
    reply(logs, OPENING, "A box.")
    again = logs.prompt("key", OPENING, DAY, 10)
    assert again.tokens == first.tokens
    assert not again.extended


def test_a_changed_message_keeps_what_stands_before_it(logs):
    messages = reply(logs, OPENING, "A box.", sampled="A box. ")
    changed = [*OPENING[:1], Message("user", "What was it?"), *messages[2:], Message("user", "Whose?")]
    prompt = logs.prompt("key", changed, DAY, 10)
    assert not prompt.extended
    assert prompt.tokens == logs.fresh(changed, GENERIC).tokens


def test_another_conversation_has_a_log_of_its_own(logs):
    messages = reply(logs, OPENING, "A box.", sampled="A box. ")
    other = logs.prompt("other", [*messages, Message("user", "Whose?")], DAY, 10)
    assert not other.extended
    assert "A box. " not in words(other.tokens)


def test_a_log_that_leaves_too_little_room_is_written_anew_without_its_thoughts(logs):
    thought = "<think>" + "hm " * 300 + "</think>"
    messages = reply(logs, OPENING, f"{thought}A box.")
    prompt = logs.prompt("key", [*messages, Message("user", "Whose?")], DAY, 200)
    assert not prompt.extended
    assert "hm" not in words(prompt.tokens) and "A box." in words(prompt.tokens)


def test_a_log_that_cannot_be_made_shorter_is_kept(logs):
    messages = reply(logs, OPENING, "A box. " * 100)
    assert logs.prompt("key", [*messages, Message("user", "Whose?")], DAY, 900).extended


def test_the_first_token_is_the_one_the_vocabulary_asks_for():
    tokenizer = Letters()
    tokenizer.adds_bos = True
    prompt = Logs(tokenizer, lambda day: GENERIC, 1000).prompt("key", OPENING, DAY, 10)
    assert prompt.tokens[0] == 1 and prompt.tokens.count(1) == 1


def test_a_conversation_keeps_the_day_it_began():
    source = template_named("llama3")
    logs = Logs(Letters(), lambda day: cut_template(source, day=day), 1000)
    messages = reply(logs, OPENING, "A box.")
    later = logs.prompt("key", [*messages, Message("user", "Whose?")], date(2026, 3, 15), 10)
    assert later.extended and "14 Mar 2026" in words(later.tokens)


def test_the_least_recently_used_logs_are_given_up(logs):
    messages = reply(logs, OPENING, "A box.")
    for number in range(MAX_LOGS):
        logs.prompt(f"other {number}", OPENING, DAY, 10)
    assert not logs.prompt("key", [*messages, Message("user", "Whose?")], DAY, 10).extended


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("plain", "plain"),
        ("<think>a</think>\n\nb", "b"),
        ("<think>never closed", ""),
        ("a <think>b</think>", None),
    ],
)
def test_only_a_leading_thought_is_taken_off(text, rest):
    assert without_thinking(text) == (text if rest is None else rest)
