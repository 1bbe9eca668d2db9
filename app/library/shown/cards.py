"""The cards of the library, and the head of one that is open.

Buttons say in `data-does` what `library.js` does when they are pressed, and with which card.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from app.notes.shown import switch
from app.text.elements import Tree, el
from app.text.words import amount, line, many, moment
from engine.types import Json

SHOWN_NAMES = 12
KINDS = {"added": "added", "changed": "changed", "moved": "moved", "removed": "gone"}
BACK = "Back to the library"
WATCH = "read again when something changes"


def shown(
    cards: list[Json], busy: Callable[[str], bool], notes: dict[str, Json], sample_deleted: bool
) -> Json:
    """All cards of `app.library.service.Library.cards`, with what `app.notes.service` says of each.

    {"summary": words; "cards": trees; "heads": [{"of": ids of a card, "corpus": its newest, "trees"}]; "no_head": trees}.
    """
    listed = [_card(card, busy(card["card"]), notes.get(card["card"])) for card in cards]
    documents = many(sum(card["documents"] for card in cards), "document")
    return {
        "summary": f"{documents} in {many(len(cards), 'collection')}" if cards else "",
        "cards": [*listed, _sample_deleted()] if sample_deleted else listed,
        "heads": [
            {
                "of": [card["card"], *card["versions"]],
                "corpus": card["id"],
                "trees": _head(card, busy(card["card"])),
            }
            for card in cards
        ],
        "no_head": _no_head(),
    }


def _card(card: Json, busy: bool, notes: Json) -> Tree:
    name = line(card["name"], 200)
    return el(
        "li",
        {
            "class": "card corpus",
            "data-key": card["card"],
            "data-card": card["card"],
            "data-id": card["id"],
        },
        el(
            "div",
            {"class": "corpus-top"},
            el("button", _press("corpus-name", "documents", card, dir="auto"), name),
            _tools(card, busy),
        ),
        el("p", {"class": "corpus-source", "title": _all_sources(card)}, _source(card)),
        el("p", {"class": "corpus-facts"}, *_facts(card)),
        _chips(card, busy),
        switch(card, notes) if notes else None,
        _questions(card["questions"]) if card["questions"] else None,
        el(
            "div",
            {"class": "corpus-foot"},
            el("button", _press("button", "documents", card), "Documents"),
            _ask(card, "button"),
        ),
    )


def _sample_deleted() -> Tree:
    """What stands in the place of the card of the sample documents once a person deleted them."""
    return el(
        "li",
        {"class": "card corpus absent", "data-key": "sample"},
        el("p", {"class": "muted"}, "The sample documents were deleted."),
        el("button", {"class": "button", "type": "button", "data-does": "sample"}, "Bring them back"),
    )


def _head(card: Json, busy: bool) -> list[Tree]:
    """The head of a card that is open, above its documents."""
    notices = [el("p", {"class": "muted small"}, line(notice, 500)) for notice in card["notices"]]
    row = el(
        "div",
        {"class": "row"},
        _back(),
        el("h2", {"dir": "auto"}, line(card["name"], 200)),
        _tools(card, busy),
        el("span", {"class": "grow"}),
        _ask(card, "button primary"),
    )
    return [
        row,
        el("p", {"class": "corpus-source"}, _source(card)),
        el("p", {"class": "corpus-facts"}, *_facts(card), f" · {_read(card)}"),
        *notices,
        _changes(card),
    ]


def _no_head() -> list[Tree]:
    """The head where the card that is asked for is not there."""
    words = "This corpus is not in the library; it may have been deleted."
    return [el("div", {"class": "row"}, _back(), el("p", {"class": "muted"}, words))]


def _press(kind: str, does: str, card: Json, **more: Any) -> dict[str, Any]:
    return {"class": kind, "type": "button", "data-does": does, "data-card": card["card"], **more}


def _icon(name: str) -> Tree:
    return el("icon", {"name": name})


def _back() -> Tree:
    named = {"title": BACK, "aria-label": BACK}
    return el("button", {"class": "quiet", "type": "button", "data-does": "back", **named}, _icon("left"))


def _ask(card: Json, kind: str) -> Tree:
    return el("button", _press(kind, "ask", card, **{"data-corpus": card["id"]}), _icon("ask"), "Ask")


def _tools(card: Json, busy: bool) -> Tree:
    short = line(card["name"], 80)

    def tool(does: str, drawing: str, label: str, more: dict[str, Any]) -> Tree:
        named = {"title": label, "aria-label": f"{label}: {short}", "data-key": does}
        return el("button", _press("quiet", does, card, **named, **more), _icon(drawing))

    tools = []
    if card["kind"] == "folder":
        watch = f"Watched: {WATCH}" if card["watched"] else f"Watch: {WATCH}"
        tools.append(tool("watch", "eye", watch, {"aria-pressed": str(card["watched"]).lower()}))
    if card["kind"] != "upload":
        tools.append(tool("rescan", "refresh", "Read the folder again", {"disabled": busy}))
    if locked := card["locked"]:
        words = f"{many(locked, 'file is', 'files are')} protected by a password."
        asks = {"data-title": f"Unlock files of “{short}”", "data-words": words, "disabled": busy}
        tools.append(tool("unlock", "key", f"Unlock {many(locked, 'file')} with a password", asks))
    tools.append(tool("rename", "edit", "Rename", {"data-name": card["name"]}))
    tools.append(tool("remove", "trash", "Delete", {"disabled": busy}))
    return el("span", {"class": "corpus-tools"}, *tools)


def _chips(card: Json, busy: bool) -> Tree:
    problems = None
    if card["problems"]:
        press = _press("chip warn", "documents", card, **{"data-problems": "1"})
        problems = el("button", press, _icon("warning"), many(card["problems"], "problem"))
    return el(
        "div",
        {"class": "corpus-chips"},
        problems,
        el("span", {"class": "chip info"}, "being read") if busy else None,
        el("span", {"class": "chip"}, "watched") if card["watched"] else None,
        el("span", {"class": "muted small", "title": moment(card["updated"])}, _read(card)),
    )


def _questions(runs: list[Json]) -> Tree:
    def question(run: Json) -> Tree:
        press = {"class": "question-link", "type": "button", "dir": "auto", "data-does": "run"}
        words = el("span", None, line(run["question"], 160))
        return el("li", None, el("button", {**press, "data-run": run["run"]}, _icon("ask"), words))

    return el("ul", {"class": "corpus-questions", "aria-label": "Last questions"}, *map(question, runs))


def _read(card: Json) -> str:
    return f"read {ago(card['updated'])}"


def _all_sources(card: Json) -> str:
    return "\n".join(line(source, 1000) for source in card["sources"])


def _source(card: Json) -> Tree:
    if card["kind"] == "sample":
        return "Comes with Taproot"
    if card["kind"] == "upload":
        return "Uploaded into Taproot’s private folder"
    first, *others = card["sources"]
    words = f"{line(first, 300)} and {len(others):,} more" if others else line(first, 400)
    return el("span", {"class": "mono"}, words)


def _facts(card: Json) -> list[Tree]:
    parts = [
        many(card["documents"], "document"),
        card["pages"] and many(card["pages"], "page"),
        f"{card['chars']:,} characters",
        amount(card["bytes"]),
        card["runs"] and many(card["runs"], "question"),
    ]
    first, *others = [el("span", None, part) for part in parts if part]
    return [first, *(one for other in others for one in (" · ", other))]


def _changes(card: Json) -> Tree:
    """What the newest version changed, to be unfolded; "" where nothing did."""
    changes = card["changes"] or {}
    kinds = [kind for kind in KINDS if changes.get(kind, {}).get("count")]
    if not kinds:
        return ""
    same = f", {changes['same']['count']:,} as before" if changes.get("same") else ""
    counts = ", ".join(f"{changes[kind]['count']:,} {KINDS[kind]}" for kind in kinds)
    items: list[Tree] = []
    for kind in kinds:
        names = changes[kind]["names"][:SHOWN_NAMES]
        what = el("span", {"class": f"change {kind}"}, KINDS[kind])
        items += [el("li", None, what, " ", line(name, 300)) for name in names]
        if more := changes[kind]["count"] - len(names):
            items.append(el("li", {"class": "muted"}, f"and {more:,} more {KINDS[kind]}"))
    said = el("summary", None, f"What changed {ago(card['updated'])}: {counts}{same}")
    return el("details", {"class": "changes", "data-key": card["id"]}, said, el("ul", None, *items))


def ago(then: float) -> str:
    """A moment (seconds since 1970): "just now", "5 min ago", "3 h ago", "on 4 Nov 2026"."""
    passed = time.time() - then
    if passed < 60:
        return "just now"
    if passed < 3600:
        return f"{passed / 60:.0f} min ago"
    if passed < 22 * 3600:
        return f"{passed / 3600:.0f} h ago"
    day = datetime.fromtimestamp(then)
    return f"on {day.day} {day:%b %Y}"
