"""Sentences with several values and a question for each, read from grammar/scenes.txt and grammar/phrases.txt."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from functools import cache

from models.starter.facts import fill
from models.starter.lexicon import GRAMMAR, VALUES, WORDS, value
from models.starter.phrases import PHRASES

SLOT = re.compile(r"\{(\w+):(\w+)\}")
NAMING = ("person", "org", "code")  # types of values that name a thing when they stand in a question


@dataclass
class Form:
    """A sentence with slots, its questions by slot, and words that a search for it should add."""

    text: str
    asks: list[tuple[str, str]] = field(default_factory=list)
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scene:
    """A filled form: for each asked slot its value and questions. `names` are values that name a thing."""

    sentence: str
    asked: tuple[tuple[str, str, tuple[str, ...]], ...]  # type, value, questions
    words: tuple[str, ...]
    names: tuple[str, ...]


@cache
def forms(file: str = "scenes.txt") -> list[Form]:
    """Read a file of sentences from grammar/."""
    found: list[Form] = []
    for line in (GRAMMAR / file).read_text("utf-8").splitlines():
        mark, _, rest = line.partition(" ")
        if mark == "T":
            found.append(Form(rest))
        elif mark == "Q":
            slot, _, question = rest.partition("|")
            found[-1].asks.append((slot.strip(), question.strip()))
        elif mark == "X":
            found[-1].words = tuple(rest.split())
    return found


def drawn(rng: random.Random, kind: str) -> str:
    """A phrase, a value or a word of a list."""
    if kind in PHRASES:
        return PHRASES[kind](rng)
    return value(rng, kind) if kind in VALUES else rng.choice(WORDS[kind])


def make_scene(rng: random.Random, file: str = "scenes.txt") -> Scene:
    """Fill a form with values, all different."""
    form = rng.choice(forms(file))
    types = dict(SLOT.findall(form.text))
    bound: dict[str, str] = {}
    for slot, kind in types.items():
        while True:
            text = drawn(rng, kind)
            if text not in bound.values():
                break
        bound[slot] = text
    sentence = fill(rng, SLOT.sub(r"{\1}", form.text), bound)
    asked = tuple(
        (
            types[slot],
            bound[slot] if bound[slot] in sentence else bound[slot][:1].upper() + bound[slot][1:],
            tuple(fill(rng, question, bound) for name, question in form.asks if name == slot),
        )
        for slot in dict.fromkeys(name for name, _ in form.asks)
    )
    names = tuple(bound[slot] for slot, kind in types.items() if kind in NAMING)
    return Scene(sentence, asked, form.words, names)
