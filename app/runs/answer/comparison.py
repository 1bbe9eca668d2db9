"""Two runs side by side: what each came to and cost, where they part first, and the turns that belong together."""

from __future__ import annotations

from collections.abc import Callable

from app.runs.answer import coverage
from app.runs.answer.places import place
from app.text.elements import Tree, el
from app.text.words import duration, line, many
from engine.answer.agreement import sentence
from engine.types import Json

SHOWN = 4000  # characters of a text where two runs part
SHOWN_SOURCES = 5  # that only one of the two names
STATUS = {"answered": "Answered", "unanswered": "No answer", "interrupted": "Interrupted", "failed": "Failed"}
CLOSE = {"class": "button primary", "type": "button", "data-does": "close"}
ROWS: tuple[tuple[str, Callable[[Json], str]], ...] = (
    ("Question", lambda side: line(side["question"])),
    ("Documents", lambda side: line(side["corpus_name"], 120)),
    ("Model", lambda side: line(side["model"], 120)),
    ("Depth", lambda side: "" if side["depth"] is None else f"{side['depth']:,}"),
    ("Way", lambda side: line(side["strategy"], 40)),
    ("Answer", lambda side: _answer(side)),
    ("Agreement", lambda side: _agreement(side["agreement"])),
    ("Sources", lambda side: side["named"]),
    ("Coverage", lambda side: coverage.sentence(side["coverage"])),
    ("Model calls", lambda side: f"{side['calls']:,}"),
    ("Tokens", lambda side: f"{side['tokens']:,}, {side['written']:,} of them written"),
    ("Time", lambda side: duration(side["seconds"])),
    ("Nodes", lambda side: f"{side['nodes']:,}"),
)


def comparison_panel(found: Json) -> Tree:
    """What a comparison (`engine.compare.comparison.Comparison`, as JSON) says. A button does `data-does`: "run" opens that of `data-run`."""
    return el(
        "div",
        {},
        _sides(found),
        _parting(found),
        _nodes(found["nodes"]) if found["nodes"] else None,
        el("div", {"class": "confirm-foot"}, el("button", CLOSE, "Close")),
    )


def title(found: Json) -> str:
    """What a comparison comes to."""
    return "Two runs that say the same" if found["same_answer"] else "Two runs with different answers"


def _sides(found: Json) -> Tree:
    sources = found["sources"]
    both = [
        found[name] | {"named": f"{many(len(sources[name]), 'source')} of its own, {len(sources['both']):,} of both"}
        for name in ("left", "right")
    ]  # fmt: skip
    lists = [_own(sources["left"]), _own(sources["right"])]
    heads = [el("th", {"scope": "col"}, _opening(found[name]["run"], name)) for name in ("left", "right")]
    rows = []
    for name, words in ROWS:
        told = [words(side) for side in both]
        below = lists if name == "Sources" else (None, None)
        cells = [el("td", {"dir": "auto"}, *cell) for cell in zip(told, below, strict=True)]
        differs = {"class": "" if told[0] == told[1] else "differs"}
        rows.append(el("tr", differs, el("th", {"scope": "row"}, name), *cells))
    table = el(
        "table",
        {"class": "comparison-sides"},
        el("thead", {}, el("tr", {}, el("td", {}), *heads)),
        el("tbody", {}, *rows),
    )
    return el("div", {"class": "comparison-scroll"}, table)


def _opening(run: str, name: str) -> Tree:
    first = {"first": "true"} if name == "left" else {}  # `data-first` has the focus
    data = {"does": "run", "run": run, **first}
    return el("button", {"class": "plain mono", "type": "button", "dataset": data}, line(run, 60))


def _answer(side: Json) -> str:
    if side["answer"] is not None:
        return side["answer"]
    status = STATUS.get(side["status"], "Working")
    return f"{status}: {side['reason']}" if side["reason"] else status


def _agreement(status: str) -> str:
    bare: Json = {"status": status, "items": [], "where": [], "cell": None, "how": ""}
    return sentence(bare).removesuffix(": ")


def _own(sources: list[Json]) -> Tree | None:
    items = [
        el("li", {}, f"{place(source)}: {line(source['text'], 120)}") for source in sources[:SHOWN_SOURCES]
    ]
    return el("ul", {}, *items) if items else None


def _parting(found: Json) -> Tree:
    first = found["first"]
    if not first:
        return el("p", {}, "They did the same, word for word.")
    return el(
        "section",
        {},
        el("h3", {}, f"They part first in the {first['what']}"),
        el("div", {"class": "comparison-parting"}, _side(first["left"]), _side(first["right"])),
        el("p", {"class": "muted small"}, f"They differ in: {', '.join(found['differs'])}."),
    )


def _side(at: Json) -> Tree:
    where = [f"Node {at['node']}", *(f"{name} {at[name]}" for name in ("turn", "cell") if at[name])]
    text = "(nothing of the kind)" if at["text"] is None else at["text"][:SHOWN]
    return el(
        "div",
        {},
        el("p", {"class": "muted small"}, ", ".join(where)),
        el("pre", {"class": "mono", "dir": "auto", "tabIndex": 0}, text),
    )


def _nodes(nodes: list[Json]) -> Tree:
    title = f"Turns that belong together ({many(len(nodes), 'node')})"
    rows = el("ul", {"class": "comparison-nodes"}, *map(_node, nodes))
    return el("details", {}, el("summary", {}, title), rows)


def _node(row: Json) -> Tree:
    told = f" {', '.join(row['differs'])}" if row["differs"] else ""
    return el(
        "li",
        {},
        el("span", {"class": "mono"}, _pair(row)),
        " ",
        el("span", {"dir": "auto"}, line(row["question"], 120)),
        " ",
        *map(_step, row["steps"]),
        el("span", {"class": "muted small"}, told) if told else None,
    )


def _step(step: Json) -> Tree:
    kind = "warn" if step["differs"] else "ok"
    return el(
        "span", {"class": f"chip {kind}", "title": ", ".join(step["differs"]) or "the same"}, _pair(step)
    )


def _pair(row: Json) -> str:
    left, right = ("–" if row[side] is None else row[side] for side in ("left", "right"))
    return f"{left} : {right}"
