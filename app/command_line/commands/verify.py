"""`verify`: does the record of a run hold? Needs no model."""

from __future__ import annotations

import argparse
import json
import sys

WORDS = {"holds": "holds", "explained": "differs, explained", "unchecked": "not checked", "fails": "FAILS"}


def add_parser(commands: argparse._SubParsersAction, common: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    parser = commands.add_parser(
        "verify",
        parents=[common],
        help="check a run: its record, every cell executed again, every source",
        description="Check the hash chain of a run's record, execute every cell again with the recorded answers of its "
        "sub-calls, and compare outputs, prompts, answers and sources with the record and the stored documents. No "
        "model is needed. Exit status: 0 when everything holds, 1 when something does not, 2 bad input.",
    )
    parser.add_argument("run", metavar="RUN", help="a run's id, or enough of its beginning")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(options: argparse.Namespace) -> int:
    """Exit status 0 when everything holds, 1 when something does not. Raises TaprootError for bad input (2)."""
    from app.command_line.terminal import console, safe
    from engine.engine import Engine
    from engine.replay.verify import verify
    from engine.store.location import data_folder

    def progress(done: int, of: int) -> None:
        if of and sys.stderr.isatty():
            end = "" if done < of else "\n"
            print(
                f"\rtaproot: executing the cells again, {done:,} of {of:,}",
                end=end,
                file=sys.stderr,
                flush=True,
            )

    with Engine(data_folder(options.data)) as engine:
        verdict = verify(engine.store, engine.kernels, options.run, progress=progress)
    if options.json:
        print(json.dumps(verdict.to_json(), ensure_ascii=False))
        return 0 if verdict.holds else 1
    out = console(wrap=True)
    for check in verdict.checks:
        if check.result == "holds":
            continue
        place = "" if check.node is None else f" of node {check.node}"
        cell = "" if check.cell is None else f" {check.cell}"
        out.print(safe(f"{WORDS[check.result]}: {check.what}{cell}{place}: {check.text}"))
    counts = verdict.to_json()["counts"]
    said = ", ".join(f"{counts[result]} {WORDS[result].lower()}" for result in WORDS if counts[result])
    end = "everything holds" if verdict.holds else "NOT EVERYTHING HOLDS"
    out.print(safe(f"Run {verdict.run}: {end} ({said}; {verdict.seconds:.1f} s)."))
    return 0 if verdict.holds else 1
