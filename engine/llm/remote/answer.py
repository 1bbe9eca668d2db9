"""One reply of a server as it comes, and what is told of it at its end. Pure but for the clock."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.reply import find_ending
from engine.types import Json

LITTLE = 0.5  # a count below this share of our estimate teaches nothing: the prompt was cut, or its cached part left out


@dataclass(slots=True)
class Answer:
    """A reply as it comes. `thinking`: an opened thought is not closed yet; `ended`: before the server ended it."""

    text: str = ""
    sent: int = 0
    seen: int = 0
    finish: str = ""
    ended: bool = False
    chunks: int = 0
    thinking: bool = False
    usage: Any = None
    started: float = field(default_factory=time.monotonic)
    first: float = 0.0

    @property
    def reused(self) -> int:
        """Tokens of the prompt that the server had in a cache, as far as it says."""
        return getattr(getattr(self.usage, "prompt_tokens_details", None), "cached_tokens", 0) or 0

    @property
    def read(self) -> int:
        """Tokens of the prompt as the server counted them, 0 if it did not. Some count those in a cache apart."""
        counted = getattr(self.usage, "prompt_tokens", 0) or 0
        return counted + self.reused if self.reused > counted else counted

    def take(self, choice: Any, *, cells: bool) -> None:
        """Add one piece of text; stop where the reply has to end, so that the server need not write on."""
        delta = choice.delta
        thought = getattr(delta, "reasoning_content", None) or getattr(delta, "reasoning", None) or ""
        text = delta.content or ""
        if thought or text:
            self.first = self.first or time.monotonic()
            self.chunks += 1
        if thought:
            self.text += thought if self.thinking else f"<think>{thought}"
            self.thinking = True
        if text:
            self.text += f"</think>{text}" if self.thinking else text
            self.thinking = False
        ending = find_ending(self.text, cells=cells, seen=self.seen)
        self.seen = len(self.text)
        if ending is not None:
            self.text, self.ended = self.text[: max(ending.at, self.sent)], True
            self.finish = ending.finish
        elif choice.finish_reason:
            self.finish = "length" if choice.finish_reason == "length" else "stop"

    def report(self, messages: Sequence[tuple[str, str]], estimate: int, arrived: float) -> Json:
        """The reply as the app gets it: what the server counted, else an estimate from bytes and pieces.

        `estimate`: tokens of the prompt as the app reckoned; `arrived`: when it asked, on the monotonic clock.
        """
        now, read, reused = time.monotonic(), self.read, self.reused
        written = getattr(self.usage, "completion_tokens", 0) or 0
        prompt = read or estimate
        first = self.first or now
        return {
            "text": self.text,
            "finish": self.finish,
            "prompt_tokens": prompt,
            "reused_tokens": reused,
            "completion_tokens": written or self.chunks,
            "evaluated_tokens": prompt - reused,
            "seconds": now - self.started,
            "queue_seconds": max(0.0, self.started - arrived),
            "prefill_seconds": first - self.started,
            "decode_seconds": now - first if self.first else 0.0,
            "log_extended": False,
            "counted": read >= LITTLE * estimate,
            "prompt_bytes": sum(len(content.encode("utf-8", "replace")) for _, content in messages),
            "content_tokens": read - 8 * len(messages),
        }
