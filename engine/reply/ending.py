"""Where a reply has to end while it is generated, and what is said of one that was cut. Pure."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from engine.reply.choice import choose_cell
from engine.reply.fences import walk
from engine.reply.loops import find_loop
from engine.reply.thinking import split_thinking

Why = Literal["cell", "output", "blocks", "loop"]
"""Why a reply ends before its model ends it: its cell is complete; it makes up an output; it wrote several blocks,
none of them surely a cell; it only repeats itself."""

_ENDINGS = re.compile(
    r"```(?:[ \t]*\r?\n)?|</[a-z_:]{2,32}>|<\|[a-z_]{2,40}\|>|\[/[a-z_]{2,32}\]|~~~|'''|(?:outputs?|\]|executed)[*_]{0,2}[ \t]*:",
    re.IGNORECASE,
)
_LONGEST_ENDING = 60  # characters
SHOWN_UNIT = 60  # characters


class Ending(NamedTuple):
    """Where a reply has to end, in characters, and why. `finish`: how it is then said to have ended."""

    at: int
    why: Why

    @property
    def finish(self) -> Literal["stop", "output", "blocks", "loop"]:
        return "stop" if self.why == "cell" else self.why


def find_ending(text: str, *, cells: bool, seen: int = 0) -> Ending | None:
    """Return where generation has to stop in `text` (a reply so far), or None while it may go on.

    `cells`: the reply of a node, which ends with its first cell, or where it makes up what would follow; the answer of
    a sub-call ends only where it goes round in circles. Never stops at a cell inside thinking; where the chat template
    opens that in the prompt, put its tag in front of `text`. Meant to be called after every token; `seen`: characters
    at which it was called before, so that it looks closely only where a closing mark came since.
    """
    if cells and (ending := _end_of_turn(text, seen)) is not None:
        return ending
    return Ending(len(text), "loop") if find_loop(text) is not None else None


def end_of_cell(text: str) -> int | None:
    """Return the number of characters after which the first cell of `text` ends and generation may stop, or None."""
    ending = _end_of_turn(text, 0)
    return ending.at if ending is not None and ending.why == "cell" else None


def say_cut(finish: str, text: str) -> str:
    """Say in a sentence for a person what a reply was cut for (its `finish`); "" where nothing was cut here."""
    if finish == "output":
        return "the reply was cut where it made up an output: only a cell gives one"
    if finish == "blocks":
        return "the reply was cut after several blocks, because none of them was a cell that could run"
    if finish == "loop" and (loop := find_loop(text)) is not None:
        unit = " ".join(loop.unit.split()) or "blank lines"
        shown = unit if len(unit) <= SHOWN_UNIT else f"{unit[:SHOWN_UNIT]}..."
        return f"the reply went round in circles and was cut: it repeated {shown!r} {loop.times:,} times"
    return ""


def _end_of_turn(text: str, seen: int) -> Ending | None:
    marks = _ENDINGS.finditer(text, max(0, seen - _LONGEST_ENDING))
    if not any(mark.end() > seen for mark in marks):
        return None
    _, visible, unclosed = split_thinking(text)
    if unclosed:
        return None
    blocks, end = walk(visible)
    cell, sure, invented, over = choose_cell(visible[:end], blocks)
    if cell is not None and sure:
        return Ending(cell.end, "cell")
    if invented < end:
        return Ending(invented, "output")
    return Ending(len(text), "blocks") if over else None
