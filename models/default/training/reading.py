"""Written documents and their questions -> conversations that teach reading and looking.

python -m models.default.training.reading LESSONS... --out FOLDER        writes page, joined, passage and look .jsonl

Everything but the lessons is the engine's own: its search, its prompts, what its cells print. Kinds: "page", a whole
document and its questions; "joined", what a search brings from a folder, and several questions; "passage", one place of
it and one or two questions; "look", a root that has the lines of a search read, looks at what was said, and finishes or has passages read. Every tenth
document is kept out (`kept_out`).
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
from engine.kernel.toolbox.prompts import Together, shown
from engine.prompt import PIECE_PROMPT
from models.default.training.rehearsal import store

Turn = dict[str, str]
LINES = 8
LOOK = f"```repl\nhits = context.search(question, {LINES})\ntold = llm_query(question, hits)\ntold\n```"
TAKE = "```repl\nFINAL(told)\n```"
READ = "```repl\ntold = llm_query(question, context.passages(question, 8))\nFINAL(best([told]))\n```"
AGAIN = "Question: {question}\nAnswer from the text above only. If it is not there, say NONE."
KEEP_OUT = 10
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
        told = [(a.question, a.answer) for a in folder.asked if a.name == name]
        rng.shuffle(told)
        if told:
            yield conversation(f"[{name}]\n{text}" if rng.random() < 0.7 else text, told)


def joined(folder: Folder, corpus: corpora.Corpus, rng: random.Random) -> Iterator[list[Turn]]:
    """What a search for one question brings, with that question and others of the same documents."""
    for asked in rng.sample(folder.asked, len(folder.asked) // 2):
        lines = rng.random() < 0.6
        near = (
            [hit.text for hit in corpus.search(asked.question, LINES)]
            if lines
            else corpus.passages(asked.question, rng.choice((4, 8)))
        )
        text = Together(near)
        here = {p.name: "\n".join(str(q) for q in near if q.name == p.name) for p in near}
        told = [(asked.question, said)] if (said := _said(asked, here)) else []
        others = [a for a in folder.asked if a.name in here and a is not asked]
        rng.shuffle(others)
        nones = 2
        for other in others:
            said = _said(other, here)
            if said is None or len(told) >= 7 or (said == "NONE" and not nones):
                continue
            nones -= said == "NONE"
            told.append((other.question, said))
        if told:
            rng.shuffle(told)
            yield conversation(text, told)


def _said(asked: Asked, here: dict[str, str]) -> str | None:
    answers = {answer_in(asked, name, text) for name, text in here.items()}
    if None in answers:
        return None
    return next((a for a in answers if a != "NONE"), "NONE")


def passages(folder: Folder, corpus: corpora.Corpus, rng: random.Random) -> Iterator[list[Turn]]:
    """Places that a search brings, one at a time: where the answer stands, and near misses."""
    for asked in folder.asked:
        for near in corpus.passages(asked.question, 6, rng.choice((100, 300, 600))):
            said = answer_in(asked, near.name, str(near))
            if said is None or (said == "NONE" and rng.random() > 0.2):
                continue
            told = [(asked.question, said)]
            more = [
                (a.question, s)
                for a in folder.asked
                if a.name == near.name
                and a is not asked
                and (s := answer_in(a, near.name, str(near))) not in (None, "NONE")
            ]
            told += rng.sample(more, min(2, len(more)))
            rng.shuffle(told)
            yield conversation(shown(near), [(q, s or "") for q, s in told])


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
    """Roots: have the lines read that a search brings, look, and finish, or have longer passages read."""
    chars = sum(map(len, folder.documents.values()))
    for asked in folder.asked:
        hits = corpus.search(asked.question, LINES)
        said = _said(asked, {h.name: "\n".join(str(g.text) for g in hits if g.name == h.name) for h in hits})
        if said is None:
            continue
        printed = user(f"Output:\n{said or 'NONE'!r}")
        last = READ if said == "NONE" else TAKE
        yield [user(head(asked.question, len(corpus), chars, rng)), says(LOOK), printed, says(last)]


MAKERS = {"joined": joined, "passage": passages, "look": looks}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "lessons", nargs="+", type=Path, help="JSON Lines files; a folder of them is one field"
    )
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kinds", nargs="+", choices=("page", *MAKERS), default=("page", *MAKERS))
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
        if "page" in made:
            for turns in pages(folder, rng):
                put("page", turns)
        with tempfile.TemporaryDirectory() as place:
            corpus = corpora.Corpus.open(store(folder.documents, Path(place) / "corpus"))
            for kind in (k for k in MAKERS if k in made):
                for turns in MAKERS[kind](folder, corpus, rng):
                    put(kind, turns)
    print(counts)


if __name__ == "__main__":
    main()
