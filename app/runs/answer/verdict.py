"""What a verification found, for the page: what holds, what differs for a known reason, and what does not hold."""

from __future__ import annotations

from app.text.elements import Tree, el
from app.text.words import line, many
from engine.types import Json

SHOWN = 50
RESULTS = {  # that are not "holds", the worst first: (kind of the chip, its words)
    "fails": ("bad", "Does not hold"),
    "unchecked": ("warn", "Not checked"),
    "explained": ("info", "Differs, explained"),
}
WHAT = {
    "record": "Record",
    "documents": "Documents",
    "cell": "Cell",
    "prompts": "Prompts of sub-calls",
    "answers": "Answers",
    "sources": "Sources",
    "agreement": "Agreement",
    "answer": "Answer of the run",
}


def verdict_panel(found: Json) -> Tree:
    """The panel of a verdict (`engine.replay.verify.Verdict`, as JSON). A button leads to its `data-node`."""
    order = [*RESULTS]
    odd = [check for check in found["checks"] if check["result"] != "holds"]
    odd.sort(key=lambda check: order.index(check["result"]))
    rest = f"and {len(odd) - SHOWN:,} more, which the command line lists" if len(odd) > SHOWN else ""
    return el(
        "div",
        {},
        _sentence(found),
        el("ul", {"class": "verdict-list"}, *map(_item, odd[:SHOWN])) if odd else None,
        el("p", {"class": "muted small"}, rest) if rest else None,
    )


def _sentence(found: Json) -> Tree:
    checks, fails = len(found["checks"]), found["counts"]["fails"]
    if found["holds"]:
        kind, name = "ok", "Verified"
        words = f" Everything holds: {many(checks, 'check')} in {found['seconds']:.1f} s."
    else:
        kind, name = "bad", "Not verified"
        words = f" {many(fails, 'check')} of {checks:,} {'does' if fails == 1 else 'do'} not hold."
    return el("p", {}, el("span", {"class": f"chip {kind}"}, name), el("span", {"class": "small"}, words))


def _item(check: Json) -> Tree:
    kind, result = RESULTS[check["result"]]
    what, cell, node = WHAT.get(check["what"], check["what"]), check["cell"], check["node"]
    place = f"{what}{'' if cell is None else f' {cell}'}{'' if node is None else f' of node {node}'}"
    words = (
        el("span", {"class": f"chip {kind}"}, result),
        el("b", {}, place),
        el("span", {}, line(check["text"])),
    )
    if node is None:
        return el("li", {}, *words)
    look = {"class": "verdict-item", "type": "button", "dataset": {"does": "node", "node": node}}
    return el("li", {}, el("button", look, *words))


def progress_words(done: int, of: int) -> str:
    """How far it is: so many cells of all were executed again."""
    return f"Executing the cells again: {done:,} of {of:,}" if of else "Executing the cells again…"
