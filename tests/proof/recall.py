"""How often what search finds holds the answer to a question: lines of `search` beside `passages`.

    python -m tests.proof.recall PATH... [--every N] [--k K] [--size CHARS] [--json]

A PATH is a folder with `documents/` and `questions.json` (its look-ups are asked), or a file of lessons: a document a
line, `{"name", "text", "questions": [{"q", "a", "from"}]}`, all of them one folder, of which the questions of every
N-th document are asked that have an answer in it. A question counts as found at the place where the answer's text
and every sentence that proves it stand in what came so far; white space does not count.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.corpus import Corpus
from engine.documents.ingest import ingest

PLACES = (1, 3, 5, 8)
Found = list[tuple[str, str]]  # names of documents and texts in them, best first


@dataclass(frozen=True)
class Question:
    """A question, the texts that what was found must hold, and the document they must stand in ("" for any)."""

    text: str
    needed: tuple[str, ...]
    document: str = ""


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="ask about each N-th lesson only")
    parser.add_argument("--k", type=int, default=8, help="lines or passages to find")
    parser.add_argument("--size", type=int, default=600, help="characters of a passage at most")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    ways: dict[str, Callable[[Corpus, str], Found]] = {
        "lines": lambda corpus, text: [(hit.name, hit.text) for hit in corpus.search(text, options.k)],
        "passages": lambda corpus, text: [
            (one.name, f"{one.above}\n{one}") for one in corpus.passages(text, options.k, options.size)
        ],
    }
    rows = []
    for path in options.paths:
        with tempfile.TemporaryDirectory() as folder:
            source, questions = exam(path) if path.is_dir() else lessons(path, Path(folder), options.every)
            corpus = Corpus.open(ingest([source], Path(folder) / "corpora").path)
            for way, find in ways.items():
                rows.append({"of": path.stem, "way": way, **measure(corpus, questions, find)})
    if len(options.paths) > 1:
        rows += [
            {"of": "all", "way": way, **total([row for row in rows if row["way"] == way])} for way in ways
        ]
    if options.json:
        print(json.dumps(rows))
        return 0
    for row in rows:
        shares = "  ".join(f"{row[f'at {n}'] / row['questions']:4.0%} at {n}" for n in PLACES)
        print(
            f"{row['of']:>16} {row['way']:>8}  {shares}  of {row['questions']}, {row['characters']:,} characters"
        )
    return 0


def exam(path: Path) -> tuple[Path, list[Question]]:
    """The documents and the look-ups of an exam."""
    asked = json.loads((path / "questions.json").read_text())
    found = [Question(one["question"], (one["answer"],)) for one in asked if one["family"] == "look-up"]
    return path / "documents", found


def lessons(path: Path, folder: Path, every: int) -> tuple[Path, list[Question]]:
    """Write the documents of a file of lessons into a folder; the questions of each `every`-th."""
    source = folder / path.stem
    questions = []
    for number, line in enumerate(path.read_text().splitlines()):
        lesson = json.loads(line)
        place = source / lesson["name"]
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(lesson["text"])
        if number % every == 0:
            asked = (one for one in lesson["questions"] if one["a"] != "NONE")
            questions += [
                Question(one["q"], (*needed(one, lesson["text"]),), lesson["name"]) for one in asked
            ]
    return source, questions


def needed(question: dict[str, str], text: str) -> Iterator[str]:
    """The answer, unless it is yes or no, and its proof: whole where it stands so in the text, else its sentences."""
    if question["a"] not in ("yes", "no"):
        yield question["a"]
    document, proof = plain(text), plain(question["from"])
    if proof in document:
        yield proof
    else:
        parts = (plain(part).lstrip("- ") for part in re.split(r"\n|(?<=[.!?]) ", question["from"]))
        yield from (part for part in parts if part and part in document)


def measure(corpus: Corpus, questions: list[Question], find: Callable[[Corpus, str], Found]) -> dict:
    """How many questions are found within each of PLACES, and the mean characters of what was found for one."""
    found = [find(corpus, question.text) for question in questions]
    places = [place(*pair) for pair in zip(questions, found, strict=True)]
    return {
        "questions": len(questions),
        **{f"at {n}": sum(at <= n for at in places) for n in PLACES},
        "characters": round(sum(len(text) for one in found for _, text in one) / max(1, len(questions))),
    }


def place(question: Question, found: Found) -> float:
    """The place, from 1, by which all that is needed was found; infinite where something is missing."""
    missing = [plain(text) for text in question.needed]
    for number, (name, text) in enumerate(found, 1):
        if question.document in ("", name):
            missing = [one for one in missing if one not in plain(text)]
        if not missing:
            return number
    return float("inf")


def plain(text: str) -> str:
    """A text with all white space as single spaces."""
    return " ".join(text.split())


def total(rows: list[dict]) -> dict:
    """The rows of one way added up, characters as the mean of a question."""
    asked = sum(row["questions"] for row in rows)
    return {
        "questions": asked,
        **{f"at {n}": sum(row[f"at {n}"] for row in rows) for n in PLACES},
        "characters": round(sum(row["characters"] * row["questions"] for row in rows) / asked),
    }


if __name__ == "__main__":
    raise SystemExit(main())
