"""A card in words: where its documents come from, how much it holds, what changed and when."""

from __future__ import annotations

import time
from datetime import datetime

from app.text.elements import Tree, el
from app.text.words import amount, line, many
from engine.types import Json

SHOWN_NAMES = 12
KINDS = {"added": "added", "changed": "changed", "moved": "moved", "removed": "gone"}


def shown(card: Json) -> Json:
    """Of a card of `app.library.service.Library.cards`: {source, facts, changes: trees; read}; no changes, "": none."""
    return {
        "source": _source(card),
        "facts": _facts(card),
        "changes": _changes(card),
        "read": f"read {ago(card['updated'])}",
    }


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
    """What the newest version changed, to be unfolded."""
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
    summary = el("summary", None, f"What changed {ago(card['updated'])}: {counts}{same}")
    return el("details", {"class": "changes"}, summary, el("ul", None, *items))


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
