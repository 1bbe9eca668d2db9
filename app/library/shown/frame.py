"""What stands around the cards and the documents of the library, as trees: it is made once, and `library.js` fills it.

What a script fills or reads has its name in `data-part`.
"""

from __future__ import annotations

from typing import Any

from app.text.elements import Tree, el

OFF = {"autocomplete": "off"}


def library() -> list[Tree]:
    """How documents are added, with the list of cards; and the documents of one card, with their search."""
    bar = el("div", {"class": "library-bar"}, el("h2", None, "Library"), _status("summary"))
    cards = el("ul", {"class": "corpora", "aria-label": "Corpora", "data-part": "list"})
    return [
        el("div", {"class": "overview"}, bar, _adding(), cards),
        el(
            "div",
            {"class": "corpus-detail", "hidden": True},
            el("div", {"class": "detail-head", "data-part": "head"}),
            _detail_tools(),
            el("ol", {"class": "results", "aria-label": "Found", "hidden": True, "data-part": "results"}),
        ),
    ]


def _status(part: str) -> Tree:
    return el("span", {"class": "muted small", "role": "status", "data-part": part})


def _adding() -> Tree:
    path = {
        "class": "field mono",
        "data-part": "path",
        "rows": 1,
        "placeholder": "/home/me/papers",
        "aria-label": "Path of a folder or file",
        **OFF,
    }
    folder = {
        "id": "choose-folder",
        "type": "file",
        "webkitdirectory": True,
        "multiple": True,
        "hidden": True,
    }
    files = {"id": "choose-files", "type": "file", "multiple": True, "hidden": True}
    return el(
        "section",
        {"class": "card adding", "aria-label": "Add documents"},
        el(
            "form",
            {"class": "add-path"},
            el("h3", None, "Add a folder"),
            el(
                "div",
                {"class": "row"},
                el("textarea", path),
                el("button", {"class": "button primary", "type": "submit"}, "Add"),
            ),
            el("p", {"class": "path-error", "role": "alert", "data-part": "wrong"}),
            el(
                "p",
                {"class": "muted small"},
                "Read where it is, never moved or changed. Several paths: one on each line.",
            ),
        ),
        el(
            "div",
            {"class": "drop-zone"},
            el("icon", {"name": "upload"}),
            el(
                "span",
                None,
                "Drop folders or files here, or ",
                _choose("choose-folder", "choose a folder"),
                " or ",
                _choose("choose-files", "files"),
                ".",
            ),
            el("span", {"class": "muted small"}, "They are copied into Taproot’s private folder."),
        ),
        el("input", folder),
        el("input", files),
    )


def _choose(field: str, words: str) -> Tree:
    press = {"class": "plain", "type": "button", "data-does": "choose", "data-field": field}
    return el("button", press, words)


def _detail_tools() -> Tree:
    def field(part: str, kind: str, placeholder: str, label: str) -> Tree:
        named: dict[str, Any] = {"placeholder": placeholder, "aria-label": label, "data-part": part}
        return el("input", {"class": kind, "type": "search", **named, **OFF})

    return el(
        "div",
        {"class": "detail-tools"},
        field("search", "field search", "Search in all these documents", "Search in these documents"),
        _status("told"),
        el("span", {"class": "grow"}),
        el(
            "span",
            {"class": "row filter-bar", "data-part": "filterBar"},
            field("filter", "field", "Filter names", "Filter documents by name"),
            el(
                "label",
                {"class": "row small"},
                el("input", {"type": "checkbox", "id": "only-problems", "data-part": "only"}),
                "Only problems",
            ),
        ),
    )
