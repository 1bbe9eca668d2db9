"""Passwords of locked files: asked for, or read from a file; they stand on no command line and are kept nowhere."""

from __future__ import annotations

import argparse


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add `--password` and `--password-file`."""
    parser.add_argument(
        "--password",
        action="store_true",
        help="ask for a password that opens locked PDF, Office, ZIP or 7z files",
    )
    parser.add_argument(
        "--password-file", metavar="FILE", help="passwords to try, one a line; - for standard input"
    )


def passwords_of(options: argparse.Namespace) -> list[str]:
    """The passwords of these options, none without them. Raises InputError for a file that cannot be read."""
    if not (options.password or options.password_file):
        return []
    from engine.errors import InputError

    found: list[str] = []
    if options.password_file:
        found += _lines(options.password_file)
    if options.password:
        import getpass

        try:
            found.append(getpass.getpass("Password of the locked files: "))
        except (EOFError, OSError) as problem:
            raise InputError(
                "There is no terminal to ask for the password; use --password-file FILE, or - for standard input."
            ) from problem
    from app.library import wording

    return wording.passwords(found)


def _lines(name: str) -> list[str]:
    import sys
    from pathlib import Path

    from engine.errors import InputError

    try:
        text = sys.stdin.read() if name == "-" else Path(name).expanduser().read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise InputError(f"{name} cannot be read as text; give a file with one password a line.") from problem
    return text.splitlines()
