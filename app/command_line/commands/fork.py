"""`fork`: a new run that shares a recorded one up to a cell, and goes on from there."""

from __future__ import annotations

import argparse
import json
import sys


def add_parser(
    commands: argparse._SubParsersAction, common: argparse.ArgumentParser, loading: argparse.ArgumentParser
) -> None:
    """Add the command's options."""
    parser = commands.add_parser(
        "fork",
        parents=[common, loading],
        help="go on from a cell of a past run, edited or asked anew",
        description="Execute the cells of a run again up to a cell, with the recorded answers of their sub-calls, and "
        "go on from there as a new run: with a cell of yours (--code), or with another reply of the model. What came "
        "before is not paid again. Exit status: as ask.",
    )
    parser.add_argument("run", metavar="RUN", help="a run's id, or enough of its beginning")
    parser.add_argument(
        "--cell", required=True, metavar="N", type=_positive, help="the cell to go on from; it is replaced"
    )
    parser.add_argument(
        "--node", default="0", metavar="ID", help="the node of the cell (default 0, the root)"
    )
    parser.add_argument("--code", metavar="FILE", help="the cell to run in its place; - reads standard input")
    parser.add_argument("--question", metavar="TEXT", help="another question from there on")
    kept = argparse.SUPPRESS
    parser.add_argument("--model", metavar="MODEL", default=kept, help="a GGUF file or a server: see ask")
    parser.add_argument("--depth", type=_level, help="levels of rlm_query children (default: as recorded)")
    parser.add_argument("--seed", type=_level, help="seed of sampling (default: as recorded)")
    parser.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    parser.add_argument("--quiet", action="store_true", help="no progress on stderr")
    parser.set_defaults(events=False)


def _level(text: str) -> int:
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 0")
    return int(text)


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def run(options: argparse.Namespace) -> int:
    """Exit status 0 answered, 1 no answer, 130 stopped. Raises TaprootError for bad input (2)."""
    from app.command_line.commands.ask import print_answer
    from app.command_line.engine import opened
    from app.command_line.progress import reporter_for
    from engine.replay.fork import Branch, fork
    from engine.replay.loading import load_record
    from engine.store import Store
    from engine.store.location import data_folder

    code = read_code(options.code)
    with Store(data_folder(options.data)) as store:
        record = load_record(store, options.run)
        Branch(
            record, options.node, options.cell, code, options.question
        )  # said before a large model is loaded
    changes = {name: getattr(options, name) for name in ("depth", "seed")}
    with (
        reporter_for(options) as reporter,
        opened(options, reporter.say, reporter.loading) as (engine, stop),
    ):
        answer = fork(
            engine,
            options.run,
            options.cell,
            node=options.node,
            code=code,
            question=options.question,
            changes={name: value for name, value in changes.items() if value is not None},
            hooks=reporter.hooks(),
            stop=stop,
        )
    if options.json:
        print(json.dumps(answer.to_json(), ensure_ascii=False))
    else:
        print_answer(answer)
    if answer.status == "interrupted":
        print(f"taproot: stopped; what was done is kept as run {answer.run}", file=sys.stderr)
        return 130
    return 0 if answer.status == "answered" else 1


def read_code(name: str | None) -> str | None:
    """The code of a file, of standard input for "-"; None where none is named. Raises InputError."""
    from engine.errors import InputError
    from engine.paths import expanded

    if name is None:
        return None
    try:
        return sys.stdin.read() if name == "-" else expanded(name).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise InputError(f"the code in {name} cannot be read: {problem}") from problem
