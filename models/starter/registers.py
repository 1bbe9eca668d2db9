"""Registers: statements in the same words about different things, so that only the names tell which value is asked for.

Some have the values before the names they belong to, in some the names share words, and some questions are about what is
not there: another thing, or another property of a thing that is.
"""

from __future__ import annotations

import random
from dataclasses import replace

from models.starter.facts import Attribute, Kind, Thing, fill, kinds, made_up_attribute, make_thing, verbs
from models.starter.reading import QUESTIONS, asked_in_turn, laid_out, question
from models.starter.worlds import FILLER, Fact, state

SIZES = (1, 2, 3, 4, 4, 4, 5, 6, 8, 10)  # statements of a register
STRANGERS = (0, 0, 1, 1, 2)  # questions of a register about what is not in it
VALUE_FIRST = 0.4  # share of registers that have the values before the names
NAMESAKES = 0.35  # share of registers with names that share words
FIRST = (
    "{v} is the {label} of {s}.", "{v} is the {label} for {s}.", "{v} is {label} in {s}.",
    "{v} was put down as {label} of {s}.", "{v} stands as {label} for {s}.", "{v} is what the file has as {label} of {s}.",
    "They named {v} as the {label} of {s}.", "We have {v} as {label} for {s}.", "It is {v} that is the {label} of {s}.",
)  # fmt: skip
AMOUNTS = ("money", "number", "percent", "duration", "measure", "distance", "area", "temp", "pressure")
OF_AMOUNTS = (
    "A {label} of {v} was agreed for {s}.", "A {label} of {v} applies to {s}.", "They noted a {label} of {v} for {s}.",
    "{v} was asked as the {label} of {s}.",
)  # fmt: skip
OF_DEEDS = (
    ("On {v} {s} was {participle}.", "On {v} they {past} {s}.", "It was on {v} that {s} was {participle}.",
     "On {v} both of them {past} {s}.", "{v} is the day on which {s} was {participle}."),
    ("{s} was {participle} on {v}.", "They {past} {s} on {v}.", "{s}, so the diary, was {participle} on {v}.",
     "{person} {past} {s} on {v}."),
)  # fmt: skip
DEED_ASKS = (
    "When was {s} {participle}?", "On which date was {s} {participle}?", "On what day was {s} {participle}?",
    "When did they {base} {s}?", "Which day was {s} {participle}?",
)  # fmt: skip


def register(rng: random.Random) -> list[tuple[str, str]]:
    """Prompts and answers for some of the statements of a text; the later prompts hold the question alone."""
    kind = kinds()[rng.choice(sorted(kinds()))]
    asked = said_of(rng, kind)
    many, close = rng.choice(SIZES), rng.random() < NAMESAKES
    if close:
        kind = replace(kind, subjects=[rng.choice(kind.subjects)])
    facts: dict[str, Fact] = {}
    for _ in range(2 * many):
        thing = make_thing(rng, kind)
        if close and facts and rng.random() < 0.7:
            thing = namesake(rng, rng.choice([*facts.values()]).thing, thing)
        if close:  # a short name would be that of several
            thing = replace(thing, core="")
        fact = state(rng, thing, asked, own=False)
        if len(facts) < many and fact.value not in {f.value for f in facts.values()}:
            facts.setdefault(thing.name, fact)
    said = [fact.sentence for fact in facts.values()]
    said += [fill(rng, rng.choice(FILLER), {"v": "x"}) for _ in range(rng.choice((0, 0, 1, 2, 4, 8)))]
    rng.shuffle(said)
    text = "\n\n".join(laid_out(rng, said))
    turns: dict[str, str] = {}
    for fact in rng.sample([*facts.values()], min(len(facts), QUESTIONS)):
        if fact.value in text:
            turns.setdefault(question(rng, fact), fact.value)
    for _ in range(rng.choice(STRANGERS) if turns else 1):
        if absent := _absent(rng, kind, asked, facts, close):
            turns.setdefault(absent, "NONE")
    return asked_in_turn(rng, text, turns) if turns else register(rng)


def namesake(rng: random.Random, thing: Thing, other: Thing) -> Thing:
    """The other thing, with a word of its name from this one, as two leases in one street; itself without such a word."""
    bound = dict(other.bound)
    for slot, theirs in thing.bound:
        own, words = bound.get(slot, "").split(), theirs.split()
        if len(own) > 1 and len(words) > 1:
            mixed = " ".join((words[0], *own[1:]) if rng.random() < 0.5 else (own[0], *words[1:]))
            renamed = (text.replace(bound[slot], mixed) for text in (other.name, other.core))
            return Thing(other.kind, *renamed, bound=tuple({**bound, slot: mixed}.items()))
    return other


def said_of(rng: random.Random, kind: Kind) -> Attribute:
    """What is said of all things of a register; mostly in one and the same way."""
    draw = rng.random()
    first = rng.random() < VALUE_FIRST
    if draw < 0.2:
        base, past, participle = rng.choice(verbs())
        later = {name: f"{{{name}}}" for name in ("v", "s", "person")}  # filled with the thing
        words = {**later, "base": base, "past": past, "participle": participle}
        says = tuple(form.format(**words) for form in OF_DEEDS[not first])
        found = Attribute(
            "date", (past,), says, (), tuple(form.format(**words) for form in DEED_ASKS), (past,)
        )
    else:
        found = made_up_attribute(rng) if draw < 0.35 else rng.choice(kind.attributes)
        if first and (before := _value_first(rng, found)):
            found = replace(found, says=before)
    return found if rng.random() < 0.3 else replace(found, says=(rng.choice(found.says),))


def _value_first(rng: random.Random, attribute: Attribute) -> tuple[str, ...]:
    """Forms of statements with the value before the name."""
    own = tuple(form for form in attribute.says if form.find("{v}") < form.find("{s}"))
    label = rng.choice(attribute.labels)
    made = FIRST
    if attribute.type in AMOUNTS:
        made = (*OF_AMOUNTS, *OF_AMOUNTS, *FIRST)
    if attribute.type in ("reason", "decision", "leave") or attribute.type.startswith("one"):
        made = ()
    made = tuple(
        form.replace("A {label}", "An {label}" if label[0].lower() in "aeiou" else "A {label}").replace(
            "{label}", label
        )
        for form in made
    )
    return own if own and rng.random() < 0.4 else (*own, *made)


def _absent(rng: random.Random, kind: Kind, asked: Attribute, facts: dict[str, Fact], close: bool) -> str:
    """A question about another thing, or about another property of one of these; "" where none was found."""
    if facts and rng.random() < 0.35:
        others = [
            a
            for a in kind.attributes
            if not {*a.labels, *a.words} & {*asked.labels, *asked.words} and a.type != asked.type
        ]
        if not others:
            return ""
        return question(rng, state(rng, rng.choice([*facts.values()]).thing, rng.choice(others), own=False))
    thing = make_thing(rng, kind)
    if close and facts:
        thing = replace(namesake(rng, rng.choice([*facts.values()]).thing, thing), core="")
    stranger = state(rng, thing, asked, own=False)
    said = {name for fact in facts.values() for name in (fact.thing.name, fact.thing.core) if name}
    return "" if {thing.name, thing.core} & said else question(rng, stranger)
