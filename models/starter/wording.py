"""How people word questions, and which words of a question are worth searching for."""

from __future__ import annotations

import random
import re

from models.starter.facts import Thing, fill
from models.starter.lexicon import WORDS
from models.starter.worlds import bindings

PLURALS = {"policy": "policies", "company": "companies", "delivery": "deliveries"}
COMPANY = frozenset((*WORDS["suffixes"], *WORDS["trades"]))
STOP = frozenset(
    """a an the of in on at to for from by with about under over into than is are was were be been being am do does
    did has have had having can could may might must shall should will would what which who whom whose when where
    why how much many long big large often far old often one i me my we us our you your it its this that these
    those there any some all each every and or not no so as if then please tell know say says said find look up
    out give need like want question quick according files documents document file text texts according going
    thanks thank briefly answer short hi hello hey mentioned named called exactly currently kindly check see show
    let s what's who's when's where's it's i'd let's get got just really us per their his her they them he she
    am's mean means way able""".split()
)


def terms(question: str) -> str:
    """The words of a question that are worth searching for, in order."""
    found: dict[str, str] = {}
    for raw in re.findall(r"[^\s,;:?!()\"]+", question):
        word = re.sub(r"(?:'s|’s)$", "", raw.strip(".'’"))
        if re.search(r"\w", word) and word.lower() not in STOP:
            found.setdefault(word.lower(), word)
    return " ".join([*found.values()][:11])


def plural(noun: str) -> str:
    return PLURALS.get(noun, noun + "s")


def stem(noun: str) -> str:
    """What a noun has in common with its plural."""
    return noun.removesuffix("y")


BEFORE = (
    "Please tell me: ", "Quick question: ", "According to the documents, ", "From the files: ", "Hi, ", "Hello, ",
    "I want to know: ", "Please check: ", "Can you find out: ", "Tell me, ", "One more thing: ", "Please, ",
    "Going by these papers, ", "Could you look this up: ", "So ", "And ", "Exactly ", "Do you know: ",
)  # fmt: skip
AFTER = (" Thanks!", " Please answer briefly.", " Thank you.", " A short answer is enough.", " Please check.")
CONTRACTED = (
    ("What is ", "What's "),
    ("Who is ", "Who's "),
    ("When is ", "When's "),
    ("Where is ", "Where's "),
)
LABELLED = (
    "What is the {label} of {s}?", "{label} of {s}?", "{s}: {label}?", "Tell me the {label} of {s}.",
    "I would like to know the {label} of {s}.", "Please look up the {label} of {s}.", "What {label} does {s} have?",
    "Do you know the {label} of {s}?", "Can you find the {label} for {s}?", "We need the {label} of {s}.",
    "What was the {label} of {s}?", "What does it say about the {label} of {s}?", "Give me the {label} of {s}.",
    "What is {s}'s {label}?", "Which {label} is given for {s}?", "Find the {label} of {s}", "{s} {label}",
    "What {label} is stated for {s}?", "Which {label} was agreed for {s}?", "Look for the {label} of {s}.",
)  # fmt: skip
BARE = (
    "What is the {label}?", "What's the {label}?", "{label}?", "Which {label} is given?", "Tell me the {label}.",
    "What {label} is stated?", "What does the document give as {label}?", "Find the {label}.",
)  # fmt: skip


def reword(rng: random.Random, question: str) -> str:
    """Put a question the way different people would."""
    draw = rng.random()
    if draw < 0.16:
        before = rng.choice(BEFORE)
        first = question.split(maxsplit=1)[0]
        lower = first in (
            "What",
            "Who",
            "When",
            "Where",
            "Which",
            "How",
            "Why",
            "On",
            "By",
            "In",
            "At",
            "List",
            "Whose",
            "Go",
            "Make",
            "Compare",
            "For",
            "Give",
            "Show",
            "Read",
            "Check",
            "Work",
            "Look",
            "Count",
            "Name",
            "Find",
            "Add",
            "Is",
            "Do",
            "Does",
            "Are",
            "Collect",
            "From",
            "Until",
            "Within",
        )
        question = before + (question[:1].lower() + question[1:] if lower else question)
    if 0.1 < draw < 0.22:
        question += rng.choice(AFTER)
    if 0.3 < draw < 0.42:
        for full, short in CONTRACTED:
            question = question.replace(full, short)
    if 0.5 < draw < 0.6:
        question = question.lower()
    if 0.55 < draw < 0.66:
        question = question.rstrip("?.")
    return question


def label_question(rng: random.Random, labels: tuple[str, ...], thing: Thing) -> str:
    bound = bindings(thing, short=rng.random() < 0.5) | {"label": rng.choice(labels)}
    return fill(rng, rng.choice(LABELLED), bound)


def shorten(rng: random.Random, question: str, core: str, thing: Thing) -> str:
    """Call a person by the last name, a firm by its first word, now and then."""
    words = core.split()
    if (
        thing.kind not in ("person", "firm", "contract", "policy", "scene")
        or len(words) < 2
        or rng.random() > 0.2
    ):
        return question
    firm = thing.kind in ("firm", "contract", "policy") or words[-1] in COMPANY
    short = words[0] if firm else words[-1]
    return question if len(short) < 4 else question.replace(core, short)


def pattern(text: str) -> str:
    """The regular expression that the oracle's cells use for a name or phrase."""
    return r"(?i)\b" + r"\s+".join(text.split()) + r"s?\b"


def singular(text: str) -> str:
    """Drop the plural s of a common noun, so that the pattern finds both forms."""
    last = text.split()[-1]
    return text[:-1] if last.islower() and last.endswith("s") and not last.endswith("ss") else text


def kind_stem(noun: str) -> str:
    """The words that name a kind of document, without the plural s, in lower case."""
    words = noun.lower().replace("e-mail", "mail").split()
    words = [w for w in words if w not in ("files", "file")]
    return " ".join(stem(w[:-1] if w.endswith("s") and w != "minutes" else w) for w in words)
