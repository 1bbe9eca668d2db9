"""Sampled tokens become the text that people and the reply parser see."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.llm.local.text.detokenizer import Speech
from engine.llm.local.text.template import GENERIC, THINK_CLOSE, THINK_OPEN
from engine.reply import parse

HARMONY = replace(GENERIC, harmony=True, stops=())
PLAIN = replace(GENERIC, stops=())


class Words:
    """A vocabulary whose tokens are the words themselves; markers have no bytes."""

    def __init__(self, words: list[str | bytes]):
        self.words = words

    def text(self, token: int) -> str:
        word = self.words[token]
        return word if isinstance(word, str) else ""

    def piece(self, token: int) -> bytes:
        word = self.words[token]
        if isinstance(word, bytes):
            return word
        return b"" if word.startswith("<|") else word.encode()


def speak(words: list[str | bytes], pieces=PLAIN, *, cell: bool = False) -> tuple[Speech, list[str]]:
    speech = Speech(Words(words), pieces, cells=cell)
    deltas = []
    for token in range(len(words)):
        speech.feed(token)
        deltas.append(speech.unsent())
        if speech.ended:
            break
    speech.complete()
    return speech, [*deltas, speech.unsent()]


def test_letters_split_over_tokens_appear_when_complete():
    speech, deltas = speak([b"caf\xc3", b"\xa9", b" \xe2\x82", b"\xac"])
    assert speech.text == "café €"
    assert deltas == ["caf", "é", " ", "€", ""]


def test_bytes_that_never_become_a_letter_are_replaced():
    assert speak([b"a\xe2\x82"])[0].text == "a\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize(("opened", "closed"), list(zip(THINK_OPEN, THINK_CLOSE, strict=True)))
def test_thoughts_of_every_family_get_the_same_tags(opened, closed):
    speech, _ = speak([opened, "hm", closed, "Yes."])
    assert speech.text == "<think>hm</think>Yes."


def test_a_reply_that_begins_inside_a_thought_gets_the_tag_its_prompt_held():
    speech, _ = speak(["hm", "</think>", "Yes."], replace(PLAIN, opens_thinking=True))
    assert parse(speech.text).thinking.strip() == "hm"
    assert speech.text.endswith("Yes.")


def test_control_tokens_are_not_shown():
    assert speak(["Yes", "<|endoftext|>", "."])[0].text == "Yes."


def test_harmony_channels_become_thought_and_prose():
    words = [
        "<|channel|>",
        "analysis",
        "<|message|>",
        "hm",
        "<|end|>",
        "<|start|>",
        "assistant",
        "<|channel|>",
    ]
    speech, _ = speak([*words, "final", "<|message|>", "It is ", "42."], HARMONY)
    assert speech.text == "<think>hm</think>\nIt is 42."


def test_a_harmony_python_call_becomes_a_cell():
    words = [
        "<|channel|>",
        "analysis",
        " to=python",
        "<|constrain|>",
        "code",
        "<|message|>",
        "print(1)",
        "<|call|>",
    ]
    speech, _ = speak(words, HARMONY)
    assert parse(speech.text).code.strip() == "print(1)"


def test_harmony_text_without_a_header_is_not_lost():
    assert speak(["Just", " text"], HARMONY)[0].text == "Just text"
    assert "word " * 60 in speak(["word "] * 100, HARMONY)[0].text


def test_a_harmony_header_that_is_never_finished_is_not_shown():
    assert speak(["<|channel|>", "analysis"], HARMONY)[0].text == ""


def test_a_reply_ends_where_its_cell_ends():
    speech, deltas = speak(["```repl\n", "print(1)\n", "``", "`\n", "Output: 1"], cell=True)
    assert speech.ended
    assert parse(speech.text).code.strip() == "print(1)"
    assert "Output" not in "".join(deltas)


def test_fences_inside_a_thought_do_not_end_the_reply():
    speech, _ = speak(["<think>", "```repl\nprint(1)\n```\n", "so", "</think>", "Yes."], cell=True)
    assert speech.text.endswith("so</think>Yes.")


def test_a_stop_text_is_never_shown_not_even_its_start():
    speech, deltas = speak(["Yes", ".<|im", "_end|", "> and"], GENERIC)
    assert speech.ended
    assert speech.text == "".join(deltas) == "Yes."


def test_what_only_looked_like_a_stop_text_is_shown():
    assert "".join(speak(["a <|im", "age|>"], GENERIC)[1]) == "a <|image|>"
