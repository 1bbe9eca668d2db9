"""What is asked of a picture of a page. Apart from the drawing, so that the app need not load what draws."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which page (from 1), how wide (pixels), and which characters [start, end) of its stored `text` to highlight."""

    page: int
    width: int
    text: str
    start: int
    end: int
