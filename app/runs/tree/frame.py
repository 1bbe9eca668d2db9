"""The frame of the tree, as elements: bars, columns, panes and timeline, still without a run in them. Pure.

Scripts find their parts by class, and what a button does by its `data-does` (`app/runs/static/tree`).
"""

from __future__ import annotations

from typing import Any

from app.live.fold import FIRST
from app.runs.detail.parts import icon
from app.text.elements import Tree, el
from engine.types import Json

SPEEDS = ("0.5", "1", "2", "4", "8", "16")
KINDS = {"": "All kinds", "child": "Children", "leaf": "Prompts"}
COLUMNS = ("Question", "Depth", "Cells", "Errors", "Tokens", "Time")
WORK = {"model": "model", "kernel": "kernel", "waiting": "waiting for calls", "queue": "in the queue"}
WORDS: Json = {
    "statuses": {
        "running": "running",
        "answered": "answered",
        "failed": "failed",
        "stopped": "stopped",
        "interrupted": "interrupted",
        "unanswered": "no answer",
    },
    "phases": {"model": "writing", "kernel": "running a cell", "waiting": "waiting for its calls"},
    "kinds": {"root": "question", "child": "child", "leaf": "prompt"},
    "work": WORK,
    "verdicts": {
        "holds": ", verified",
        "explained": ", verified",
        "unchecked": ", not checked",
        "fails": ", does not hold",
    },
    "ended": {
        "answered": "The run is answered.",
        "unanswered": "The run ended without an answer.",
        "interrupted": "The run was stopped.",
        "failed": "The run failed.",
    },
}
"""What scripts say: of the status and the phase of a node, of its kind, of what it does, of what verifying found; and aloud
of how a run ended."""


def frame() -> Json:
    """{"box": all of it, "row": one row of the list, which is copied for each node in view, "node": what its row
    says of a node that has just begun (`app.live.fold.FIRST`), "words": `WORDS`}.
    """
    box = el(
        "div",
        {"class": "frame"},
        _toolbar(),
        _panes(),
        _timeline(),
        _playback(),
        _span("unseen", role="status"),
    )
    return {"box": box, "row": _row(), "node": FIRST, "words": WORDS}


def _toolbar() -> Tree:
    search = {
        "type": "search",
        "class": "search",
        "placeholder": "Search",
        "title": "Search questions, code and answers (/)",
        "autocomplete": "off",
        "aria-label": "Search this tree",
    }
    hits = _span("hits", role="status")
    return el(
        "div",
        {"class": "toolbar", "role": "group", "aria-label": "Search and filter"},
        el("label", {"class": "searching"}, icon("search"), el("input", search), hits),
        _filter("errors", "Errors", "Only nodes with an error"),
        _filter("finals", "Finals", "Only nodes that gave a final answer"),
        _choice("kinds", "Kind of node", KINDS),
        _span("grow"),
        _span("totals"),
        _button("expand", "Expand all", "expand"),
        _button("collapse", "Collapse all", "collapse"),
        _button("time", "Timeline", "timeline", **{"aria-pressed": "true"}),
        _button("link", "Copy a link to this run", "link"),
    )


def _panes() -> Tree:
    columns = (el("span", {"class": name.lower()}, name) for name in COLUMNS)
    space = el("div", {"class": "space", "role": "presentation"})
    rows = el(
        "div",
        {"class": "rows"},
        el("div", {"class": "columns", "aria-hidden": "true"}, *columns),
        el("div", {"class": "list", "role": "tree", "tabindex": 0, "aria-label": "Nodes of this run"}, space),
    )
    divider = {
        "class": "split",
        "role": "separator",
        "tabindex": 0,
        "aria-orientation": "vertical",
        "aria-label": "Width of the tree",
        "aria-valuemin": "25",
        "aria-valuemax": "75",
    }
    detail = {"class": "detail", "tabindex": -1, "aria-label": "Node"}
    body = el("div", {"class": "detail-body"})
    return el("div", {"class": "panes"}, rows, el("div", divider), el("section", detail, body))


def _row() -> Tree:
    drawn = (("twist", "twist"), ("status", "running"), ("kind", "leaf"))
    head = [el("span", {"class": name}, icon(drawing)) for name, drawing in drawn]
    words = (el("span", {"class": "question", "dir": "auto"}), _span("live"))
    numbers = (_span(f"number {name}") for name in ("depth", "cells", "errors", "tokens", "seconds"))
    return el(
        "div", {"class": "row", "role": "treeitem"}, el("span", {"class": "head"}, *head, *words), *numbers
    )


def _timeline() -> Tree:
    chosen, *over = (
        el("div", {"class": name, "hidden": True}) for name in ("chosen", "future", "playhead", "tip")
    )
    chart = el("svg", {"class": "chart", "role": "img", "aria-label": "Timeline"})
    space = el("div", {"class": "lanes-space", "role": "presentation"}, chart, chosen)
    keys = (el("span", {"class": f"key {name}"}, words) for name, words in WORK.items())
    return el(
        "div",
        {"class": "timeline"},
        el("p", {"class": "legend"}, *keys, _span("more")),
        el(
            "div",
            {"class": "picture"},
            el("div", {"class": "axis"}),
            el("div", {"class": "lanes"}, space),
            *over,
        ),
    )


def _playback() -> Tree:
    slider = {
        "type": "range",
        "min": "1",
        "max": "1",
        "value": "1",
        "class": "slider",
        "aria-label": "Playhead",
    }
    live = {"type": "button", "class": "button live-button", "data-does": "live"}
    return el(
        "div",
        {"class": "playback", "role": "group", "aria-label": "Playback"},
        _button("back", "One event back", "back", key=","),
        _button("play", "Play", "play", key="space"),
        _button("forward", "One event on", "forward", key="."),
        el("output", {"class": "moment"}),
        el("input", slider),
        _choice("speed", "Speed", {speed: f"{speed}×" for speed in SPEEDS}, chosen="1"),
        el("button", live, _span("dot"), _span("live-words")),
    )


def _span(kind: str, **more: str) -> list[Any]:
    return el("span", {"class": kind, **more})


def _button(drawing: str, name: str, does: str, key: str = "", **more: str) -> list[Any]:
    title = f"{name} ({key})" if key else name
    look = {
        "type": "button",
        "class": "button",
        "title": title,
        "aria-label": name,
        "data-does": does,
        **more,
    }
    return el("button", look, icon(drawing))


def _filter(name: str, words: str, title: str) -> list[Any]:
    look = {"type": "button", "class": f"button filter {name}", "title": title, "aria-pressed": "false"}
    return el("button", {**look, "data-does": "filter"}, words)


def _choice(kind: str, name: str, options: dict[str, str], chosen: str = "") -> list[Any]:
    made = (
        el("option", {"value": value, "selected": value == chosen}, words) for value, words in options.items()
    )
    return el("select", {"class": kind, "aria-label": name, "title": name}, *made)
