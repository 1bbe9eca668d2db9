"""The suites: questions with known answers over generated text of any length, the same for the same seed.

needle      one fact in one text, among others of the same wording about something else
multi       three facts asked for at once, in one text
documents   one fact in one of many files
count       how many lines are of a kind, each line needing to be understood
table       how many lines are of each of several kinds
pairs       which pairs of people have something in common

The first three are lexical: words of the question stand beside the answer. The others are semantic: no word of the
question stands in the lines that count. Questions come in blocks; a block is one corpus, of one or more haystacks.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from engine.bench.suites import words
from engine.bench.suites.labels import count, pairs, table
from engine.types import Json

VERSION = 1  # of what is generated; another version is another series of results
BLOCK = 25  # questions of one corpus
DISTRACTORS = 3  # facts in the wording of each needle, about something else
FILE_CHARS = 1500  # of a file of `documents`, at the least
FEWEST_FILES, MOST_FILES = 8, 5000

LEXICAL = ("needle", "multi", "documents")
SEMANTIC = ("count", "table", "pairs")
SUITES = (*LEXICAL, *SEMANTIC)


@dataclass(frozen=True, slots=True)
class Question:
    """A question of a block. `kind` and `others` are those of `engine.bench.grade`."""

    text: str
    reference: Json
    kind: str
    others: tuple[str, ...]
    haystack: int


@dataclass(frozen=True, slots=True)
class Block:
    """Questions, and haystacks as the files that each consists of, by name."""

    questions: tuple[Question, ...]
    haystacks: tuple[dict[str, str], ...]


@dataclass(frozen=True, slots=True)
class Form:
    """What can be said of something, and asked."""

    subject: Callable[[random.Random], str]
    value: Callable[[random.Random], str]
    says: tuple[str, ...]
    asks: tuple[str, ...]
    short: str


FORMS = (
    Form(words.street, words.money, ("The monthly rent of the {s} lease is {v}.", "For the {s} lease the monthly rent is {v}."),
         ("What is the monthly rent of the {s} lease?", "How much is the monthly rent of the {s} lease?"), "the monthly rent of the {s} lease"),
    Form(words.street, words.money, ("The deposit of the {s} lease is {v}.", "A deposit of {v} was paid for the {s} lease."),
         ("What is the deposit of the {s} lease?", "How much is the deposit of the {s} lease?"), "the deposit of the {s} lease"),
    Form(words.street, words.duration, ("The notice period of the {s} lease is {v}.", "For the {s} lease the notice period is {v}."),
         ("What is the notice period of the {s} lease?", "What is the notice period for the {s} lease?"), "the notice period of the {s} lease"),
    Form(words.street, words.person, ("The landlord of the {s} lease is {v}.", "{v} is the landlord in the {s} lease."),
         ("Who is the landlord of the {s} lease?", "Who is the landlord in the {s} lease?"), "the landlord of the {s} lease"),
    Form(words.street, words.date, ("The {s} lease expires on {v}.", "The end date of the {s} lease is {v}."),
         ("When does the {s} lease end?", "What is the end date of the {s} lease?"), "the end date of the {s} lease"),
    Form(words.company, words.money, ("The price of the contract with {s} is {v}.", "For the contract with {s} the price is {v}."),
         ("What is the price of the contract with {s}?", "How much is the price of the contract with {s}?"), "the price of the contract with {s}"),
    Form(words.company, words.percent, ("The penalty in the contract with {s} is {v}.", "The contract with {s} sets a penalty of {v}."),
         ("What is the penalty in the contract with {s}?", "How much is the penalty in the contract with {s}?"), "the penalty in the contract with {s}"),
    Form(words.company, words.date, ("The contract with {s} was signed on {v}.", "On {v} both sides signed the contract with {s}."),
         ("When was the contract with {s} signed?", "On which date was the contract with {s} signed?"), "the signing date of the contract with {s}"),
)  # fmt: skip


def chars_of(windows: float, n_ctx: int, chars_per_token: float) -> int:
    """The characters of a text that is `windows` times as long as the window of a model."""
    return max(400, int(windows * n_ctx * chars_per_token))


def block(suite: str, seed: int, windows: float, chars: int, number: int) -> Block:
    """Block `number` of a suite whose haystacks have about `chars` characters each, the same for the same arguments."""
    rng = random.Random(f"taproot bench {VERSION} {seed} {suite} {windows:g} {chars} {number}")
    shared = min(BLOCK, max(1, int(windows))) if suite in LEXICAL else 1
    questions: list[Question] = []
    haystacks: list[dict[str, str]] = []
    while len(questions) < BLOCK:
        here = min(shared, BLOCK - len(questions))
        texts, asked = MAKERS[suite](rng, chars, here)
        questions += [Question(*one, haystack=len(haystacks)) for one in asked]
        haystacks.append(texts)
    return Block(tuple(questions), tuple(haystacks))


Asked = tuple[str, Json, str, tuple[str, ...]]


def _facts(rng: random.Random, taken: set[str], form: Form, many: int) -> Iterator[tuple[str, str, str]]:
    """Statements of one form and wording about different things: subject, value, sentence."""
    says = rng.choice(form.says)
    values: set[str] = set()
    while many:
        subject, value = form.subject(rng), form.value(rng)
        if subject not in taken and value not in values:
            taken.add(subject)
            values.add(value)
            many -= 1
            yield subject, value, says.format(s=subject, v=value)


def _needle(rng: random.Random, taken: set[str]) -> tuple[Asked, list[str]]:
    """A question for one fact, and the statements to hide: the fact, then its distractors."""
    form = rng.choice(FORMS)
    facts = list(_facts(rng, taken, form, 1 + DISTRACTORS))
    subject, value, _ = facts[0]
    others = tuple(other for _, other, _ in facts[1:])
    return (rng.choice(form.asks).format(s=subject), value, "value", others), [said for _, _, said in facts]


def _several(rng: random.Random, taken: set[str]) -> tuple[Asked, list[str]]:
    """A question for three facts at once, each with one distractor."""
    asked, values, others, said = [], [], [], []
    for form in rng.sample(FORMS, 3):
        (subject, value, sentence), (_, other, beside) = _facts(rng, taken, form, 2)
        asked.append(form.short.format(s=subject))
        values.append(value)
        others.append(other)
        said += [sentence, beside]
    question = f"What are {asked[0]}, {asked[1]} and {asked[2]}?"
    return (question, values, "all", tuple(o for o in others if o not in values)), said


def _one_text(
    make: Callable[[random.Random, set[str]], tuple[Asked, list[str]]],
    rng: random.Random,
    chars: int,
    many: int,
) -> tuple[dict[str, str], list[Asked]]:
    taken: set[str] = set()
    made = [make(rng, taken) for _ in range(many)]
    said = [sentence for _, sentences in made for sentence in sentences]
    return {"notes.txt": hide(rng, said, chars)}, [asked for asked, _ in made]


def _many_files(rng: random.Random, chars: int, many: int) -> tuple[dict[str, str], list[Asked]]:
    """As `needle`, in 8 to 5,000 files; a fact and its distractors stand in different ones."""
    files = max(FEWEST_FILES, min(MOST_FILES, chars // FILE_CHARS))
    taken: set[str] = set()
    made = [_needle(rng, taken) for _ in range(many)]
    hidden: list[list[str]] = [[] for _ in range(files)]
    for _, sentences in made:
        for place, sentence in zip(rng.sample(range(files), len(sentences)), sentences, strict=True):
            hidden[place].append(sentence)
    texts = {
        f"note-{number + 1:04}.txt": hide(rng, said, max(80, chars // files))
        for number, said in enumerate(hidden)
    }
    return texts, [asked for asked, _ in made]


def hide(rng: random.Random, said: list[str], chars: int) -> str:
    """A text of about `chars` characters with these sentences anywhere in its paragraphs."""
    found = words.paragraphs(rng, chars - sum(map(len, said)) - len(said)) or [[]]
    for sentence in said:
        paragraph = rng.choice(found)
        paragraph.insert(rng.randint(0, len(paragraph)), sentence)
    return "\n".join(" ".join(paragraph) for paragraph in found) + "\n"


Maker = Callable[[random.Random, int, int], tuple[dict[str, str], list[Asked]]]
MAKERS: dict[str, Maker] = {
    "needle": partial(_one_text, _needle),
    "multi": partial(_one_text, _several),
    "documents": _many_files,
    "count": count,
    "table": table,
    "pairs": pairs,
}
