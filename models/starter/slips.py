"""Recovery: a cell with a mistake, what the engine shows of it, and the right cell after it.

The mistake is given, as another model or a hasty token would make it: a misspelt name, a missing bracket, a form that
does not exist, or a look at something empty without an end.
"""

from __future__ import annotations

import random
import re
import tempfile
from functools import cache
from pathlib import Path

from engine.types import Message
from models.starter.rehearsal import OracleModel, rehearse, store

TEXTS = {
    "notes.txt": "The gate was painted.\nA visitor asked for the keys.\n",
    "list.csv": "id,amount\nA-1,20.00\nA-2,35.50\n",
}
NAMES = re.compile(
    r"\b(?:context|question|found|hits|docs|nearest|grep|search|matching|phrase|kind|map_query|FINAL|pair)\b"
)


def slip(rng: random.Random, cell: str) -> str:
    """A cell with one mistake in it; it does not finish."""
    draw = rng.random()
    if draw < 0.5:
        return _misspelt(rng, cell)
    if draw < 0.7:
        at = rng.choice([m.start() for m in re.finditer(r"[)\]]", cell)])
        return cell[:at] + cell[at + 1 :]
    if draw < 0.85 and 'nearest("' in cell:
        return re.sub(
            r'nearest\("\w+"', f'nearest("{rng.choice(("value", "text", "answer", "word", "any"))}"', cell
        )
    first = cell.split("\n", 1)[0]
    name = re.match(r"(\w+)(?:, \w+)? = ", first)
    return f"{first}\n{name[1]}" if name else _misspelt(rng, cell)


def _misspelt(rng: random.Random, cell: str) -> str:
    """A cell in which one name lacks a letter or has one twice."""
    found = rng.choice(list(NAMES.finditer(cell.split("FINAL", 1)[0])) or list(NAMES.finditer(cell)))
    word = found[0]
    at = rng.randrange(1, len(word))
    wrong = word[:at] + (word[at + 1 :] if rng.random() < 0.5 else word[at - 1] + word[at:])
    return cell[: found.start()] + wrong + cell[found.end() :] if wrong != word else _misspelt(rng, cell)


@cache
def _corpus() -> tuple[Path, tempfile.TemporaryDirectory[str]]:
    """Two short documents in which nothing is found; the folder lives as long as the process."""
    folder = tempfile.TemporaryDirectory()
    return store(TEXTS, Path(folder.name) / "corpus"), folder


def after(question: str, slipped: str) -> list[Message]:
    """The slip and what the engine says to it; empty where the slip ends the work after all."""
    replies = iter((f"```repl\n{slipped}\n```", '```repl\nFINAL("no")\n```'))
    model = OracleModel(lambda node, messages: next(replies, "NONE"))
    rehearse(model, _corpus()[0], question)
    messages = model.conversations["rehearsal/0"]
    return [m for m in messages if m.role != "system"][1:3] if len(messages) > 4 else []
