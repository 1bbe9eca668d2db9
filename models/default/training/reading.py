"""Written documents and their questions -> conversations that teach reading and looking.

python -m models.default.training.reading LESSONS... --out FOLDER        writes a .jsonl a kind

Everything but the lessons is the engine's own: its search, its prompts, what its cells print. Kinds: "page", a whole
document and its questions; "book", many documents together; "line" and "passage", a place that a search brings, and one to three questions; "look", a
root that has lines and passages read, looks at what was said, and finishes; "peek", one that printed lines that it had
better had read. Every tenth document is kept out (`kept_out`).
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine import corpus as corpora
from engine.kernel.toolbox.prompts import shown
from engine.prompt import NOT_THERE, PIECE_PROMPT
from models.default.training.rehearsal import store

Turn = dict[str, str]
LINES, PASSAGES = 5, 4  # that are read for one question; with twice as many of each no more comes out right
LEAST = -1.5  # how sure the surest answer must be, as `best` takes it: see `calibrate`
PIECES = f"context.search(question, {LINES}) + context.passages(question, {PASSAGES})"
TOLD = f'told = best(map_query(question, {PIECES}, quote=True, choices=["yes", "no"]), {LEAST})'
LOOK = f"```repl\n{TOLD}\ntold\n```"
PEEK = "```repl\nhits = context.search(question, 5)\nhits\n```"
TAKE = "```repl\nFINAL(told)\n```"
NEAR = 8  # places of each kind that a search brings for lessons
MISSES = 0.2  # of the places without an answer are read too: what tells a near miss is learnt from them
AGAIN = "Question: {question}\nAnswer from the text above only. If it is not there, say NONE."
KEEP_OUT = 10
BOOK = 4000, 12000  # characters of several documents together
QUESTIONS = 16  # about them
JUDGED = ("yes", "no", "NONE")


@dataclass(frozen=True)
class Asked:
    """A question about one document; `proof` is the sentence that answers it, "" where nothing does."""

    name: str
    question: str
    answer: str
    proof: str


@dataclass(frozen=True)
class Folder:
    """The documents of one field and what is asked about them."""

    name: str
    documents: dict[str, str]
    asked: list[Asked]

    def about(self, name: str) -> list[Asked]:
        """What is asked about one document."""
        return [one for one in self.asked if one.name == name]


def user(text: str) -> Turn:
    return {"role": "user", "content": text}


def says(text: str) -> Turn:
    return {"role": "assistant", "content": text}


def read_folder(paths: Sequence[Path], *, kept_out: bool = False) -> Folder:
    """The lessons of one field, without every tenth document, or only those. Questions with a slip are left out."""
    documents: dict[str, str] = {}
    asked: list[Asked] = []
    number = 0
    for path in paths:
        for line in path.read_text("utf-8").splitlines():
            try:
                lesson = json.loads(line)
            except json.JSONDecodeError:
                continue
            number += 1
            if (number % KEEP_OUT == 0) != kept_out:
                continue
            text = documents[lesson["name"]] = lesson["text"]
            for q in lesson["questions"]:
                answer, proof = q["a"], q["from"] or ""
                if answer in JUDGED or answer in text:
                    asked.append(Asked(lesson["name"], q["q"], answer, proof if answer != "NONE" else ""))
    return Folder(paths[0].stem, documents, asked)


def answer_in(asked: Asked, name: str, text: str) -> str | None:
    """What a reader of `text` of document `name` should say; None where that is not certain."""
    if asked.answer == "NONE":
        return "NONE"
    if name == asked.name and asked.proof and asked.proof.strip() in text:
        return asked.answer if asked.answer in JUDGED or asked.answer in text else None
    return None if asked.answer not in ("yes", "no") and asked.answer in text else "NONE"


def conversation(text: str, told: Sequence[tuple[str, str]]) -> list[Turn]:
    """One text, several questions with their answers."""
    turns: list[Turn] = []
    for question, answer in told:
        asks = (
            AGAIN.format(question=question) if turns else PIECE_PROMPT.format(piece=text, question=question)
        )
        turns += [user(asks), says(answer)]
    return turns


def pages(folder: Folder, rng: random.Random) -> Iterator[list[Turn]]:
    """Every document with all of its questions, in any order."""
    for name, text in folder.documents.items():
        told = [(a.question, a.answer) for a in folder.about(name)]
        rng.shuffle(told)
        if told:
            yield conversation(f"[{name}]\n{text}" if rng.random() < 0.7 else text, told)


def _said(asked: Asked, here: dict[str, str]) -> str | None:
    answers = {answer_in(asked, name, text) for name, text in here.items()}
    if None in answers:
        return None
    return next((a for a in answers if a != "NONE"), "NONE")


def lines(folder: Folder, corpus: corpora.Corpus, rng: random.Random) -> Iterator[list[Turn]]:
    """Lines that a search brings, one at a time: where the answer stands, and near misses."""
    for asked in folder.asked:
        hits = corpus.search(asked.question, NEAR)
        yield from _places(folder, asked, [(hit.name, str(hit.text), shown(hit)) for hit in hits], rng)


def passages(folder: Folder, corpus: corpora.Corpus, rng: random.Random) -> Iterator[list[Turn]]:
    """The same with passages of several sizes."""
    for asked in folder.asked:
        near = corpus.passages(asked.question, NEAR, rng.choice((100, 300, 300, 600)))
        yield from _places(folder, asked, [(one.name, str(one), shown(one)) for one in near], rng)


def _places(
    folder: Folder, asked: Asked, places: Sequence[tuple[str, str, str]], rng: random.Random
) -> Iterator[list[Turn]]:
    """Places, each (name of its document, its text, how a reader is given it), with the question and others of them."""
    for name, text, given in places:
        said = answer_in(asked, name, text)
        if said is None or (said == "NONE" and rng.random() > MISSES):
            continue
        others = [
            (one.question, answer_in(one, name, text)) for one in folder.about(name) if one is not asked
        ]
        found = [(question, also) for question, also in others if also not in (None, "NONE")]
        missed = [(question, also) for question, also in others if also == "NONE"]
        told = [(asked.question, said)]
        told += rng.sample(found, min(2, len(found))) + rng.sample(missed, min(1, len(missed)))
        rng.shuffle(told)
        yield conversation(given, [(question, also or "") for question, also in told])


def books(folder: Folder, rng: random.Random) -> Iterator[list[Turn]]:
    """Many documents as one long text, as the direct way gives them, and questions about any of them."""
    names = list(folder.documents)
    for _ in range(len(names) // 3):
        chosen: list[str] = []
        left = rng.randint(*BOOK)
        for name in rng.sample(names, len(names)):
            if len(folder.documents[name]) < left:
                chosen.append(name)
                left -= len(folder.documents[name])
        text = "\n\n".join(f"{name}:\n{folder.documents[name]}" for name in chosen)
        here = [asked for asked in folder.asked if asked.name in chosen and asked.answer != "NONE"]
        other = [asked for asked in folder.asked if asked.name not in chosen and asked.answer not in text]
        asked = [(one.question, one.answer) for one in rng.sample(here, min(QUESTIONS, len(here)))]
        asked += [(one.question, "NONE") for one in rng.sample(other, min(QUESTIONS // 8, len(other)))]
        rng.shuffle(asked)
        if len(chosen) > 1:
            yield conversation(text, asked)


def head(
    question: str, documents: int, chars: int, rng: random.Random, depths: Sequence[int] = (0, 1, 1, 2)
) -> str:
    """The first message of a root, as the engine writes it for a small model."""
    limits = (
        f"{rng.randint(3000, 20000)} characters, {rng.randint(60, 200)} calls, {rng.choice((8, 12))} turns"
    )
    return (
        f"Context: Corpus of {documents} documents, {chars:,} characters\n"
        f"Limits: {limits}, depth {rng.choice(depths)}\nQuestion: {question}"
    )


def looks(folder: Folder, corpus: corpora.Corpus, rng: random.Random) -> Iterator[list[Turn]]:
    """Roots: have lines and passages read that a search brings, look, and finish."""
    chars = sum(map(len, folder.documents.values()))
    for asked in folder.asked:
        here: dict[str, str] = {}
        for one in (*corpus.search(asked.question, LINES), *corpus.passages(asked.question, PASSAGES)):
            here[one.name] = f"{here.get(one.name, '')}\n{getattr(one, 'text', one)}"
        said = _said(asked, here)
        if said is None:
            continue
        printed = user(f"Output:\n{NOT_THERE if said == 'NONE' else said!r}")
        yield [user(head(asked.question, len(corpus), chars, rng)), says(LOOK), printed, says(TAKE)]


def peeks(folder: Folder, corpus: corpora.Corpus, rng: random.Random) -> Iterator[list[Turn]]:
    """Roots that printed lines where they had better had them read."""
    chars = sum(map(len, folder.documents.values()))
    for asked in rng.sample(folder.asked, len(folder.asked) // 12):
        printed = user(f"Output:\n{corpus.search(asked.question, 5)!r}")
        yield [user(head(asked.question, len(corpus), chars, rng)), says(PEEK), printed, says(LOOK)]


MAKERS = {"line": lines, "passage": passages, "look": looks, "peek": peeks}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "lessons", nargs="+", type=Path, help="JSON Lines files; a folder of them is one field"
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    kinds = ("page", "book", *MAKERS)
    parser.add_argument("--kinds", nargs="+", choices=kinds, default=kinds)
    parser.add_argument(
        "--kept-out", action="store_true", help="only the documents that training must not see"
    )
    options = parser.parse_args()
    rng = random.Random(options.seed)
    options.out.mkdir(parents=True, exist_ok=True)
    made = {kind: (options.out / f"{kind}.jsonl").open("w") for kind in options.kinds}
    counts = dict.fromkeys(made, 0)

    def put(kind: str, turns: list[Turn]) -> None:
        made[kind].write(json.dumps(turns, ensure_ascii=False) + "\n")
        counts[kind] += 1

    for path in options.lessons:
        files = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
        folder = read_folder(files, kept_out=options.kept_out)
        for kind, make in (("page", pages), ("book", books)):
            if kind in made:
                for turns in make(folder, rng):
                    put(kind, turns)
        with tempfile.TemporaryDirectory() as place:
            corpus = corpora.Corpus.open(store(folder.documents, Path(place) / "corpus"))
            for kind in (k for k in MAKERS if k in made):
                for turns in MAKERS[kind](folder, corpus, rng):
                    put(kind, turns)
    print(counts)


if __name__ == "__main__":
    main()
