"""Questions that reckon: the largest of many, a total, a comparison of two, two sets of documents, two steps."""

from __future__ import annotations

import random
import re

from engine.corpus.amounts import amount
from engine.corpus.forms import FORMS
from models.starter.cells import FORM_OF_TYPE
from models.starter.episode import NOT_THERE, Episode
from models.starter.facts import Attribute, fill, kinds
from models.starter.lookups import said_of
from models.starter.mentions import any_topic
from models.starter.wording import pattern, plural, reword, singular
from models.starter.worlds import NOUNS, Fact, World, unit

# What people call the ends of a scale, by the form of the value: (most, more), (least, less).
ENDS = {
    "money": (
        ("highest", "higher"),
        ("lowest", "lower"),
        ("largest", "larger"),
        ("smallest", "smaller"),
        ("biggest", "bigger"),
        ("least", "lower"),
    ),
    "duration": (
        ("longest", "longer"),
        ("shortest", "shorter"),
        ("maximum", "longer"),
        ("minimum", "shorter"),
    ),
    "date": (
        ("latest", "later"),
        ("earliest", "earlier"),
        ("last", "later"),
        ("first", "earlier"),
        ("most recent", "later"),
        ("oldest", "earlier"),
    ),
    "percent": (("highest", "higher"), ("lowest", "lower"), ("largest", "larger"), ("smallest", "smaller")),
    "measure": (
        ("largest", "larger"),
        ("smallest", "smaller"),
        ("highest", "higher"),
        ("lowest", "lower"),
        ("greatest", "greater"),
        ("least", "lower"),
    ),
    "number": (
        ("largest", "larger"),
        ("smallest", "smaller"),
        ("highest", "higher"),
        ("lowest", "lower"),
        ("biggest", "bigger"),
        ("least", "lower"),
    ),
    "year": (("latest", "later"), ("earliest", "earlier"), ("last", "later"), ("first", "earlier")),
}  # fmt: skip  (the first of each two is the upper end)
EXTREME_VALUE = (
    "What is the {hi} {label} of all {ns}?", "What is the {hi} {label} among the {ns}?", "Give me the {hi} {label} of any {n}.",
    "Of all {ns}, what is the {hi} {label}?", "What's the {hi} {label} in the {ns}?", "Tell me the {hi} {label} that any of the {ns} has.",
    "Looking at all {ns}, what is the {hi} {label}?", "Find the {hi} {label} across the {ns}.", "How much is the {hi} {label} of all {ns}?",
)  # fmt: skip
EXTREME_WHICH = (
    "Which {n} has the {hi} {label}?", "Which of the {ns} has the {hi} {label}?", "Name the {n} with the {hi} {label}.",
    "In which {n} is the {label} {hi}?", "Of all {ns}, which one has the {hi} {label}?", "Which {n} gives the {hi} {label}?",
    "Find the {n} with the {hi} {label}.", "What {n} has the {hi} {label}?", "The {hi} {label} is in which {n}?",
)  # fmt: skip
TOTAL = (
    "What is the total {label} of all {ns}?", "Add up the {label} of every {n}.", "How much is the {label} of all {ns} together?",
    "What does the {label} of all {ns} add up to?", "Sum up the {label} over all {ns}.", "What is the sum of the {label} over the {ns}?",
    "What do all {ns} come to in {label}?", "Total {label} of all {ns}?", "Taking all {ns} together, what is the {label}?",
)  # fmt: skip
COMPARE = (
    "Which has the {er} {label}, {a} or {b}?", "Does {a} or {b} have the {er} {label}?", "Is the {label} {er} for {a} or for {b}?",
    "Where is the {label} {er}, with {a} or with {b}?", "Compare {a} and {b}: which has the {er} {label}?",
    "Of {a} and {b}, which has the {er} {label}?", "Who or what has the {er} {label}: {a} or {b}?", "Which one has the {er} {label}, {a} or {b}?",
)  # fmt: skip
BOTH = (
    "mention both {a} and {b}", "mention {a} and {b}", "name {a} as well as {b}", "contain {a} and also {b}", "talk about {a} and {b}",
    "speak of both {a} and {b}", "mention {a} together with {b}",
)  # fmt: skip
WITHOUT = (
    "mention {a} but not {b}", "mention {a} without {b}", "name {a} but do not mention {b}", "contain {a} but not {b}",
    "talk about {a} and not about {b}", "mention {a} but never {b}", "speak of {a} without naming {b}",
)  # fmt: skip
SETS_LIST = ("Which documents {x}?", "List the documents that {x}.", "Which files {x}?", "Name all documents that {x}.",
             "Show me the files that {x}.", "What documents {x}?", "Find the documents that {x}.")  # fmt: skip
SETS_COUNT = ("How many documents {x}?", "Count the documents that {x}.", "How many files {x}?", "How many of the documents {x}?",
              "What is the number of documents that {x}?")  # fmt: skip
DISTINCT = {
    "email": ("email addresses", "e-mail addresses", "mail addresses"),
    "percent": ("percentages", "percent values"),
    "address": ("IP addresses",),
    "date": ("dates",),
    "money": ("amounts of money", "sums of money", "prices"),
}
HOW_MANY = ("How many different {k} are there?", "How many different {k} are in the documents?", "Count the different {k}.",
            "How many distinct {k} do the files have?", "How many unique {k} appear?", "What is the number of different {k}?")  # fmt: skip
TWO_STEPS = (
    "What is the {far} of the {near} of {s}?", "What is the {far} of {s}'s {near}?", "Tell me the {far} of the {near} of {s}.",
    "Which {far} does the {near} of {s} have?", "Find the {near} of {s}: what is their {far}?", "Give me the {far} of the {near} for {s}.",
    "I need the {far} of the {near} of {s}.", "Who is the {near} of {s}, and what is their {far}?",
)  # fmt: skip


# Questions for one thing, as patterns, and how people ask the same of many and of two; the first end is the upper one.
SCALES = {
    "big": "bigg",
    "heavy": "heavi",
    "long": "long",
    "large": "larg",
    "old": "old",
    "high": "high",
    "deep": "deep",
    "hot": "hott",
}
DOWN = {
    "big": "small",
    "heavy": "light",
    "long": "short",
    "large": "small",
    "old": "young",
    "high": "low",
    "deep": "shallow",
    "hot": "cold",
}
SINGLE = {
    "begin": "begins",
    "start": "starts",
    "end": "ends",
    "close": "closes",
    "arrive": "arrives",
    "run out": "runs out",
    "join": "joined",
}


def plainly(attribute: Attribute, two: bool) -> list[tuple[str, bool]]:
    """People's own questions for the most or least of a property, with {n}, or {a} and {b}, and whether it is the upper end."""
    found: list[tuple[str, bool]] = []

    def add(up: tuple[str, ...], down: tuple[str, ...]) -> None:
        found.extend((form, True) for form in up)
        found.extend((form, False) for form in down)

    for ask in attribute.asks:
        if (m := re.fullmatch(r"How (\w+) is \{s\}\?", ask)) and m[1] in SCALES:
            up, down = SCALES[m[1]], DOWN[m[1]]
            if two:
                add((f"Which is {up}er, {{a}} or {{b}}?",), (f"Which is {down}er, {{a}} or {{b}}?",))
            else:
                add(
                    (f"Which {{n}} is the {up}est?", f"What is the {up}est {{n}}?"),
                    (f"Which {{n}} is the {down}est?", f"What is the {down}est {{n}}?"),
                )
        elif attribute.type == "money" and re.fullmatch(
            r"How much (?:(?:is|did|does) \{s\}(?: cost)?|is the rent for \{s\}|do we pay under \{s\})\?", ask
        ):
            if two:
                add(
                    (
                        "Which is more expensive, {a} or {b}?",
                        "Which costs more, {a} or {b}?",
                        "Do we pay more for {a} or for {b}?",
                        "Which is dearer, {a} or {b}?",
                    ),
                    (
                        "Which is cheaper, {a} or {b}?",
                        "Which costs less, {a} or {b}?",
                        "Is {a} or {b} cheaper?",
                    ),
                )
            else:
                add(
                    (
                        "Which {n} is the most expensive?",
                        "Which {n} costs the most?",
                        "What is the most expensive {n}?",
                        "Which is the dearest {n}?",
                    ),
                    ("Which {n} is the cheapest?", "Which {n} costs the least?", "What is the cheapest {n}?"),
                )
        elif (m := re.fullmatch(r"When (?:was|is) \{s\} (\w+)\?", ask)) and attribute.type == "date":
            if two:
                add(
                    (f"Which was {m[1]} later, {{a}} or {{b}}?", f"Which was {m[1]} last, {{a}} or {{b}}?"),
                    (
                        f"Which was {m[1]} first, {{a}} or {{b}}?",
                        f"Which was {m[1]} earlier, {{a}} or {{b}}?",
                    ),
                )
            else:
                add(
                    (f"Which {{n}} was {m[1]} last?", f"Which {{n}} was {m[1]} most recently?"),
                    (f"Which {{n}} was {m[1]} first?", f"Which is the {{n}} that was {m[1]} earliest?"),
                )
        elif (
            (m := re.fullmatch(r"When (?:does|did) \{s\} (\w+(?: out)?)\?", ask))
            and m[1] in SINGLE
            and attribute.type == "date"
        ):
            does = SINGLE[m[1]]
            if two:
                add(
                    (f"Which {does} later, {{a}} or {{b}}?", f"Which {does} last, {{a}} or {{b}}?"),
                    (
                        f"Which {does} first, {{a}} or {{b}}?",
                        f"Which {does} earlier, {{a}} or {{b}}?",
                        f"Which {does} sooner, {{a}} or {{b}}?",
                    ),
                )
            else:
                add(
                    (f"Which {{n}} {does} last?", f"Which {{n}} {does} latest?"),
                    (f"Which {{n}} {does} first?", f"Which {{n}} {does} earliest?"),
                )
        elif m := re.fullmatch(r"How many ([\w ]+?) (?:does|did) \{s\} (?:have|employ)\?", ask):
            if two:
                add(
                    (f"Which has more {m[1]}, {{a}} or {{b}}?", f"Does {{a}} or {{b}} have more {m[1]}?"),
                    (f"Which has fewer {m[1]}, {{a}} or {{b}}?", f"Does {{a}} or {{b}} have fewer {m[1]}?"),
                )
            else:
                add(
                    (f"Which {{n}} has the most {m[1]}?", f"What {{n}} has the most {m[1]}?"),
                    (f"Which {{n}} has the fewest {m[1]}?", f"What {{n}} has the fewest {m[1]}?"),
                )
    return found


def _alike(facts: list[Fact]) -> bool:
    """Whether values can be set side by side: all say a number, in one unit or in units that are converted."""
    numbers = [amount(f.value) for f in facts]
    if None in numbers:
        return False
    return (
        facts[0].type in ("date", "duration", "percent", "leave") or len({unit(f.value) for f in facts}) == 1
    )


def _groups(world: World, least: int) -> list[tuple[str, list[Fact]]]:
    """The facts of one property over all own documents of a kind, where they can be compared."""
    found = []
    for kind, things in world.own.items():
        here = [f for f in world.facts if f.document in things and f.labels and said_of(f)]
        for key in dict.fromkeys(f.key for f in here):
            facts = [*{f.document: f for f in here if f.key == key}.values()]
            if len(facts) >= least and FORM_OF_TYPE.get(facts[0].type) in ENDS and _alike(facts):
                found.append((kind, facts))
    return found


def _attribute(kind: str, key: str) -> Attribute:
    """The attribute of a kind by its key; an empty one where it was made up."""
    return next(
        (a for a in kinds()[kind].attributes if a.key == key), Attribute("", ("",), (), (), ("",), ())
    )


def extreme(rng: random.Random, world: World) -> Episode | None:
    """The largest or smallest value over the documents of a kind, or the document that has it."""
    options = _groups(world, 2)
    if not options:
        return None
    kind, facts = rng.choice(options)
    form = FORM_OF_TYPE[facts[0].type]
    at = rng.randrange(len(ENDS[form]))
    ranked = sorted(facts, key=lambda f: amount(f.value) or 0.0)
    best, next_ = (ranked[-1], ranked[-2]) if at % 2 == 0 else (ranked[0], ranked[1])
    if amount(best.value) == amount(next_.value):
        return None
    noun = NOUNS.get(kind, kind)
    which = rng.random() < 0.6
    words = {"hi": ENDS[form][at][0], "label": rng.choice(best.labels), "n": noun, "ns": plural(noun)}
    asked = rng.choice(EXTREME_WHICH if which else EXTREME_VALUE)
    own = [text for text, upper in plainly(_attribute(kind, best.key), two=False) if upper == (at % 2 == 0)]
    if which and own and rng.random() < 0.5:
        asked = rng.choice(own)
    question = reword(rng, fill(rng, asked, words))
    plan = {"act": "extreme", "form": form, "about": said_of(best), "upper": at % 2 == 0, "which": which}
    others = tuple({f.document if which else f.value for f in facts} - {best.document, best.value})
    return Episode("extreme", question, best.document if which else best.value, "text", plan, others)


def total(rng: random.Random, world: World) -> Episode | None:
    """The sum of a value over the documents of a kind."""
    options = [
        (k, f) for k, f in _groups(world, 2) if FORM_OF_TYPE[f[0].type] in ("money", "number", "measure")
    ]
    if not options:
        return None
    kind, facts = rng.choice(options)
    noun = NOUNS.get(kind, kind)
    words = {"label": rng.choice(facts[0].labels), "n": noun, "ns": plural(noun)}
    question = reword(rng, fill(rng, rng.choice(TOTAL), words))
    plan = {"act": "total", "form": FORM_OF_TYPE[facts[0].type], "about": said_of(facts[0])}
    return Episode("total", question, round(sum(amount(f.value) or 0.0 for f in facts), 2), "number", plan)


def compare(rng: random.Random, world: World) -> Episode | None:
    """Which of two things has more or less of something."""
    by_key: dict[str, dict[str, Fact]] = {}
    for fact in world.facts:
        if (
            fact.document
            and fact.labels
            and fact.thing.core
            and said_of(fact)
            and FORM_OF_TYPE.get(fact.type) in ENDS
        ):
            by_key.setdefault(fact.key, {}).setdefault(fact.thing.core, fact)
    options = [facts for found in by_key.values() if len(facts := [*found.values()]) > 1]
    if not options:
        return None
    one, two = rng.sample(rng.choice(options), 2)
    shared = set(one.thing.core.split()) & set(two.thing.core.split())
    if shared or not _alike([one, two]) or amount(one.value) == amount(two.value):
        return None
    form = FORM_OF_TYPE[one.type]
    at = rng.randrange(len(ENDS[form]))
    words = {
        "er": ENDS[form][at][1],
        "label": rng.choice(one.labels),
        "a": one.thing.name,
        "b": two.thing.name,
    }
    asked = rng.choice(COMPARE)
    own = [
        text
        for text, upper in plainly(_attribute(one.thing.kind, one.key), two=True)
        if upper == (at % 2 == 0)
    ]
    if own and rng.random() < 0.5:
        asked = rng.choice(own)
    question = fill(rng, asked, words)
    plan = {"act": "compare", "form": form, "about": said_of(one), "upper": at % 2 == 0}
    first = (amount(one.value) or 0) > (amount(two.value) or 0)
    good, bad = (one, two) if first == (at % 2 == 0) else (two, one)
    return Episode("compare", question, good.thing.core, "text", plan, (bad.thing.core,))


def two_sets(rng: random.Random, world: World) -> Episode | None:
    """Documents that mention one thing and another, or one without the other."""
    a, b = any_topic(rng, world), any_topic(rng, world)
    if set(a.lower().split()) & set(b.lower().split()) or " and " in a + b:
        return None
    without, count = rng.random() < 0.5, rng.random() < 0.4
    asked = fill(rng, rng.choice(WITHOUT if without else BOTH), {"a": a, "b": b, "v": "x"})
    asked = asked[:1].lower() + asked[1:]
    question = reword(rng, rng.choice(SETS_COUNT if count else SETS_LIST).replace("{x}", asked))
    first, second = (
        {n for n, t in world.documents.items() if re.search(pattern(singular(x)), t)} for x in (a, b)
    )
    found = sorted(first - second if without else first & second)
    if not count and not found and rng.random() < 0.7:
        return None
    plan = {"act": "two sets", "without": without, "count": count}
    if count:
        return Episode("two sets", question, len(found), "number", plan)
    return Episode("two sets", question, found or NOT_THERE, "set" if found else "none", plan)


def distinct(rng: random.Random, world: World) -> Episode | None:
    """How many different values of a form there are."""
    form = rng.choice(sorted(DISTINCT))
    found = {v for text in world.documents.values() for v in re.findall(FORMS[form], text)}
    if not found:
        return None
    question = reword(rng, fill(rng, rng.choice(HOW_MANY), {"k": rng.choice(DISTINCT[form])}))
    return Episode("distinct", question, len(found), "number", {"act": "distinct", "form": form})


def two_steps(rng: random.Random, world: World) -> Episode | None:
    """A property of the person who does something for a thing."""
    options = [
        (near, far)
        for far in world.facts
        if far.thing.kind == "person"
        and far.document
        and far.labels
        and FORM_OF_TYPE.get(far.type)
        and said_of(far)
        for near in world.facts
        if near.value == far.thing.core and near.type == "person" and near.document and near.labels
        if near.thing.core and said_of(near) and near.thing.core != far.thing.core
    ]
    if not options:
        return None
    near, far = rng.choice(options)
    words = {"far": rng.choice(far.labels), "near": rng.choice(near.labels), "s": near.thing.name}
    question = reword(rng, fill(rng, rng.choice(TWO_STEPS), words))
    plan = {"act": "two steps", "near": said_of(near), "form": FORM_OF_TYPE[far.type], "far": said_of(far)}
    others = tuple({f.value for f in world.facts if f.type == far.type and f.value != far.value})
    return Episode("two steps", question, far.value, "text", plan, others)
