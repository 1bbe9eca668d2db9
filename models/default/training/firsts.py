"""First cells alone, which is what tells questions apart: 95 tokens each, so many can be learnt.

python -m models.default.training.firsts --written FOLDER --cells first.jsonl ... --looks look.jsonl --out firsts.jsonl

A line of FOLDER/*.jsonl: {"q", "family", "cell"}, where the cell is Python, or LOOK or PEEK for the two that all models
begin with (`reading`). They need no documents: a root sees only the question before its first cell.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

from models.default.training.reading import LOOK, PEEK, Turn, head, says, user

NAMED = {"LOOK": LOOK, "PEEK": PEEK}
LOOKS = 1300  # of the many look-ups that documents give
DOCUMENTS, CHARS = (4, 400), (400, 9000)  # of a folder, and of a document, that is made up


def written(folder: Path, rng: random.Random) -> Iterator[list[Turn]]:
    """Questions and first cells that were written without documents."""
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            lesson = json.loads(line)
            cell = NAMED.get(lesson["cell"]) or f"```repl\n{lesson['cell']}\n```"
            documents = rng.randint(*DOCUMENTS)
            depths = (1, 1, 2) if "rlm_query" in cell else (0, 1, 1, 2)
            opening = head(lesson["q"], documents, documents * rng.randint(*CHARS), rng, depths)
            yield [user(opening), says(cell)]


def beginnings(path: Path) -> list[list[Turn]]:
    """The first question and answer of each conversation of a file."""
    return [json.loads(line)[:2] for line in path.read_text("utf-8").splitlines()]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--written", type=Path, required=True, help="folder of written first cells")
    parser.add_argument("--cells", type=Path, nargs="+", default=[], help="what `cells --first` wrote")
    parser.add_argument("--looks", type=Path, help="the look.jsonl of `reading`")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=3)
    options = parser.parse_args(arguments)
    rng = random.Random(options.seed)
    made = [*written(options.written, rng)]
    for path in options.cells:
        made += beginnings(path)
    if options.looks:
        looks = beginnings(options.looks)
        made += rng.sample(looks, min(LOOKS, len(looks)))
    rng.shuffle(made)
    options.out.write_text("".join(json.dumps(turns, ensure_ascii=False) + "\n" for turns in made), "utf-8")
    print(f"{len(made):,} first cells")


if __name__ == "__main__":
    main()
