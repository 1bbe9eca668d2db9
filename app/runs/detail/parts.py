"""The small parts of a node's details: what belongs to an event, what is folded, long texts, buttons. Pure."""

from __future__ import annotations

from typing import Any

from app.text.elements import Tree, el
from app.text.terminal import Style, coloured, uncut

LINES = 60  # of one text, before a button shows the rest
CHARACTERS = 12_000
FEW = 200  # characters that are too few for a button


def when(tree: list[Any], since: int | None, until: int | None = None) -> list[Any]:
    """The element, which the page shows from event `since` on (None: always) and before event `until` (None: for good)."""
    seqs = {name: seq for name, seq in (("since", since), ("until", until)) if seq is not None}
    data = {**tree[1].get("dataset", {}), **seqs}
    return [tree[0], {**tree[1], "dataset": data}, *tree[2:]] if data else tree


def button(drawing: str, name: str, data: dict[str, str], kind: str = "") -> list[Any]:
    """A button with a drawing alone, which the page acts on by its data."""
    look = {"type": "button", "class": f"button {kind}", "title": name, "aria-label": name, "dataset": data}
    return el("button", look, icon(drawing))


def icon(name: str) -> list[Any]:
    """One of the drawings in `app/runs/static/tree/icons.svg`."""
    return el("icon", {"name": name})


def fold(
    key: str, words: str, title: str, content: list[Tree], *, opened: bool = False
) -> tuple[list[Any], list[Any]]:
    """A button and the panel that it shows and hides; `key` is of one word or two."""
    panel = f"fold-{key.replace(' ', '-')}"
    look = {
        "type": "button",
        "class": "button fold-switch",
        "title": title,
        "aria-controls": panel,
        "aria-expanded": "true" if opened else "false",
    }
    return el("button", look, words), el(
        "div", {"class": "fold" if opened else "fold shut", "id": panel}, *content
    )


def long(text: str, *, lines: int = LINES, characters: int = CHARACTERS, terminal: bool = False) -> list[Any]:
    """A text as a block; a long one shows its beginning and a button for the rest. `terminal`: with its colours."""
    end = _end(text, lines, characters)
    end = uncut(text, end) if terminal else end
    style: Style = {}
    head, rest = (
        (coloured(part, style) if terminal else [part] if part else []) for part in (text[:end], text[end:])
    )
    if not rest:
        return el("pre", {"class": "text"}, *head)
    words = f"Show {len(text) - end:,} more characters"
    block = el("pre", {"class": "text", "tabIndex": -1}, *head)
    return el("div", {"class": "long"}, el("more", {"words": words, "class": "button show"}, block, *rest))


def _end(text: str, lines: int, characters: int) -> int:
    """Where the beginning of a text ends."""
    end = min(len(text), characters)
    at = -1
    for _ in range(lines):
        at = text.find("\n", at + 1)
        if at < 0 or at >= end:
            return end
    return len(text) if len(text) - at < FEW else at


def note(level: str, text: str) -> list[Any]:
    """A sentence about what happened."""
    return el("p", {"class": f"note {level}"}, icon("note"), el("span", {}, text))


def indented(kind: str, *children: Tree | None) -> list[Any]:
    """What stands beside the numbers of the cells."""
    return el(
        "div",
        {"class": f"beside {kind}"},
        el("div", {"class": "gutter"}),
        el("div", {"class": "grow"}, *children),
    )
