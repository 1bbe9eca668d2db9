"""Questions about things of every kind in the plainest words: they teach the form of the value, and little else.

What people ask about is mostly in no grammar. Then the question's own words must find the line; "about" holds no
more than what lines of that sort always say.
"""

from __future__ import annotations

import random

from models.starter.cells import look_up
from models.starter.facts import fill, verbs
from models.starter.lexicon import WORDS, organisation, person, town

PAY = "cost|costs|price|fee|charge|pay|paid"
# form of the value, what a line may say, questions; {x} a thing, {p} somebody, {n} things, {base} {past} {done} a verb
ASKS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("money", PAY, (
        "How much does {x} cost?", "How much is {x}?", "What does {x} cost?", "What's the price of {x}?", "How much do we pay for {x}?",
        "What do I have to pay for {x}?", "How much did {p} pay for {x}?", "How much money did we spend on {x}?", "How much was {x}?",
        "What did {p} charge for {x}?", "What was the price of {x}?", "How expensive is {x}?", "What do they want for {x}?",
        "What does {p} ask for {x}?", "How much did {p} want for {x}?", "What do {n} cost at {x}?", "How much is it for {n}?",
        "What does it cost to {base} {x}?", "How much must I pay to {base} {x}?", "What is the fee for {x}?", "How much do {n} cost?",
        "What is the rent of {x}?", "How much does {p} get for {x}?", "How much did {x} bring in?", "How big was the bill for {x}?",
    )),
    ("duration", "takes|take|lasts|last|within|valid|period", (
        "How long does {x} take?", "How long did {x} last?", "How long will {x} take?", "For how long is {x} closed?", "How long is {x}?",
        "How long can I keep {x}?", "How many days does {x} take?", "How long is {x} valid?", "How long must {n} rest?", "How long was {x} down?",
        "How much time do I have to {base} {x}?", "Within how many days must {x} be {done}?", "How many weeks does {p} need for {x}?",
        "How many hours did {p} {base} {x}?", "How long do {n} need in {x}?", "How much notice is needed for {x}?",
    )),
    ("time", "opens|open|closes|close|starts|begins|ends|until", (
        "What time does {x} open?", "When does {x} close in the evening?", "At what time does {x} start?", "What time is {x}?",
        "What time does {x} begin on {day}?", "Until what time is {x} open?", "At what time must {n} be back?", "What time did {p} {base} {x}?",
        "When does {x} shut?", "From what time can I {base} {x}?", "What are the hours of {x}?",
    )),
    ("date", "", (
        "When is {x}?", "On what day is {x}?", "What is the date of {x}?", "By when must {x} be {done}?", "When did {p} {base} {x}?",
        "When does {x} end?", "Since when has {p} had {x}?", "When was {x} last {done}?", "When will {x} be {done}?", "When is the next {t}?",
        "On which date did {p} {base} {x}?", "What day was {x} {done}?", "When did {n} arrive?", "Until when is {x} covered?", "When was {x}?",
        "When do {n} have to be {done}?", "When did {x} stop?", "What is the deadline for {x}?", "When did {p} write about {x}?",
    )),
    ("name", "", (
        "Who {past} {x}?", "Who is responsible for {x}?", "Who takes care of {x}?", "Who looks after {x}?", "Who hands out {x}?", "Who brings {n}?",
        "Who has the key to {x}?", "Who should I ask about {x}?", "Who do I call about {x}?", "Who is in charge of {x}?", "Who runs {x}?",
        "Who owns {x}?", "Who made {x}?", "Whose is {x}?", "Which company {past} {x}?", "Which firm delivers {n}?", "Who supplied {x}?",
        "Who complained about {x}?", "Who wrote about {x}?", "Who is on duty for {x}?", "Who gets {n}?", "Who do I report {x} to?",
        "Who gave us {x}?", "Who is the owner of {x}?", "Who lives in {x}?", "Who rents {x}?", "Who must be told about {x}?", "Who told {p} about {x}?",
        "From whom did we get {n}?", "Where did {p} {base} {x}?", "In which town is {x}?", "What is {x} called?", "Which shop sells {n}?",
    )),
    ("number", "", (
        "How many {n} does {x} have?", "How many {n} are there in {x}?", "How many {n} did {p} {base}?", "How many {n} came to {x}?",
        "How many {n} do we have?", "What is the number of {n} in {x}?", "How many {n} are needed for {x}?", "How many {n} belong to {x}?",
        "How many people can use {x}?", "How many people were at {x}?", "How many {n} were {done}?", "How many {n} go into {x}?",
    )),
    ("measure", "weighs|weight|heavy", ("How heavy is {x}?", "How much does {x} weigh?", "What is the weight of {x}?", "How much did {n} weigh?")),
    ("measure", "degrees|°C|temperature|hot|warm", ("At what temperature is {x} {done}?", "How hot should {x} be?", "How hot does {x} get?", "How warm is {x}?",
        "To what temperature do I set {x}?", "How cold was {x}?")),
    ("measure", "metres|km|kilometres|miles|feet|m2|square|away", ("How far is it to {x}?", "How many kilometres is {x}?", "How tall is {x}?", "How wide is {x}?",
        "How deep is {x}?", "How big is {x}?", "How far away is {x}?", "What size is {x}?")),
    ("phone", "phone|call|telephone|tel|mobile|reach", ("What is the phone number of {p}?", "How can I call {p}?", "Under which number do I reach {p}?",
        "What number do I call for {x}?", "What is {p}'s phone number?", "How do I reach {p} by phone?", "What is the telephone number of {x}?")),
    ("email", "email|e-mail|mail|write", ("What is {p}'s email?", "Where do I write to {p}?", "What is the email address of {p}?", "Which mail address does {p} have?",
        "To which address do I mail {n}?", "What is the e-mail of {x}?")),
    ("percent", "percent|%|rate|discount|share|interest", ("What percentage of {n} was {done}?", "How many percent of {n} are from {p}?", "What discount do we get on {x}?",
        "What is the interest on {x}?", "How high is the tax on {x}?", "What share of {x} does {p} own?", "What is the rate for {x}?", "How full was {x}?")),
    ("year", "built|founded|since|from|year", ("In what year was {x} built?", "What year is {x} from?", "In which year did {p} {base} {x}?", "What year was {x} founded?",
        "Since which year is {x} here?")),
    ("code", "number|reference|code|serial|no", ("What is the serial number of {x}?", "What is the reference of {x}?", "Which order number has {x}?", "What's the code for {x}?",
        "What is the customer number of {p}?", "What number does {x} have?", "What is the model of {x}?", "Which error code did {x} show?", "What is the part number of {x}?")),
)  # fmt: skip


def plain_thing(rng: random.Random) -> str:
    """Something without a name, as people call things: "the fire door", "an apprentice of the old mill"."""
    a, b, c = rng.choice(WORDS["adjectives"]), rng.choice(WORDS["things"]), rng.choice(WORDS["things"])
    whole = rng.choice(
        (f"the {b} {c}", f"the {a} {b}", f"the {b}", f"the {b} of the {c}", f"the {a} {b} {c}", f"a {b} {c}")
    )
    return whole if rng.random() < 0.85 else f"{whole} for {rng.randint(1990, 2030)}"


def plain_question(rng: random.Random) -> tuple[str, str]:
    """A question in plain words with the cell that answers it."""
    form, about, asks = rng.choice(ASKS)
    base, past, done = rng.choice(verbs())
    thing = plain_thing(rng)
    named = rng.random()
    if named < 0.2:
        thing = rng.choice(
            (organisation(rng), town(rng), f"{thing} in {town(rng)}", f"{person(rng)}'s {thing.split()[-1]}")
        )
    elif named < 0.35:
        thing = f"{thing} at {organisation(rng)}"
    bound = {
        "x": thing, "p": rng.choice((person(rng), person(rng), organisation(rng), f"the {rng.choice(TRADES)}")),
        "n": rng.choice((rng.choice(WORDS["plurals"]), f"the {rng.choice(WORDS['plurals'])}", f"{rng.choice(WORDS['adjectives'])} {rng.choice(WORDS['plurals'])}")),
        "t": rng.choice(WORDS["things"]), "day": rng.choice(WORDS["weekdays"]), "base": base, "past": past, "done": done, "v": "x",
    }  # fmt: skip
    ask = rng.choice(asks)
    if "many {n}" in ask:
        bound["n"] = bound["n"].removeprefix("the ")
    return fill(rng, ask, bound), look_up(form, about)


TRADES = ("plumber", "electrician", "landlord", "office", "driver", "mayor", "roofer", "baker", "teacher", "caretaker", "vet", "bank",
          "club", "council", "insurer", "garage", "gardener", "dentist", "tenant", "neighbour", "shop", "cook")  # fmt: skip
