"""What a server says when a prompt is too long for it. Pure."""

from __future__ import annotations

import re

from engine.errors import ModelError


class Overflow(ModelError):
    """A prompt does not fit the server's window. `needed` and `window` in tokens, 0 where nobody says."""

    def __init__(self, needed: int, window: int):
        super().__init__("too long")
        self.needed, self.window = needed, window


def overflow_of(words: str) -> Overflow | None:
    """Read a refused request's message: an Overflow if it is about the prompt's length, with the numbers named."""
    if not re.search(r"context|n_ctx|too long|exceeds?\b.*tokens", words, re.IGNORECASE):
        return None
    found = [int(n) for n in re.findall(r"\b(\d{2,8})\s*tokens", words)]
    if not found:
        return Overflow(0, 0)
    return Overflow(max(found) if max(found) > min(found) else 0, min(found))
