"""Reading: a sub-call gets one line, or pages of text, and copies what answers its question; NONE where nothing does.

Values of every type are asked for, phrases without a form among them. Beside what is asked stand statements in the same
words about other things, so that neither the form nor the wording alone decides; `registers` has nothing but such ones.
"""

from __future__ import annotations

import random

from engine.kernel.toolbox import PIECE_PROMPT
from models.starter import styles
from models.starter.episode import Episode
from models.starter.facts import fill, kinds, made_up_attribute, make_thing
from models.starter.lexicon import WORDS
from models.starter.lookups import label_question
from models.starter.phrases import thing as object_
from models.starter.wording import reword, shorten
from models.starter.worlds import (
    FILLER,
    MENTIONS,
    NEAR,
    Fact,
    World,
    adorn,
    happening,
    hide,
    scene_facts,
    slug,
    state,
)

SHORTEST, LONGEST = 100, 3400  # characters of a page
ABSENT = 0.1  # share of questions that the text does not answer
PHRASES = "phrases.txt"
QUESTIONS = 8  # on one text, at most


def told(rng: random.Random) -> list[Fact]:
    """A fact, and others that are like it: the same said of other things, other things said of the same."""
    draw = rng.random()
    if draw < 0.3:
        return [fact for _ in range(rng.randint(1, 4)) for fact in scene_facts(rng, PHRASES)]
    if draw < 0.42:
        return [fact for _ in range(rng.randint(1, 4)) for fact in scene_facts(rng)]
    kind = kinds()[rng.choice(sorted(kinds()))]
    thing = make_thing(rng, kind)
    if draw < 0.52:
        things = [thing, *(make_thing(rng, kind) for _ in range(rng.randint(0, 3)))]
        return [fact for one in things for fact in happening(rng, one)]
    asked = made_up_attribute(rng) if rng.random() < 0.12 else rng.choice(kind.attributes)
    things = [thing, *(make_thing(rng, kind) for _ in range(rng.choice((0, 1, 3, 3, 5))))]
    facts = [state(rng, one, asked, own=False) for one in things]
    others = rng.sample(kind.attributes, min(len(kind.attributes), rng.choice((0, 1, 2))))
    facts += [state(rng, thing, other, own=False) for other in others if other is not asked]
    for fact in facts:
        if rng.random() < 0.35:
            fact.asks.append(label_question(rng, fact.labels, fact.thing))
    return facts


def question(rng: random.Random, fact: Fact) -> str:
    """A question for a fact, as people put it."""
    return reword(rng, shorten(rng, rng.choice(fact.asks), fact.thing.core, fact.thing))


def page(rng: random.Random) -> list[tuple[str, str]]:
    """A sub-call on a text of some length, and more questions on the same: (prompt, answer) of each.

    The later prompts hold the question alone. So one text teaches as much as many.
    """
    facts, said = told(rng), []
    room = SHORTEST * (LONGEST / SHORTEST) ** rng.random() - sum(len(s) for s in {f.sentence for f in facts})
    while room > 0:
        draw = rng.random()
        more = told(rng) if draw < 0.25 else []
        if draw > 0.85:
            said.append(fill(rng, rng.choice(MENTIONS), {"s": object_(rng), "v": "x"}))
        elif not more:
            said.append(fill(rng, rng.choice(FILLER), {"v": "x"}))
        facts += more
        room -= sum(len(s) + 1 for s in {f.sentence for f in more} or said[-1:])
    bare = [f for f in facts if f.thing.kind != "scene" and f.labels]
    if bare and rng.random() < 0.2:
        bound = dict(bare[0].thing.bound) | {
            "s": bare[0].thing.name,
            "label": rng.choice(bare[0].labels),
            "v": "x",
        }
        said.append(fill(rng, rng.choice(NEAR), bound))
    items = [*said, *dict.fromkeys(fact.sentence for fact in facts)]
    rng.shuffle(items)
    text = "\n\n".join(laid_out(rng, items))
    asked: dict[str, str] = {}
    for fact in rng.sample(facts, min(len(facts), QUESTIONS)):
        if fact.value in text and _one(fact, facts):
            asked[question(rng, fact)] = fact.value
    if not asked or rng.random() < ABSENT * (1 + len(asked)):
        for fact in told(rng)[:1]:
            if fact.value not in text and not any({*fact.asks} & {*f.asks} for f in facts):
                asked[question(rng, fact)] = "NONE"
    return asked_in_turn(rng, text, asked) if asked else page(rng)


def asked_in_turn(rng: random.Random, text: str, asked: dict[str, str]) -> list[tuple[str, str]]:
    """Prompts for questions and their answers in any order; the text stands in the first one only."""
    turns = [*asked.items()]
    rng.shuffle(turns)
    first = PIECE_PROMPT.format(piece=text, question=turns[0][0])
    later = PIECE_PROMPT.removeprefix("{piece}\n\n")
    return [(first, turns[0][1]), *((later.format(question=q), a) for q, a in turns[1:])]


def _one(fact: Fact, facts: list[Fact]) -> bool:
    """Whether no other fact answers the same question otherwise."""
    same = [
        f
        for f in facts
        if {*f.asks} & {*fact.asks} or (f.key == fact.key and f.thing.name == fact.thing.name)
    ]
    return len({f.value for f in same}) == 1


def laid_out(rng: random.Random, items: list[str]) -> list[str]:
    """Sentences as one or several texts: paragraphs, lines, or files of a style with their names."""
    draw = rng.random()
    if draw < 0.5:
        size = rng.choice((3, 5, 8, 12))
        return ["\n".join(" ".join(items[at : at + size]) for at in range(0, len(items), size)) + "\n"]
    if draw < 0.6:
        return ["\n".join(f"- {item}" for item in items)]
    many = 1 if draw < 0.7 else min(len(items), rng.randint(2, 8))
    files = []
    for at in range(many):
        title = f"{rng.choice(WORDS['adjectives'])} {rng.choice(WORDS['things'])}"
        text = (
            styles.render(rng, rng.choice(styles.ALL), title, items[at::many])
            if rng.random() < 0.5
            else " ".join(items[at::many])
        )
        files.append(text if many == 1 else f"{slug(title)}.{rng.choice(('txt', 'md'))}:\n{text}")
    return files


def line(rng: random.Random) -> tuple[str, str]:
    """A sub-call on one line that holds a phrase: (prompt, answer); NONE where it says something else of the same."""
    fact = rng.choice(scene_facts(rng, PHRASES))
    text = fact.sentence
    asked = question(rng, fact)
    answer = fact.value
    if rng.random() < 0.3:
        answer = "NONE"
        draw = rng.random()
        if draw < 0.4:
            text = rng.choice(scene_facts(rng, PHRASES if rng.random() < 0.6 else "scenes.txt")).sentence
        elif draw < 0.7:
            text = fill(rng, rng.choice(FILLER), {"v": "x"})
        else:
            names = [part for part in dict(fact.thing.bound).values() if part in asked] or [object_(rng)]
            text = adorn(rng, fill(rng, rng.choice(MENTIONS), {"s": names[0], "v": "x"}), "")
    draw = rng.random()
    if draw < 0.2:
        text = f"{rng.choice(('- ', '* ', f'{rng.randint(1, 30)}. ', f'{rng.randint(1, 9)}.{rng.randint(1, 9)} '))}{text}"
    elif draw < 0.5:
        more = fill(rng, rng.choice(FILLER), {"v": "x"})
        text = f"{more} {text}" if rng.random() < 0.5 else f"{text} {more}"
    if (answer in text) == (answer == "NONE"):
        return line(rng)
    return PIECE_PROMPT.format(piece=text, question=asked), answer


def asked(rng: random.Random) -> str:
    """A question for a phrase alone."""
    return question(rng, rng.choice(scene_facts(rng, PHRASES)))


def phrase(rng: random.Random, world: World) -> Episode | None:
    """Put a sentence with a phrase into a document of the world, and ask for it."""
    facts = scene_facts(rng, PHRASES)
    fact = rng.choice(facts)
    if not hide(rng, world, fact.sentence):
        return None
    plan = {"act": "read", "answer": fact.value, "line": fact.sentence}
    others = tuple(f.value for f in facts if f.value != fact.value)
    return Episode("phrase", question(rng, fact), fact.value, "text", plan, others)
