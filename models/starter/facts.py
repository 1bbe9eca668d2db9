"""Kinds of things and what can be said and asked about them, read from grammar/; made-up ones beside them."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from functools import cache

from models.starter.lexicon import GRAMMAR, VALUES, WORDS, value


@dataclass(frozen=True)
class Attribute:
    """One property: the type of its values, its labels, and templates of statements and questions."""

    type: str
    labels: tuple[str, ...]
    says: tuple[str, ...]
    own: tuple[str, ...]
    asks: tuple[str, ...]
    words: tuple[str, ...]

    @property
    def key(self) -> str:
        return f"{self.type}|{self.labels[0]}|{self.asks[0]}"


@dataclass
class Kind:
    name: str
    subjects: list[tuple[str, str]] = field(default_factory=list)
    attributes: list[Attribute] = field(default_factory=list)


@dataclass(frozen=True)
class Thing:
    """A thing of a world. `name` as it stands in a sentence; `core` identifies it ("" when nothing does)."""

    kind: str
    name: str
    core: str
    bound: tuple[tuple[str, str], ...] = ()


@cache
def kinds() -> dict[str, Kind]:
    """Read grammar/facts.txt."""
    found: dict[str, Kind] = {}
    kind = Kind("")
    rows: list[tuple[str, str]] = []
    for line in [*(GRAMMAR / "facts.txt").read_text("utf-8").splitlines(), "end -"]:
        if not line.strip() or line.startswith("#"):
            continue
        head, _, rest = line.partition(" ")
        if head in ("kind", "more", "subject", "=", "end") and rows:
            kind.attributes.append(_attribute(rows))
            rows = []
        if head in ("kind", "more"):
            kind = found.setdefault(rest, Kind(rest))
        elif head == "subject":
            name, _, core = rest.partition("~")
            kind.subjects.append((name.strip(), core.strip()))
        elif head != "end":
            rows.append((head, rest))
    return found


def _attribute(rows: list[tuple[str, str]]) -> Attribute:
    type_, _, labels = rows[0][1].partition(" | ")
    pick = lambda mark: tuple(text for head, text in rows if head == mark)  # noqa: E731
    return Attribute(
        type_.strip(),
        tuple(label.strip() for label in labels.split(";")),
        pick("S"),
        pick("D"),
        pick("Q"),
        tuple(" ".join(pick("X")).split()),
    )


@cache
def verbs() -> list[tuple[str, str, str]]:
    """Read grammar/verbs.txt: base, past, participle."""
    lines = (GRAMMAR / "verbs.txt").read_text("utf-8").splitlines()
    return [tuple(line.split()) for line in lines if line and not line.startswith("#")]  # type: ignore[misc]


def fill(rng: random.Random, template: str, bound: dict[str, str]) -> str:
    """Replace {names}: from `bound`, else a word list, else a value type."""

    def one(match: re.Match[str]) -> str:
        name = match.group(1)
        if name in bound:
            return bound[name]
        if name == "a":
            return "an" if bound["v"][0].lower() in "aeiou" else "a"
        if name in ("things", "plurals", "adjectives", "venues", "mishaps", "deeds"):
            return rng.choice(WORDS[name])
        if name == "trade":
            return rng.choice(("plumber", "electrician", "insurer", "landlord", "office", "driver", "mayor"))
        return value(rng, name)

    text = re.sub(r"\{(\w+)\}", one, template)
    return text[:1].upper() + text[1:]


def make_thing(rng: random.Random, kind: Kind) -> Thing:
    """Name a thing of a kind."""
    name, core = rng.choice(kind.subjects)
    bound: dict[str, str] = {}
    for slot in re.findall(r"\{(\w+)\}", name):
        bound[slot] = rng.choice(WORDS[slot]) if slot in WORDS and slot not in VALUES else value(rng, slot)
    return Thing(kind.name, name.format(**bound), core.format(**bound), tuple(bound.items()))


def made_up_attribute(rng: random.Random) -> Attribute:
    """A property no grammar foresees, so that questions must be matched by their words."""
    noun, plural = rng.choice(WORDS["things"]), rng.choice(WORDS["plurals"])
    adjective = rng.choice(WORDS["adjectives"])
    draw = rng.random()
    if draw < 0.3:
        return Attribute(
            "number",
            (f"number of {plural}", plural),
            (f"{{s}} has {{v}} {plural}.", f"We counted {{v}} {plural} for {{s}}.", f"{{s}} needs {{v}} {plural}."),
            (f"{plural.capitalize()}: {{v}}", f"There are {{v}} {plural}."),
            (f"How many {plural} does {{s}} have?", f"How many {plural} are there for {{s}}?",
             f"What is the number of {plural} for {{s}}?", f"How many {plural} belong to {{s}}?"),
            (plural,),
        )  # fmt: skip
    type_, label = rng.choice(
        (
            ("code", f"{noun} number"), ("code", f"{noun} code"), ("date", f"{noun} date"),
            ("money", f"{noun} fee"), ("money", f"cost of the {noun}"), ("person", f"{noun} manager"),
            ("measure", f"weight of the {noun}"), ("person", f"owner of the {noun}"), ("time", f"{noun} time"),
            ("place", f"place of the {noun}"), ("phone", f"{noun} hotline"), ("percent", f"{noun} rate"),
            ("duration", f"{noun} period"), ("org", f"maker of the {noun}"), ("email", f"{noun} contact"),
            ("one:" + "/".join(WORDS["adjectives"][:40]), f"state of the {noun}"),
            ("room", f"{noun} store"), ("goods", f"{adjective} {noun} load"), ("year", f"year of the {noun}"),
            ("money", f"{adjective} {noun} budget"), ("number", f"{noun} count"), ("town", f"{noun} town"),
        )
    )  # fmt: skip
    return Attribute(
        type_,
        (label,),
        (f"The {label} of {{s}} is {{v}}.", f"For {{s}} the {label} is {{v}}.", f"{{s}} has {{v}} as {label}.",
         f"As {label} of {{s}} we noted {{v}}."),
        (f"{label.capitalize()}: {{v}}", f"The {label} is {{v}}."),
        (f"What is the {label} of {{s}}?", f"What is the {label} for {{s}}?", f"Which {label} does {{s}} have?"),
        tuple(word for word in label.split() if word not in ("of", "the")),
    )  # fmt: skip


def stop_and_title(text: str) -> str:
    """A label as it stands at the head of a form line."""
    return text[:1].upper() + text[1:]
