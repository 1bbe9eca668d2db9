"""How sure an answer must be: the default model reads for questions about documents that it was not trained on.

python -m models.default.training.calibrate LESSONS... [--model MODEL.gguf] [--questions 200]

The cell is the one that the lessons teach (`reading.LOOK`), over all documents of a field; the questions are those of the
documents kept out of training. For each bound that `best` might take, the share of look-ups that is right and of
questions without an answer that is seen as such: `reading.LEAST` is where their sum is largest.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.kernel.toolbox.replies import PER_RANK, is_nothing
from engine.llm import open_model
from engine.llm.base import Model, Request
from engine.types import Message, ModelInfo
from models.default.grade import right
from models.default.model import provide
from models.default.training import reading
from models.default.training.reading import Asked, Folder, read_folder
from models.default.training.rehearsal import OracleStream, rehearse, store

PIECES = {
    "both": reading.PIECES,
    "lines": f"context.search(question, {reading.LINES})",
    "passages": f"context.passages(question, {reading.PASSAGES})",
}
CELL = """```repl
import json
told = map_query(question, {pieces}, quote=True, choices=["yes", "no"])
FINAL(json.dumps([[str(one), one.confidence, one.rank] for one in told]))
```"""
BOUNDS = (-0.1, -0.2, -0.3, -0.5, -0.7, -1.0, -1.25, -1.5, -1.75, -2.0, -2.5, -3.0)


@dataclass(frozen=True)
class Told:
    """What each piece said, with its confidence and rank."""

    asked: Asked
    said: list[tuple[str, float, int]]

    def best(self, least: float, per_rank: float = PER_RANK) -> str | None:
        """What `best` takes of it, None where nothing is sure enough."""
        sure = [(c - per_rank * rank, text) for text, c, rank in self.said if not is_nothing(text)]
        chosen = max(sure, default=(0.0, ""), key=lambda one: one[0])
        return chosen[1] if sure and chosen[0] >= least else None

    def good(self, least: float, per_rank: float = PER_RANK) -> bool:
        """Whether that is right."""
        answer = self.best(least, per_rank)
        if self.asked.answer == "NONE":
            return answer is None
        return answer is not None and right(answer, self.asked.answer, "text")


class Forced:
    """A model whose root writes one cell, whatever is asked; every other reply is the true model's."""

    def __init__(self, model: Model, cell: str):
        self._model, self._cell = model, cell

    @property
    def info(self) -> ModelInfo:
        return self._model.info

    def count(self, text: str) -> int:
        return self._model.count(text)

    def fits(self, messages: Sequence[Message]) -> int:
        return self._model.fits(messages)

    def submit(self, request: Request) -> object:
        if request.conversation.endswith("/0"):
            return OracleStream(self._cell)
        return self._model.submit(request)


def read(model: Model, folders: Sequence[tuple[Folder, list[Asked]]], pieces: str) -> list[Told]:
    """Have pieces read for all questions."""
    forced = Forced(model, CELL.format(pieces=PIECES[pieces]))
    told: list[Told] = []
    with tempfile.TemporaryDirectory() as place:
        for number, (folder, asked) in enumerate(folders):
            corpus = store(folder.documents, Path(place) / str(number))
            for one in asked:
                answer = rehearse(forced, corpus, one.question)
                if answer is not None:
                    told.append(Told(one, [tuple(said) for said in json.loads(answer)]))
    return told


def drawn(paths: Sequence[Path], questions: int, rng: random.Random) -> list[tuple[Folder, list[Asked]]]:
    """All documents of each field, with questions about those kept out: as many in all as asked for, a third NONE."""
    made = []
    for path in paths:
        out, rest = read_folder([path], kept_out=True), read_folder([path])
        folder = Folder(path.stem, {**rest.documents, **out.documents}, [])
        nothing = [asked for asked in out.asked if asked.answer == "NONE"]
        there = [asked for asked in out.asked if asked.answer not in ("NONE", "yes", "no")]
        share = max(1, round(questions / len(paths) / 3))
        chosen = rng.sample(nothing, min(share, len(nothing))) + rng.sample(there, min(2 * share, len(there)))
        made.append((folder, chosen))
    return made


def described(told: Told) -> str:
    """One question with what was said to it, surest first."""
    surest = sorted(told.said, key=lambda one: one[2] * PER_RANK - one[1])
    said = "".join(
        f"\n    {sure:6.2f} place {rank}: {text}" for text, sure, rank in surest if not is_nothing(text)
    )
    return f"{told.asked.question}\n    wanted {told.asked.answer!r}{said}"


def table(told: Sequence[Told]) -> str:
    """Shares by bound."""
    there = [one for one in told if one.asked.answer != "NONE"]
    nothing = [one for one in told if one.asked.answer == "NONE"]
    lines = [f"{len(there)} look-ups, {len(nothing)} without an answer"]
    for least in BOUNDS:
        found, seen = sum(one.good(least) for one in there), sum(one.good(least) for one in nothing)
        shares = found / max(1, len(there)), seen / max(1, len(nothing))
        lines.append(
            f"{least:6.2f}   look-up {shares[0]:4.0%}   not there {shares[1]:4.0%}   mean {sum(shares) / 2:4.0%}"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("lessons", nargs="+", type=Path)
    parser.add_argument("--model", help="a GGUF; the default model without")
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--pieces", nargs="+", choices=PIECES, default=["both"])
    parser.add_argument("--show", action="store_true", help="print what was said to each question")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    folders = drawn(options.lessons, options.questions, random.Random(options.seed))
    with tempfile.TemporaryDirectory() as data:
        model = open_model(options.model or str(provide()), data=Path(data))
        try:
            for pieces in options.pieces:
                told = read(model, folders, pieces)
                if options.show:
                    print(*map(described, told), sep="\n")
                print(f"{pieces}: {table(told)}\n")
        finally:
            model.close()


if __name__ == "__main__":
    main()
