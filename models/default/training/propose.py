"""Cells proposed from the words that a question's writer gave, for questions that count, list or join documents.

python -m models.default.training.propose --lessons LESSONS --out FOLDER     then: models.default.training.cells

Writes what `cells` reads; it keeps those whose answer comes out right.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine import corpus as corpora
from models.default.training.cells import documents_of
from models.default.training.reading import LOOK, TAKE
from models.default.training.rehearsal import store


def body(reply: str) -> str:
    """The code of a reply that is one cell."""
    return reply.removeprefix("```repl\n").removesuffix("\n```")


def patterns(words: list[str]) -> Iterator[str]:
    """Regular expressions for given words: any of them, or one alone."""
    safe = [re.sub(r"([.^$*+?{}\[\]\\|()])", r"\\\1", word.strip()) for word in words]
    for joined in dict.fromkeys(["|".join(safe), *safe]):
        yield f"(?i){joined}"
        yield rf"(?i)\b({joined})\b" if "|" in joined else rf"(?i)\b{joined}\b"


def proposals(question: dict[str, Any], corpus: corpora.Corpus) -> Iterator[list[str]]:
    """Cells that could answer a question over documents."""
    family, words = question["family"], question["words"]
    files = sorted(question["files"])
    if family in ("count", "list"):
        end = "FINAL(len(docs), docs)" if family == "count" else "FINAL(docs.names, docs)"
        for pattern in patterns(words):
            if sorted(corpus.matching(pattern).names) == files:
                yield [f'docs = context.matching(r"{pattern}")\n{end}']
    elif family == "both" and len(words) > 1:
        for first in patterns(words[:1]):
            for second in patterns(words[1:]):
                for sign in "&-":
                    one, two = corpus.matching(first), corpus.matching(second)
                    if sorted((one & two if sign == "&" else one - two).names) == files:
                        cell = f'docs = context.matching(r"{first}") {sign} context.matching(r"{second}")'
                        yield [f"{cell}\nFINAL(docs.names, docs)"]
    elif family in ("not-there", "yes-no"):
        yield [body(LOOK), body(TAKE)]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lessons", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        for path in sorted(options.lessons.glob("*-corpus.jsonl")):
            field = path.stem.removesuffix("-corpus")
            corpus = corpora.Corpus.open(store(documents_of(options.lessons, field), Path(place) / field))
            lines = []
            for question in map(json.loads, path.read_text("utf-8").splitlines()):
                cells = next(proposals(question, corpus), None)
                if cells:
                    told = {question["q"]: question["a"]}
                    kept = {k: question[k] for k in ("q", "family", "a")}
                    lines.append(
                        json.dumps({"field": field, **kept, "cells": cells, "told": told}, ensure_ascii=False)
                    )
            (options.out / path.name).write_text("\n".join(lines) + "\n", "utf-8")
            print(field, len(lines))


if __name__ == "__main__":
    main()
