"""Training data without runs: the first message of a node, and the cell that answers it, known by heart.

python -m models.starter.lessons OUT.jsonl --worlds 1500
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections import Counter
from pathlib import Path

from engine import prompt
from models.starter.cells import CELLS, FORMS
from models.starter.episode import Episode
from models.starter.facts import fill, kinds
from models.starter.families import episodes
from models.starter.lexicon import WORDS, organisation
from models.starter.wording import reword
from models.starter.worlds import make_world

BY_ACT = {
    "count documents": "count documents",
    "kind documents": "count documents",
    "count times": "count times",
    "list documents": "list documents",
    "kind list": "list documents",
    "whether": "whether",
    "kind lines": "count in kind",
    "kind times": "count in kind",
    "rows status": "count in kind",
    "rows count": "count in kind",
    "about": "line",
    "fan": "each",
    "deep": "each",
}
CELLS_WITH_FORM = (*FORMS, "line")
FORM_SHARE = {
    "name": 0.3,
    "line": 0.15,
    "number": 0.4,
    "date": 0.4,
    "money": 0.4,
}  # the commonest are thinned out
WHOLE = 0.04  # share of the questions about a value that teach the whole cell
OTHERS_WHOLE = {"each": 0.25, "list ids": 0.7, "list emails": 0.7}  # of the others
NUMBERED = (
    "invoice",
    "order",
    "contract",
    "ticket",
    "case",
    "policy",
    "delivery",
    "account",
    "batch",
    "claim",
)
STATES = (
    "open",
    "paid",
    "overdue",
    "cancelled",
    "rejected",
    "approved",
    "late",
    "closed",
    "pending",
    "disputed",
)
LIST_IDS = ("List the {n} numbers from {s}.", "Which {n} numbers are from {s}?", "Give me the {n} numbers of {s}.",
            "What are the {n} numbers from {s}?", "List all {n} numbers by {s}.", "Show every {n} number from {s}.")  # fmt: skip
MARKED = ("How many {n}s are marked {s}?", "How many {n}s are {s}?", "How many of the {n}s are marked as {s}?",
          "Count the {n}s that are marked {s}.", "How many {n}s were {s}?")  # fmt: skip
EMAILS = ("List the e-mail addresses in the {d} about {s}.", "Which e-mail addresses are in the {d} on {s}?",
          "Give me all email addresses from the {d} about {s}.", "What email addresses stand in the {d} about {s}?")  # fmt: skip
EACH = ("What is the {l} in each of the {a} {n}s?", "What is the {l} of each {a} {n}?", "Give the {l} for every {a} {n}.",
        "What does each {n} say about the {l}?", "What {l} does each of the {a} {n}s have?", "List the {l} of each {n}.",
        "For each {a} {n}, what is the {l}?", "What do the {a} {n}s say about the {l}?", "Which {l} has each {n}?")  # fmt: skip
WHO_EACH = (
    "Who {v} each {a} {n}?",
    "Who {v} the {n} of each {a} meeting?",
    "Who {v} every {n}?",
    "Name who {v} each {n}.",
)
DID = (
    "signed",
    "wrote",
    "chaired",
    "took",
    "led",
    "approved",
    "attended",
    "prepared",
    "kept",
    "checked",
    "sent",
)
DOCUMENTS = (
    "contract",
    "lease",
    "report",
    "letter",
    "policy",
    "agreement",
    "offer",
    "permit",
    "minutes",
    "mail",
    "memo",
)
SORTS = ("rental", "annual", "employment", "cleaning", "maintenance", "insurance", "sales", "project", "staff", "weekly", "")  # fmt: skip


def form_of(value: str) -> str:
    """The form a value has, or "line" when it has none."""
    return next((form for form, regex in FORMS.items() if re.fullmatch(regex, value)), "line")


def label(episode: Episode) -> str | None:
    """Which cell answers an episode."""
    act = episode.plan["act"]
    if act in BY_ACT:
        return BY_ACT[act]
    if act == "rows list":
        return "list ids"
    if act == "values about":
        return "list emails" if "@" in episode.plan["regex"] else None
    return form_of(str(episode.answer)) if episode.family == "look-up" else None


def made(rng: random.Random) -> tuple[str, str, str]:
    """A question of a kind that the worlds have few of: (question, label, label of the children or "")."""
    draw = rng.random()
    if draw < 0.2:
        return (
            fill(rng, rng.choice(LIST_IDS), {"n": rng.choice(NUMBERED), "s": organisation(rng)}),
            "list ids",
            "",
        )
    if draw < 0.4:
        return (
            fill(rng, rng.choice(MARKED), {"n": rng.choice(NUMBERED), "s": rng.choice(STATES)}),
            "count in kind",
            "",
        )
    if draw < 0.55:
        about = {
            "d": rng.choice(("mail", "letter", "memo", "document")),
            "s": f"the {rng.choice(WORDS['things'])}",
        }
        return fill(rng, rng.choice(EMAILS), about), "list emails", ""
    if draw < 0.75:
        who = {"v": rng.choice(DID), "a": rng.choice(SORTS), "n": rng.choice(DOCUMENTS)}
        return " ".join(fill(rng, rng.choice(WHO_EACH), who).split()), "each", "name"
    kind = kinds()[rng.choice(sorted(kinds()))]
    attribute = rng.choice([a for a in kind.attributes if a.labels] or list(kinds()["contract"].attributes))
    child = {"person": "name", "org": "name", "place": "name", "town": "name", "year": "number"}.get(
        attribute.type, attribute.type
    )
    words = {"l": rng.choice(attribute.labels), "a": rng.choice(SORTS), "n": rng.choice(DOCUMENTS)}
    question = " ".join(fill(rng, rng.choice(EACH), words).split())
    return question, "each", child if child in CELLS else "line"


def opening(rng: random.Random, question: str, document: bool = False) -> str:
    """The first user message of a node, as the engine writes it for a small model."""
    chars = rng.randint(900, 9_000) if document else int(10 ** rng.uniform(3.3, 7))
    context = (
        f"Document {rng.randint(0, 60)} '{rng.choice(NUMBERED)}s/{rng.choice(WORDS['things']).replace(' ', '-')}"
        f".{rng.choice(('md', 'txt', 'pdf'))}', {chars:,} characters"
        if document
        else f"Corpus of {rng.randint(2, 4000):,} documents, {chars:,} characters"
    )
    facts = prompt.Facts(
        question, context, "compact", 4096, rng.randint(3000, 11000), rng.randint(60, 200), 1800,
        rng.choice((12, 12, 8)), 0 if document else rng.choice((1, 1, 1, 0, 2)),
    )  # fmt: skip
    return prompt.opening(facts)[1].content


def lessons(rng: random.Random) -> list[tuple[str, str, bool]]:
    """(question, label, whether the context is one document) for one world."""
    world = make_world(rng, documents=8)
    found: list[tuple[str, str, bool]] = []
    for episode in episodes(rng, world, 22):
        named = label(episode)
        if named is None:
            continue
        alone = named in FORMS and rng.random() < 0.2
        found.append((episode.question, named, alone))
        if named == "each" and episode.plan.get("values"):
            child = form_of(next(iter(episode.plan["values"].values())))
            found.append((episode.question, child, True))
    for _ in range(6):
        question, named, child = made(rng)
        question = reword(rng, question)
        found.append((question, named, False))
        if child:
            found.append((question, child, True))
    return found


def talk(
    rng: random.Random, question: str, named: str, alone: bool, *, whole: bool = True
) -> list[dict[str, object]]:
    """A conversation of one turn; not `whole`: only as far as the model has decided on a form."""
    code = CELLS[named] if whole else CELLS[named].splitlines()[0] + "\n"
    reply = {"role": "assistant", "content": f"```repl\n{code}\n```" if whole else f"```repl\n{code}"}
    return [
        {"role": "user", "content": opening(rng, question, alone)},
        reply if whole else {**reply, "open": True},
    ]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--worlds", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    tally: Counter[str] = Counter()
    with options.out.open("w", encoding="utf-8") as file:
        for number in range(options.worlds):
            rng = random.Random(f"lessons {options.seed} {number}")
            for question, named, alone in lessons(rng):
                share = FORM_SHARE.get(named, 1.0)
                if named in CELLS_WITH_FORM and rng.random() < share:
                    tally[f"{named}, its form alone"] += 1
                    file.write(json.dumps([named, talk(rng, question, named, alone, whole=False)]) + "\n")
                if rng.random() < (WHOLE if named in CELLS_WITH_FORM else OTHERS_WHOLE.get(named, 1.0)):
                    tally[named] += 1
                    file.write(json.dumps([named, talk(rng, question, named, alone)]) + "\n")
    print(dict(tally))


if __name__ == "__main__":
    main()
