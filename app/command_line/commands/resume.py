"""`resume`: an interrupted run, or one that ended at a limit without an answer, goes on. Standard library only at the top."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

HELP = (
    "Let a run that was interrupted (a crash, Ctrl+C, a power cut) or ended at a limit without an answer go on from its last "
    "committed event. What was answered is not asked again. Its limits count anew. Exit status as for ask."
)


def add_parser(
    commands: Any, common: argparse.ArgumentParser, loading: argparse.ArgumentParser | None = None
) -> None:
    """Add the command with its options."""
    parents = [common, loading] if loading else [common]
    parser = commands.add_parser(
        "resume", parents=parents, help="let an interrupted run go on", description=HELP
    )
    parser.add_argument("run", metavar="RUN", help="a run's id, or enough of its beginning")
    parser.add_argument(
        "--model",
        metavar="MODEL",
        default=argparse.SUPPRESS,
        help="a GGUF file or a server, as for ask (default: the file that the run used, if it is still there)",
    )
    parser.add_argument("--seconds", type=_positive, help="time limit from now on (default: as before)")
    parser.add_argument("--depth", type=_level, help="levels of rlm_query children (default: as before)")
    parser.add_argument("--json", action="store_true", help="print one JSON object on stdout")
    add_progress(parser)


def add_progress(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how the progress of a run is shown."""
    progress = parser.add_mutually_exclusive_group()
    progress.add_argument("--quiet", action="store_true", help="no progress on stderr")
    progress.add_argument(
        "--events", action="store_true", help="progress on stderr as JSON lines: phases and committed events"
    )


def run(options: argparse.Namespace) -> int:
    """Exit status 0 answered, 1 no answer, 130 stopped. Raises TaprootError for a run that cannot go on (2)."""
    from app.command_line.commands.ask import tell
    from app.command_line.engine import opened
    from app.command_line.progress import reporter_for
    from engine.resume import check, resume
    from engine.store import Store
    from engine.store.location import data_folder

    with Store(data_folder(options.data)) as store:  # said before a large model is loaded
        record = check(store, options.run)
    path = Path(str(record.model.get("path") or ""))
    if not options.model and not record.model.get("remote") and path.is_file():
        options.model = str(path)
    with (
        reporter_for(options) as reporter,
        opened(options, reporter.say, reporter.loading) as (engine, stop),
    ):
        reporter.say(f"run {record.id} goes on: {record.started.question}")
        hooks, seconds = reporter.hooks(), options.seconds and float(options.seconds)
        answer = resume(engine, record.id, seconds=seconds, depth=options.depth, hooks=hooks, stop=stop)
    return tell(answer, json_wanted=options.json)


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def _level(text: str) -> int:
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 0")
    return int(text)
