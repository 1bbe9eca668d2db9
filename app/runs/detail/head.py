"""The head of a node's details: the way to it, what it is, buttons, its question. Figures are filled in by the page. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.live.trace import head
from app.runs.detail.parts import button, icon, long
from app.text.elements import Tree, el
from app.text.words import line
from engine.types import Json

KINDS = {"root": "Question", "child": "Child", "leaf": "Prompt"}
STEPS = 6  # nodes of the way that are shown

Way = Sequence[tuple[str, str]]  # id and question of each node above one, from the root down


def node_head(node: Json, way: Way) -> Tree:
    """The head of a node (`app.runs.node_detail.Detail.node`)."""
    return el("header", {"class": "detail-head"}, _bar(node, way), *_question(node), _figures())


def _bar(node: Json, way: Way) -> Tree:
    crumbs: list[Any] = []
    for name, question in way[-STEPS:]:
        look = {"type": "button", "class": "crumb", "title": line(question, 200), "dataset": {"node": name}}
        crumbs += [el("button", look, name), el("span", {"class": "slash"}, "/")]
    return el(
        "div",
        {"class": "detail-bar"},
        el(
            "nav",
            {"class": "crumbs", "aria-label": "Way from the question"},
            *crumbs,
            el("span", {"class": "here"}, node["id"]),
        ),
        el("span", {"class": "what"}, icon(node["kind"]), KINDS[node["kind"]]),
        el("span", {"class": "badge"}, icon("running"), el("span", {})),
        el("span", {"class": "grow"}),
        [
            *button("stop", "Stop this node and all below it", {"does": "stop"}, "stop"),
            el("span", {}, "Stop"),
        ],
        button("link", "Copy a link to this node", {"does": "link"}),
        button("copy", "Copy this node as text", {"does": "text"}),
    )


def _question(node: Json) -> list[Tree | None]:
    """What it was asked and what it works on; of a prompt only how it begins, for all of it is shown below."""
    name, question = node["id"], node["question"]
    if node["kind"] == "leaf":
        asked = el("pre", {"class": "text"}, head(question) or name)
    else:
        asked = long(question or name, lines=6, characters=600)
    about = f"Works on {line(node['context'], 300)}" if node["context"] else ""
    return [
        el("div", {"class": "asked", "dir": "auto"}, asked),
        el("p", {"class": "works-on"}, about) if about else None,
    ]


def _figures() -> Tree:
    return el("p", {}, el("span", {"class": "figures own"}), el("span", {"class": "figures below"}))
