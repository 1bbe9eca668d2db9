"""The Sessions view, as trees: the search, the sessions that were found, and a button for more of them. Pure.

Buttons say in `data-does` what `sessions.js` does when they are pressed.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.runs.listing.session_rows import session_row
from app.text.elements import Tree, el
from app.text.words import line, many
from engine.types import Json

PAGE = 100  # sessions that are shown at first, and more with each press


@dataclass(frozen=True)
class Look:
    """How a person looks at the sessions: the words that are searched, the documents, how many, the one to compare."""

    query: str = ""
    corpus: str = ""
    limit: int = PAGE
    first: str = ""


def sessions_page(sessions: list[Json], corpora: list[Json], look: Look) -> list[Tree]:
    """The view of what `app.runs.sessions.Sessions.list` found; `corpora` are the cards of the library."""
    rows: list[Tree] = [session_row(one, look.query, look.first) for one in sessions] or [_none(look.query)]
    shown = [
        _bar(many(len(sessions), "session") if look.query else "", corpora),
        el("ul", {"class": "sessions", "aria-label": "Sessions"}, *rows),
    ]
    if len(sessions) == look.limit:
        more = {"class": "button", "type": "button", "data-does": "more"}
        shown.append(el("button", more, "Show more"))
    return shown


def _bar(found: str, corpora: list[Json]) -> Tree:
    options = [
        el("option", {"value": one["id"], "data-key": one["id"]}, line(one["name"], 60)) for one in corpora
    ]
    field = {
        "class": "field session-search",
        "type": "search",
        "placeholder": "Search questions, answers, code and outputs",
        "aria-label": "Search sessions",
        "autocomplete": "off",
    }
    return el(
        "div",
        {"class": "session-bar"},
        el("h2", {}, "Sessions"),
        el("span", {"class": "grow"}),
        el("span", {"class": "muted small", "role": "status"}, found),
        el(
            "select",
            {"class": "field", "aria-label": "Documents", "hidden": len(corpora) < 2},
            el("option", {"value": ""}, "All documents"),
            *options,
        ),
        el("input", field),
    )


def _none(query: str) -> Tree:
    if query:
        words = "Nothing found. Words are looked for in questions, answers, code and outputs."
        return el("li", {"class": "empty"}, words)
    ask = {"class": "button primary", "type": "button", "data-does": "ask"}
    return el(
        "li", {"class": "empty"}, el("p", {}, "No question has been asked yet."), el("button", ask, "Ask one")
    )
