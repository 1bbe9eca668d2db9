#!/usr/bin/env python3
"""The front door: set up a private .venv beside this file if needed, then run one command inside it.

Standard library only (app/setup does the work), and plain enough for an old Python to read, so that it can say what
is missing.
"""

import sys

if sys.version_info < (3, 11):
    sys.exit(
        "Taproot needs Python 3.11 or newer, this is %d.%d. Install a newer Python (on Debian or Ubuntu: "
        "apt install python3.11 python3.11-venv) and start launch.py with it." % sys.version_info[:2]
    )

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent


def main() -> int:
    """Parse, set up, and hand over. Returns the exit status."""
    sys.path.insert(0, str(ROOT))
    from app.command_line.parser import build_parser
    from app.setup import Environment, Problem, set_up

    arguments = sys.argv[1:]
    testing = arguments[:1] == ["test"]
    if testing and {"-h", "--help"} & set(arguments):
        print("usage: launch.py test [PYTEST ARGUMENTS]\n\nRun the test suite, set up from nothing.")
        return 0
    compiling = not testing and build_parser().parse_args(arguments).compile  # bad usage needs no set-up
    if compiling:
        arguments.remove("--compile")
    environment = Environment(ROOT)
    try:
        set_up(environment, testing=testing, compiling=compiling)
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 2
    if Path(sys.prefix) != environment.folder:
        return hand_over(str(environment.python), arguments)
    from app.command_line.main import run

    return run(arguments)


def hand_over(python: str, arguments: "list[str]") -> int:
    """Start this file again with the Python of .venv."""
    command = [python, str(ROOT / "launch.py"), *arguments]
    if os.name == "nt":
        return subprocess.call(command)
    os.execv(python, command)
    return 0  # not reached


if __name__ == "__main__":
    sys.exit(main())
