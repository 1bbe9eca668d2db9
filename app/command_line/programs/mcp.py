"""`mcp`: offer the library to clients of the Model Context Protocol over stdin and stdout."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from app.workbench import Workbench


def add_parser(commands: Any, common: argparse.ArgumentParser, loading: argparse.ArgumentParser) -> None:
    """Add the command to the parsers of all commands."""
    mcp = commands.add_parser(
        "mcp",
        parents=[common, loading],
        help="a server for clients of the Model Context Protocol",
        description="Speak the Model Context Protocol over stdin and stdout: a client, such as Claude Desktop, starts this by itself "
        "and gets the tools list_corpora, search, open_source and ask. It has a model of its own in memory, beside that of an "
        "app which is open; the data is the same. It ends with the client.",
    )
    mcp.add_argument(
        "--model",
        metavar="MODEL",
        default=argparse.SUPPRESS,
        help="a GGUF file (default: the last one used), or a server: see ask",
    )


def run(options: argparse.Namespace) -> int:
    """Serve until the client leaves. Exit status 0. Raises InputError for options that do not fit together."""
    from app.models.load_options import adapters_of, wish_of
    from app.programs.mcp.server import build
    from app.server import offline
    from engine.errors import InputError
    from engine.llm.remote.endpoint import is_remote, read_endpoint

    wish, adapters = wish_of(options), adapters_of(options)
    if adapters and not options.model:
        raise InputError("--lora needs --model: name the model that the adapter was trained on")
    if options.model and is_remote(options.model):
        print(f"taproot: {read_endpoint(options.model).warning}", file=sys.stderr)
    offline.stay()

    def workbench() -> Workbench:
        from app.workbench import Workbench
        from engine.store.location import data_folder

        return Workbench(data_folder(options.data), options.model, wish, adapters)

    build(workbench).run()
    return 0
