"""Words, names and values of the generated worlds. Everything is made here or in grammar/; nothing is quoted."""

from __future__ import annotations

import random
from pathlib import Path

GRAMMAR = Path(__file__).parent / "grammar"


def word_lists() -> dict[str, list[str]]:
    """Read grammar/words.txt: `name: word word ...`, or `name/ a thing / another thing` for several words."""
    lists: dict[str, list[str]] = {}
    for line in (GRAMMAR / "words.txt").read_text("utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        head = line.split(maxsplit=1)[0]
        body = line[len(head) :].strip()
        items = body.split() if head.endswith(":") else [part.strip() for part in body.split(" / ")]
        lists.setdefault(head[:-1], []).extend(item for item in items if item)
    return lists


WORDS = word_lists()
MONTHS = WORDS["months"]
ONSETS = "b br c ch cl d dr f fl g gr h j k kl l m n p pr qu r s sch sh sl st t th tr v w y z".split()
VOWELS = "a e i o u a e i o ai ea ee ie oa ou au y".split()
CODAS = "b ck d f g k l ll m n nd ng nt p r rd rk rn rt s st t th v x z".split() + [""] * 12


def invented(rng: random.Random, capital: bool = True) -> str:
    """A pronounceable word nobody has seen, so that copying cannot be learnt by heart."""
    parts = rng.choice((1, 2, 2, 2, 3))
    word = "".join(rng.choice(ONSETS) + rng.choice(VOWELS) for _ in range(parts - 1))
    word += rng.choice(ONSETS) + rng.choice(VOWELS[:9]) + rng.choice(CODAS)
    return word.capitalize() if capital else word


def name_word(rng: random.Random) -> str:
    """A capitalised word for projects, products and places: known half of the time."""
    return rng.choice(WORDS["names"]) if rng.random() < 0.5 else invented(rng)


def person(rng: random.Random) -> str:
    first = rng.choice(WORDS["first"]) if rng.random() < 0.75 else invented(rng)
    last = rng.choice(WORDS["last"]) if rng.random() < 0.5 else invented(rng)
    if rng.random() < 0.06:
        last = f"{last}-{invented(rng)}"
    draw = rng.random()
    if draw < 0.08:
        return f"{rng.choice(('Dr', 'Mr', 'Ms', 'Mrs', 'Prof.', 'Dr.'))} {last}"
    if draw < 0.14:
        return f"{first} {rng.choice('ABCDEFGHJKLMNPRSTW')}. {last}"
    return f"{first} {last}"


def organisation(rng: random.Random) -> str:
    draw = rng.random()
    if draw < 0.15:
        return f"{rng.choice(WORDS['last'])} & {rng.choice((*WORDS['last'], 'Sons', 'Partners'))}"
    if draw < 0.3:
        return f"{rng.choice(WORDS['towns'])} {rng.choice(WORDS['trades'])}"
    stem = name_word(rng)
    tail = rng.choice((*WORDS["suffixes"], *WORDS["trades"]))
    return f"{stem} {tail}"


def town(rng: random.Random) -> str:
    if rng.random() < 0.6:
        return rng.choice(WORDS["towns"])
    return invented(rng) + rng.choice(("ton", "ham", "ford", "berg", "ville", "mouth", "by", "dorf", "a", ""))


def street(rng: random.Random) -> str:
    return f"{name_word(rng)} {rng.choice(WORDS['streets'])}"


def address(rng: random.Random) -> str:
    return f"{rng.randint(1, 240)} {street(rng)}"


def number_text(rng: random.Random, value: int) -> str:
    """Digits, with separators now and then; small numbers now and then in words."""
    if value <= 12 and rng.random() < 0.4:
        return WORDS["numbers"][value]
    return f"{value:,}" if rng.random() < 0.6 else str(value)


def money(rng: random.Random) -> str:
    size = rng.choice((50, 500, 2_000, 20_000, 200_000, 3_000_000))
    value = rng.randint(size // 10, size)
    text = f"{value:,}" if rng.random() < 0.7 else str(value)
    if rng.random() < 0.35:
        text += f".{rng.randint(0, 99):02d}"
    if size >= 1_000_000 and rng.random() < 0.4:
        text = f"{value / 1_000_000:.1f} million"
    sign = rng.choice(
        ("EUR {}", "{} EUR", "{} euros", "€{}", "£{}", "${}", "{} dollars", "{} pounds", "CHF {}")
    )
    return sign.format(text)


def date(rng: random.Random) -> str:
    day, month, year = rng.randint(1, 28), rng.randrange(12), rng.randint(1994, 2031)
    name = MONTHS[month]
    return rng.choice(
        (
            f"{day} {name} {year}",
            f"{day} {name} {year}",
            f"{name} {day}, {year}",
            f"{year}-{month + 1:02d}-{day:02d}",
            f"{day:02d}.{month + 1:02d}.{year}",
            f"{day} {name}",
            f"{day:02d}/{month + 1:02d}/{year}",
            f"{name} {day}",
        )
    )


def duration(rng: random.Random) -> str:
    unit, most = rng.choice(
        (
            ("day", 90),
            ("week", 26),
            ("month", 36),
            ("year", 15),
            ("hour", 72),
            ("minute", 90),
            ("working day", 20),
        )
    )
    value = rng.randint(1, most)
    number = WORDS["numbers"][value] if value <= 12 and rng.random() < 0.6 else str(value)
    return f"{number} {unit}{'s' if value != 1 else ''}"


def code(rng: random.Random) -> str:
    letters = "".join(rng.choice("ABCDEFGHKLMNPRSTUVWXZ") for _ in range(rng.randint(1, 3)))
    digits = str(rng.randint(10 ** rng.randint(1, 4), 10**5))
    shape = rng.random()
    if shape < 0.5:
        return f"{letters}-{digits}"
    if shape < 0.65:
        return f"{rng.randint(2001, 2030)}-{rng.randint(1, 9999):04d}"
    if shape < 0.8:
        return digits
    if shape < 0.9:
        return f"{letters}{digits}"
    return f"{letters}-{rng.randint(2001, 2030)}-{rng.randint(1, 999):03d}"


def email(rng: random.Random) -> str:
    local = rng.choice((rng.choice(WORDS["first"]).lower(), invented(rng, capital=False)))
    if rng.random() < 0.6:
        local += rng.choice((".", "_", "")) + invented(rng, capital=False)
    ending = rng.choice(("example", "test", "com", "org", "net", "eu", "co.uk", "de"))
    return f"{local}@{invented(rng, capital=False)}.{ending}"


def phone(rng: random.Random) -> str:
    digits = [str(rng.randint(0, 9)) for _ in range(8)]
    return rng.choice(
        (
            f"0{''.join(digits[:2])} {''.join(digits[2:])}",
            f"+{rng.randint(30, 49)} {''.join(digits[:3])} {''.join(digits[3:])}",
            f"555-{''.join(digits[:4])}",
            f"0{''.join(digits[:3])}/{''.join(digits[3:])}",
        )
    )


def place(rng: random.Random) -> str:
    return rng.choice(
        (
            f"the {name_word(rng)} {rng.choice(WORDS['venues'])}",
            f"the {rng.choice(WORDS['venues'])} on {street(rng)}",
            address(rng),
            f"the {rng.choice(WORDS['adjectives'])} {rng.choice(WORDS['venues'])} of {town(rng)}",
            f"{name_word(rng)} {rng.choice(('Hotel', 'Inn', 'House', 'Lodge', 'Hall', 'Park'))}",
        )
    )


def room(rng: random.Random) -> str:
    return rng.choice(
        (
            f"room {rng.randint(1, 480)}",
            f"room {rng.choice('ABCDEF')}{rng.randint(1, 40)}",
            f"the {rng.choice(WORDS['adjectives'])} {rng.choice(('hall', 'wing', 'cellar', 'attic', 'store'))}",
            f"cabinet {rng.randint(1, 60)}",
            f"the {name_word(rng)} room",
        )
    )


def reason(rng: random.Random) -> str:
    subject = f"the {rng.choice(WORDS['things'])}"
    return f"{subject} {rng.choice(WORDS['mishaps'])}"


def goods(rng: random.Random) -> str:
    thing = f"{rng.choice(WORDS['adjectives'])} {rng.choice(WORDS['plurals'])}"
    if rng.random() < 0.3:
        return f"{rng.randint(2, 400)} {thing}"
    if rng.random() < 0.3:
        return f"{thing} and {rng.choice(WORDS['plurals'])}"
    return thing


def decision(rng: random.Random) -> str:
    return f"{rng.choice(WORDS['deeds'])} the {rng.choice(WORDS['adjectives'])} {rng.choice(WORDS['things'])}"


VALUES = {
    "person": person,
    "org": organisation,
    "town": town,
    "street": street,
    "address": address,
    "money": money,
    "date": date,
    "duration": duration,
    "code": code,
    "email": email,
    "phone": phone,
    "place": place,
    "room": room,
    "reason": reason,
    "goods": goods,
    "decision": decision,
    "word": name_word,
    "number": lambda r: number_text(r, r.choice((r.randint(2, 12), r.randint(2, 99), r.randint(20, 9000)))),
    "leave": lambda r: f"{number_text(r, r.randint(2, 60))} {r.choice(('days', 'working days'))}",
    "percent": lambda r: r.choice(("{} %", "{}%", "{} percent")).format(
        r.choice((r.randint(1, 95), f"{r.randint(0, 40)}.{r.randint(1, 9)}"))
    ),
    "time": lambda r: r.choice(
        (
            f"{r.randint(6, 22)}:{r.randint(0, 59):02d}",
            f"{r.randint(1, 12)} {r.choice(('a.m.', 'p.m.'))}",
            f"{r.randint(1, 12)}:{r.choice(('15', '30', '45'))} pm",
            f"{r.randint(6, 22)}.{r.randint(0, 59):02d}",
        )
    ),
    "year": lambda r: str(r.randint(1580, 2026)),
    "weekday": lambda r: r.choice(WORDS["weekdays"]),
    "month": lambda r: r.choice(MONTHS),
    "measure": lambda r: (
        f"{r.choice((r.randint(2, 900), f'{r.randint(0, 60)}.{r.randint(1, 9)}'))} "
        + r.choice(("kg", "g", "tonnes", "kilograms", "grams", "lb"))
    ),
    "temp": lambda r: f"{r.randint(-30, 400)} {r.choice(('°C', 'degrees', 'degrees Celsius'))}",
    "pressure": lambda r: f"{r.randint(1, 90)}{r.choice(('', '.5'))} bar",
    "distance": lambda r: f"{r.randint(800, 290000):,} {r.choice(('km', 'miles', 'kilometres'))}",
    "consumption": lambda r: f"{r.randint(3, 30)}.{r.randint(0, 9)} litres per 100 km",
    "area": lambda r: f"{r.randint(20, 9000)} {r.choice(('square metres', 'm2', 'square feet'))}",
    "ip": lambda r: ".".join(str(r.randint(1, 254)) for _ in range(4)),
    "version": lambda r: f"{r.randint(0, 14)}.{r.randint(0, 30)}{r.choice(('', f'.{r.randint(0, 9)}'))}",
    "platform": lambda r: str(r.randint(1, 24)),
    "depth": lambda r: f"{r.randint(2, 90)} {r.choice(('metres', 'm', 'feet'))}",
    "plate": lambda r: f"{r.choice('ABCDEFGH')}{r.choice('KLMNPR')} {r.randint(10, 9999)}",
    "host": lambda r: (
        f"{r.choice((r.choice(WORDS['names']).lower(), invented(r, False)))}-{r.randint(1, 40):02d}"
    ),
    "pet": lambda r: r.choice((r.choice(WORDS["pets"]), invented(r))),
    "title": lambda r: (
        f"{r.choice(('The', 'A', 'My', 'Under the', 'Last'))} {r.choice(WORDS['adjectives']).title()} "
        f"{r.choice(WORDS['things']).title()}"
    ),
}


def value(rng: random.Random, kind: str) -> str:
    """A value of a type named in grammar/facts.txt, as it would stand in a text."""
    if kind.startswith("one:"):
        return rng.choice(kind[4:].split("/"))
    return VALUES[kind](rng)
