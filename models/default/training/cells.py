"""Questions over folders with the cells that answer them -> conversations, kept where the cells come out right.

python -m models.default.training.cells --lessons LESSONS --cells FOLDER --out cells.jsonl [--fewest 5] [--check]

A line of FOLDER/*.jsonl: {"field", "q", "family", "a", "cells": [...], "told": {...}}. `cells` are run one after the other
in the engine's loop over the documents of the field; `told` says what sub-calls answer: {sub-question: answer}, for
`map_query` also {question: {file: answer}}. Answers of pieces that do not hold the told words are NONE. With `--fewest`,
conversations whose cells have a shape that fewer share are left out: what is seen once or twice is not learnt, and spoils
the rest.
"""

from __future__ import annotations

import argparse
import ast
import json
import random
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from engine.prompt import NOT_THERE
from engine.types import Message
from models.default.grade import right
from models.default.training.reading import JUDGED, Turn, head, says, user
from models.default.training.rehearsal import OracleModel, rehearse, store


class Written:
    """Gives the written cells of one question, and what is told of its sub-calls. Callable as a model's reply."""

    def __init__(self, lesson: dict[str, Any]):
        self.lesson = lesson
        self.missed: list[str] = []

    def __call__(self, node: str, messages: Sequence[Message]) -> str:
        first = next(m.content for m in messages if m.role == "user")
        if not first.startswith(("Context: ", "Asked before")):
            text, question = first.rsplit("\n\nQuestion: ", 1)
            return self._read(text, question.split("\nAnswer from the text above", 1)[0])
        if node == "0":
            done = sum(m.role == "assistant" for m in messages)
            cells = self.lesson["cells"]
            return f"```repl\n{cells[min(done, len(cells) - 1)]}\n```"
        question = first.rsplit("Question: ", 1)[1].strip()
        return f"```repl\nFINAL({self._told(question)!r})\n```"

    def _told(self, question: str) -> Any:
        told = self.lesson.get("told", {})
        if question not in told:
            self.missed.append(question)
        return told.get(question, NOT_THERE)

    def _read(self, text: str, question: str) -> str:
        told = self._told(question)
        if isinstance(told, dict):
            name = text.split("\n", 1)[0].strip("[]")
            told = told.get(name) or next((a for f, a in told.items() if a in text and f not in text), "NONE")
        return told if told in JUDGED or told in text else "NONE"


def play(lesson: dict[str, Any], corpus: Path) -> tuple[str | None, list[Message], list[str]]:
    """Run a lesson's cells. Returns the answer, the root's conversation, and sub-questions that nothing is told of."""
    written = Written(lesson)
    model = OracleModel(written, window=8192, chars=3.5)
    answer = rehearse(model, corpus, lesson["q"])
    return answer, model.conversations["rehearsal/0"], written.missed


def agrees(lesson: dict[str, Any], answer: str | None) -> bool:
    """Whether an answer says what the lesson says."""
    wanted, family = lesson["a"], lesson["family"]
    if wanted == "NONE" or family == "not-there":
        return right(answer, "", "none")
    if isinstance(wanted, dict):
        return right(answer, wanted, "pairs")
    if isinstance(wanted, list):
        return right(answer, wanted, "set")
    if family in ("count", "rows", "total", "distinct"):
        try:
            return right(answer, float(str(wanted).replace(",", "")), "number")
        except ValueError:
            pass
    return right(answer, str(wanted), "text") or (
        family in ("compare", "extreme", "two-steps")
        and bool(answer)
        and answer.casefold() in str(wanted).casefold()
    )


def conversation(messages: Sequence[Message], rng: random.Random) -> list[Turn]:
    """The root's turns without the system message, with limits drawn anew."""
    turns: list[Turn] = []
    recursive = any("rlm_query" in m.content for m in messages if m.role == "assistant")
    depths = (1, 1, 2) if recursive else (0, 1, 1, 2)
    for message in messages:
        if message.role == "user" and not turns:
            context, question = message.content.split("\nLimits: ", 1)
            sizes = context.split("Corpus of ", 1)[1].split(" characters")[0].split(" documents, ")
            documents, chars = (int(size.replace(",", "")) for size in sizes)
            turns.append(user(head(question.split("\nQuestion: ", 1)[1], documents, chars, rng, depths)))
        elif message.role != "system":
            turns.append(says(message.content) if message.role == "assistant" else user(message.content))
    return turns


def shape(turns: Sequence[Turn]) -> tuple[str, ...]:
    """The code of a conversation without its words and numbers."""
    cells = [turn["content"].strip("`").removeprefix("repl") for turn in turns if turn["role"] == "assistant"]
    shapes = []
    for cell in cells:
        tree = ast.parse(cell)
        for part in ast.walk(tree):
            if isinstance(part, ast.Constant):
                part.value = type(part.value).__name__
        shapes.append(ast.dump(tree))
    return tuple(shapes)


def common(made: Sequence[list[Turn]], fewest: int) -> list[list[Turn]]:
    """The conversations whose shape at least `fewest` share."""
    shapes = [shape(turns) for turns in made]
    number = Counter(shapes)
    return [turns for turns, of in zip(made, shapes, strict=True) if number[of] >= fewest]


def write(path: Path | None, made: Sequence[Sequence[Turn]]) -> None:
    """One conversation a line."""
    if path:
        path.write_text("".join(json.dumps(turns, ensure_ascii=False) + "\n" for turns in made), "utf-8")


def documents_of(lessons: Path, field: str) -> dict[str, str]:
    """All documents of a field."""
    lines = (lessons / f"{field}.jsonl").read_text("utf-8").splitlines()
    return {lesson["name"]: lesson["text"] for lesson in map(json.loads, lines)}


def read_cells(folder: Path) -> Iterator[dict[str, Any]]:
    paths = sorted(folder.glob("*.jsonl")) if folder.is_dir() else [folder]
    for path in paths:
        for line in path.read_text("utf-8").splitlines():
            if line.strip():
                yield json.loads(line)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lessons", type=Path, required=True, help="folder with FIELD.jsonl")
    parser.add_argument("--cells", type=Path, required=True, help="file or folder of written cells")
    parser.add_argument("--out", type=Path)
    parser.add_argument(
        "--first", type=Path, help="the first cell of each alone, which is what tells questions apart"
    )
    parser.add_argument("--fewest", type=int, default=1, help="conversations that share a shape")
    parser.add_argument("--check", action="store_true", help="say what comes out wrong")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    rng = random.Random(options.seed)
    kept: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    conversations: list[list[Turn]] = []
    with tempfile.TemporaryDirectory() as place:
        made: dict[str, Path] = {}
        for lesson in read_cells(options.cells):
            field, family = lesson["field"], lesson["family"]
            if field not in made:
                made[field] = store(documents_of(options.lessons, field), Path(place) / field)
            asked[family] += 1
            try:
                answer, messages, missed = play(lesson, made[field])
            except Exception as error:
                answer, messages, missed = f"({type(error).__name__}: {error})", [], []
            if messages and agrees(lesson, answer) and not missed:
                kept[family] += 1
                conversations.append(conversation(messages, rng))
            elif options.check:
                print(f"{field}, {family}: {lesson['q']}\n   wanted {lesson['a']!r}\n   got    {answer!r}")
                if missed:
                    print(f"   nothing told of {missed}")
                for message in messages[2:]:
                    print("   |", message.content[:600].replace("\n", "\n   | "))
    chosen = common(conversations, options.fewest)
    write(options.out, chosen)
    write(options.first, [turns[:2] for turns in chosen])
    for family, number in sorted(asked.items()):
        print(f"{family:12}{kept[family]:5} of {number}")
    print(f"{len(chosen)} conversations of {len(conversations)} have a shape that {options.fewest} share")


if __name__ == "__main__":
    main()
