"""Questions about the rows of a CSV file: a cell, a count, a list, a sum."""

from __future__ import annotations

import random
import re

from models.starter.cells import AMOUNTS, CELLS, DAYS, PIECES, column, row
from models.starter.episode import Episode
from models.starter.facts import fill
from models.starter.lexicon import organisation, person
from models.starter.wording import pattern, plural, reword
from models.starter.worlds import Table, World

TABLE_COUNT = (
    "How many {ns} are there from {s}?", "How many {ns} does {s} have?", "How many {ns} did {s} send?",
    "Count the {ns} of {s}.", "How many {ns} belong to {s}?", "How many rows list {s} as {p}?",
    "How many {ns} are listed for {s}?", "Number of {ns} from {s}?",
)  # fmt: skip
TABLE_LIST = (
    "Which {n} numbers belong to {s}?", "List the {n} numbers of {s}.", "Give me all {n} numbers of {s}.",
    "What are the numbers of the {ns} from {s}?", "Which {ns} are from {s}?", "List all {ns} of {s}.",
    "Show the {ns} for {s}.", "Which {ns} does {s} have?",
)  # fmt: skip
TABLE_SUM = (
    "What is the total of all {ns} from {s}?", "How much do the {ns} of {s} add up to?",
    "What is the sum of the {ns} of {s}?", "How much is it in all for the {ns} of {s}?",
    "Add up the {ns} of {s}.", "What do all {ns} of {s} come to together?", "Total amount of the {ns} from {s}?",
)  # fmt: skip
TABLE_STATUS = (
    "How many {ns} are {v}?", "How many {ns} are marked {v}?", "How many {ns} are marked as {v}?",
    "Count the {ns} that are {v}.", "How many {ns} have the status {v}?", "How many rows say {v}?",
    "How many entries are {v}?", "How many of the {ns} are {v}?", "How many {ns} are still {v}?",
)  # fmt: skip


COLUMN = {
    "sum": ("What is the total of all {ns}?", "How much do all {ns} come to?", "Add up all {ns} in the table.", "What is the total amount of the {ns} table?",
            "What do the {ns} add up to?", "How much is it for all {ns} together?", "Sum up the amounts of all {ns}."),
    "max": ("What is the largest amount among the {ns}?", "What is the highest amount of any {n}?", "How much is the largest {n}?",
            "What is the biggest {n} amount?", "What is the highest amount in the table of {ns}?"),
    "min": ("What is the smallest amount among the {ns}?", "What is the lowest amount of any {n}?", "How much is the smallest {n}?",
            "What is the lowest amount in the table of {ns}?"),
}  # fmt: skip


WHICH = {
    (AMOUNTS, True): ("Which {n} has the highest amount?", "Which {n} is the most expensive one?", "Which {p} has the largest {n}?", "Who has the biggest {n}?",
                      "Which {n} is the largest?", "Which of the {ns} has the highest amount?", "Which {p} paid most for one {n}?", "What is the most expensive {n}?"),
    (AMOUNTS, False): ("Which {n} has the lowest amount?", "Which {n} is the cheapest?", "Which {p} has the smallest {n}?", "Who has the cheapest {n}?", "Which {n} is the smallest?",
                       "Which of the {ns} has the lowest amount?", "What is the cheapest {n}?"),
    (DAYS, True): ("Which {n} is the latest?", "Which {n} is the most recent?", "Which {n} has the latest date?", "Which {p} had the last {n}?", "What is the newest {n}?",
                   "Which of the {ns} is the most recent one?", "Who had the latest {n}?"),
    (DAYS, False): ("Which {n} is the oldest?", "Which {n} is the earliest?", "Which {n} has the earliest date?", "Which {p} had the first {n}?", "What is the oldest {n}?",
                    "Which of the {ns} came first?", "Who had the first {n}?", "Which {n} is the first one?"),
    (PIECES, True): ("Which {n} has the most pieces?", "Which {n} has the largest quantity?", "Which {p} took most pieces?", "Which of the {ns} has the highest number of pieces?"),
    (PIECES, False): ("Which {n} has the fewest pieces?", "Which {n} has the smallest quantity?", "Which of the {ns} has the lowest number of pieces?"),
}  # fmt: skip


STATES = ("paid", "open", "overdue", "cancelled", "late", "done", "rejected", "approved", "closed", "pending")
ROWS = ("invoice", "order", "delivery", "payment", "repair", "ticket", "claim", "booking", "donation", "purchase", "expense", "rental", "visit", "loan",
        "parcel", "sale")  # fmt: skip


def lesson(rng: random.Random) -> tuple[str, str]:
    """A question about the rows of a table that is in no world, with its cell."""
    noun = rng.choice(ROWS)
    words = {"n": noun, "ns": plural(noun), "s": rng.choice((organisation(rng), organisation(rng), person(rng))), "v": rng.choice(STATES),
             "p": rng.choice(("customer", "supplier", "name", "firm"))}  # fmt: skip
    end = rng.choice(("sum", "sum", "max", "min"))
    about, upper = rng.choice([*WHICH])
    forms, cell = rng.choice(
        (
            (WHICH[about, upper], row(about, named=False, upper=upper)),
            (WHICH[about, upper], row(about, named=False, upper=upper)),
            (TABLE_SUM, column(AMOUNTS, named=True, end="sum")),
            (TABLE_SUM, column(AMOUNTS, named=True, end="sum")),
            (COLUMN[end], column(AMOUNTS, named=False, end=end)),
            (TABLE_COUNT, CELLS["count entries"]),
            (TABLE_STATUS, CELLS["count entries"]),
            (TABLE_LIST, CELLS["list ids"]),
        )
    )
    return reword(rng, fill(rng, rng.choice(forms), words)), cell


def which_row(rng: random.Random, t: Table) -> Episode | None:
    """Which row has most or least in a column: its number, or whose it is."""
    (about, upper), forms = rng.choice([*WHICH.items()])
    column_ = "amount" if about == AMOUNTS else "date" if about == DAYS else "quantity"
    form = rng.choice(forms)
    if column_ not in t.header or form.startswith("Who") or ("{p}" in form and t.party == "from"):
        return None
    at = t.header.index(column_)
    key = (lambda row: float(row[at])) if column_ != "date" else (lambda row: row[at])
    ranked = sorted(t.rows, key=key, reverse=upper)
    if len(ranked) < 2 or key(ranked[0]) == key(ranked[1]):
        return None
    asked = t.header.index(t.party if "{p}" in form else t.id)
    question = reword(rng, fill(rng, form, {"n": t.noun, "ns": plural(t.noun), "p": t.party}))
    plan = {"act": "row", "about": about, "upper": upper}
    return Episode("table", question, ranked[0][asked], "text", plan)


def table(rng: random.Random, world: World) -> Episode | None:
    """Questions about the rows of a CSV file: a count, a list, a sum."""
    if world.table is None:
        return None
    t = world.table
    draw = rng.random()
    if draw < 0.14:
        return which_row(rng, t)
    if draw > 0.8:
        end = rng.choice(("sum", "sum", "max", "min"))
        question = reword(rng, fill(rng, rng.choice(COLUMN[end]), {"n": t.noun, "ns": plural(t.noun)}))
        amounts = [float(row[t.header.index("amount")]) for row in t.rows]
        answer = {"sum": round(sum(amounts), 2), "max": max(amounts), "min": min(amounts)}[end]
        return Episode("table", question, answer, "number", {"act": "column", "about": AMOUNTS, "end": end})
    if draw < 0.35 and "status" in t.header:
        at = t.header.index("status")
        state = rng.choice(("paid", "open", "overdue", "cancelled", "late", "done"))
        question = reword(rng, fill(rng, rng.choice(TABLE_STATUS), {"ns": plural(t.noun), "v": state}))
        rows = [row for row in t.rows if row[at] == state]
        plan = {"act": "rows status", "name": state, "document": t.document}
        return Episode("table", question, len(rows), "number", plan)
    at = t.header.index(t.party)
    party = rng.choice(t.rows)[at]
    rows = [row for row in t.rows if re.search(pattern(party), " ".join(row))]
    act, forms = rng.choice((("rows count", TABLE_COUNT), ("rows list", TABLE_LIST), ("rows sum", TABLE_SUM)))
    question = reword(
        rng, fill(rng, rng.choice(forms), {"n": t.noun, "ns": plural(t.noun), "s": party, "p": t.party})
    )
    at = question.lower().find(party.lower())
    plan = {
        "act": act,
        "name": question[at : at + len(party)].rstrip("."),
        "document": t.document,
        "column": t.header.index(t.id),
    }
    if act == "rows count":
        return Episode("table", question, len(rows), "number", plan)
    if act == "rows list":
        return Episode("table", question, [row[t.header.index(t.id)] for row in rows], "set", plan)
    total = sum(float(row[t.header.index("amount")]) for row in rows)
    return Episode("table", question, round(total, 2), "number", plan)
