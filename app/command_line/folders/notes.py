"""`notes`: show what a model noted of a corpus, or let it note what is missing. Standard library only at the top."""

from __future__ import annotations

import argparse
from typing import Any

DESCRIPTION = (
    "Show what a model noted of the documents of a corpus: headings, what each piece is about, and names, dates and amounts "
    "that stand in the text. With --make it notes what is missing; what was noted is never asked again. Later questions find "
    "the notes as doc.notes. Exit status: 0 done, 1 documents are left where a budget was spent, 2 bad input, 130 stopped."
)


def add_parser(commands: Any, common: argparse.ArgumentParser, loading: argparse.ArgumentParser) -> None:
    """Add the grammar of `notes`."""
    parser = commands.add_parser(
        "notes",
        parents=[common, loading],
        help="notes that a model made of documents",
        description=DESCRIPTION,
    )
    parser.add_argument("corpus", metavar="CORPUS", help="an id that `corpora` lists, or a name")
    parser.add_argument("--make", action="store_true", help="let the model note what is missing")
    parser.add_argument(
        "--budget",
        type=_positive,
        metavar="TOKENS",
        help="with --make: the most tokens for this corpus in all (default 500000)",
    )
    parser.add_argument(
        "--model",
        metavar="GGUF",
        default=argparse.SUPPRESS,
        help="a GGUF file (default: the one that comes with Taproot)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object on stdout")


def run(options: argparse.Namespace) -> int:
    """Show notes, or make them first. Raises TaprootError."""
    from app.command_line.folders.rescan import find
    from engine.errors import InputError
    from engine.store import Store
    from engine.store.location import data_folder

    if options.budget and not options.make:
        raise InputError("--budget is for making notes; add --make")
    with Store(data_folder(options.data)) as store:
        row = find(store, options.corpus)
        corpus = row["versions"][-1]["corpus"]
        if not options.make:
            _show(store, row["name"], corpus, options.json)
            return 0
    return _make(options, row["name"], corpus)


def _make(options: argparse.Namespace, name: str, corpus: str) -> int:
    from app.command_line.engine import opened
    from app.command_line.progress import Reporter
    from engine.notes.making import Budget, Progress, make_notes

    def tell(now: Progress) -> None:
        reporter.phase(
            f"{now.noted:,} of {now.documents:,} documents noted, {now.tokens:,} tokens: {now.name}"
        )

    budget = Budget(corpus=options.budget) if options.budget else Budget()
    with (
        Reporter(quiet=options.json) as reporter,
        opened(options, reporter.say, reporter.loading) as (engine, stop),
    ):
        done = make_notes(engine.store, engine.model, corpus, budget, stop=stop, progress=tell)
        reporter.say(f"{done.noted:,} of {done.documents:,} documents noted, {done.tokens:,} tokens")
        if done.over == "budget":
            reporter.say(
                f"the budget of {budget.corpus:,} tokens is spent; a larger --budget goes on from here"
            )
        _show(engine.store, name, corpus, options.json)
    return 0 if done.over == "done" else 1


def _show(store: Any, name: str, corpus: str, as_json: bool) -> None:
    import json
    from itertools import groupby
    from pathlib import Path

    from app.command_line.terminal import brief, console, safe
    from engine.corpus import Corpus

    rows = store.notes_on(corpus)
    archive = Corpus.open(Path(store.corpus(corpus)["path"])).archive
    for row in rows:
        row["text"], row["model"] = row.pop("words"), row.pop("name")
        row["name"] = archive.name(row["document"])
    if as_json:
        print(json.dumps({"corpus": corpus, "name": name, "documents": archive.count, "notes": rows}))
        return
    out = console()
    noted = len({row["document"] for row in rows})
    out.print(safe(f"{name} ({corpus}): {len(rows):,} notes of {noted:,} of {archive.count:,} documents"))
    for document, notes in groupby(rows, key=lambda row: row["name"]):
        out.print(safe(f"\n{brief(document)}"))
        for note in notes:
            line = archive.line(note["document"], note["start"])
            out.print(safe(f"  line {line:<5} {note['kind']:<8} {brief(note['text'])}"))
    if not rows:
        out.print(safe("Nothing was noted yet; --make lets the model note it."))


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)
