"""The options of these commands. Standard library only: `launch.py` reads them before anything is installed."""

import argparse


def add_parsers(commands, common: argparse.ArgumentParser, loading: argparse.ArgumentParser) -> None:
    """Add the commands to the subparsers `commands`; all take the options of `common`, those with a model of `loading`."""
    compare = commands.add_parser(
        "compare",
        parents=[common],
        help="two runs side by side, and where they part first",
        description=_COMPARE,
    )
    compare.add_argument("left", metavar="RUN", help="a run's id, or enough of its beginning")
    compare.add_argument("right", metavar="RUN", help="another one")
    compare.add_argument("--json", action="store_true", help="print one JSON object")

    keep = commands.add_parser(
        "keep",
        parents=[common],
        help="keep a question with its accepted answer as a check",
        description=_KEEP,
    )
    keep.add_argument("run", metavar="RUN", nargs="?", help="the run to keep; without one, list what is kept")
    keep.add_argument("--answer", metavar="TEXT", help="the accepted answer (default: the one of the run)")
    keep.add_argument("--remove", action="store_true", help="keep it no longer; its runs stay")
    keep.add_argument("--json", action="store_true", help="print JSON")
    check = commands.add_parser(
        "check", parents=[common, loading], help="ask all kept questions again", description=_CHECK
    )
    check.add_argument(
        "--model",
        metavar="MODEL",
        default=argparse.SUPPRESS,
        help="a GGUF file (default: the one that comes with Taproot), or a server: see ask",
    )
    check.add_argument("--json", action="store_true", help="print one JSON object")
    backup = commands.add_parser(
        "backup", parents=[common], help="everything that is stored, in one file", description=_BACKUP
    )
    backup.add_argument("file", metavar="FILE", help="the ZIP file to write")
    backup.add_argument("--force", action="store_true", help="write over a file that is there")
    backup.add_argument("--json", action="store_true", help="print one JSON object")
    restore = commands.add_parser(
        "restore", parents=[common], help="make a data folder of a backup", description=_RESTORE
    )
    restore.add_argument("file", metavar="FILE", help="a file that `backup` wrote")
    restore.add_argument("--json", action="store_true", help="print one JSON object")


def single(options: argparse.Namespace) -> bool:
    """Whether `ask` names one model and one depth; if so, both become plain values, else lists."""
    models = [options.model] if isinstance(options.model, str | None) else options.model
    if len(models) * len(options.depth) == 1:
        options.model, options.depth = models[0], options.depth[0]
        return True
    options.model = models
    return False


_KEEP = (
    "Keep the question of a run with the answer that you accept, so that `check` can ask it again. It goes when its run is "
    "deleted. Without RUN, list what is kept and what asking again came to."
)
_CHECK = (
    "Ask all kept questions again, each on its own corpus with the settings it had, and say what changed: answer, sources, cost. "
    "Case, notation of numbers and dates and the order of lists do not count. Every question is a run of its own. "
    "Exit status: 0 none got worse, 1 one did, 2 bad input, 130 stopped."
)
_BACKUP = (
    "Write the database as of this moment, the texts of its corpora and uploaded files into one ZIP file. The app may be "
    "running. The file is private (0600) and holds everything in plain: keep it where your documents are safe, and delete it by "
    "hand when what is in it shall be gone. Exit status: 0 done, 2 it could not be written, and then nothing is left of it."
)
_RESTORE = (
    "Unpack a backup into the data folder, which has to be empty or new: choose one with --data DIR, and open the app with the "
    "same option. Exit status: 0 done, 2 it could not be restored, and then the folder is as it was."
)
_COMPARE = (
    "Put two runs side by side: answers, sources, coverage and cost, the tree with the turns that belong together, and the "
    "first thing in which they differ. Exit status: 0 they say the same, 1 the answers differ, 2 bad input."
)
