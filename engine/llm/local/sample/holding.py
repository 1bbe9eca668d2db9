"""Cells whose texts are held to what was seen: names, words of patterns, quotations. Bytes of UTF-8, token by token.

Code is free; only its string literals are held. One in `document(...)` is a name of a document as a whole. In a pattern
(a raw literal, or one for `grep`, `matching`, `search`) each run of letters begins a word that was seen, case aside. What is
asked of a sub-call (`..._query`), an f-string, one of three quotes and a comment are free. Every other literal is a quotation
of what was seen (see `engine.text.quoting`), holds no letter, or is one of a few other texts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.llm.local.sample.copying import KINDS, Copier, byte_offsets
from engine.text.quoting import edges
from engine.types import Json

FENCE = b"```"
PATTERNS = ("grep", "matching", "search")
NAMES = ("document",)
ASKING = re.compile(r"_(?:query|batched)$")
STEM = 3  # letters of a word that are enough of it
_WORD = re.compile(r"[^\W\d_]+")
_LITERAL = re.compile(r"[\"']{3}.*?[\"']{3}|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|#[^\n]*", re.DOTALL)
_PREFIX = re.compile(r"(?<!\w)([rRbBuUfF]{0,2})$")
_NAME = re.compile(r"(\w*)\s*$")


@dataclass(frozen=True, slots=True)
class _At:
    """Where the reply is: `mode` is before, code, comment, free, pattern, name, quote or after."""

    mode: str = "before"
    quote: bytes = b""
    said: bytes = b""  # since the literal began; in a pattern, of the run of letters
    escaped: bool = False
    bracket: bool = False
    before: bytes = b""  # the byte before this one in a pattern


class Holder:
    """How far a cell has come whose texts stand in `text` or are names in `names`. A `Copier` for whole cells."""

    begun = True
    text = None  # it is no quote

    def __init__(self, text: str, names: Sequence[str], others: Sequence[str]):
        text = text.encode("utf-8", "replace").decode()  # without lone surrogates
        starts, ends = edges(text)
        at = byte_offsets(text)
        self._data, self._others = text.encode(), tuple(others)
        self._starts, self._ends = set(at[starts].tolist()), set(at[ends].tolist())
        self._names = [name.encode() for name in names]
        self._words = lowered = {word.lower().encode() for word in _WORD.findall(text)}
        self._prefixes = {word[:length] for word in lowered for length in range(1, len(word) + 1)}
        self._reply = b""
        self._at = _At()

    @property
    def may_end(self) -> bool:
        """Whether no literal is open."""
        return self._at.mode in ("before", "code", "comment", "after")

    def kinds(self) -> np.ndarray:
        """All kinds of tokens may be allowed."""
        return np.ones(KINDS, bool)

    def allows(self, token: bytes) -> bool:
        """Whether the reply may go on with these bytes."""
        return self._go(token) is not None

    def take(self, token: bytes) -> None:
        """Go on with the bytes of a token that is allowed."""
        at = self._go(token)
        assert at is not None
        self._at, self._reply = at, self._reply + token

    def _go(self, token: bytes) -> _At | None:
        at, reply = self._at, self._reply
        for number in token:
            byte = bytes([number])
            step = self._step(at, byte, reply)
            if step is None:
                return None
            at, reply = step, reply + byte
        return at

    def _step(self, at: _At, byte: bytes, reply: bytes) -> _At | None:
        if at.mode == "before":
            opened = FENCE in reply and byte == b"\n"
            return _At("code") if opened else at
        if at.mode == "code":
            if byte in (b'"', b"'"):
                return self._open(byte, reply)
            if byte == b"#":
                return _At("comment")
            return _At("after") if (reply + byte).endswith(b"\n" + FENCE) else at
        if at.mode == "comment":
            return _At("code") if byte == b"\n" else at
        if at.mode == "after":
            return at
        if at.escaped:
            return replace(at, escaped=False, before=b"")
        if byte == b"\\" and at.mode in ("free", "pattern"):
            if at.mode == "pattern" and not self._ends_well(at.said):
                return None
            return replace(at, escaped=True, said=b"")
        if byte == at.quote:
            return self._close(at)
        if byte == b"\n":
            return None
        return self._inside(at, byte)

    def _open(self, byte: bytes, reply: bytes) -> _At:
        code = reply.decode("utf-8", "replace").partition("\n")[2]
        prefix, call = _prefix(code), _innermost(code)
        if "f" in prefix or ASKING.search(call):
            return _At("free", byte)
        if "r" in prefix or call in PATTERNS:
            return _At("pattern", byte)
        return _At("name" if call in NAMES and self._names else "quote", byte)

    def _close(self, at: _At) -> _At | None:
        if at.mode == "pattern" and not self._ends_well(at.said):
            return None
        if at.mode == "name" and at.said not in self._names:
            return None
        if at.mode == "quote" and at.said:
            said = at.said.decode("utf-8", "replace")
            if (
                any(map(str.isalnum, said))
                and said not in self._others
                and not self._copied(at.said, whole=True)
            ):
                return None
        return _At("code")

    def _inside(self, at: _At, byte: bytes) -> _At | None:
        said = at.said + byte
        if at.mode == "name":
            return replace(at, said=said) if any(name.startswith(said) for name in self._names) else None
        if at.mode == "quote":
            fits = not any(map(str.isalnum, said.decode("utf-8", "replace"))) or self._copied(
                said, whole=False
            )
            fits = fits or any(other.encode().startswith(said) for other in self._others)
            return replace(at, said=said) if fits else None
        if at.mode == "free":
            return at
        if at.bracket or byte == b"[":
            return replace(at, bracket=byte != b"]", said=b"", before=byte)
        letter = byte.isalpha() or byte >= b"\x80"
        if not letter:
            return replace(at, said=b"", before=byte) if self._ends_well(at.said) else None
        if at.before == b"?":  # a flag
            return replace(at, said=b"", before=b"?")
        run = (at.said + byte).lower()
        return replace(at, said=run, before=byte) if run in self._prefixes else None

    def _ends_well(self, run: bytes) -> bool:
        """Whether a run of letters of a pattern may end: it is a word or its beginning."""
        return not run or len(run) >= STEM or run in self._words

    def _copied(self, said: bytes, *, whole: bool) -> bool:
        place = self._data.find(said)
        while place >= 0:
            if place in self._starts and (not whole or place + len(said) in self._ends):
                return True
            place = self._data.find(said, place + 1)
        return False


def _prefix(code: str) -> str:
    found = _PREFIX.search(code)
    return found[1].lower() if found else ""


def _innermost(code: str) -> str:
    """The name of the innermost call that is open at the end of `code`, "" where none is."""
    plain = _LITERAL.sub("0", code)
    depth = 0
    for place in range(len(plain) - 1, -1, -1):
        depth += {")": 1, "(": -1}.get(plain[place], 0)
        if depth < 0:
            name = _NAME.search(plain, 0, place)
            if name and name[1]:
                return name[1]
            depth = 0
    return ""


def held(source: Json) -> Copier | Holder:
    """What holds a reply to a `Quote` or a `HeldCell`, told as JSON."""
    if "names" in source:
        return Holder(source["text"], source["names"], source["others"])
    return Copier(source["text"], source["others"])
