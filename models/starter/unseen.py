"""What training must not see: runs of words of the questions and documents of the sample, the probe and the exams."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

RUN = 7  # words; "how many of the documents mention the" is six, and everybody's
ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "app" / "sample"
BY_HAND = [Path(__file__).parent / name for name in ("probe", "exam", "second-exam")]


def runs(text: str, length: int = RUN) -> set[str]:
    """All runs of `length` words, numbers among them, of the lines of a text; case and punctuation do not count."""
    found: set[str] = set()
    for line in text.casefold().splitlines():
        words = re.findall(r"\w+", line)
        found.update(" ".join(words[at : at + length]) for at in range(len(words) - length + 1))
    return found


def held_out() -> Iterator[str]:
    """The questions and documents that no training text may repeat."""
    for folder in (SAMPLE, *BY_HAND):
        for question in json.loads((folder / "questions.json").read_text("utf-8")):
            yield question["question"]
        for path in sorted((folder / "documents").rglob("*")):
            if path.is_file() and path.suffix != ".pdf":
                yield path.read_text("utf-8")


@cache
def forbidden() -> frozenset[str]:
    """The runs of words of what is held out."""
    return frozenset().union(*map(runs, held_out()))


def repeats(texts: Iterable[str]) -> set[str]:
    """The forbidden runs of words that texts have."""
    return {run for text in texts for run in runs(text) & forbidden()}
