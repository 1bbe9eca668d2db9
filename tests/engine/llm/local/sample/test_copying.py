"""The matcher behind replies that can only copy, alone: against every possible reply of short texts, and by chance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.llm.local.sample.copying import Copier, Lexicon
from engine.text.quoting import ALTERNATIVES, edges, place
from tests.engine.text.test_quoting import PARTS

TEXTS = st.one_of(st.lists(st.sampled_from(PARTS), max_size=10).map("".join), st.text(max_size=12))


def said(copier: Copier, *tokens: bytes) -> Copier:
    for token in tokens:
        assert copier.allows(token), token
        copier.take(token)
    return copier


def test_a_reply_begins_at_a_word_and_ends_at_one():
    copier = Copier("The rent is 1,250.00 EUR.", ALTERNATIVES)
    assert not copier.may_end
    assert not copier.allows(b"ent") and not copier.allows(b"250") and not copier.allows(b"Rent")
    said(copier, b" 1", b",")
    assert not copier.may_end and copier.text == ""
    said(copier, b"25", b"0.00")
    assert copier.may_end and copier.text == "1,250.00"
    said(copier, b" EU")
    assert not copier.may_end and copier.text == "1,250.00", "what was cut in a word ends before it"
    assert said(copier, b"R", b".").text == "1,250.00 EUR."
    assert not copier.allows(b" ")


def test_another_text_is_written_as_a_whole_or_not_at_all():
    copier = said(Copier("Nothing.", ("NONE", "no", "not said")), b"no")
    assert copier.may_end and copier.allows(b"t sa") and not copier.allows(b"thing")
    said(copier, b"t")
    assert (copier.may_end, copier.text) == (False, "no")
    assert said(copier, b" said").may_end and not copier.allows(b".")


def test_what_is_both_a_start_of_the_text_and_of_another_may_become_either():
    both = "No dogs. None of them."
    assert said(Copier(both, ("None",)), b"No").may_end
    assert said(Copier(both, ("None",)), b"None", b" of").may_end
    assert said(Copier("Nowhere", ("No",)), b"No").text == "No"


def test_white_space_before_the_first_word_is_let_through_once():
    copier = said(Copier("one", ()), b"\n\n")
    assert not copier.allows(b" ")
    assert said(copier, b" one").text == "one"


def test_every_place_is_kept_until_the_reply_tells_them_apart():
    text = " ".join(f"box {n} holds {n * 7}" for n in range(3000))
    copier = said(Copier(text, ()), b"box", b" 29", b"99")
    assert copier.allows(b" holds 20") and not copier.allows(b" holds 21")
    assert said(Copier("ha " * 20_000, ()), b"ha", b" ha" * 50).may_end


@pytest.mark.parametrize(
    "text", ["naïve 条 👩‍👧 e\u0301", "a\r\nb", "x \ud800 y", "<|im_end|> <think>", "tab\tnull\0"]
)
def test_bytes_of_a_character_may_come_one_by_one_and_are_never_left_alone(text: str):
    starts, ends = edges(text)
    for start in starts:
        copier = Copier(text, ())
        for at, byte in enumerate(text[start:].encode("utf-8", "surrogatepass")):
            if not copier.allows(bytes([byte])):
                assert "\ud800" in text and byte == 0xED
                break
            copier.take(bytes([byte]))
            written = text[start:].encode("utf-8", "surrogatepass")[: at + 1]
            whole = written.decode("utf-8", "ignore").encode() == written
            assert copier.may_end == (whole and start + len(written.decode("utf-8", "ignore")) in ends)


def test_a_lone_surrogate_is_never_copied():
    copier = Copier("x \ud800 y", ())
    assert not copier.allows(b"\xff") and not copier.allows(b"\xed") and not copier.allows(b"\xed\xa0\x80")
    assert said(copier, b"x").allows(b" ")


@settings(max_examples=300)
@given(TEXTS, st.data())
def test_every_quote_can_be_written_in_any_tokens(text, data):
    starts, ends = edges(text)
    if not starts or any("\ud800" <= c <= "\udfff" for c in text):
        return
    start = data.draw(st.sampled_from(starts))
    end = data.draw(st.sampled_from([end for end in ends if end > start]))
    copier, rest = Copier(text, ALTERNATIVES), text[start:end].encode()
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        said(copier, rest[:size])
        rest = rest[size:]
    assert copier.may_end and copier.text == text[start:end].strip()


class Words:
    """A vocabulary of these tokens; the last two end a reply and mark something."""

    def __init__(self, tokens: list[bytes]):
        self._tokens = [*tokens, b"", b""]
        self.size = len(self._tokens)
        self.end = self.size - 2
        self.markers = [self.size - 1]

    def is_end(self, token: int) -> bool:
        return token == self.end

    def piece(self, token: int) -> bytes:
        return self._tokens[token]


@settings(max_examples=300)
@given(TEXTS, st.lists(st.binary(min_size=1, max_size=4), max_size=30), st.integers(0, 2**32 - 1))
def test_the_likeliest_allowed_token_is_drawn_and_every_reply_stands_in_its_text(text, tokens, seed):
    rng = np.random.default_rng(seed)
    raw = text.encode("utf-8", "surrogatepass")
    tokens += [raw[i : i + n] for i in range(len(raw)) for n in (1, 2, 5)] + [
        b" N",
        b"ONE",
        b"\n",
        b"NONE",
        b"  ",
    ]
    words = Words([*dict.fromkeys(tokens)])
    lexicon, copier = Lexicon(words), Copier(text, ALTERNATIVES)
    for _ in range(20):
        logits = rng.normal(size=words.size).astype(np.float32)
        order = np.argsort(-logits).tolist()
        may_end = copier.may_end
        allowed = [
            t
            for t in order
            if (may_end if words.is_end(t) else words.piece(t) and copier.allows(words.piece(t)))
        ]
        token = lexicon.choose(logits, copier)
        assert token == (allowed[0] if allowed else None)
        if token is None or words.is_end(token):
            break
    assert copier.text in ("", *ALTERNATIVES) or place(copier.text, text)
    assert token != words.end or copier.text
