"""Questions that look something up: a value, a value that is not there, a line about a topic."""

from __future__ import annotations

import random
import re
from functools import cache

from engine.corpus.nearest import PLAIN, stem, stems
from models.starter.cells import FORM_OF_TYPE
from models.starter.episode import NOT_THERE, Episode
from models.starter.facts import Attribute, Thing, fill, kinds, made_up_attribute, make_thing, verbs
from models.starter.lexicon import WORDS, invented
from models.starter.mentions import STYLE_NOUNS
from models.starter.wording import BARE, label_question, reword, shorten
from models.starter.worlds import Fact, World, bindings, scene_facts


def lookup(rng: random.Random, world: World) -> Episode | None:
    facts = [f for f in world.facts if f.document and f.type in FORM_OF_TYPE and _unique(world, f)]
    if not facts:
        return None
    fact = rng.choice(facts)
    alone = sum(f.key == fact.key for f in world.facts) == 1
    if alone and fact.labels and rng.random() < 0.25:
        question = fill(rng, rng.choice(BARE), {"label": rng.choice(fact.labels)})
    else:
        asked = rng.random() < 0.72 or not fact.labels
        question = rng.choice(fact.asks) if asked else label_question(rng, fact.labels, fact.thing)
        core = fact.thing.core
        if fact.thing.kind == "scene":
            core = named_in(question, fact.thing)
            if any(question in f.asks and f.value != fact.value for f in world.facts):
                return None
        question = shorten(rng, question, core, fact.thing)
    question = reword(rng, within(rng, question, fact.document))
    others = tuple({f.value for f in world.facts if f.type == fact.type and f.value != fact.value})
    if fact.value not in " ".join(world.documents.get(fact.document, "").split()):
        return None
    plan = {"act": "search", "type": fact.type, "about": said_of(fact), "document": fact.document}
    return Episode("look-up", question, fact.value, "text", plan, others)


@cache
def synonyms() -> dict[tuple[str, ...], str]:
    """For the labels of every known attribute: what a line that states it may say, separated by "|"."""
    return {a.labels: _alternatives(a) for kind in kinds().values() for a in kind.attributes}


def _alternatives(attribute: Attribute) -> str:
    """The labels, the words for it, and a word of every statement that none of these would find."""
    parts = [*dict.fromkeys((*attribute.labels, *attribute.words))]
    for statement in (*attribute.says, *attribute.own):
        here = stems(re.sub(r"\{\w+\}", " ", statement))
        if not any({stem(w) for w in part.split()} - {"of", "the", "for"} <= here for part in parts):
            words = [
                w
                for w in re.findall(r"[A-Za-z]{2,}", re.sub(r"\{\w+\}", " ", statement))
                if w.lower() not in PLAIN
            ]
            parts += words[-1:] if words else []
    return "|".join(dict.fromkeys(p.lower() for p in parts))


@cache
def verb_forms() -> dict[str, str]:
    """For the past of every known verb: its forms, separated by "|"."""
    return {past: "|".join(dict.fromkeys((past, participle, base))) for base, past, participle in verbs()}


def said_of(fact: Fact) -> str:
    """What a line must speak of to answer a question about a fact; empty when the question's own words must do."""
    if fact.labels:
        return synonyms().get(fact.labels, "")
    if fact.thing.kind == "scene":
        return "|".join(fact.words)
    return verb_forms()[fact.words[0]]


def within(rng: random.Random, question: str, document: str = "") -> str:
    """Now and then say in what kind of document to look: the right one, or any when there is no answer."""
    if rng.random() > 0.12:
        return question
    fitting = [n for style, nouns in STYLE_NOUNS.items() if not document or style in document for n in nouns]
    if not fitting:
        return question
    noun = rng.choice(fitting)
    if rng.random() < 0.5:
        return f"According to the {noun}, {question[:1].lower()}{question[1:]}"
    return f"{question.rstrip('?.')} according to the {noun}?"


def named_in(question: str, thing: Thing) -> str:
    """The value of a scene that names a thing in its question, or nothing."""
    return next((name for _, name in thing.bound if name in question), "")


def _unique(world: World, fact: Fact) -> bool:
    same = [f for f in world.facts if f.thing.name == fact.thing.name and f.key == fact.key]
    return len({f.value for f in same}) == 1


def absent(rng: random.Random, world: World) -> Episode | None:
    """A thing that is not there, a property nobody states, or something that never happened to it."""
    draw = rng.random()
    text = "\n".join(world.documents.values()).lower()
    if draw < 0.2:
        fact = rng.choice(scene_facts(rng))
        question = rng.choice(fact.asks)
        if any(question in f.asks for f in world.facts):
            return None
        type_, said = fact.type, said_of(fact)
        thing = Thing("scene", "", named_in(question, fact.thing))
    elif draw < 0.45 or not world.things:
        kind = kinds()[rng.choice([t.kind for t in world.things] or sorted(kinds()))]
        thing = _near_name(rng, world) if rng.random() < 0.4 else None
        thing = thing or make_thing(rng, kind)
        if not thing.core or thing.core.lower() in text:
            return None
        attribute = rng.choice(kinds()[thing.kind].attributes)
        question = ask_for(rng, attribute, thing)
        type_, said = attribute.type, synonyms().get(attribute.labels, "")
    elif draw < 0.75:
        choices = [(t, a) for t, a in world.absent if not states(world, t, a)]
        if not choices or rng.random() < 0.35:
            thing = rng.choice(world.things)
            choices = [(thing, a) for a in (*kinds()[thing.kind].attributes, made_up_attribute(rng))
                       if not states(world, thing, a)]  # fmt: skip
        if not choices:
            return None
        thing, attribute = rng.choice(choices)
        question = ask_for(rng, attribute, thing)
        type_, said = attribute.type, synonyms().get(attribute.labels, "")
    else:
        thing = rng.choice(world.things)
        done = {f.key.split("|")[1] for f in world.facts if f.thing.name == thing.name}
        base, past, participle = rng.choice(verbs())
        if base in done or _clashes(thing, past, participle, base):
            return None
        type_, ask = rng.choice((("person", f"Who {past} {{s}}?"), ("date", f"When was {{s}} {participle}?"),
                                 ("person", f"By whom was {{s}} {participle}?"),
                                 ("money", f"How much did it cost to {base} {{s}}?")))  # fmt: skip
        said = verb_forms()[past]
        question = fill(rng, ask, bindings(thing))
    if type_ not in FORM_OF_TYPE:
        return None
    question = reword(rng, within(rng, shorten(rng, question, thing.core, thing)))
    plan = {"act": "search", "type": type_, "about": said}
    return Episode("not there", question, NOT_THERE, "none", plan)


def _clashes(thing: Thing, *words: str) -> bool:
    """Whether a statement of this kind of thing may already say that."""
    said = " ".join(s for a in kinds()[thing.kind].attributes for s in (*a.says, *a.own)).lower()
    return any(word in said for word in words)


def states(world: World, thing: Thing, attribute: Attribute) -> bool:
    kin = {
        a.key
        for a in kinds()[thing.kind].attributes
        if a.type == attribute.type and set(a.words) & set(attribute.words)
    }
    return any(f.thing.name == thing.name and f.key in {attribute.key, *kin} for f in world.facts)


def ask_for(rng: random.Random, attribute: Attribute, thing: Thing) -> str:
    if rng.random() < 0.7:
        return fill(rng, rng.choice(attribute.asks), bindings(thing, "x", short=rng.random() < 0.4))
    return label_question(rng, attribute.labels, thing)


def _near_name(rng: random.Random, world: World) -> Thing | None:
    """A thing whose name shares a word with one that exists."""
    model = rng.choice(world.things)
    words = model.core.split()
    if not words:
        return None
    at = rng.randrange(len(words))
    words[at] = rng.choice((rng.choice(WORDS["names"]), rng.choice(WORDS["last"]), invented(rng)))
    core = " ".join(words)
    return Thing(model.kind, model.name.replace(model.core, core), core, model.bound)


def about(rng: random.Random, world: World) -> Episode | None:
    """What is said about a topic: the best line itself."""
    topic = rng.choice(world.topics)
    ask = rng.choice(
        ("What is said about {s}?", "What do the documents say about {s}?", "Is there any news on {s}?",
         "What do we know about {s}?", "Quote a line about {s}.", "Show me what is written about {s}.",
         "What about {s}?", "Where do we speak of {s}?", "What happened with {s}?", "Tell me something about {s}.")
    )  # fmt: skip
    question = reword(rng, fill(rng, ask, {"s": topic}))
    at = question.lower().find(topic.lower())
    name = " ".join(word for word in question[at : at + len(topic)].split() if re.search(r"\w", word))
    plan = {"act": "about", "name": name, "terms": name, "beside": "", "topic": topic}
    return Episode("quote", question, topic, "contains", plan)
