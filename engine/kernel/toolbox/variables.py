"""What a variable of a cell is, in a few words, without running code of its class."""

from __future__ import annotations

from typing import Any

from engine.kernel.toolbox.replies import PieceAnswer

SUMMARY_CHARS = 100


def summary(value: Any) -> str:
    """What a variable is, without running code of its class."""
    kind = type(value)
    if kind in (bool, int, float, complex, type(None)):
        text = repr(value) if kind is not int or abs(value) < 10**40 else "a large integer"
        return f"{kind.__name__} {text}"
    if kind is str:
        return f"str, {len(value):,} characters: {value[:40]!r}"[:SUMMARY_CHARS]
    if kind in (list, tuple, set, frozenset, dict):
        return f"{kind.__name__} of {len(value):,}"
    if isinstance(value, str):
        kind = str if kind is PieceAnswer else kind
        return f"{kind.__name__}, {str.__len__(value):,} characters"
    return kind.__name__[:SUMMARY_CHARS]
