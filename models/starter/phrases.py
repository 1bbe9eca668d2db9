"""Values that are phrases without a form, for grammar/phrases.txt: causes, places, jobs, meals. Partly invented words."""

from __future__ import annotations

import random
from collections.abc import Callable

from models.starter.lexicon import WORDS, goods, invented

UNKNOWN = 0.2  # share of phrases with a word that nobody has seen


def noun(rng: random.Random) -> str:
    """A thing as people name it: "ladder", "brass ladder", now and then an invented word."""
    thing = rng.choice(WORDS["things"]) if rng.random() > UNKNOWN else invented(rng, capital=False)
    draw = rng.random()
    if draw < 0.35:
        return f"{rng.choice(WORDS['adjectives'])} {thing}"
    return f"{rng.choice(WORDS['things'])} {thing}" if draw < 0.5 else thing


def article(text: str, rng: random.Random) -> str:
    """The same with "the", or with "a" or "an"."""
    return f"the {text}" if rng.random() < 0.4 else f"{'an' if text[0] in 'aeiou' else 'a'} {text}"


def thing(rng: random.Random) -> str:
    """A thing with its article, or several of them."""
    if rng.random() < 0.25:
        return f"{rng.choice(('two', 'three', 'some', 'a pair of', 'a box of', 'six'))} {rng.choice(WORDS['plurals'])}"
    found = article(noun(rng), rng)
    return (
        f"{found} {rng.choice(('of', 'for', 'from'))} the {rng.choice(WORDS['venues'])}"
        if rng.random() < 0.12
        else found
    )


def cause(rng: random.Random) -> str:
    """Why something happened, as a noun."""
    return rng.choice(
        (
            article(noun(rng), rng),
            f"{rng.choice(('a broken', 'a burst', 'a loose', 'a jammed', 'a hot', 'a dirty', 'a faulty'))} {noun(rng)}",
            f"{rng.choice(('smoke from', 'dust from', 'a fault in', 'trouble with', 'steam from', 'water in', 'a crack in'))} the {noun(rng)}",
            f"{rng.choice(('wet', 'missing', 'too many', 'wrong', 'mouldy'))} {rng.choice(WORDS['plurals'])}",
            rng.choice(("a power cut", "heavy snow", "burnt toast", "a spider", "frost", "a dead battery", "bad weather", "a strike", "a flat tyre", "mice", "candles")),
        )
    )  # fmt: skip


def spot(rng: random.Random) -> str:
    """Where something is, with its preposition."""
    where = rng.choice(
        (
            "in",
            "behind",
            "under",
            "next to",
            "on top of",
            "beside",
            "inside",
            "above",
            "in front of",
            "opposite",
        )
    )
    return f"{where} the {noun(rng)}"  # fmt: skip


def crew(rng: random.Random) -> str:
    """Who does it, without a name."""
    return rng.choice(WORDS["crews"]) if rng.random() > UNKNOWN else f"the {invented(rng, capital=False)}s"


def decision(rng: random.Random) -> str:
    """What one does: a verb with its object."""
    return f"{rng.choice(WORDS['deeds'])} {thing(rng)}"


def of_list(name: str) -> Callable[[random.Random], str]:
    """One of a word list, now and then an invented word in its place."""
    return lambda rng: rng.choice(WORDS[name]) if rng.random() > UNKNOWN / 2 else invented(rng, capital=False)


PHRASES: dict[str, Callable[[random.Random], str]] = {
    "object": thing,
    "cause": cause,
    "spot": spot,
    "crew": crew,
    "decision": decision,
    "goods": goods,
    "colour": of_list("colours"),
    "material": of_list("materials"),
    "instrument": of_list("instruments"),
    "job": of_list("jobs"),
    "food": of_list("foods"),
    "ailment": of_list("ailments"),
    "remedy": of_list("remedies"),
    "subject": of_list("subjects"),
    "ending": of_list("endings"),
    "purpose": of_list("purposes"),
    "transport": of_list("transports"),
    "payment": of_list("payments"),
    "tool": of_list("tools"),
    "use": of_list("uses"),
}
