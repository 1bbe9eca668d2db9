"""Questions that ask several things at once. Code cuts them into parts; a child answers each."""

from __future__ import annotations

import random

from models.starter.cells import CELLS, FORM_OF_TYPE
from models.starter.episode import Episode
from models.starter.facts import Thing, fill, kinds, make_thing
from models.starter.lookups import ask_for, said_of, synonyms
from models.starter.wording import reword
from models.starter.worlds import World

LABELS = (
    "What are {x} of {s}?", "What is {x} of {s}?", "Give me {x} of {s}.", "Tell me {x} of {s}.", "I need {x} of {s}.", "What are {x} for {s}?",
    "Please list {x} of {s}.", "Find {x} of {s}.", "Show me {x} of {s}.", "State {x} for {s}.", "Look up {x} of {s}.",
)  # fmt: skip
WHOLE = ("What are {x}?", "What is {x}?", "Give me {x}.", "Tell me {x}.", "I need {x}.", "Find {x}.", "List {x}.", "Please look up {x}.")  # fmt: skip
OF = ("the {label} of {s}", "the {label} of {s}", "the {label} for {s}")


def labels_of(rng: random.Random, labels: list[str], thing: str) -> str:
    """A question for several properties of one thing."""
    the = rng.choice(("the ", "the ", ""))
    listed = _listed(rng, [f"the {labels[0]}", *(f"{the}{label}" for label in labels[1:])])
    return fill(rng, rng.choice(LABELS), {"x": listed, "s": thing, "v": "x"})


def facts_of(rng: random.Random, asked: list[tuple[str, str]]) -> str:
    """A question for a property of each of several things: (label, thing)."""
    said = [rng.choice(OF).replace("{label}", label).replace("{s}", thing) for label, thing in asked]
    return fill(rng, rng.choice(WHOLE), {"x": _listed(rng, said), "v": "x"})


def clauses(rng: random.Random, asks: list[str]) -> str:
    """Two questions in one sentence, or in two."""
    one, two = asks[0].rstrip("?."), asks[1]
    return rng.choice(
        (
            f"{one}, and {_lower(two)}",
            f"{one} and {_lower(two)}",
            f"{one}? And {_lower(two)}",
            f"{one}? {two}",
        )
    )


def _listed(rng: random.Random, items: list[str]) -> str:
    last = rng.choice((" and ", " and ", " and also "))
    return ", ".join(items[:-1]) + ("," if len(items) > 2 and rng.random() < 0.3 else "") + last + items[-1]


def _lower(text: str) -> str:
    return text[0].lower() + text[1:]


def lesson(rng: random.Random) -> tuple[str, str] | None:
    """A question about things of no world, with its cell."""
    kind = kinds()[rng.choice(sorted(kinds()))]
    own = [a for a in kind.attributes if a.type in FORM_OF_TYPE and synonyms().get(a.labels)]
    if len(own) < 3:
        return None
    draw = rng.random()
    chosen = rng.sample(own, rng.choice((2, 2, 3)))
    thing = make_thing(rng, kind)
    if draw < 0.4:
        asked = labels_of(rng, [rng.choice(a.labels) for a in chosen], thing.name)
    elif draw < 0.7:
        others = [make_thing(rng, kind) for _ in chosen]
        asked = facts_of(rng, [(rng.choice(a.labels), t.name) for a, t in zip(chosen, others, strict=True)])
    else:
        asked = clauses(
            rng, [ask_for(rng, a, thing if n == 0 else _it(thing, rng)) for n, a in enumerate(chosen[:2])]
        )
    return reword(rng, asked), CELLS["parts"]


def _it(thing: Thing, rng: random.Random) -> Thing:
    """The thing once more, by its name or as "it"."""
    if thing.kind == "person" or rng.random() < 0.5:
        return thing
    return Thing(thing.kind, "it", "", thing.bound)


def several(rng: random.Random, world: World) -> Episode | None:
    """Two or three facts of the world in one question."""
    facts = [
        f
        for f in world.facts
        if f.document and f.labels and f.thing.core and f.type in FORM_OF_TYPE and said_of(f)
    ]
    facts = [f for f in facts if sum(g.key == f.key and g.thing.name == f.thing.name for g in facts) == 1]
    if len(facts) < 4:
        return None
    draw = rng.random()
    first = rng.choice(facts)
    same = [f for f in facts if f.thing is first.thing and f.key != first.key]
    rest = rng.sample(facts, 2)
    if draw < 0.4 and same:
        chosen = [first, *rng.sample(same, min(len(same), rng.choice((1, 2))))]
        asked = labels_of(rng, [rng.choice(f.labels) for f in chosen], first.thing.name)
    elif draw < 0.7 and first not in rest:
        chosen = [first, *rest[: rng.choice((1, 2))]]
        asked = facts_of(rng, [(rng.choice(f.labels), f.thing.name) for f in chosen])
    elif same:
        chosen = [first, rng.choice(same)]
        asked = clauses(rng, [rng.choice(f.asks) for f in chosen])
    else:
        return None
    values = [f.value for f in chosen]
    if len({*values}) < len(values):
        return None
    others = tuple({f.value for f in facts if f.type in {c.type for c in chosen}} - {*values})
    plan = {"act": "parts", "said": [(FORM_OF_TYPE[f.type], said_of(f)) for f in chosen]}
    return Episode("several", reword(rng, asked), values, "all", plan, others)
