"""Follow-ups: a question that leans on the one before it, for its thing, its person, its phrase or what was asked."""

from __future__ import annotations

import random
import re

from models.starter import cells
from models.starter.cells import FORM_OF_TYPE
from models.starter.episode import NOT_THERE, Episode
from models.starter.facts import Attribute, Thing, fill, kinds, make_thing
from models.starter.lexicon import value
from models.starter.lookups import ask_for, said_of, synonyms
from models.starter.mentions import COUNT_DOCUMENTS, WHETHER, any_topic
from models.starter.wording import pattern, reword, singular
from models.starter.worlds import World

Exchange = tuple[str, str]  # a question and its answer

SAME_THING = (
    "And what is the {label}?", "And the {label}?", "What about the {label}?", "And its {label}?", "What is its {label}?",
    "And what {label} does it have?", "Does it also give the {label}?", "What is the {label} there?", "Also tell me the {label}.",
)  # fmt: skip
PERSON = (
    "What is their {label}?", "And their {label}?", "What is his {label}?", "What is her {label}?", "And what is her {label}?",
    "Give me his {label}.", "And the {label} of that person?", "Do we have their {label}?", "What {label} does she have?",
)  # fmt: skip
OTHER = (
    "And of {s}?",
    "And for {s}?",
    "What about {s}?",
    "And {s}?",
    "How about {s}?",
    "The same for {s}?",
    "And with {s}?",
)
WHICH = ("Which ones?", "And which ones?", "Which are they?", "Name them.", "List them.", "Which documents are these?",
         "In which ones?", "Show me which.", "And which documents?", "Where?", "What are their names?")  # fmt: skip


def follow_up(rng: random.Random, world: World) -> Episode | None:
    """A follow-up about a world, with the exchange that it follows."""
    draw = rng.random()
    if draw < 0.2:
        return _which(rng, world)
    facts = [
        f
        for f in world.facts
        if f.document and f.labels and f.thing.core and f.type in FORM_OF_TYPE and said_of(f)
    ]
    if draw < 0.5:
        pairs = [(a, b) for a in facts for b in facts if a.thing is b.thing and a.key != b.key]
    elif draw < 0.75:
        pairs = [(a, b) for a in facts for b in facts if a.type == "person" and b.thing.core == a.value]
    else:
        pairs = [(a, b) for a in facts for b in facts if a.key == b.key and a.thing.core != b.thing.core]
    if not pairs:
        return None
    first, second = rng.choice(pairs)
    before = (rng.choice(first.asks), first.value)
    others = tuple({f.value for f in facts if f.type == second.type and f.value != second.value})
    words = {"label": rng.choice(second.labels), "s": second.thing.name}
    kind = "thing" if draw < 0.5 else "person" if draw < 0.75 else "other"
    forms = {"thing": SAME_THING, "person": PERSON, "other": OTHER}[kind]
    question = fill(rng, rng.choice(forms), words)
    plan = {"act": "follow up", "lean": kind, "form": FORM_OF_TYPE[second.type], "about": said_of(second)}
    return Episode("follow-up", question, second.value, "text", plan, others, (before,))


def _which(rng: random.Random, world: World) -> Episode | None:
    topic = any_topic(rng, world)
    before = reword(rng, fill(rng, rng.choice((*COUNT_DOCUMENTS, *WHETHER)), {"s": topic}))
    matching = _holding(world, topic)
    if not matching:
        return None
    answer = str(len(matching)) if "many" in before or "ount" in before or "umber" in before else "yes"
    plan = {"act": "follow up", "lean": "which"}
    return Episode("follow-up", rng.choice(WHICH), matching, "set", plan, (), ((before, answer),))


def _holding(world: World, topic: str) -> list[str]:
    return [n for n, text in world.documents.items() if re.search(pattern(singular(topic)), text)]


def lesson(rng: random.Random, mentioned: str) -> tuple[Exchange, str, str] | None:
    """An exchange, the follow-up and its cell, about things of no world. `mentioned` is what a count may be about."""
    draw = rng.random()
    if draw < 0.2:
        before = fill(rng, rng.choice((*COUNT_DOCUMENTS, *WHETHER)), {"s": mentioned})
        return (
            (reword(rng, before), str(rng.randint(1, 40))),
            rng.choice(WHICH),
            cells.follow_up("which", "", ""),
        )
    kind = kinds()[rng.choice(sorted(kinds()))]
    own = [a for a in kind.attributes if a.type in FORM_OF_TYPE and synonyms().get(a.labels)]
    thing = make_thing(rng, kind)
    if draw < 0.55:
        first, second = rng.sample(own, 2)
        return _asked(rng, thing, first), *_next(rng, SAME_THING, second, thing, "thing")
    if draw < 0.75:
        people = [a for a in own if a.type == "person"]
        if not people or kind.name == "person":
            return None
        far = [a for a in kinds()["person"].attributes if a.type in FORM_OF_TYPE and synonyms().get(a.labels)]
        return _asked(rng, thing, rng.choice(people)), *_next(rng, PERSON, rng.choice(far), thing, "person")
    first = rng.choice(own)
    return _asked(rng, thing, first), *_next(rng, OTHER, first, make_thing(rng, kind), "other")


def _asked(rng: random.Random, thing: Thing, attribute: Attribute) -> Exchange:
    return reword(rng, ask_for(rng, attribute, thing)), NOT_THERE if rng.random() < 0.1 else value(
        rng, attribute.type
    )


def _next(
    rng: random.Random, forms: tuple[str, ...], attribute: Attribute, thing: Thing, lean: str
) -> tuple[str, str]:
    question = fill(rng, rng.choice(forms), {"label": rng.choice(attribute.labels), "s": thing.name})
    return question, cells.follow_up(lean, FORM_OF_TYPE[attribute.type], synonyms()[attribute.labels])
