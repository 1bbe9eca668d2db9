"""Questions about things of every kind in the plainest words: they teach the form of the value, and little else.

What people ask about is mostly in no grammar. Then the question's own words must find the line; "about" holds no
more than what lines of that sort always say.
"""

from __future__ import annotations

import random
from functools import cache

from models.starter.cells import AMOUNTS, CELLS, column, compare, distinct, list_values, look_up
from models.starter.facts import fill, verbs
from models.starter.lexicon import GRAMMAR, WORDS, organisation, person, town

LISTED = 0.75  # share of plain questions that are drawn from grammar/plain.txt
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


# form, what a line may say, questions for the one that has more, for the one that has less; {a} and {b} two things or people
COMPARED: tuple[tuple[str, str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("money", PAY, (
        "What is dearer, {a} or {b}?", "Which is the more expensive one, {a} or {b}?", "Is {a} more expensive than {b}, or the other way round?",
        "Who pays more, {a} or {b}?", "Who got more money, {a} or {b}?", "Where is it more expensive, at {a} or at {b}?", "What costs more, {a} or {b}?",
        "Who charges more, {a} or {b}?", "Who spent more, {a} or {b}?", "For which do we pay more, {a} or {b}?", "Who earns more, {a} or {b}?",
        "Whose {t} cost more, {a}'s or {b}'s?", "Was {a} dearer than {b}?", "Did {p} pay more for {a} or for {b}?", "Which {t} has the higher price, {a} or {b}?",
    ), (
        "What is cheaper, {a} or {b}?", "Is {a} cheaper than {b}, or the other way round?", "Who pays less, {a} or {b}?", "Where is it cheaper, at {a} or at {b}?",
        "What costs less, {a} or {b}?", "Who asks for less, {a} or {b}?", "Which one can I get for less money, {a} or {b}?", "Who earns less, {a} or {b}?",
    )),
    ("duration", "takes|take|lasts|last|within|valid|period", (
        "What takes longer, {a} or {b}?", "Which lasts longer, {a} or {b}?", "Where do I get more days off, at {a} or at {b}?", "Who gets more holiday, {a} or {b}?",
        "What is valid for longer, {a} or {b}?", "Who has to wait longer, {a} or {b}?", "Which one needs more time, {a} or {b}?",
    ), (
        "What takes less time, {a} or {b}?", "Which is quicker, {a} or {b}?", "Where do I get fewer days off, at {a} or at {b}?", "What is over sooner, {a} or {b}?",
        "Which is faster, {a} or {b}?", "Who waits less, {a} or {b}?",
    )),
    ("date", "", (
        "What came later, {a} or {b}?", "Who arrived later, {a} or {b}?", "Which is the more recent one, {a} or {b}?", "What was last, {a} or {b}?", "Which is newer, {a} or {b}?",
        "Who started later, {a} or {b}?", "Which one is due later, {a} or {b}?",
    ), (
        "What came first, {a} or {b}?", "Who was here first, {a} or {b}?", "What happened earlier, {a} or {b}?", "Which is older, {a} or {b}?", "Who joined earlier, {a} or {b}?",
        "Who started before the other, {a} or {b}?", "Which one is due first, {a} or {b}?",
    )),
    ("measure", "weighs|weight|heavy", ("Which is heavier, {a} or {b}?", "What weighs more, {a} or {b}?", "Who is heavier, {a} or {b}?"),
     ("Which is lighter, {a} or {b}?", "What weighs less, {a} or {b}?")),
    ("measure", "metres|km|kilometres|miles|feet|m2|square|away", (
        "Which is bigger, {a} or {b}?", "What is farther away, {a} or {b}?", "Which is longer, {a} or {b}?", "Who lives farther away, {a} or {b}?", "What is larger, {a} or {b}?",
        "Did {p} go further on the day to {a} or on the day to {b}?", "Is it further to {a} or to {b}?", "Who walked further, {a} or {b}?",
    ), ("Which is smaller, {a} or {b}?", "What is nearer, {a} or {b}?", "Which is closer to us, {a} or {b}?", "Who has the shorter way, {a} or {b}?")),
    ("number", "", (
        "Who has more {n}, {a} or {b}?", "Where are there more {n}, at {a} or at {b}?", "Which has more {n}, {a} or {b}?", "Who sold more {n}, {a} or {b}?",
        "Who brought more {n}, {a} or {b}?", "Which of the two had more {n}, {a} or {b}?",
    ), ("Who has fewer {n}, {a} or {b}?", "Which has fewer {n}, {a} or {b}?", "Who sold fewer {n}, {a} or {b}?", "Where are there fewer {n}, at {a} or at {b}?")),
    ("percent", "percent|%|rate|discount|share|interest", ("Which has the higher rate, {a} or {b}?", "Where is the discount bigger, at {a} or at {b}?", "Who owns more, {a} or {b}?"),
     ("Which has the lower rate, {a} or {b}?", "Where is the discount smaller, at {a} or at {b}?")),
    ("time", "opens|open|closes|close|starts|begins|ends|until", ("Which opens later, {a} or {b}?", "What starts later in the day, {a} or {b}?", "Which closes later, {a} or {b}?"),
     ("Which opens earlier, {a} or {b}?", "What begins earlier in the morning, {a} or {b}?", "Which closes first, {a} or {b}?")),
)  # fmt: skip
SHEETS = (
    "list", "log", "diary", "register", "table", "price list", "expenses", "expense list", "guest book", "order book", "time sheet", "stock list", "ledger",
    "shift log", "call log", "visitor list", "inventory", "catalogue", "calendar", "schedule", "cash book", "logbook", "timetable", "minutes", "newsletter",
    "programme", "menu", "bill", "statement", "report", "records", "journal", "sheet", "file", "database", "loan list", "waiting list", "duty roster",
)  # fmt: skip
ENTRIES = (
    "How many {n} are in {d}?", "How many {n} are there in {d}?", "How many {n} are on {d}?", "How many {n} does {d} list?", "How many {n} stand in {d}?",
    "How many {s} {n} are in {d}?", "How many {n} in {d} are {s}?", "How many of the {n} in {d} are {s}?", "How many {n} are {s} according to {d}?",
    "How many entries does {d} have?", "How many lines does {d} have?", "How many entries of {d} are about {x}?", "How many rows of {d} say {s}?",
    "How many {s} lines are there in {d}?", "How many entries in {d} are from {p}?", "How many {n} did {p} order according to {d}?",
    "How many {n} are listed for {p} in {d}?", "Count the {n} in {d}.", "Count the {s} {n} in {d}.", "How often does {p} appear in {d}?",
    "How many entries of {p} are there in {d}?", "How many {n} in {d} are from {p}?", "What is the number of {n} in {d}?", "How many rows mention {p} in {d}?",
    "In how many lines of {d} does {p} come up?", "How many {n} on {d} are for {p}?", "How many items are on {d}?", "How many records of {d} are {s}?",
    "How many people are on {d}?", "How many {n} have the status {s}?", "How many {n} are still {s}?",
)  # fmt: skip
VALUED = {
    "email": ("e-mail addresses", "email addresses", "mail addresses", "emails"), "phone": ("phone numbers", "telephone numbers", "numbers to call"),
    "date": ("dates", "days", "dates of the meetings", "days with an entry"), "money": ("prices", "amounts", "sums", "amounts of money", "fees"),
    "percent": ("percentages", "rates"), "code": ("reference numbers", "codes", "order numbers", "serial numbers"), "time": ("times", "times of day"),
    "address": ("IP addresses",), "name": ("names", "people", "persons", "names of people"),
}  # fmt: skip
EVERY = (
    "List the {k} in {d}.", "Which {k} are in {d}?", "Give me all {k} from {d}.", "What {k} stand in {d}?", "Which {k} does {d} name?", "Show me the {k} of {d}.",
    "Collect the {k} from {d}.", "What are the {k} in {d}?", "On {d}, which {k} are there?", "Write out all {k} of {d}.", "Which {k} occur in {d}?",
)  # fmt: skip
DIFFERENT = ("How many different {k} are in {d}?", "How many different {k} does {d} name?", "Count the different {k} in {d}.", "How many distinct {k} are there in {d}?")  # fmt: skip
SUMMED = ("What do all {n} in {d} add up to?", "What is the total of {d}?", "How much is it in all in {d}?", "Add up the amounts in {d}.", "What does {d} come to in total?")  # fmt: skip
TOP = (("What is the highest amount in {d}?", "What was the largest single amount in {d}?", "What is the biggest sum in {d}?", "How much is the most expensive entry of {d}?"),
       ("What is the lowest amount in {d}?", "What was the smallest single amount in {d}?", "How much is the cheapest entry of {d}?"))  # fmt: skip


def plain_comparison(rng: random.Random) -> tuple[str, str]:
    """Which of two things has more, in plain words, with the cell that answers it."""
    form, about, more, less = rng.choice(COMPARED)
    upper = rng.random() < 0.5
    ask = rng.choice(more if upper else less)
    who = ask.startswith("Who") or "at {a}" in ask or "{a}'s" in ask

    def named():
        return rng.choice(
            (person(rng), organisation(rng))
            if who
            else (plain_thing(rng), plain_thing(rng), organisation(rng), town(rng))
        )

    words = {"a": named(), "b": named(), "n": rng.choice(WORDS["plurals"]), "t": rng.choice(WORDS["things"]), "p": person(rng), "v": "x"}  # fmt: skip
    asked = fill(rng, ask, words)
    return asked.lower() if rng.random() < 0.12 else asked, compare(form, about, upper)


def entry_question(rng: random.Random) -> tuple[str, str]:
    """A question about the entries of a list, a log or a table, with the cell that answers it."""
    sheet = rng.choice(SHEETS)
    whose = rng.choice(
        (
            "",
            "",
            f"{rng.choice(WORDS['things'])} ",
            f"{rng.choice(WORDS['adjectives'])} ",
            f"{rng.choice(WORDS['plurals']).rstrip('s')} ",
        )
    )
    of = rng.choice(
        (
            "",
            "",
            "",
            f" of the {rng.choice(WORDS['things'])}",
            f" of {organisation(rng)}",
            f" for {rng.randint(2015, 2029)}",
            f" of {rng.choice(MONTHS)}",
        )
    )
    words = {
        "d": f"{rng.choice(('the', 'the', 'our', 'my'))} {whose}{sheet}{of}", "n": rng.choice((rng.choice(WORDS["plurals"]), f"{rng.choice(WORDS['things'])}s")),
        "s": rng.choice((*STATES, rng.choice(WORDS["adjectives"]))), "p": rng.choice((person(rng), organisation(rng), person(rng).split()[-1])),
        "x": plain_thing(rng), "v": "x",
    }  # fmt: skip
    draw = rng.random()
    if draw < 0.55:
        return fill(rng, rng.choice(ENTRIES), words), CELLS["count entries"]
    form = rng.choice(sorted(VALUED))
    words["k"] = rng.choice(VALUED[form])
    if draw < 0.75:
        return fill(rng, rng.choice(EVERY), words), list_values(form, "kind")
    if draw < 0.83:
        return fill(rng, rng.choice(DIFFERENT), words), distinct(form, "kind")
    if draw < 0.9:
        return fill(rng, rng.choice(SUMMED), words), column(AMOUNTS, named=False, end="sum")
    upper = rng.random() < 0.6
    return fill(rng, rng.choice(TOP[0 if upper else 1]), words), column(
        AMOUNTS, named=False, end="max" if upper else "min"
    )


def plain_thing(rng: random.Random) -> str:
    """Something without a name, as people call things: "the fire door", "an apprentice of the old mill"."""
    a, b, c = rng.choice(WORDS["adjectives"]), rng.choice(WORDS["things"]), rng.choice(WORDS["things"])
    whole = rng.choice(
        (f"the {b} {c}", f"the {a} {b}", f"the {b}", f"the {b} of the {c}", f"the {a} {b} {c}", f"a {b} {c}")
    )
    return whole if rng.random() < 0.85 else f"{whole} for {rng.randint(1990, 2030)}"


@cache
def plain() -> list[tuple[str, str, str]]:
    """What grammar/plain.txt holds: form, what a line may say, question."""
    found, form, about = [], "", ""
    for line in (GRAMMAR / "plain.txt").read_text("utf-8").splitlines():
        if line.startswith("="):
            form, about = (part.strip() for part in line[1:].split("|", 1))
        elif line and not line.startswith("#"):
            found.append((form, about, line))
    return found


def plain_question(rng: random.Random) -> tuple[str, str]:
    """A question in plain words with the cell that answers it."""
    form, about, asks = rng.choice(ASKS)
    if rng.random() < LISTED:
        form, about, ask = rng.choice(plain())
        asks = (ask,)
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
    cell = CELLS["read"] if form == "read" else look_up(form, about)
    return fill(rng, ask, bound), cell


TRADES = ("plumber", "electrician", "landlord", "office", "driver", "mayor", "roofer", "baker", "teacher", "caretaker", "vet", "bank",
          "club", "council", "insurer", "garage", "gardener", "dentist", "tenant", "neighbour", "shop", "cook")  # fmt: skip
STATES = ("open", "paid", "overdue", "late", "closed", "broken", "new", "sold", "missing", "urgent", "done", "empty", "cancelled", "lost", "free", "taken")  # fmt: skip
MONTHS = "January February March April May June July August September October November December".split()
