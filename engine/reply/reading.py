"""One whole reply -> thinking, prose, code, final. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from engine.reply import native
from engine.reply.choice import choose_cell
from engine.reply.ending import SHOWN_UNIT
from engine.reply.fences import FINAL_LABELS, OTHER_LABELS, OUTPUT_LABELS, Block, walk
from engine.reply.finals import Found, find_finals, read_fence
from engine.reply.source import LABEL_WORDS, compiles, meant_as_code, tidy, tree_of
from engine.reply.thinking import blank, split_thinking

_INVENTED = "An output written into the reply itself was ignored; the real output is what the cell gives."
_CODE_LINE = re.compile(
    r"^[ \t]*(?:import |from \w[\w.]* import |def |async def |class |for |while |with |try:|if |@|#"
    r"|[\w.]+(?:\[[^\n]*\])?[ \t]*[-+*/]?=[^=]|(?:await )?[\w.]+\()",
    re.MULTILINE,
)
_MAX_STARTS = 8
_MAX_UNFENCED = 20_000
_BLANK_LINES = re.compile(r"\n[ \t\r]*(?:\n[ \t\r]*)+\n")


@dataclass(frozen=True, slots=True)
class Final:
    """A final answer in the text of a reply: the answer itself, or the name of the variable that holds it."""

    kind: Literal["literal", "name"]
    value: str


@dataclass(frozen=True, slots=True)
class ParsedReply:
    """What a reply says and asks for.

    `prose` is the text before the cell, or all text of a reply without one. `code` is the cell, "" if there is
    none; it may still fail to compile, which the kernel then explains. `notes` has a sentence for each repair
    and rejection, fit for the model and for a person. `open`: the reply ended inside its cell.
    """

    thinking: str
    prose: str
    code: str
    final: Final | None
    notes: tuple[str, ...]
    open: bool = False


def parse(text: str) -> ParsedReply:
    """Read one whole reply. Never raises; takes time linear in its length."""
    thinking, visible, unclosed = split_thinking(text)
    notes: list[str] = []
    if unclosed:
        notes.append("The reply ended inside its thinking, so it holds neither code nor an answer.")
    blocks, cut = walk(visible)
    if len(visible[cut:].split()) > 1:
        notes.append("A chat-template token leaked into the reply; it and everything after it were cut off.")
    choice = choose_cell(visible[:cut], blocks)
    cell = choice.cell
    if cell is None and choice.invented < cut:
        notes.append(_INVENTED)
        cut = choice.invented
        blocks = [block for block in blocks if block.start < cut]
    visible = visible[:cut]
    finals = _finals(visible, blocks)
    if cell is None and (cell := _unfenced(visible, blocks, finals)) is not None:
        finals = []
    if cell is None:
        return _without_cell(thinking, visible, blocks, finals, notes)
    notes += cell.notes
    if cell.ending == "cut":
        notes.append("The code block was not closed: the reply may have been cut off in it.")
    after = [block for block in blocks if block.start >= cell.end]
    notes += _left_out(cell, [block for block in blocks if block is not cell and block.code], after)
    if choice.invented < cut and _INVENTED not in notes:
        notes.append(_INVENTED)
    final, rejections = _final_beside_cell(finals, [block for block in after if block.code])
    prose = _clean(visible[: cell.start])
    return ParsedReply(thinking, prose, cell.code, final, (*notes, *rejections), cell.ending == "cut")


def _finals(visible: str, blocks: list[Block]) -> list[Found]:
    prose = visible
    pieces, at = [], 0
    for block in blocks:
        pieces += [prose[at : block.start], blank(prose[block.start : block.end], 0, block.end - block.start)]
        at = block.end
    found = find_finals("".join(pieces) + prose[at:])
    found += [
        read_fence(block.body, block.start, block.end)
        for block in blocks
        if block.label in FINAL_LABELS and not block.code
    ]
    return sorted(found, key=lambda final: final.start)


def _final_beside_cell(finals: list[Found], left_out: list[Block]) -> tuple[Final | None, list[str]]:
    """Keep a variable named as the final answer beside a cell; an answer in words came before any output."""
    notes: list[str] = []
    final: Final | None = None
    for found in finals:
        if found.kind == "rejected":
            notes.append(found.value)
        elif final is not None:
            notes.append("Only the first final answer of the reply counts.")
            break
        elif found.kind != "name":
            notes.append(
                "The final answer in the text was not taken, because it was written before the cell had any "
                "output: look at the output, then give the answer."
            )
            break
        elif left_out and found.start >= left_out[0].start:
            notes.append(
                f"The final answer {found.value} was not taken, because it stands after a block that did not run."
            )
            break
        else:
            final = Final("name", found.value)
    return final, notes


def _without_cell(
    thinking: str, visible: str, blocks: list[Block], finals: list[Found], notes: list[str]
) -> ParsedReply:
    notes += [found.value for found in finals if found.kind == "rejected"]
    taken = [found for found in finals if found.kind != "rejected"]
    if not taken:
        languages = sorted({block.label for block in blocks} & OTHER_LABELS - OUTPUT_LABELS - FINAL_LABELS)
        if languages:
            notes.append(f"Nothing was run: cells are Python, and the reply holds {', '.join(languages)}.")
        elif visible.lstrip().startswith("{") or any(block.label == "call" for block in blocks):
            notes.append("Nothing was run: the tool call in the reply holds no code that could be read.")
        elif line := _CODE_LINE.search(visible):
            shown = visible[line.start() :].strip().partition("\n")[0][:SHOWN_UNIT]
            notes.append(f"Nothing was run: {shown!r} looks like Python, and stands in no cell.")
        return ParsedReply(thinking, _clean(visible), "", None, tuple(notes))
    first = taken[0]
    if any((found.kind, found.value) != (first.kind, first.value) for found in taken[1:]):
        notes.append("The reply gives several final answers; the first one was taken.")
    prose = _clean(visible[: first.start] + visible[first.end :])
    if first.kind == "code":
        notes.append("The final call was run as the cell, because its argument has to be evaluated.")
        return ParsedReply(thinking, prose, first.value, None, tuple(notes))
    kind: Literal["literal", "name"] = "name" if first.kind == "name" else "literal"
    return ParsedReply(thinking, prose, "", Final(kind, first.value), tuple(notes))


def _left_out(cell: Block, runnable: list[Block], after: list[Block]) -> list[str]:
    notes = []
    if any(block.start < cell.start and not compiles(block.code) for block in runnable):
        notes.append("A block in front of the cell is not Python as it stands, so the cell after it was run.")
    if runnable:
        blocks = "one other block was" if len(runnable) == 1 else f"{len(runnable)} other blocks were"
        notes.append(f"Only one code block runs in a turn, the first; {blocks} left out.")
    if any(not block.code and block.label in OUTPUT_LABELS | {""} for block in after):
        notes.append(_INVENTED)
    return notes


def _unfenced(visible: str, blocks: list[Block], finals: list[Found]) -> Block | None:
    """Take a reply, or the end of one, as the cell where it is Python that only lacks its fence."""
    if blocks or len(visible) > _MAX_UNFENCED:
        return None
    if visible.lstrip().startswith("{") and (call := native.code_of_call(visible, strict=True)):
        code, notes = tidy(call)
        return Block(0, len(visible), "call", visible, code, "closed", notes)
    whole = _bare_cell(visible, 0)
    if finals:
        return whole if meant_as_code(visible[: finals[0].start]) else None
    if whole is not None:
        return whole
    starts = [mark.start() for mark in islice(_CODE_LINE.finditer(visible), _MAX_STARTS)]
    return next((cell for start in starts if (cell := _bare_cell(visible, start)) is not None), None)


def _bare_cell(visible: str, start: int) -> Block | None:
    body = visible[start:]
    code, notes = tidy(body)
    first = body.split(None, 1)[:1]
    labelled = bool(notes) and bool(first) and first[0].lower() in LABEL_WORDS
    if not (labelled and tree_of(code) is not None) and not meant_as_code(code):
        return None
    note = "The code had no fence around it and was run as it stands."
    return Block(start, len(visible), "", body, code, "closed", (*notes, note))


def _clean(prose: str) -> str:
    return _BLANK_LINES.sub("\n\n", prose.replace("\r\n", "\n")).strip()
