"""Answers with good, altered, stitched, misattributed and invented quotes, made by chance: which are struck through?

    python -m tests.proof.quotations [--answers 200] [--seed 1] [--json]

Documents are made by chance, with lines broken within words and sentences. An answer holds one to three quotes in one of
many wordings, with one of six kinds of quotation marks, given to its file before it, behind it, at the head of a list, by
the number of a source, or to none. What was done to each quote is known; what `engine.answer.evidence` says of it is
compared with that. Exit status 0 when no false quote passes and no exact one is struck.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.answer.evidence import Evidence
from engine.corpus import Corpus
from engine.documents.ingest import ingest
from engine.run.node import Outcome

KINDS = ("exact", "word", "figure", "stitched", "misattributed", "invented", "dropped")
PAIRS = ("“”", '""', "„“", "«»", "‘’", "''")
WHO = "the tenant,the landlord,the supplier,the keeper,Halden Mills,the harbour board,Anna Brisk,the tannery".split(
    ","
)
DOES = "shall pay,has to return,may keep,shall deliver,undertakes to repair,is owed,has stored,must insure".split(
    ","
)
WHAT = "the deposit,the blue trunk,both boilers,the oak planks,a second key,the upper loft,the dye vats,the roof".split(
    ","
)
WHEN = "before the end of March,within {n} days,by {n} June 2024,at noon on Fridays,for {n} crowns a month,as of {n} May".split(
    ","
)
WHERE = "in Mill Lane,at the north quay,beside the lock,under the old bridge,in the dry store,at {n} Quay Street".split(
    ","
)
CSV = "part.csv"


@dataclass(frozen=True)
class Made:
    """A quote as it stands in an answer, what was done to it, and the file that it is given to, or ""."""

    text: str
    kind: str
    file: str


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--answers", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = prove(Path(folder), answers=options.answers, seed=options.seed)
    print(
        json.dumps(found) if options.json else "\n".join(f"{name}: {value}" for name, value in found.items())
    )
    return 1 if found["false quotes that pass"] or found["exact quotes that are struck"] else 0


def prove(folder: Path, *, answers: int, seed: int) -> dict[str, Any]:
    """Make documents and answers, and compare what was found with what was done; the figures and the failures."""
    chance = random.Random(seed)
    sentences = documents(folder / "papers", chance)
    corpus = Corpus.open(ingest([folder / "papers"], folder / "corpora").path)
    counted: Counter[str] = Counter()
    passed, struck, unseen, unplaced = [], [], [], 0
    for _ in range(answers):
        answer, question, quotes, outcome = one(chance, sentences, corpus)
        evidence = Evidence(corpus)
        told = evidence.agreement(outcome, evidence.citations(outcome), [], question)
        assert told is not None
        checked = {answer[q.start : q.end]: q for q in told.quotations}
        for quote in quotes:
            counted[quote.kind] += 1
            found = checked.get(quote.text)
            case = {"kind": quote.kind, "quote": quote.text, "file": quote.file, "answer": answer}
            if found is None:
                unseen.append(case)
            elif quote.kind == "exact" and found.status != "exact":
                struck.append({**case, "status": found.status})
            elif quote.kind != "exact" and found.status not in ("missing", "elsewhere"):
                passed.append({**case, "status": found.status})
            elif found.status == "exact":
                place = " ".join(corpus.text(found.document, found.at, found.to).split())
                unplaced += place.strip(".,") != quote.text.strip("…., ")
            else:
                unplaced += not found.nearest
    return {
        "answers": answers,
        "quotes": dict(sorted(counted.items())),
        "false quotes that pass": passed + [case for case in unseen if case["kind"] != "exact"],
        "exact quotes that are struck": struck + [case for case in unseen if case["kind"] == "exact"],
        "without a place or a nearest passage": unplaced,
    }


def sentence(chance: random.Random, number: int) -> str:
    """A sentence that no other document has: its number stands in it."""
    words = [chance.choice(part) for part in (WHO, DOES, WHAT, WHEN, WHERE)]
    return " ".join(words).format(n=chance.randint(2, 28)) + f" under clause {number}"


def documents(folder: Path, chance: random.Random) -> dict[str, list[str]]:
    """Thirty files with twelve sentences each, by name; some lines are broken, some words divided."""
    made: dict[str, list[str]] = {}
    number = 1000
    for n in range(30):
        name = f"{chance.choice(['leases', 'mail', 'minutes'])}/{chance.choice(['mill', 'quay', 'loft'])}-{n}.txt"
        made[name] = []
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = []
        for _ in range(12):
            number += chance.randint(1, 9)
            made[name].append(said := sentence(chance, number))
            words = said[0].upper() + said[1:] + "."
            at = words.find(" ", len(words) // 2)
            lines.append(
                words[:at] + chance.choice([" ", "\n", "\n  "]) + words[at + 1 :]
                if chance.random() < 0.5
                else words
            )
        made[name] = [" ".join(line.split())[:-1] for line in lines]
        path.write_text("\n\n".join(lines) + "\n")
    return made


def part(chance: random.Random, text: str) -> str:
    """Some words in a row of a sentence, its number at the end with them, so that they stand in one file alone."""
    words = text.split()
    return " ".join(words[chance.randint(0, len(words) - 6) :])


def made_quote(chance: random.Random, sentences: dict[str, list[str]], given: bool) -> Made:
    """A quote of a kind by chance; only one that is given to a file can be given to the wrong one."""
    kind = chance.choice([k for k in KINDS if given or k != "misattributed"] + ["exact"] * 5)
    file = chance.choice([*sentences])
    text = part(chance, chance.choice(sentences[file]))
    words = text.split()
    if kind == "word":
        at = chance.randrange(len(words) - 1)
        words[at] = chance.choice(
            [w for w in ("never", "both", "each", "gladly", "cellar") if w != words[at]]
        )
        text = " ".join(words)
    elif kind == "figure":
        number = words[-1]
        change = chance.randint(1, 8)
        words[-1] = chance.choice(
            [str(int(number) + change), number[:-1], number + "0", f"{number}.{change}"]
        )
        text = " ".join(words)
    elif kind == "stitched":
        other = part(chance, chance.choice(sentences[chance.choice([*sentences])]))
        text = (
            " ".join(words[:3]) + chance.choice([" ", " … ", ", ", " [...] "]) + other
            if other != text
            else text + " twice"
        )
    elif kind == "dropped":
        del words[chance.randrange(1, len(words) - 2)]
        text = " ".join(words)
    elif kind == "invented":
        text = f"{chance.choice(['all rent is waived', 'nobody may enter the vault', 'the fee is nine crowns'])} from {chance.randint(3, 99)}"
    elif kind == "misattributed":
        file = chance.choice([name for name in sentences if text not in " ".join(sentences[name])])
    elif chance.random() < 0.3:
        text = chance.choice([f"{text}.", f"{text},", f"…{text}", f"{text} …", f"...{text}"])
    return Made(text, kind, file if given else "")


def one(
    chance: random.Random, sentences: dict[str, list[str]], corpus: Corpus
) -> tuple[str, str, list[Made], Outcome]:
    """An answer with its question, its quotes, and the outcome that it belongs to."""
    way = chance.choice(["before", "behind", "brackets", "list", "number", "none", "two", "mixed"])
    given = way != "none"
    quotes = [
        made_quote(chance, sentences, given)
        for _ in range(2 if way in ("two", "mixed") else chance.randint(1, 3))
    ]
    if way == "list":
        quotes = [
            q if q.kind == "misattributed" or q.file == quotes[0].file else Made(q.text, q.kind, q.file)
            for q in quotes[:1]
        ]
    quotes = [*{quote.text: quote for quote in quotes}.values()]
    open_, close = chance.choice(PAIRS)
    put = [f"{open_}{quote.text}{close}" for quote in quotes]
    short = [chance.choice([quote.file, quote.file.rsplit("/", 1)[-1]]) for quote in quotes]
    sources: list[tuple[int, int, int]] = []
    if way == "before":
        lines = [f"In {name} it says {text}." for name, text in zip(short, put, strict=True)]
    elif way == "behind":
        lines = [f"{text}, says {name}." for name, text in zip(short, put, strict=True)]
    elif way == "brackets":
        lines = [f"It is so: {text} ({name})." for name, text in zip(short, put, strict=True)]
    elif way == "list":
        lines = [f"**{short[0]}**:", "", *(f"- {text}" for text in put)]
    elif way == "number":
        numbers = [corpus.archive.number(quote.file) for quote in quotes]
        sources = [(n, 2 * i, 2 * i + 9) for i, n in enumerate(numbers) if n is not None]
        lines = [f"They say {text} [{i}]." for i, text in enumerate(put, 1)]
    elif way == "none":
        lines = [f"It says {text}." for text in put]
    elif way == "two" and len(put) == 2:
        lines = [f"{short[0]} says {put[0]}, while {short[1]} says {put[1]}."]
    elif len(put) == 2:
        lines = [f"{put[0]} is in {short[0]}, and {put[1]} is in {short[1]}."]
    else:
        lines = [f"{short[0]}: {put[0]}"]
    answer = "\n".join(lines)
    return answer, "What do the papers say of the mill?", quotes, Outcome(answer, tuple(sources))


if __name__ == "__main__":
    sys.exit(main())
