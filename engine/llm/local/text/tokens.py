"""Text to tokens and back: template text with its control tokens, and content that can never become one."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from llama_cpp import llama_cpp as native

from engine.llm.local.sample.copying import Lexicon
from engine.text.quoting import NOTHING

# llama.cpp's regular expressions overflow the stack on one unbroken run of about 60,000 characters.
MAX_CUT = 8000
MIN_CUT = 4000


class Vocabulary:
    """The vocabulary of a loaded model. Safe to use from several threads: it only reads."""

    def __init__(self, vocab: Any):
        self.handle = self._vocab = vocab
        self.size: int = native.llama_vocab_n_tokens(vocab)
        self.bos: int = native.llama_vocab_bos(vocab)
        self.eos: int = native.llama_vocab_eos(vocab)
        self.adds_bos: bool = native.llama_vocab_get_add_bos(vocab)
        attributes = [native.llama_vocab_get_attr(vocab, token) for token in range(self.size)]
        self.control = {t for t, a in enumerate(attributes) if a & native.LLAMA_TOKEN_ATTR_CONTROL}
        user = {t for t, a in enumerate(attributes) if a & native.LLAMA_TOKEN_ATTR_USER_DEFINED}
        self.user_defined = user
        named = {token: text for token in user if len(text := self.text(token)) > 1 and text.strip()}
        markers = set(named.values())
        # What no answer of a wanted form may hold: to llama.cpp's grammars these are text like any other.
        self.markers = sorted((self.control | set(named)) - {t for t in self.control if self.is_end(t)})
        self._by_letter: dict[str, tuple[str, ...]] = {}
        for marker in sorted(markers):
            self._by_letter[marker[0]] = (*self._by_letter.get(marker[0], ()), marker)

    def text(self, token: int) -> str:
        """Return the text of a token as the vocabulary writes it; "" for no token."""
        if not 0 <= token < self.size:
            return ""
        return (native.llama_vocab_get_text(self._vocab, token) or b"").decode("utf-8", "replace")

    def is_end(self, token: int) -> bool:
        """Whether a model that writes this token has ended its turn."""
        return bool(native.llama_vocab_is_eog(self._vocab, token))

    def piece(self, token: int) -> bytes:
        """Return the bytes a token stands for; none for control tokens."""
        room = 64
        while True:
            buffer = (ctypes.c_char * room)()
            length = native.llama_token_to_piece(self._vocab, token, buffer, room, 0, False)
            if length >= 0:
                return buffer.raw[:length]
            room = -length

    @cached_property
    def lexicon(self) -> Lexicon:
        """All tokens by their bytes, made when first needed."""
        return Lexicon(self)

    @cached_property
    def none(self) -> list[int]:
        """The tokens of the reply that says that the text does not hold the answer."""
        return self._tokenize(NOTHING, special=False)

    def template(self, text: str) -> list[int]:
        """Tokenize template text: markers in it become control tokens."""
        return self._tokenize(text, special=True) if text else []

    def content(self, text: str) -> list[int]:
        """Tokenize the content of a message: no text in it becomes a control or a user-defined token.

        llama.cpp matches user-defined tokens even when asked not to parse special ones, so the text is cut
        inside each of their occurrences. Long texts are cut before a line or a word; at most one token per
        cut differs from tokenizing the whole.
        """
        tokens: list[int] = []
        for piece in self._pieces(text):
            tokens += self._tokenize(piece, special=False)
        return tokens

    def _pieces(self, text: str) -> Iterator[str]:
        start = 0
        for cut in [*self._marker_cuts(text), len(text)]:
            while cut - start > MAX_CUT:
                near = max(text.rfind(mark, start + MIN_CUT, start + MAX_CUT) for mark in ("\n", " "))
                end = near if near > 0 else start + MAX_CUT
                yield text[start:end]
                start = end
            if cut > start:
                yield text[start:cut]
                start = cut

    def _marker_cuts(self, text: str) -> list[int]:
        cuts = set()
        for letter, markers in self._by_letter.items():
            at = text.find(letter)
            while at >= 0:
                if text.startswith(markers, at):
                    cuts.add(at + 1)
                at = text.find(letter, at + 1)
        return sorted(cuts)

    def _tokenize(self, text: str, *, special: bool) -> list[int]:
        data = text.encode("utf-8", "replace")
        room = len(data) + 8
        while True:
            tokens = (native.llama_token * room)()
            count = native.llama_tokenize(self._vocab, data, len(data), tokens, room, False, special)
            if count >= 0:
                return tokens[:count]
            room = -count
