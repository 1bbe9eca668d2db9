"""Texts whose lines need a label each: reviews, of which a question asks how many are of a kind, or who agrees.

No line holds a word of a question: "the lid came off on the second day" is a complaint, and about quality. Modelled on
OOLONG and OOLONG-Pairs (arXiv 2511.02817; arXiv 2512.24601, section 4), with text of our own.
"""

from __future__ import annotations

import random
from itertools import combinations

from engine.bench.suites import words
from engine.types import Json

Asked = tuple[str, Json, str, tuple[str, ...]]

GOODS = "kettle lamp rucksack radio blanket tent clock heater stool drill jacket toaster".split()
BAD = {
    "quality": ("the handle came off on the second day", "it was cracked when we opened the box",
                "it stopped working within a week", "the seams are coming apart already", "it leaks whatever I do",
                "one side is bent and the screws were missing"),
    "delivery": ("it took five weeks to get here", "the parcel was left in the rain", "it came to the wrong house, twice",
                 "I waited at home three days for nothing", "nobody could say where the parcel was"),
    "price": ("I saw it for half the money next door", "it is not worth what they charge", "it cost far too much for what it is",
              "they took eighty more than was agreed"),
}  # fmt: skip
GOOD = {
    "quality": ("it still looks like new after a year", "it feels solid and does just what it should",
                "we use it every day and it never lets us down", "the finish is lovely", "it is the best one I ever had"),
    "delivery": ("it was here the very next morning", "the driver even carried it up the stairs",
                 "it came two days early and well packed", "it arrived sooner than they had said"),
    "price": ("I have not found it cheaper anywhere", "a bargain for what you get", "worth every cent",
              "it cost less than I had feared"),
}  # fmt: skip
MOODS = {"negative": BAD, "positive": GOOD}
TOPICS = tuple(BAD)


def line(rng: random.Random, mood: str, topic: str, thing: str, who: str) -> str:
    """One review: who wrote it, on what, and what it says."""
    return f"{who} on the {thing}: {rng.choice(MOODS[mood][topic])}."


def reviews(rng: random.Random, chars: int) -> tuple[list[tuple[str, str, str]], str]:
    """Reviews with about `chars` characters in all: (mood, topic, thing) of each, and their text."""
    drawn: list[tuple[str, str, str]] = []
    lines: list[str] = []
    left = chars
    share = rng.uniform(0.25, 0.75)
    while left > 0 or len(lines) < 4:
        mood = "negative" if rng.random() < share else "positive"
        drawn.append((mood, rng.choice(TOPICS), rng.choice(GOODS)))
        lines.append(line(rng, *drawn[-1], words.person(rng)))
        left -= len(lines[-1]) + 1
    return drawn, "\n".join(lines) + "\n"


def count(rng: random.Random, chars: int, many: int) -> tuple[dict[str, str], list[Asked]]:
    """How many reviews are negative, or positive."""
    drawn, text = reviews(rng, chars)
    mood = rng.choice([*MOODS])
    number = sum(one == mood for one, _, _ in drawn)
    return {"reviews.txt": text}, [(f"How many of the reviews are {mood}?", number, "number", ())]


def table(rng: random.Random, chars: int, many: int) -> tuple[dict[str, str], list[Asked]]:
    """How many reviews are about quality, delivery, price."""
    drawn, text = reviews(rng, chars)
    counts = {topic: sum(one == topic for _, one, _ in drawn) for topic in TOPICS}
    question = "How many of the reviews are about quality, how many about delivery and how many about price?"
    return {"reviews.txt": text}, [(question, counts, "counts", ())]


def pairs(rng: random.Random, chars: int, many: int) -> tuple[dict[str, str], list[Asked]]:
    """Which pairs of people both complain about the same thing: three or four people of all who wrote about it."""
    _, text = reviews(rng, chars)
    thing = rng.choice(GOODS)
    lines = [one for one in text.splitlines() if f" on the {thing}:" not in one]
    unhappy: set[str] = set()
    while len(unhappy) < rng.choice((3, 4)):
        unhappy.add(words.person(rng))
    extra = [line(rng, "negative", rng.choice(TOPICS), thing, who) for who in sorted(unhappy)]
    extra += [
        line(rng, "positive", rng.choice(TOPICS), thing, words.person(rng))
        for _ in range(2 + len(lines) // 40)
    ]
    for one in extra:
        lines.insert(rng.randint(0, len(lines)), one)
    question = f"Which pairs of people both wrote a negative review of the {thing}? Name each pair on a line of its own."
    reference = [list(pair) for pair in combinations(sorted(unhappy), 2)]
    return {"reviews.txt": "\n".join(lines) + "\n"}, [(question, reference, "pairs", ())]
