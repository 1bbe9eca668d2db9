"""Text on a terminal: consoles that change nothing, and documents that cannot send control codes."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.text import Text

WIDE = 400  # columns of a pipe, so that a row stays one line
BRIEF = 100  # characters of a brief line


def console(*, error: bool = False, quiet: bool = False, wrap: bool = False) -> Console:
    """A console on stdout or stderr without markup, emoji names and highlighting; `wrap` keeps to its width."""
    stream = sys.stderr if error else sys.stdout
    width = None if wrap and stream.isatty() else WIDE if wrap else None
    return Console(
        stderr=error, quiet=quiet, highlight=False, emoji=False, markup=False, soft_wrap=not wrap, width=width
    )


def safe(text: str, style: str = "") -> Text:
    """Text of a person, model or document as it is, without control characters that a terminal would obey."""
    return Text(printable(text), style=style)


def printable(text: str) -> str:
    """Replace control characters, except line ends and tabs."""
    return "".join(c if c in "\n\t" or c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def brief(text: str) -> str:
    """One printable line of at most 100 characters."""
    line = " ".join(printable(text).split())
    return line if len(line) <= BRIEF else line[: BRIEF - 3] + "..."
