"""Questions that fan out: the same asked of every document of a kind, by leaves or by children."""

from __future__ import annotations

import random
import re

from models.starter.episode import Episode
from models.starter.facts import fill, kinds
from models.starter.wording import label_words, plural, reword, stem, terms
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
            if len(facts) >= 2 and attribute.labels:
                options.append((kind, facts))
    if not options:
        return None
    kind, facts = rng.choice(options)
    noun = NOUNS.get(kind, kind)
    if rng.random() < 0.15:
        noun = rng.choice(("document", "file"))
    label = rng.choice(facts[0].labels)
    attribute = next((a for a in kinds()[kind].attributes if a.key == facts[0].key), None)
    forms = FAN_DEEP if deep else FAN
    bound = {"label": label, "n": noun, "ns": plural(noun)}
    question = fill(rng, rng.choice(forms), bound)
    ask = f"What is the {label}?"
    if attribute is not None and not deep and rng.random() < 0.4:
        form = rng.choice([a for a in attribute.asks if "{s}" in a] or ["What is known of {s}?"])
        form = re.sub(r"\{(?!s\})\w+\}", "it", form).replace("{s}'s", "{s}")
        whole = rng.choice(
            (f"each {noun}", f"every {noun}", f"each of the {plural(noun)}", f"all {plural(noun)}")
        )
        question, ask = form.replace("{s}", whole), form.replace("{s}", f"the {noun}")
    question = reword(rng, question)
    if question.islower():
        ask = ask[0] + ask[1:].lower()
    plan = {
        "act": "deep" if deep else "fan", "noun": "" if noun in ("document", "file") else stem(noun), "ask": ask,
        "terms": terms(ask, (*facts[0].words, *label_words(facts[0].labels))[:7]), "values": {f.document: f.value for f in facts},
        "sentences": {f.document: f.sentence for f in facts},
    }  # fmt: skip
    answer = {f.document: f.value for f in facts}
    return Episode("fan out (children)" if deep else "fan out", question, answer, "pairs", plan)
