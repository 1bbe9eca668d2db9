"""The command line: parse, run one command, turn errors into a sentence and an exit status."""

from __future__ import annotations

import argparse
import importlib
import io
import os
import subprocess
import sys

from app.command_line.keeping import grammar as keeping
from app.command_line.parser import build_parser
from app.paths import ROOT
from engine.errors import Cancelled, TaprootError


def run(arguments: list[str]) -> int:
    """Run one command. Returns 0 done, 1 no answer or a failed check, 2 bad input, 130 stopped."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that lacks a letter loses no answer
    if arguments[:1] == ["test"]:
        return run_tests(arguments[1:])
    options = build_parser().parse_args(arguments)
    try:
        return dispatch(options)
    except Cancelled as error:
        print(f"taproot: {error}", file=sys.stderr)
        return 130
    except TaprootError as error:
        print(f"taproot: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader left; nobody to tell
        return 1
    except KeyboardInterrupt:
        print("taproot: stopped", file=sys.stderr)
        return 130


def dispatch(options: argparse.Namespace) -> int:
    """Call the command's function. Imports only what that command needs: `runs` should not load llama.cpp."""
    match options.command:
        case None:
            from app.server.serve import serve

            return serve(options)
        case "ask" if not keeping.single(options):
            from app.command_line.keeping import several

            return several.run(options)
        case "ask" if options.questions or options.each:
            from app.command_line.commands import lists

            return lists.ask(options)
        case "lists":
            from app.command_line.commands import lists

            return lists.run(options)
        case "ask":
            from app.command_line.commands.ask import ask

            return ask(options)
        case "resume":
            from app.command_line.commands import resume

            return resume.run(options)
        case "runs" | "corpora" | "show" | "delete":
            from app.command_line.commands import records

            return getattr(records, options.command)(options)
        case "rescan" | "notes":
            module = importlib.import_module(f"app.command_line.folders.{options.command}")
            return int(module.run(options))
        case "doctor":
            from app.command_line.commands.doctor import doctor

            return doctor(options)
        case "verify" | "fork":
            module = importlib.import_module(f"app.command_line.commands.{options.command}")
            return int(module.run(options))
        case "models":
            from app.command_line.commands.models import models

            return models(options)
        case "bench":
            from app.command_line.commands.bench import bench

            return bench(options)
        case "export" | "import":
            from app.command_line import exchange

            return exchange.run(options)
        case "compare" | "keep" | "check" | "backup" | "restore" as name:
            module = importlib.import_module(f"app.command_line.keeping.{name}")
            return int(module.run(options))
        case "key":
            from app.command_line.programs import key

            return key.run(options)
        case "mcp":
            from app.command_line.programs import mcp

            return mcp.run(options)
    raise AssertionError(options.command)


ALONE = frozenset(("--pdb", "--trace", "-s", "--capture=no"))  # of pytest: it works in one process alone


def run_tests(arguments: list[str]) -> int:
    """Run pytest on the project from its root; further arguments go to pytest."""
    return subprocess.call([sys.executable, "-m", "pytest", *spread(arguments), *arguments], cwd=ROOT)


def spread(arguments: list[str]) -> list[str]:
    """What has pytest run the whole suite in two processes; nothing where these arguments name a part or ask for what one
    process alone shows: a debugger, or what is printed.

    The tests of a file stay together, for they share what is costly to make, and files go in their order. Where one of the
    processes dies, all ends when the other is done: pytest-xdist would start it anew and then wait without end.
    """
    if ALONE.intersection(arguments) or not all(argument.startswith("-") for argument in arguments):
        return []
    return ["-n", "2", "--dist", "loadscope", "--no-loadscope-reorder", "--max-worker-restart", "0"]
