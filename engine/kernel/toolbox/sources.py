"""What a cell names as sources: spans each once, and plain texts that are quotations or names."""

from __future__ import annotations

from typing import Any

from engine.kernel.toolbox.final import Spans

QUOTE_CHARS = 2000


def texts(source: Any) -> list[str]:
    """Plain texts among the sources: quotations, or names of documents."""
    if type(source) is str and source.strip():
        return [source[:QUOTE_CHARS]]
    if isinstance(source, list | tuple | set) and not hasattr(source, "total"):
        return [text for item in source for text in texts(item)]
    return []


def unique(spans: Spans) -> Spans:
    return [list(span) for span in dict.fromkeys(map(tuple, spans))]
