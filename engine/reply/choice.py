"""Which of the blocks of a reply is its cell, and from where on the reply only makes up what would follow. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

from engine.reply.fences import OUTPUT_LABELS, Block
from engine.reply.source import compiles, meant_as_code, uses_scaffold

MOST_BLOCKS = 3  # of code are looked at; a reply that goes on after them is not about to write its cell
MOST_QUOTES = 24  # blocks of any kind in front of the cell
MOST_OUTPUTS = 2  # lines "Output:" in a reply without any code; more are a reply that only makes up outputs

_OUTPUT = re.compile(
    r"^[ \t>]*(?:[#*_]{1,4}[ \t]*)?(?:(?:cell |repl |execution )?outputs?|out ?\[\d+\]|code executed)"
    r"(?:[*_]{1,2})?[ \t]*:",
    re.IGNORECASE | re.MULTILINE,
)


class Choice(NamedTuple):
    """The cell of a reply, or None. `sure`: nothing that may still be written can make another block the cell.

    `invented` is where an output begins that the reply made up, or its length; `over`: so many blocks of code were
    no cell that none will be.
    """

    cell: Block | None
    sure: bool
    invented: int
    over: bool


def choose_cell(visible: str, blocks: Sequence[Block]) -> Choice:
    """Choose among the blocks of a reply without its thinking.

    The first one that is surely meant to run and compiles; one that does not compile may be a quotation, and gives
    way to a later one that does something. Where none compiles the first is taken: the kernel says what is wrong.
    """
    invented = _invented(visible, blocks)
    code = [block for block in blocks[:MOST_QUOTES] if block.code and block.start < invented]
    tried = code[:MOST_BLOCKS]
    over = _full(code, MOST_BLOCKS) or _full(blocks, MOST_QUOTES)
    broken: list[Block] = []
    for block in tried:
        if not surely_meant(block):
            continue
        if compiles(block.code) and (not broken or meant_as_code(block.code)):
            sure = block.ending == "closed" and all(_ended(one) for one in broken)
            if (
                block.label == "" and block is not blocks[0]
            ):  # its fences may yet be the end and the start of others
                sure = sure and "\n" in visible[block.end :]
            return Choice(block, sure, invented, False)
        broken.append(block)
    return Choice(next(iter([*broken, *tried]), None), False, invented, over)


def surely_meant(block: Block) -> bool:
    """Tell whether a block is meant to run; a bare fence may as well quote the code of a document."""
    return block.label in ("python", "call") or uses_scaffold(block.code)


def _invented(visible: str, blocks: Sequence[Block]) -> int:
    """Where an output is made up: for the third time in front of any code, or at once after a block of code."""
    code = next((block for block in blocks if block.code), None)
    before = _OUTPUT.finditer(visible, 0, code.start if code else len(visible))
    if (third := next(islice(before, MOST_OUTPUTS, None), None)) is not None:
        return third.start()
    if code is None or not _ended(code):
        return len(visible)
    found = [block.start for block in blocks if block.start >= code.end and block.label in OUTPUT_LABELS]
    outside = (
        mark.start()
        for mark in _OUTPUT.finditer(visible, code.end)
        if not any(block.start <= mark.start() < block.end for block in blocks)
    )
    return min([*found[:1], next(outside, len(visible))])


def _full(blocks: Sequence[Block], most: int) -> bool:
    return len(blocks) >= most and blocks[most - 1].ending == "closed"


def _ended(block: Block) -> bool:
    return block.ending in ("closed", "next")
