"""`key`: print the key by which other programs reach the app, make another, or take it back."""

from __future__ import annotations

import argparse
from typing import Any


def add_parser(commands: Any, common: argparse.ArgumentParser) -> None:
    """Add the command to the parsers of all commands."""
    key = commands.add_parser(
        "key",
        parents=[common],
        help="the key for other programs",
        description="Print the key by which other programs reach the app, at /v1 and by gradio_client; it is made when first asked "
        "for and kept in the data folder, readable by you alone.",
    )
    instead = key.add_mutually_exclusive_group()
    instead.add_argument(
        "--new", action="store_true", help="make another; the one before opens nothing any more"
    )
    instead.add_argument("--remove", action="store_true", help="take it back")


def run(options: argparse.Namespace) -> int:
    """Exit status 0. Raises StoreError when the data folder cannot be used."""
    from app.programs.keys import KeyFile
    from engine.store.location import data_folder

    file = KeyFile(data_folder(options.data))
    if options.remove:
        print("The key was removed." if file.remove() else "There was no key.")
        return 0
    print((not options.new and file.read()) or file.make())
    return 0
