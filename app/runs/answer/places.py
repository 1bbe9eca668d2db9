"""Where things stand in documents: in words, and as a button that opens them."""

from __future__ import annotations

from typing import Any

from app.text.elements import el
from app.text.words import line
from engine.types import Json

QUOTE = 280  # characters of a passage that are shown


def place(source: Json, limit: int = 400) -> str:
    """ "name, line 12, page 3" of a source, "name, line 12, Fees!C14" of cells."""
    page = f", page {source['page']}" if source.get("page") else ""
    cell = f", {line(source['cell'], limit)}" if source.get("cell") else ""
    return f"{line(source['name'], limit)}, line {source['line']}{page}{cell}"


def brief(text: str) -> str:
    """The beginning of a passage on one line."""
    return line(text, QUOTE)


def opens(document: int, start: int | None = None, end: int | None = None) -> dict[str, Any]:
    """Attributes of a button that opens a document, at a span where there is one."""
    span = {} if start is None else {"start": start, "end": end}
    return {"type": "button", "dataset": {"does": "document", "document": document, **span}}


def nearest(words: str, text: str, target: dict[str, Any]) -> list[Any]:
    """The button below what does not stand in the documents: the passage that comes nearest."""
    return el(
        "button",
        {"class": "source source-nearest", **target},
        el("span", {"class": "source-place"}, f"Nearest passage: {words}"),
        el("q", {"class": "source-quote", "dir": "auto"}, brief(text)),
    )
