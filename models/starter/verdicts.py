"""Questions that want yes or no, about a line that says so in its own words, and the sub-call that judges the line."""

from __future__ import annotations

import random
from dataclasses import dataclass

from engine.kernel.toolbox import PIECE_PROMPT
from models.starter.episode import Episode
from models.starter.facts import fill, verbs
from models.starter.lexicon import WORDS, organisation, person, town
from models.starter.plainly import TRADES, plain_thing
from models.starter.wording import reword
from models.starter.worlds import FILLER, World, hide


@dataclass(frozen=True, slots=True)
class Matter:
    """What is asked, and lines that affirm or deny it. {x} a thing, {y} where or what it belongs to, {n} things,
    {p} somebody, {t} a noun, {base} {past} {done} a verb.
    """

    asks: tuple[str, ...]
    yes: tuple[str, ...]
    no: tuple[str, ...]


MATTERS = (
    Matter(
        ("Are {n} allowed in {y}?", "May I bring {n} into {y}?", "Is it allowed to bring {n} into {y}?", "Can I keep {n} in {y}?",
         "Are {n} permitted in {y}?", "Does {y} allow {n}?", "Can {n} be kept in {y}?", "Am I allowed to have {n} in {y}?"),
        ("{n} are allowed in {y}.", "{n} may be kept in {y}.", "In {y} {n} are welcome.", "{n} are permitted in {y} at any time.",
         "Guests may bring {n} into {y}.", "{y}: {n} allowed.", "You can keep {n} in {y} if the neighbours agree.",
         "{n} may be brought into {y} after {time}.", "{p} has agreed that {n} are kept in {y}."),
        ("{n} are not allowed in {y}.", "No {n} in {y}, please.", "{n} may not be kept in {y}.", "It is forbidden to bring {n} into {y}.",
         "{n} are not permitted in {y}.", "{y}: no {n}.", "{n} must stay outside {y}.", "Keeping {n} in {y} is prohibited.",
         "{p} does not want any {n} in {y}.", "{n} have been banned from {y} since {date}."),
    ),
    Matter(
        ("May {p} {base} {x}?", "Can {p} {base} {x}?", "Is {p} allowed to {base} {x}?", "Is {p} free to {base} {x}?", "Does {p} have permission to {base} {x}?",
         "Has {p} the right to {base} {x}?", "Could {p} {base} {x}?"),
        ("{p} may {base} {x}.", "{p} is allowed to {base} {x}.", "{p} can {base} {x} at any time.", "{p} has the right to {base} {x}.",
         "We agreed that {p} may {base} {x}.", "{p} has permission to {base} {x}.", "{p} is free to {base} {x}."),
        ("{p} may not {base} {x}.", "{p} is not allowed to {base} {x}.", "{p} must not {base} {x}.", "{p} cannot {base} {x}.", "{p} has no right to {base} {x}.",
         "{p} is forbidden to {base} {x}.", "{p} may not {base} {x} without consent.", "Under no circumstances may {p} {base} {x}."),
    ),
    Matter(
        ("Does {y} cover {n}?", "Are {n} covered by {y}?", "Does {y} include {n}?", "Are {n} included in {y}?", "Is {x} included in {y}?",
         "Is {x} covered by {y}?", "Does {y} come with {x}?", "Does {x} come with {y}?", "Is {x} part of {y}?", "Are {n} part of {y}?"),
        ("{y} covers {it}.", "{y} includes {it}.", "{it} included.", "{it} {is} covered.", "{it} {is} part of {y}.", "{y} comes with {it}.", "Included in {y}: {it}.",
         "{it} comes with {y}.", "{y} also covers {it}.", "With {y} you get {it}."),
        ("{y} does not cover {it}.", "{y} does not include {it}.", "{it} not included.", "{it} {is} not covered.", "{it} {is} not part of {y}.", "Excluded from {y}: {it}.",
         "{y} comes without {it}.", "{y} covers everything except {it}.", "Not covered by {y}: {it}.", "There {is} no {it0} with {y}.", "{it} {is} excluded."),
    ),
    Matter(
        ("Has {x} been {done}?", "Was {x} {done}?", "Did {p} {base} {x}?", "Has {p} {done} {x}?", "Is {x} {done} by now?", "Has {x} been {done} yet?",
         "Did anybody {base} {x}?", "Has anyone {done} {x}?", "Was {x} ever {done}?"),
        ("{x} was {done} on {date}.", "{x} has been {done}.", "{p} {past} {x}.", "{p} has {done} {x}.", "On {date} {p} {past} {x}.", "{x}: {done}.", "{p} {past} {x} last week.",
         "{x} was {done} by {p}.", "In the end {p} {past} {x}."),
        ("{x} has not been {done} yet.", "{x} was not {done}.", "{p} did not {base} {x}.", "{p} has not {done} {x}.", "Nobody has {done} {x}.", "{x} was never {done}.",
         "{x} is still to be {done}.", "{p} refused to {base} {x}.", "{x}: not {done}.", "{p} never {past} {x}.", "{p} forgot to {base} {x}."),
    ),
    Matter(
        ("Must {p} {base} {x}?", "Does {p} have to {base} {x}?", "Do I have to {base} {x}?", "Is {p} obliged to {base} {x}?", "Must {x} be {done}?", "Do {n} have to be {done}?",
         "Does {x} have to be {done}?"),
        ("{p} must {base} {x}.", "{p} has to {base} {x}.", "{p} is obliged to {base} {x}.", "{x} must be {done}.", "{p} is required to {base} {x}.", "It is {p}'s duty to {base} {x}."),
        ("{p} need not {base} {x}.", "{p} does not have to {base} {x}.", "{p} is not obliged to {base} {x}.", "{x} need not be {done}.", "{x} does not have to be {done}.",
         "Nobody is required to {base} {x}.", "There is no need to {base} {x}."),
    ),
    Matter(
        ("Does {y} have a {t}?", "Is there a {t} in {y}?", "Has {y} got a {t}?", "Is a {t} there in {y}?", "Does {y} own a {t}?", "Is there a {t} at {y}?"),
        ("{y} has a {t}.", "There is a {t} in {y}.", "{y} owns a {t}.", "{y} has its own {t}.", "A {t} stands in {y}.", "{y} got a {t} on {date}."),
        ("{y} has no {t}.", "There is no {t} in {y}.", "{y} does without a {t}.", "{y} has not got a {t}.", "{y} does not have a {t}.", "There was never a {t} in {y}."),
    ),
    Matter(
        ("Is {x} free of charge?", "Is {x} free?", "Does {x} cost nothing?", "Can I use {x} for free?"),
        ("{x} is free of charge.", "{x} costs nothing.", "There is no charge for {x}.", "{x} is free.", "Nobody pays for {x}."),
        ("{x} costs {money}.", "{x} is not free; it costs {money}.", "There is a charge of {money} for {x}.", "We charge {money} for {x}."),
    ),
    Matter(
        ("Is {x} in order?", "Does {x} work?", "Is {x} working?", "Is {x} in good condition?", "Is {x} all right?"),
        ("{x} is in order.", "{x} works well.", "{x} is in good condition.", "We found no fault with {x}.", "{x} runs without trouble."),
        ("{x} does not work.", "{x} is broken.", "{x} is out of order.", "{x} is in bad condition.", "{x} no longer works.", "{p} found a fault in {x}."),
    ),
    Matter(
        ("Is {y} open on {day}?", "Does {y} open on {day}?", "Is {y} open on {day}s?", "Can I go to {y} on {day}?"),
        ("{y} is open on {day}.", "On {day} {y} opens at {time}.", "{y} is open from {time} on {day}.", "Come to {y} on {day}."),
        ("{y} is closed on {day}.", "On {day} {y} stays shut.", "{y} does not open on {day}.", "No {day} opening of {y}."),
    ),
)  # fmt: skip
LIVING = (
    "dogs",
    "cats",
    "pets",
    "bicycles",
    "visitors",
    "children",
    "guests",
    "prams",
    "candles",
    "barbecues",
    "instruments",
    "drinks",
)


@dataclass(frozen=True, slots=True)
class Case:
    """A question with a line that affirms or denies it."""

    question: str
    line: str
    answer: str  # yes or no


def draw(rng: random.Random) -> Case:
    """Make up a question and a line."""
    matter = rng.choice(MATTERS)
    base, past, done = rng.choice(verbs())
    whose = rng.choice(
        (plain_thing(rng), organisation(rng), f"the {rng.choice(WORDS['venues'])}", f"the {rng.choice(WORDS['venues'])} in {town(rng)}", plain_thing(rng))
    )  # fmt: skip
    bound = {
        "x": plain_thing(rng), "y": whose, "n": rng.choice((*LIVING, *WORDS["plurals"])), "t": rng.choice(WORDS["things"]),
        "p": rng.choice((person(rng), person(rng), f"the {rng.choice(TRADES)}")), "day": rng.choice(WORDS["weekdays"]),
        "base": base, "past": past, "done": done, "v": "x",
    }  # fmt: skip
    ask = rng.choice(matter.asks)
    bound["it"] = bound["n"] if "{n}" in ask else bound["x"]
    bound["is"] = "are" if "{n}" in ask else "is"
    bound["it0"] = bound["it"].removeprefix("the ").removeprefix("a ")
    affirmed = rng.random() < 0.5
    line = fill(rng, rng.choice(matter.yes if affirmed else matter.no), bound)
    return Case(fill(rng, ask, bound), line, "yes" if affirmed else "no")


def question(rng: random.Random) -> str:
    """A question alone, as people put it."""
    return reword(rng, draw(rng).question)


def judged(rng: random.Random) -> tuple[str, str]:
    """A sub-call on one line: (prompt, answer), NONE where the line is about something else."""
    case = draw(rng)
    line, answer = case.line, case.answer
    if rng.random() < 0.3:
        line, answer = draw(rng).line if rng.random() < 0.6 else fill(rng, rng.choice(FILLER), {}), "NONE"
    about = rng.random()
    if about < 0.25:
        line = f"{rng.choice(('- ', '* ', f'{rng.randint(1, 30)}. ', f'{rng.randint(1, 9)}.{rng.randint(1, 9)} '))}{line}"
    elif about < 0.5:
        more = fill(rng, rng.choice(FILLER), {})
        line = f"{more} {line}" if rng.random() < 0.5 else f"{line} {more}"
    return PIECE_PROMPT.format(piece=line, question=reword(rng, case.question)), answer


def yes_no(rng: random.Random, world: World) -> Episode | None:
    """Put a line about a new matter into a document of the world, and ask about it."""
    case = draw(rng)
    if not hide(rng, world, case.line):
        return None
    plan = {"act": "read", "answer": case.answer, "line": case.line}
    return Episode("yes or no", reword(rng, case.question), case.answer, "text", plan)
