"""Sampled tokens to the text a person and the reply parser see, and the point where the reply ends."""

from __future__ import annotations

import codecs
from typing import Literal, Protocol

from engine.llm.base import Finish
from engine.llm.local.text.template import THINK_CLOSE, THINK_OPEN, Pieces
from engine.reply import find_ending

MAX_CHANNEL_HEADER = 200  # characters; a longer one is text without a header


class Speller(Protocol):
    """What speech needs of a vocabulary."""

    def text(self, token: int) -> str: ...

    def piece(self, token: int) -> bytes: ...


class Speech:
    """The growing text of one reply. Feed it tokens; `ended` tells when to stop, `finish` why.

    `text` never holds control tokens; thoughts stand between `<think>` and `</think>` for every family,
    a harmony call of the python tool becomes a fenced cell. `cells`: the reply of a node, see `find_ending`.
    """

    def __init__(self, vocabulary: Speller, pieces: Pieces, *, cells: bool = False):
        self.text = "<think>\n" if pieces.opens_thinking else ""
        self.ended = False
        self.finish: Finish = "stop"
        self._vocabulary = vocabulary
        self._cells = cells
        self._stops = pieces.stops
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._channel = _Channels() if pieces.harmony else None
        self._sent = 0
        self._seen = 0

    @property
    def answering(self) -> bool:
        """Whether what comes next belongs to the answer, not to a thought or a header."""
        if self._channel is not None:
            return self._channel.in_prose
        return self.text.rfind("<think>") <= self.text.rfind("</think>")

    def feed(self, token: int, *, copied: bool = False) -> None:
        """Add one sampled token and look whether the reply ends with it; a `copied` one ends no reply."""
        marker = self._vocabulary.text(token)
        if self._channel is not None and (words := self._channel.marker(marker)) is not None:
            self.text += words
        elif marker in THINK_OPEN:
            self.text += "<think>"
        elif marker in THINK_CLOSE:
            self.text += "</think>"
        else:
            words = self._decoder.decode(self._vocabulary.piece(token))
            self.text += self._channel.words(words) if self._channel is not None else words
        if not copied:
            self._look_for_end()

    def complete(self) -> None:
        """Add what waits for bytes or for a header that never came."""
        if not self.ended:
            self.text += self._decoder.decode(b"", final=True)
            if self._channel is not None:
                self.text += self._channel.rest()

    def unsent(self) -> str:
        """Return the text added since the last call, without the start of what may become a stop text."""
        end = len(self.text)
        if not self.ended:
            for stop in self._stops:
                end = min(end, len(self.text) - _overlap(self.text, stop))
        delta = self.text[self._sent : end]
        self._sent = max(self._sent, end)
        return delta

    def _look_for_end(self) -> None:
        for stop in self._stops:
            found = self.text.find(stop, max(0, self._sent - len(stop)))
            if found >= 0:
                self.text, self.ended = self.text[:found], True
        if not self.ended:
            ending = find_ending(self.text, cells=self._cells, seen=self._seen)
            self._seen = len(self.text)
            if ending is not None:
                self.text, self.ended, self.finish = self.text[: ending.at], True, ending.finish


class _Channels:
    """gpt-oss writes `<|channel|>NAME<|message|>TEXT<|end|><|start|>assistant...`; this turns it into prose,
    thoughts and cells. Format: OpenAI's harmony response format.
    """

    def __init__(self) -> None:
        self._header = ""
        self._in: Literal["header", "thought", "cell", "prose"] = "header"

    @property
    def in_prose(self) -> bool:
        """Whether what comes next is ordinary text."""
        return self._in == "prose"

    def marker(self, text: str) -> str | None:
        """Return what a marker token stands for; None when the token is no harmony marker."""
        if text in ("<|start|>", "<|channel|>", "<|constrain|>"):
            closing = self._close()
            self._in = "header"
            self._header += " "
            return closing
        if text == "<|message|>":
            return self._open()
        if text in ("<|end|>", "<|return|>", "<|call|>"):
            closing = self._close()
            self._in, self._header = "header", ""
            return closing
        return None

    def words(self, text: str) -> str:
        """Return the ordinary text to show; a header is kept back."""
        if self._in != "header":
            return text
        self._header += text
        if len(self._header) <= MAX_CHANNEL_HEADER:
            return ""
        self._in, header, self._header = "prose", self._header, ""
        return header

    def rest(self) -> str:
        """Return a header that turned out to be text, if it does not look like one."""
        header, self._header = self._header.strip(), ""
        return "" if header.split(" ")[0] in ("", "assistant", "analysis", "commentary", "final") else header

    def _open(self) -> str:
        header, self._header = self._header, ""
        if "to=python" in header:
            self._in = "cell"
            return "```python\n"
        if "analysis" in header:
            self._in = "thought"
            return "<think>"
        self._in = "prose"
        return ""

    def _close(self) -> str:
        if self._in == "thought":
            return "</think>\n"
        return "\n```\n" if self._in == "cell" else ""


def _overlap(text: str, stop: str) -> int:
    """Return how many characters at the end of `text` may be the start of `stop`."""
    for length in range(min(len(stop) - 1, len(text)), 0, -1):
        if text.endswith(stop[:length]):
            return length
    return 0
