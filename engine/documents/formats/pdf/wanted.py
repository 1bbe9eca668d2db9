"""What is asked of a picture of a page. Apart from the drawing, so that the app need not load what draws."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which page (from 1), how wide (pixels), and which characters [start, end) of its stored `text` to highlight."""

    page: int
    width: int
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Within:
    """Which file within a file: `inside` the one called `file`, of so many bytes; `sha256` of it where that is known, else ""."""

    file: str
    inside: str
    size: int
    sha256: str = ""

    def is_it(self, data: bytes) -> bool:
        """Whether these are the bytes that were read."""
        return len(data) == self.size and self.sha256 in ("", hashlib.sha256(data).hexdigest())
