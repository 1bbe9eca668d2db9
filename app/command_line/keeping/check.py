"""`check`: ask all kept questions again and say what changed."""

from __future__ import annotations

import argparse
import json
import sys

from rich.table import Table

from app.command_line.engine import opened
from app.command_line.terminal import brief, console, printable, safe
from engine.checks import Checked, check
from engine.errors import InputError
from engine.store import Store
from engine.store.location import data_folder


def run(options: argparse.Namespace) -> int:
    """Exit status 0 when none got worse, 1 when one did. Raises InputError when nothing is kept, Cancelled."""
    with Store(data_folder(options.data)) as store:
        if not store.kept():
            raise InputError("No question is kept yet. Ask one, then: keep RUN.")

    def say(text: str) -> None:
        print(printable(f"taproot: {text}"), file=sys.stderr)

    with opened(options, say) as (engine, stop):
        found = [*check(engine, stop=stop, asking=lambda row: say(f"asking: {row['question']}"))]
    worse = [one for one in found if one.worse]
    if options.json:
        print(
            json.dumps({"worse": len(worse), "checks": [one.to_json() for one in found]}, ensure_ascii=False)
        )
    else:
        show(found)
    return 1 if worse else 0


def show(found: list[Checked]) -> None:
    """A row for each question: what it came to, and what changed since it was kept."""
    out = console(wrap=True)
    table = Table(
        "question",
        "accepted",
        "answer",
        "",
        "sources",
        "calls",
        "tokens",
        "seconds",
        "run",
        box=None,
        header_style="bold",
    )
    for one in found:
        verdict = "right" if one.right else "wrong"
        if one.worse:
            verdict = f"WORSE ({one.worse})"
        elif one.right and not one.was_right:
            verdict = "right now"
        changed = f"{one.lost} lost, {one.new} new" if one.lost or one.new else "the same"
        table.add_row(
            *(safe(brief(text or "")) for text in (one.question, one.accepted, one.answer or one.problem)),
            safe(verdict, "bold red" if one.worse else ""),
            changed,
            f"{one.calls_before:,} > {one.calls:,}",
            f"{one.tokens_before:,} > {one.tokens:,}",
            f"{one.seconds_before:.1f} > {one.seconds:.1f}",
            one.run,
        )
    out.print(table)
    worse = sum(bool(one.worse) for one in found)
    out.print(f"{len(found)} asked, {sum(one.right for one in found)} right, {worse} worse than before.")
