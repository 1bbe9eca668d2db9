"""One cell of a node: its code, what it asked and showed, what it changed, and the editor of a fork from it. Pure."""

from __future__ import annotations

from typing import Any

from app.runs.detail.outputs import outputs
from app.runs.detail.parts import button, fold, icon, indented, when
from app.runs.node_detail import Detail
from app.text.elements import Tree, el, folded
from app.text.words import duration, many
from engine.types import Json

SHOWN_CALLS = 8  # sub-calls of one call, before a button shows the rest
ENDS = {"error": "error", "timeout": "time out", "interrupted": "stopped", "died": "died", "void": "ran anew"}
CALLS = {"rlm": "rlm_query", "llm": "llm_query"}


def cell_parts(detail: Detail, cell: Json) -> list[Tree]:
    """The parts of a cell, from top to bottom. A button with `data-node` leads to that node, one with `data-copy` copies."""
    number = cell["index"]
    begun, done = detail.seqs.get(("cell", number)), detail.seqs.get(("done", number))
    made: list[Tree] = [when(el("div", {"class": "cell"}, _gutter(cell, begun, done), _input(cell)), begun)]
    for call in cell["calls"]:
        made.append(when(_calls(call), detail.seqs.get(("call", number, call["call"]))))
    seqs = [detail.seqs["out", number, place] for place in range(len(cell["outputs"]))]
    made += (when(indented("results", output), seq) for output, seq in outputs(cell["outputs"], seqs))
    switch, panel = _variables(cell)
    fork, editor = _fork(detail, cell)
    made.append(when(indented("after", el("p", {"class": "after-bar"}, switch, fork), panel, editor), done))
    if cell["final"]:
        made.append(when(indented("final", icon("answered"), "This cell gave the final answer."), done))
    return made


def _input(cell: Json) -> Tree:
    number = cell["index"]
    look = {"class": "code", "tabIndex": 0, "role": "group", "aria-label": f"Code of cell {number}"}
    pieces = [
        piece if isinstance(piece, str) else el("span", {"class": f"py-{piece[0]}"}, piece[1])
        for piece in cell["coloured"]
    ]
    copy = button("copy", f"Copy cell {number}", {"copy": cell["code"], "what": "The code"}, "over")
    return el("div", {"class": "input"}, el("pre", look, el("code", {}, *pieces)), copy)


def _gutter(cell: Json, begun: int | None, done: int | None) -> Tree:
    number, status = f"[{cell['index']}]", cell["status"]
    running = when(el("span", {"class": "cell-running"}, "running"), begun, done)
    ended = None
    if done is not None:
        took = "" if cell["seconds"] is None else duration(cell["seconds"])
        words, title = (took, "") if status == "ok" else (ENDS.get(status, status), took)
        ended = when(el("span", {"class": f"cell-end {status}", "title": title}, words), done)
    return el(
        "div", {"class": "gutter", "title": f"Cell {cell['index']}"}, el("span", {}, number), running, ended
    )


def _calls(call: Json) -> list[Any]:
    ids, name = call["nodes"], call["name"]
    what = many(len(ids), "child", "children") if name == "rlm" else many(len(ids), "prompt")
    words = f"Show {many(len(ids) - SHOWN_CALLS, 'more call')}"
    chips = folded(el("ul", {"class": "calls"}), [*map(_chip, ids)], SHOWN_CALLS, words, "button show")
    return indented("called", el("p", {"class": "hint"}, f"{CALLS.get(name, name)} · {what}"), chips)


def _chip(node: str) -> Tree:
    """A called node; what it is asked, how it stands and how sure it is, the page fills in at its playhead."""
    look = {"type": "button", "class": "chip", "dataset": {"node": node}}
    words = (el("b", {}, node), el("span", {}), el("small", {"class": "sure"}))
    return el("li", {}, el("button", look, icon("running"), *words))


def _variables(cell: Json) -> tuple[Tree | None, Tree | None]:
    changed, number = cell.get("variables"), cell["index"]
    if not changed:
        return None, None
    title = f"Variables after cell {number}"
    return fold(f"variables {number}", changed["words"], title, [changed["table"]])


def _fork(detail: Detail, cell: Json) -> tuple[Tree, Tree]:
    """The button that opens the editor for a run that goes on from here, and the editor (`static/detail/fork.js`)."""
    number, code = cell["index"], cell["code"]
    name = f"Fork from cell {number}"
    look = {
        "type": "button",
        "class": "button fork-open",
        "title": name,
        "aria-label": name,
        "aria-expanded": "false",
    }
    field = {"class": "fork-code", "dir": "ltr", "rows": min(16, max(3, code.count("\n") + 2)), "value": code}
    another = {
        "placeholder": "Another question (as before if empty)",
        "aria-label": "Another question from here on",
    }
    question = el("input", {"class": "fork-question", "type": "text", "dir": "auto", **another})
    anew = "Leave the code aside and let the model write the cell again"
    editor = el(
        "div",
        {"class": "fork", "hidden": True, "role": "group", "aria-label": name, "dataset": {"cell": number}},
        el("p", {"class": "hint"}, "A new run takes all before this cell from the record, and goes on from here."),
        el("textarea", {**field, "aria-label": f"Code in place of cell {number}"}),
        question if detail.is_root else None,
        el(
            "div",
            {"class": "fork-bar"},
            el("button", {"type": "button", "class": "button filter fork-run"}, "Run this cell"),
            el("button", {"type": "button", "class": "button filter fork-ask", "title": anew}, "Ask the model again"),
            el("button", {"type": "button", "class": "button filter fork-leave"}, "Cancel"),
        ),
    )  # fmt: skip
    return el("button", look, icon("fork"), el("span", {}, "Fork from here")), editor
