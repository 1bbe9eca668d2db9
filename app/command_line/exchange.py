"""`export` and `import`: runs out of Taproot as files, and logs of other engines into it. Read by `launch.py`: standard
library at the top."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

FORMS = ("ipynb", "html", "jsonl", "md", "train")
EXPORT = (
    "Write a run to a file: a notebook that runs without Taproot and without a model (ipynb), a page that opens from disk "
    "(html), the log format of the reference engine rlms (jsonl), a report (md), or lessons for training a model (train). "
    "Prints the path of the file. Exit status: 0 done, 2 bad input."
)
IMPORT = (
    "Read a log of rlms or fast-rlm into the database: its runs can be looked at, played back and searched, and cannot be "
    "verified, for Taproot did not observe them. A file that is damaged or of another kind changes nothing. Exit status: "
    "0 done, 2 bad input."
)


def add_parser(commands: argparse._SubParsersAction, common: argparse.ArgumentParser) -> None:
    """The grammar of both commands."""
    export = commands.add_parser("export", parents=[common], help="write a run to a file", description=EXPORT)
    export.add_argument(
        "run", metavar="RUN", nargs="+", help="a run's id, or enough of its beginning; several for train"
    )
    export.add_argument("--to", choices=FORMS, required=True, help="the format")
    export.add_argument(
        "-o", "--output", metavar="FILE", help="the file (default: the run's id, here; - prints on stdout)"
    )
    export.add_argument(
        "--documents",
        choices=("embed", "refer", "none"),
        default="embed",
        help="in a notebook: put the documents in, name their place on this machine, or leave them out (default embed)",
    )
    export.add_argument("--force", action="store_true", help="write over a file that exists")

    taking = commands.add_parser(
        "import", parents=[common], help="read a log of another engine", description=IMPORT
    )
    taking.add_argument("file", metavar="FILE", help="a JSONL log of rlms or fast-rlm")
    taking.add_argument("--force", action="store_true", help="also if this very file was imported before")
    taking.add_argument(
        "--json", action="store_true", help="print a JSON list: run, program, nodes, cells, calls, answers"
    )


def run(options: argparse.Namespace) -> int:
    """Run one of the two. Raises InputError."""
    return export(options) if options.command == "export" else import_file(options)


def export(options: argparse.Namespace) -> int:
    """Write runs to a file. Raises InputError."""
    from engine.errors import InputError
    from engine.exchange import export as exchange
    from engine.store import Store
    from engine.store.location import data_folder

    if len(options.run) > 1 and options.to != "train":
        raise InputError("one run at a time, except --to train, which takes several")
    with Store(data_folder(options.data)) as store:
        made = [exchange.export(store, name, options.to, options.documents) for name in options.run]
    text = "".join(one.text for one in made)
    if options.output == "-":
        sys.stdout.write(text)
        return 0
    target = Path(options.output).expanduser() if options.output else Path(made[0].name)
    exchange.write(text, target, force=options.force)
    print(target)
    return 0


def import_file(options: argparse.Namespace) -> int:
    """Import a log and say what it held. Raises InputError."""
    import json

    from app.command_line.terminal import brief
    from engine.errors import InputError
    from engine.exchange.incoming.reading import import_log, imported_before, read_log
    from engine.store import Store
    from engine.store.location import data_folder

    log = read_log(Path(options.file).expanduser())
    with Store(data_folder(options.data)) as store:
        before = imported_before(store, log)
        if before and not options.force:
            raise InputError(
                f"{log.name} was imported before, as {', '.join(before)}. Add --force to import it once more."
            )
        ids = import_log(store, log)
    told = [
        {"run": id, "program": run.program, **run.counts()} for id, run in zip(ids, log.runs, strict=True)
    ]
    if options.json:
        print(json.dumps(told))
        return 0
    for one, run in zip(told, log.runs, strict=True):
        counts = ", ".join(f"{one[name]} {name}" for name in run.counts())
        print(f"{one['run']}  {counts}  {brief(run.root.question)}")
    print(
        f"Imported from {log.runs[0].program}; what was not observed here cannot be verified.",
        file=sys.stderr,
    )
    return 0
