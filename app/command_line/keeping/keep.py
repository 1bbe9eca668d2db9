"""`keep`: questions with their accepted answers, to be asked again by `check`."""

from __future__ import annotations

import argparse
import json
from datetime import datetime

from rich.table import Table

from app.command_line.terminal import brief, console, safe
from engine.checks import keep
from engine.errors import InputError
from engine.store import Store
from engine.store.location import data_folder
from engine.types import Json


def run(options: argparse.Namespace) -> int:
    """Exit status 0. Raises InputError for a run that cannot be kept, or is not."""
    with Store(data_folder(options.data)) as store:
        if options.run is None:
            if options.remove or options.answer is not None:
                raise InputError("Name the run: keep RUN. Without one, what is kept is listed.")
            listed(store.kept(), as_json=options.json)
            return 0
        if options.remove:
            found: Json = {"removed": store.run(options.run)["run"]}
            store.drop_kept(found["removed"])
        else:
            found = keep(store, options.run, options.answer)
    if options.json:
        print(json.dumps(found, ensure_ascii=False))
    elif options.remove:
        print(f"{found['removed']} is kept no longer; its runs stay")
    else:
        console().print(safe(f"kept: {found['question']}\naccepted answer: {found['accepted']}"))
    return 0


def listed(rows: list[Json], *, as_json: bool) -> None:
    """Print what is kept, with the last results."""
    if as_json:
        print(json.dumps(rows, ensure_ascii=False))
        return
    table = Table(
        "run", "question", "accepted", "documents", "asked again", "last", box=None, header_style="bold"
    )
    for row in rows:
        last = row["results"][-1] if row["results"] else None
        when = datetime.fromtimestamp(last["ts"]).strftime("%Y-%m-%d") if last else ""
        said = f"{'right' if last['right'] else 'wrong'} on {when} by {brief(last['model'])}" if last else ""
        words = (safe(brief(row[name])) for name in ("question", "accepted", "corpus_name"))
        table.add_row(row["run"], *words, str(len(row["results"])), safe(said))
    console(wrap=True).print(table if rows else "nothing is kept yet: keep RUN")
