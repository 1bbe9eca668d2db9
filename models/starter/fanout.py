"""Questions that fan out: the same asked of every document of a kind, by leaves or by children."""

from __future__ import annotations

import random
import re

from models.starter.cells import FORM_OF_TYPE
from models.starter.episode import Episode
from models.starter.facts import Attribute, fill, kinds
from models.starter.lookups import said_of
from models.starter.wording import plural, reword
from models.starter.worlds import NOUNS, World

FAN = (
    "What is the {label} in each {n}?", "List the {label} of every {n}.", "Compare the {label} across all {ns}.",
    "For each {n}, what is the {label}?", "Give me the {label} for every {n}.", "What {label} does each {n} have?",
    "How do the {ns} differ in {label}?", "Show the {label} of all {ns}.", "Make a list of the {label} per {n}.",
    "What are the {label}s of the {ns}?", "Go over the {ns} and list the {label} of each.",
)  # fmt: skip
FAN_DEEP = (
    "Read each {n} on its own: what is the {label}?", "Go through every {n} separately and find the {label}.",
    "Check each {n} carefully by itself: which {label} does it give?",
    "Work through each {n} separately. What is its {label}?",
    "Look into every single {n} on its own and report the {label}.",
)  # fmt: skip


def fan_out(rng: random.Random, world: World, deep: bool = False) -> Episode | None:
    """Ask the same of every document of a kind, by leaves or, when `deep`, by children of their own."""
    options = []
    for kind, things in world.own.items():
        for attribute in {f.key: f for f in world.facts if f.document in things}.values():
            facts = [f for f in world.facts if f.document in things and f.key == attribute.key]
            if len(facts) >= 2 and said_of(attribute) and attribute.labels and attribute.type in FORM_OF_TYPE:
                options.append((kind, facts))
    if not options:
        return None
    kind, facts = rng.choice(options)
    noun = NOUNS.get(kind, kind)
    label = rng.choice(facts[0].labels)
    attribute = next((a for a in kinds()[kind].attributes if a.key == facts[0].key), None)
    bound = {"label": label, "n": noun, "ns": plural(noun)}
    question = fill(rng, rng.choice(FAN_DEEP if deep else FAN), bound)
    if attribute is not None and not deep and rng.random() < 0.4:
        question = ask_each(rng, attribute, noun)
    question = reword(rng, question)
    plan = {
        "act": "deep" if deep else "fan",
        "type": facts[0].type,
        "about": said_of(facts[0]),
        "values": {f.document: f.value for f in facts},
    }
    answer = {f.document: f.value for f in facts}
    return Episode("fan out (children)" if deep else "fan out", question, answer, "pairs", plan)


def ask_each(rng: random.Random, attribute: Attribute, noun: str) -> str:
    """A question for a property of one thing, put to every document of a kind."""
    form = rng.choice(
        [a for a in attribute.asks if "{s}" in a] or [f"What is the {attribute.labels[0]} of {{s}}?"]
    )
    whole = rng.choice(
        (f"each {noun}", f"every {noun}", f"each of the {plural(noun)}", f"all {plural(noun)}")
    )
    return re.sub(r"\{(?!s\})\w+\}", "it", form).replace("{s}", whole)
