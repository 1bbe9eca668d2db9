"""The options of these commands. Standard library only: `launch.py` reads them before anything is installed."""

import argparse


def add_parsers(commands, common: argparse.ArgumentParser) -> None:
    """Add the commands to the subparsers `commands`; all take the options of `common`."""
    compare = commands.add_parser(
        "compare",
        parents=[common],
        help="two runs side by side, and where they part first",
        description=_COMPARE,
    )
    compare.add_argument("left", metavar="RUN", help="a run's id, or enough of its beginning")
    compare.add_argument("right", metavar="RUN", help="another one")
    compare.add_argument("--json", action="store_true", help="print one JSON object")


_COMPARE = (
    "Put two runs side by side: answers, sources, coverage and cost, the tree with the turns that belong together, and the "
    "first thing in which they differ. Exit status: 0 they say the same, 1 the answers differ, 2 bad input."
)
