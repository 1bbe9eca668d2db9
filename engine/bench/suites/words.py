"""Names, values and everyday sentences for generated text. Everything is drawn from the lists here, by a seed."""

from __future__ import annotations

import random
from collections.abc import Iterator

FIRST = """Ada Ben Carla Daniel Edith Frank Greta Hugo Irene Jonas Karen Leon Maria Nils Olga Peter Ruth Simon Tess
Ursula Victor Wanda Yusuf Zoe""".split()
BEGIN = """Hal Fen Mor Wick Ash Brin Cal Dun Elm Farn Gar Holt Kel Lam Mar Nor Oss Pel Rud Sel Thorn Ul Ven
Wal Yar Bram Cor Drey Esk Lind""".split()
END = "den ford ham wick ton ley mere by well stead combe gate worth holm ridge field".split()
STREETS = "Lane Road Street Square Court Avenue".split()
TRADES = "Freight Bakery Plumbing Printing Catering Timber Motors Textiles Glassworks Nursery".split()
MONTHS = "January February March April May June July August September October November December".split()

WHO = """the caretaker|a visitor|the new trainee|our neighbour|the night shift|somebody from the office|the driver
the landlord's brother|the lady from upstairs|the committee|a customer|the gardener|the accountant|two of the volunteers
the painter|the man at the gate|the kitchen|an old friend of the house|the cleaning team|the delivery boy""".replace(
    "\n", "|"
).split("|")
DID = """talked about|forgot|looked at|asked for|complained about|admired|moved|cleaned|photographed|worried about
promised to see to|drew a plan of|wrote a note on|waited for|laughed about|measured|painted|locked up|carried off
counted|went past|found nothing wrong with|said a word about|had no time for|wanted to sell""".replace(
    "\n", "|"
).split("|")
WHAT = """the gutters|the rent of the copier|the old piano|the parking space|the broken window|the lease of the van
the coffee machine|the noise in the yard|a box of keys|the paint on the stairs|the telephone list|the heating
the garden chairs|the invoice for the flowers|the letter box|the fire drill|the smell in the cellar|the payment of the choir
the contract of the window cleaner|the weather|the insurance forms|the deposit on the bottles|the second lift
the fence|the notice on the board|the bicycle shed|the lamps in the corridor|the machine in the laundry""".replace(
    "\n", "|"
).split("|")
WHEN = """again|on the way home|before lunch|for most of the morning|without much success|as every year|in passing
after the meeting|for the third time|and nobody minded|while it rained|with a smile|on the phone|at the end of the day
and left early|as usual|in the evening|with some help|before anyone else was there|but not for long""".replace(
    "\n", "|"
).split("|")
LEAD = (
    "",
    "",
    "",
    "Later ",
    "Then ",
    "Meanwhile ",
    "As far as we know ",
    "That week ",
    "Once more ",
    "This time ",
)


def filler(rng: random.Random) -> Iterator[str]:
    """Sentences without end, about nothing that is asked: 5 million can be told apart."""
    pick = rng.choice
    while True:
        sentence = f"{pick(LEAD)}{pick(WHO)} {pick(DID)} {pick(WHAT)} {pick(WHEN)}."
        yield sentence[0].upper() + sentence[1:]


def paragraphs(rng: random.Random, chars: int) -> list[list[str]]:
    """Paragraphs of one to four sentences that together have about `chars` characters."""
    found: list[list[str]] = []
    sentences, left = filler(rng), chars
    while left > 0:
        found.append([next(sentences) for _ in range(rng.randint(1, 4))])
        left -= sum(map(len, found[-1])) + len(found[-1]) + 1
    return found


def place(rng: random.Random) -> str:
    """The name of a place, one of 480."""
    return rng.choice(BEGIN) + rng.choice(END)


def person(rng: random.Random) -> str:
    """A first and a last name."""
    return f"{rng.choice(FIRST)} {place(rng)}"


def street(rng: random.Random) -> str:
    """A street."""
    return f"{place(rng)} {rng.choice(STREETS)}"


def company(rng: random.Random) -> str:
    """A firm."""
    return f"{place(rng)} {rng.choice(TRADES)}"


def money(rng: random.Random) -> str:
    """An amount in euros."""
    return f"EUR {rng.randint(120, 9_800):,}"


def date(rng: random.Random) -> str:
    """A day."""
    return f"{rng.randint(1, 28)} {rng.choice(MONTHS)} {rng.randint(2001, 2029)}"


def duration(rng: random.Random) -> str:
    """A number of weeks, months or days."""
    return f"{rng.randint(2, 60)} {rng.choice(('days', 'weeks', 'months'))}"


def percent(rng: random.Random) -> str:
    """A share."""
    return f"{rng.randint(2, 48)}.{rng.randint(1, 9)} percent"
