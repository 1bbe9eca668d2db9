"""Several values of one line: who was there, which dates are set. Questions with the cell that answers them."""

from __future__ import annotations

import random

from models.starter.cells import several_values
from models.starter.episode import Episode
from models.starter.facts import fill, verbs
from models.starter.lexicon import WORDS, organisation, person
from models.starter.plainly import plain_thing
from models.starter.wording import reword
from models.starter.worlds import World, hide

# form, what the line may say, questions; {x} a thing or an occasion, {n} things
ASKS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("name", "present|attended|attending|there|took part", (
        "Who was present at {x}?", "Who attended {x}?", "Which people were at {x}?", "Who all came to {x}?", "Who took part in {x}?", "Who were the guests at {x}?",
        "Name all who were at {x}.", "List the people who attended {x}.", "Who was there at {x}?", "Who were those present at {x}?", "Which people took part in {x}?",
        "Give me everybody who was at {x}.", "Who joined {x}?", "Which members came to {x}?")),
    ("name", "members|member|consists|belong|on the", (
        "Who are the members of {x}?", "Who sits on {x}?", "Who belongs to {x}?", "Which people are on {x}?", "Who makes up {x}?", "Name the members of {x}.",
        "List the members of {x}.", "Who are the people in {x}?", "Of whom does {x} consist?")),
    ("name", "apologies|excused|absent|missing|not there", (
        "Who sent apologies for {x}?", "Who was excused at {x}?", "Who was absent from {x}?", "Who could not come to {x}?", "Which people were missing at {x}?",
        "Who sent their apologies to {x}?", "Who did not come to {x}?", "Which members were not at {x}?")),
    ("name", "keys|key|know|knows|code|password", (
        "Who have keys to {x}?", "Which people have a key to {x}?", "Who all has a key to {x}?", "Which people know the code of {x}?", "Who are the people that know the password for {x}?",
        "Which persons hold a key for {x}?", "Who of the staff knows the code for {x}?")),
    ("name", "", (
        "Which people {past} {x}?", "Which companies {past} {x}?", "Who are the people that {past} {x}?", "Which firms offered {n}?", "Which two people {past} {x}?",
        "List everybody who {past} {x}.", "Which of us {past} {x}?", "Name the people who {past} {x}.", "Which persons {past} {x}?", "Who were the ones who {past} {x}?",
        "Who are the winners of {x}?", "Who are the drivers of {x}?", "Which pupils {past} {x}?", "Which towns does {x} stop at?", "Which shops sell {n}?",
        "Who are the authors of {x}?", "Which firms {past} {x}?", "Who are the owners of {x}?")),
    ("date", "", (
        "On which dates was {x} {done}?", "On which days is {x} {done}?", "Which dates are set for {x}?", "What are the dates of {x}?", "On what days did {p} {base} {x}?",
        "What dates did {p} propose for {x}?", "Which days were suggested for {x}?", "List the dates for {x}.", "On which dates does {x} take place?")),
    ("code", "", (
        "Which card numbers were {done} at {x}?", "Which codes belong to {x}?", "What are the numbers of {x}?", "Which order numbers did {p} {base}?", "Which numbers were {done}?",
        "Which part numbers are needed for {x}?", "What are the serial numbers of {x}?", "Which keys were {done}?", "Which cards were {done} at {x}?")),
    ("money", "", (
        "What are the prices for {x}?", "Which amounts did {p} pay for {x}?", "What prices are given for {x}?", "What are the fees for {x}?", "Which fees does {x} have?",
        "What are the rates of {x}?", "What do {n} and {x} cost?", "Which sums were paid for {x}?")),
    ("time", "", (
        "At what times is {x} {done}?", "At which times does {x} leave?", "What are the times of {x}?", "When are the tours of {x}?", "At what times do the buses to {x} leave?",
        "What are the opening hours of {x}?", "From when to when is {x} open?", "Between what times is {x} open?")),
)  # fmt: skip
SAYS = (
    (0, ("Present at {x}: {all}.", "{all} attended {x}.", "{all} were present at {x}.", "At {x} there were {all}.", "{x} took place; present: {all}.",
         "Those present at {x} were {all}.", "{all} took part in {x}.")),
    (1, ("The members of {x} are {all}.", "{x} consists of {all}.", "Members of {x}: {all}.", "{all} are the members of {x}.", "{all} belong to {x}.")),
    (2, ("Apologies for {x}: {all}.", "{all} were excused at {x}.", "{all} were absent from {x}.", "Absent from {x}: {all}.", "{all} sent apologies for {x}.")),
    (3, ("{all} have keys to {x}.", "Keys to {x} are held by {all}.", "Only {all} know the code of {x}.", "The password for {x} is known to {all}.")),
)  # fmt: skip


def lesson(rng: random.Random) -> tuple[str, str]:
    """A question that wants several values, with its cell."""
    form, about, asks = rng.choice((*ASKS[:5], *ASKS))
    return reword(rng, fill(rng, rng.choice(asks), _words(rng, _gathering(rng)))), several_values(form, about)


def _gathering(rng: random.Random) -> str:
    whole = rng.choice((f"the {rng.choice(WORDS['occasions'])}", f"the {rng.choice(WORDS['venues'])} committee", plain_thing(rng),
                        f"the meeting of the {rng.choice(WORDS['venues'])}", f"the {rng.choice(WORDS['things'])} group", f"the {rng.choice(WORDS['adjectives'])} team"))  # fmt: skip
    return whole + rng.choice(
        ("", "", "", f" in {rng.choice(WORDS['months'])}", f" on {rng.choice(WORDS['weekdays'])}")
    )


def _words(rng: random.Random, x: str) -> dict[str, str]:
    base, past, done = rng.choice(verbs())
    return {"x": x, "p": rng.choice((person(rng), organisation(rng))), "n": rng.choice(WORDS["plurals"]), "base": base, "past": past, "done": done, "v": "x"}  # fmt: skip


def gathered(rng: random.Random, world: World) -> Episode | None:
    """Put a line with several people into a document of the world, and ask who they are."""
    at, says = rng.choice(SAYS)
    form, about, asks = ASKS[at]
    people = list(dict.fromkeys(person(rng) for _ in range(rng.randint(2, 5))))
    x = _gathering(rng)
    if any(x in text for text in world.documents.values()):
        return None
    whole = f"{', '.join(people[:-1])} and {people[-1]}" if len(people) > 1 else people[0]
    if not hide(rng, world, fill(rng, rng.choice(says), {"x": x, "all": whole, "v": "x"})):
        return None
    plan = {"act": "several values", "form": form, "about": about}
    return Episode("several values", reword(rng, fill(rng, rng.choice(asks), _words(rng, x))), people, "set", plan)  # fmt: skip
