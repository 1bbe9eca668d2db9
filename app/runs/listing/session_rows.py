"""A session in the list of all, and what is said once one was deleted. Pure.

A button has what it does as data: `data-does` is "run" (that of `data-run`, at `data-node`) or another action of the list.
"""

from __future__ import annotations

import re
from typing import Any

from app.runs.head.marks import forced_chip, forked_from, status_chip
from app.text.elements import Tree, el, marked
from app.text.words import duration, line, many
from engine.types import Json

SHOWN_HITS = 4
WORDS = 12  # of a query that are marked
CHARS = 300  # of a title, a question, an answer
PLACES = {
    "question": "Question",
    "answer": "Answer",
    "code": "Code",
    "output": "Output",
    "title": "Title",
    "prompt": "Prompt",
    "text": "Reply",
}
DELETED = (
    ("runs", "question", "questions"),
    ("events", "event", "events"),
    ("blobs", "stored image or long text", "stored images or long texts"),
    ("folders", "folder", "folders"),
)


def session_row(one: Json, query: str, first: str = "") -> Tree:
    """The row of a session (`app.runs.sessions.Sessions.list`), with the words of a query marked.

    `first` is the run that is to be compared with another.
    """
    whole = one["title"] or one["question"]
    title = line(whole, CHARS)
    runs = one["runs"]
    renamed = one["title"] and one["title"] != one["question"]
    named = {"dir": "auto"}
    meta = el(
        "span",
        {"class": "session-meta"},
        status_chip(one["status"]),
        forced_chip(one),
        el("span", {}, line(one["corpus_name"] or one["corpus"] or "", 60)),
        el("span", {}, line(one["model"] or "", 50)),
        el("span", {}, many(len(runs), "question")) if len(runs) > 1 else None,
        el("span", {}, f"took {duration(one['seconds'])}") if one["seconds"] else None,
        el("moment", {"at": one["started"] or 0}),
    )
    open_ = el(
        "button",
        {"class": "session-open", "type": "button", "dataset": {"does": "run", "run": runs[-1]}},
        el("span", {"class": "session-title", **named}, *_marked(title, query)),
        el("span", {"class": "session-sub", **named}, line(one["question"], CHARS)) if renamed else None,
        el("span", {"class": "session-answer", **named}, *_marked(line(one["answer"] or "", CHARS), query)),
        meta,
    )
    compared = {"data-run": runs[-1], "aria-pressed": "true" if first == runs[-1] else "false"}
    tools = (
        _tool("rename", "edit", f"Rename {title}", "Rename (F2)"),
        _tool("remove", "trash", f"Delete {title}", "Delete (Del)"),
        _tool("compare", "compare", f"Compare {title}", "Compare with another", compared),
    )
    hits = one["hits"][:SHOWN_HITS]
    return el(
        "li",
        {
            "class": "session",
            "dataset": {"key": one["id"], "title": whole, "questions": many(len(runs), "question")},
        },
        open_,
        el("div", {"class": "session-tools"}, *tools),
        el("p", {"class": "session-forked"}, forked_from(one["forked"])) if one["forked"] else None,
        el("ul", {"class": "session-hits"}, *map(_hit, hits)) if hits else None,
    )


def _tool(does: str, drawing: str, name: str, title: str, more: dict[str, str] | None = None) -> Tree:
    look = {"class": f"quiet {does}", "type": "button", "title": title, "aria-label": name, "data-does": does}
    return el("button", look | (more or {}), el("icon", {"name": drawing}))


def _hit(hit: Json) -> Tree:
    data = {"dataset": {"does": "run", "run": hit["run"], "node": hit["node"]}}
    return el(
        "li",
        {},
        el(
            "button",
            {"class": "session-hit", "type": "button", **data},
            el("span", {"class": "session-hit-kind"}, PLACES.get(hit["kind"], hit["kind"])),
            el(
                "span",
                {"class": "session-hit-text", "dir": "auto"},
                *marked(hit["excerpt"], hit["marks"]),
            ),
        ),
    )


def _marked(text: str, query: str) -> list[Tree]:
    """A text, the words of the query marked."""
    words = [word for word in re.split(r"[\W_]+", query.lower()) if len(word) > 1][:WORDS]
    if not words:
        return [text]
    found = re.finditer("|".join(map(re.escape, words)), text, re.IGNORECASE)
    return marked(text, (one.span() for one in found))


def receipt_words(receipt: dict[str, Any]) -> str:
    """A receipt of the store in words: what went, and what could not be erased."""
    parts = []
    for name, noun, more in DELETED:
        value = receipt.get(name) or 0
        if number := len(value) if isinstance(value, list) else value:
            parts.append(many(number, noun, more))
    told = [f"Deleted: {', '.join(parts) or 'the session'}."]
    if receipt.get("erased") is False:
        told.append("Not every byte could be erased.")
    told += receipt.get("notices") or []
    if quoting := receipt.get("quoted_by"):
        told.append(
            f"{many(len(quoting), 'question')} that followed it still hold what was asked and answered."
        )
    return " ".join(told)
