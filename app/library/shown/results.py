"""What a search in all documents of a card found, as trees."""

from __future__ import annotations

from app.text.elements import Tree, el, marked
from app.text.words import line, many
from engine.types import Json


def told(hits: list[Json]) -> str:
    """How much was found, in words."""
    return f"the {many(len(hits), 'best line', 'best lines')}" if hits else "not found"


def lines(hits: list[Json], query: str) -> list[Tree]:
    """The items of a list, of the hits of `app.library.documents.Documents.search`; a button opens a document at a place."""
    if not hits:
        return [el("li", {"class": "empty"}, f"No line has words of “{line(query, 80)}”.")]
    return [_line(hit) for hit in hits]


def _line(hit: Json) -> Tree:
    place = {f"data-{name}": hit[name] for name in ("document", "start", "end")}
    return el(
        "li",
        None,
        el(
            "button",
            {"class": "result", "type": "button", "data-does": "place", **place},
            el("span", {"class": "result-place"}, f"{line(hit['name'], 200)}, {line(hit['place'], 200)}"),
            el("span", {"class": "result-text", "dir": "auto"}, *marked(hit["text"], hit["marks"])),
        ),
    )
