"""Lines as a search brings them for a question: one may say it, the others only look like it and want NONE.

The sub-calls of "read" see such lines, and so does every cell that lets a sub-call judge what code has found. They are
ranked by the words they share with the question: near enough to a real search, and a world needs no index for it.
"""

from __future__ import annotations

import random
from collections import defaultdict

from engine.corpus.nearest import stems
from models.starter.facts import kinds, make_thing
from models.starter.lookups import absent, lookup
from models.starter.plainly import plain_question
from models.starter.reading import asked_in_turn
from models.starter.wording import reword
from models.starter.worlds import World, state

LINES = 4  # that a search brings for one question
LONGEST = 400  # characters of a line
THERE, ABSENT, ANYTHING, NEAR = 20, 5, 2, 4  # questions for each world, before those that are no use
TURNS = 8  # questions on one line, at most


def brought(rng: random.Random, world: World) -> list[list[tuple[str, str]]]:
    """Prompts and answers on lines of a world; the later prompts about a line hold the question alone."""
    said: dict[str, dict[str, str]] = defaultdict(dict)
    lines = {
        line: stems(line)
        for text in world.documents.values()
        for line in text.split("\n")
        if 12 < len(line.strip()) <= LONGEST
    }
    for question, answer in _questions(rng, world):
        words = stems(question)
        found = sorted(lines, key=lambda line: (-len(words & lines[line]), len(line)))[:LINES]
        for line in found:
            if answer and answer.lower() in line.lower():
                said[line][question] = answer if answer in line else ""
            elif not _unnamed(world, line):
                said[line][question] = "NONE"
    return [
        asked_in_turn(rng, line, dict(rng.sample([*turns.items()], min(TURNS, len(turns)))))
        for line, turns in said.items()
        if all(turns.values())
    ]


def _questions(rng: random.Random, world: World) -> list[tuple[str, str]]:
    """Questions about a world with their answers; "" where it does not say."""
    episodes = [lookup(rng, world) for _ in range(THERE)] + [absent(rng, world) for _ in range(ABSENT)]
    found = [(e.question, str(e.answer) if e.family == "look-up" else "") for e in episodes if e]
    text = "\n".join(world.documents.values()).lower()
    for _ in range(NEAR):  # the same said of another thing of the kind
        fact = rng.choice(world.facts) if world.facts else None
        kind = kinds().get(fact.thing.kind) if fact else None
        about = [a for a in kind.attributes if a.key == fact.key] if fact and kind else []
        if kind and about:
            thing = make_thing(rng, kind)
            if thing.core and thing.core.lower() not in text:
                found.append((reword(rng, rng.choice(state(rng, thing, about[0], own=False).asks)), ""))
    return found + [(reword(rng, plain_question(rng)[0]), "") for _ in range(ANYTHING)]


def _unnamed(world: World, line: str) -> bool:
    """Whether a line states something without saying of what, so that it may answer for any thing."""
    return any(fact.value in line and not fact.named for fact in world.facts)
