"""Replies that can only copy: at each step those tokens are allowed that keep the reply a part of a given text.

A reply begins at the start of a word, number or sign of the text (see `engine.text.quoting`) and may end where one ends;
or it is one of a few other texts as a whole. White space before its first word is let through and is no part of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from engine.text.quoting import edges

BARRED = 0xFF  # a byte that no UTF-8 text holds; it stands for lone surrogates and can never be copied
FEW = 24  # places that are compared one by one; of more, all at once
LOOKED_AT = 48  # tokens, the likeliest, that are looked at before all that may fit are put in order
BLANKS = b" \t\r\n"
SECOND = 257  # kinds of a token's second byte: none, or one of 256
BLANK = 256 * SECOND  # the kind of a token that is only white space
KINDS = BLANK + 1


class Copier:
    """How far a reply has come that copies from `text` or is one of `others`. Bytes of UTF-8 are taken token by token."""

    def __init__(self, text: str, others: Sequence[str]):
        starts, ends = edges(text)
        data = bytearray(text.encode("utf-8", "surrogatepass"))
        self._data = data if text.isascii() else _without_surrogates(data)
        self._bytes = np.frombuffer(bytes(self._data), np.uint8)
        offsets = byte_offsets(text)
        self._starts = offsets[np.array(starts, np.int64)]
        self._ends = np.zeros(len(data) + 1, bool)
        self._ends[offsets[np.array(ends, np.int64)]] = True
        self._places = self._starts  # where in the text the next byte of the reply would stand
        self._others = [other.encode() for other in dict.fromkeys(others)]
        self._said = b""
        self._whole = 0  # bytes of the reply up to the last place where it could end
        self._blank = False  # white space came first

    @property
    def begun(self) -> bool:
        """Whether the reply has a first word."""
        return bool(self._said)

    @property
    def may_end(self) -> bool:
        """Whether the reply is a quote, or another text, as it stands."""
        return self.begun and (self._said in self._others or bool(self._ends[self._places].any()))

    @property
    def text(self) -> str:
        """The reply up to the last place where it could end; "" before the first of these."""
        return self._said[: self._whole].decode().strip()

    def allows(self, token: bytes) -> bool:
        """Whether the reply may go on with these bytes."""
        if not self._said:
            token = token.lstrip(BLANKS)
            if not token:
                return not self._blank
        if not token or BARRED in token:
            return False
        said = self._said + token
        return any(other.startswith(said) for other in self._others) or self._fits(token)

    def take(self, token: bytes) -> None:
        """Go on with the bytes of a token that is allowed."""
        if not self._said:
            token = token.lstrip(BLANKS)
            if not token:
                self._blank = True
                return
        self._places = self._after(token)
        self._said += token
        self._others = [other for other in self._others if other.startswith(self._said)]
        if self.may_end:
            self._whole = len(self._said)

    def kinds(self) -> np.ndarray:
        """Which kinds of tokens may be allowed now, as flags by `Lexicon.kinds`: no other is."""
        found = np.zeros(KINDS, bool)
        found[BLANK] = not self.begun and not self._blank
        places = self._places[self._places < len(self._bytes)]
        first = self._bytes[places].astype(np.int32)
        found[first * SECOND] = True
        two = places + 1 < len(self._bytes)
        found[first[two] * SECOND + self._bytes[places[two] + 1] + 1] = True
        for other in self._others:
            rest = other[len(self._said) :]
            if rest:
                found[_kind(rest[:1])] = found[_kind(rest)] = True
        return found

    def _fits(self, token: bytes) -> bool:
        if len(self._places) <= FEW:
            return any(self._data.startswith(token, place) for place in self._places.tolist())
        return len(self._after(token)) > 0

    def _after(self, token: bytes) -> np.ndarray:
        """The places behind these bytes, where they stand at the present places."""
        places = self._places
        places = places[places + len(token) <= len(self._bytes)]
        for byte in token:
            places = places[self._bytes[places] == byte] + 1
            if not len(places):
                break
        return places


class Held(Protocol):
    """What a reply is held by: a `Copier`, or a `Holder` of cells."""

    @property
    def begun(self) -> bool: ...

    @property
    def may_end(self) -> bool: ...

    def allows(self, token: bytes) -> bool: ...

    def take(self, token: bytes) -> None: ...

    def kinds(self) -> np.ndarray: ...


class Spelling(Protocol):
    """What is needed of a vocabulary."""

    size: int
    markers: list[int]

    def is_end(self, token: int) -> bool: ...

    def piece(self, token: int) -> bytes: ...


class Lexicon:
    """The tokens of a vocabulary by the bytes they stand for. Made once for a model; it takes a moment."""

    def __init__(self, vocabulary: Spelling):
        barred = set(vocabulary.markers)
        self.ends = np.array([t for t in range(vocabulary.size) if vocabulary.is_end(t)], np.int64)
        barred |= set(self.ends.tolist())
        self._pieces = [b"" if t in barred else vocabulary.piece(t) for t in range(vocabulary.size)]
        kinds = [_kind(piece) if piece else -1 for piece in self._pieces]
        bare = [_kind(piece.lstrip(BLANKS)) if piece else -1 for piece in self._pieces]
        self._kinds, self._bare = np.array(kinds, np.int64), np.array(bare, np.int64)
        self._spelt = self._kinds >= 0

    def choose(self, logits: np.ndarray, copier: Held, drawn: int | None = None) -> int | None:
        """Return the token that was `drawn` if it is allowed, else the likeliest that is, and let the reply go on with it;
        None where none is."""
        may_end = copier.may_end
        ends = set(self.ends.tolist())
        token = int(logits.argmax()) if drawn is None else drawn
        if not self._allowed(token, copier, may_end, ends):
            found = self._search(logits, copier, may_end, ends)
            if found is None:
                return None
            token = found
        if token not in ends:
            copier.take(self._pieces[token])
        return token

    def _allowed(self, token: int, copier: Held, may_end: bool, ends: set[int]) -> bool:
        if token in ends:
            return may_end
        piece = self._pieces[token]
        return bool(piece) and copier.allows(piece)

    def _search(self, logits: np.ndarray, copier: Held, may_end: bool, ends: set[int]) -> int | None:
        """The likeliest allowed token among those whose first two bytes fit."""
        kinds = self._kinds if copier.begun else self._bare
        ids = np.flatnonzero(self._spelt & copier.kinds()[kinds])
        if may_end:
            ids = np.concatenate([ids, self.ends])
        if not len(ids):
            return None
        scores = logits[ids]
        if len(ids) > LOOKED_AT:
            best = np.argpartition(-scores, LOOKED_AT)[:LOOKED_AT]
            for at in best[np.argsort(-scores[best], kind="stable")].tolist():
                if self._allowed(int(ids[at]), copier, may_end, ends):
                    return int(ids[at])
        for at in np.argsort(-scores, kind="stable").tolist():
            if self._allowed(int(ids[at]), copier, may_end, ends):
                return int(ids[at])
        return None


def _kind(piece: bytes) -> int:
    """A token's first two bytes as one number."""
    if not piece:
        return BLANK
    return piece[0] * SECOND + (piece[1] + 1 if len(piece) > 1 else 0)


def byte_offsets(text: str) -> np.ndarray:
    """Where each character begins in UTF-8, and where the last one ends, in bytes."""
    if text.isascii():
        return np.arange(len(text) + 1)
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    sizes = 1 + (codes >= 0x80).astype(np.int64) + (codes >= 0x800) + (codes >= 0x10000)
    return np.concatenate([[0], np.cumsum(sizes)])


def _without_surrogates(data: bytearray) -> bytearray:
    """Put a byte that cannot be copied where UTF-8 would be broken."""
    at = data.find(b"\xed")
    while at >= 0:
        if data[at + 1] >= 0xA0:
            data[at : at + 3] = bytes([BARRED] * 3)
        at = data.find(b"\xed", at + 1)
    return data
