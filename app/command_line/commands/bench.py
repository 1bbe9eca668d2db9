"""`bench`: measure a model on this machine by length of the text, several ways side by side."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace

from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bar
from rich.table import Table

from app.command_line.engine import opened
from app.command_line.terminal import console, printable, safe
from app.text.words import left
from engine.bench.bench import Bench, Progress
from engine.bench.chart import png, title_of
from engine.bench.plan import QUICK, Plan, check
from engine.bench.results import report
from engine.errors import Cancelled, InputError
from engine.paths import expanded
from engine.stop import Stop
from engine.types import Json


def bench(options: argparse.Namespace) -> int:
    """Exit status 0 done, 130 stopped (what was measured is printed and kept). Raises TaprootError."""
    plan = check(planned(options))
    stopped = ""
    with opened(options, lambda notice: print(printable(f"taproot: {notice}"), file=sys.stderr)) as (
        engine,
        stop,
    ):
        running = Bench(engine, plan.seed)
        if not options.show:
            try:
                run(running, plan, stop, quiet=options.quiet)
            except Cancelled as error:
                stopped = str(error)
        found = report(engine.store, running.series)
    show(found, plan, options)
    if stopped:
        print(f"taproot: {stopped}", file=sys.stderr)
        return 130
    return 0


def planned(options: argparse.Namespace) -> Plan:
    """The plan that the options describe."""
    plan = QUICK if options.quick else Plan()
    chosen: dict[str, Json] = {
        "suites": tuple(options.suite or ()) + tuple(split(options.suites)),
        "methods": tuple(split(options.methods)),
        "lengths": tuple(map(length, split(options.lengths))),
        "questions": options.questions,
        "row_seconds": None if options.minutes is None else 60.0 * options.minutes,
        "seed": options.seed,
    }
    return replace(plan, **{name: value for name, value in chosen.items() if value not in (None, ())})


def split(text: str | None) -> list[str]:
    """The parts of an option that holds several, separated by commas."""
    return [part for part in (text or "").replace(",", " ").split() if part]


def length(text: str) -> float:
    """A number of windows such as 0.5, 16 or 16x. Raises InputError."""
    try:
        return float(text.lower().removesuffix("x"))
    except ValueError as error:
        raise InputError(f"{text!r} is not a length; write numbers of windows, such as 0.5,1,16") from error


def run(running: Bench, plan: Plan, stop: Stop, *, quiet: bool) -> None:
    """Run the plan with a bar on stderr; where that is no terminal, a line now and then."""
    bar = Bar(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn("{task.fields[left]}"),
        console=console(error=True),
        disable=quiet or not sys.stderr.isatty(),
    )
    last = ""
    with bar:
        task = bar.add_task("bench", total=None, left="")

        def tell(now: Progress) -> None:
            nonlocal last
            bar.update(
                task,
                description=printable(now.doing),
                completed=now.done,
                total=now.total,
                left=time_left(now.seconds_left),
            )
            if bar.disable and not quiet and now.doing != last:
                print(f"{now.done}/{now.total} {now.doing} {time_left(now.seconds_left)}", file=sys.stderr)
            last = now.doing

        running.run(plan, progress=tell, stop=stop)


def time_left(seconds: float | None) -> str:
    """How long it may still take, in words; "" while that is not known."""
    return f"about {rest}" if (rest := left(seconds)) else ""


def show(found: Json, plan: Plan, options: argparse.Namespace) -> None:
    """Print the results of the plan's suites, lengths and methods, and write the chart where one is wanted."""
    wanted = {(row.suite, row.windows, row.method) for row in plan.rows()}
    table = [row for row in found["rows"] if (row["suite"], row["windows"], row["method"]) in wanted]
    if options.chart and table:
        target = expanded(options.chart)
        try:
            target.write_bytes(png(table, title_of(found)))
        except OSError as error:
            raise InputError(f"The chart cannot be written to {target}: {error.strerror}.") from error
    model = {name: found["model"][name] for name in ("name", "n_ctx", "parameters", "fingerprint")}
    if options.json:
        said = {"model": model, "series": found["series"], "rows": table}
        print(
            json.dumps({**said, "verdict": found["verdict"], "void": found["void"], "cells": found["cells"]})
        )
        return
    out = console()
    sheet = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("suite", "windows", "method", "n", "right", "95 %", "tokens", "seconds", "calls"):
        sheet.add_column(name, justify="left" if name in ("suite", "method") else "right")
    for row in table:
        sheet.add_row(
            row["suite"],
            f"{row['windows']:g}",
            row["method"],
            str(row["n"]),
            f"{row['accuracy']:.0%}",
            f"{row['low']:.0%}-{row['high']:.0%}",
            f"{row['tokens']:,}",
            f"{row['seconds']:.2f}",
            f"{row['calls']:g}",
        )
    out.print(safe(title_of(found)), style="bold")
    out.print(sheet)
    missing = len(wanted) - len(table)
    if missing:
        out.print(
            f"{missing} of {len(wanted)} rows have no question: one would take too long, or it was stopped."
        )
    if found["verdict"]:
        out.print(safe(f"\n{found['verdict']}"))
