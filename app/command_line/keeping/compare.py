"""`compare`: two runs side by side, and where they part first."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from app.command_line.terminal import brief, console, safe
from engine.compare.comparison import Comparison, Place, Side
from engine.compare.stored import compare_stored
from engine.store import Store
from engine.store.location import data_folder

PART_CHARS = 2000  # of a text where two runs part


def run(options: argparse.Namespace) -> int:
    """Exit status 0 when the answers say the same, else 1. Raises InputError for an unknown run or one without end."""
    with Store(data_folder(options.data)) as store:
        found = compare_stored(store, options.left, options.right)
    if options.json:
        print(json.dumps(found.to_json(), ensure_ascii=False))
    else:
        show(found)
    return 0 if found.same_answer else 1


def show(found: Comparison) -> None:
    """Print a comparison: the figures, where the runs part, the tree."""
    out = console(wrap=True)
    sides = found.left, found.right
    out.print(side_by_side(sides, first="" if found.same_answer else "they differ"))
    shared = found.sources
    out.print(
        f"\n{len(shared['both'])} sources of both, {len(shared['left'])} only of the first, "
        f"{len(shared['right'])} only of the second."
    )
    if found.first is None:
        out.print("They did the same, word for word.")
        return
    out.print(safe(f"\nThey part first in the {found.first.what}", "bold"))
    for side, place in zip(sides, (found.first.left, found.first.right), strict=True):
        _place(out, side, place)
    out.print(safe(f"They differ in: {', '.join(found.differs)}"))
    if found.nodes:
        out.print(_tree(found))


def side_by_side(sides: Sequence[Side], first: str = "") -> Table:
    """A column for each run: what it was asked with, what it came to, what it cost."""
    table = Table("", *(side.run for side in sides), box=None, header_style="bold", pad_edge=False)
    rows: list[tuple[str, list[str]]] = [
        ("question", [brief(side.question) for side in sides]),
        ("documents", [brief(side.corpus_name) for side in sides]),
        ("model", [brief(side.model) for side in sides]),
        ("depth", ["" if side.depth is None else str(side.depth) for side in sides]),
        ("way", [side.strategy for side in sides]),
        (f"answer{f' ({first})' if first else ''}", [brief(_said(side)) for side in sides]),
        ("sources", [_sources(side) for side in sides]),
        ("coverage", [_coverage(side) for side in sides]),
        ("model calls", [f"{side.calls:,}" for side in sides]),
        ("tokens", [f"{side.tokens:,} ({side.written:,} written)" for side in sides]),
        ("seconds", [f"{side.seconds:.1f}" for side in sides]),
        ("nodes", [f"{side.nodes:,}" for side in sides]),
    ]
    same = {name for name, values in rows if len({*values}) == 1}
    for name, values in rows:
        table.add_row(safe(name, "" if name in same else "bold"), *map(safe, values))
    return table


def _said(side: Side) -> str:
    forced = " (asked for at a limit)" if side.forced else ""
    return f"{side.answer}{forced}" if side.answer is not None else f"no answer: {side.reason or side.status}"


def _sources(side: Side) -> str:
    missing = sum(source["status"] == "missing" for source in side.sources)
    held = f", {side.agreement}" if side.agreement else ""
    return f"{len(side.sources)}{f', {missing} of them not found' if missing else ''}{held}"


def _coverage(side: Side) -> str:
    if not side.coverage:
        return ""
    return (
        f"{side.coverage['documents_searched']} of {side.coverage['documents']} documents searched, "
        f"{side.coverage['lines_read']} lines read"
    )


def _place(out: Console, side: Side, place: Place) -> None:
    where = [f"node {place.node}"]
    where += [f"turn {place.turn}"] if place.turn else []
    where += [f"cell {place.cell}"] if place.cell else []
    out.print(safe(f"  {side.run}, {', '.join(where)}", "cyan"))
    text = "nothing of the kind" if place.text is None else place.text[:PART_CHARS]
    out.print(safe("\n".join(f"    {line}" for line in text.splitlines() or [""])))


def _tree(found: Comparison) -> Table:
    """The nodes that belong together, with their turns."""
    table = Table(
        "first", "second", "node", "differs in", "turns", box=None, header_style="bold", pad_edge=False
    )
    for row in found.nodes:
        steps = " ".join(
            f"{step.left or '-'}:{step.right or '-'}{'*' if step.differs else ''}" for step in row.steps
        )
        words = f"{'  ' * row.depth}{row.kind}: {brief(row.question)}"
        table.add_row(row.left or "-", row.right or "-", safe(words), ", ".join(row.differs), steps)
    return table
