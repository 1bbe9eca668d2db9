"""A world: things, facts about them, and the documents in which these stand among other sentences."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field

from models.starter import styles
from models.starter.facts import (
    Attribute,
    Kind,
    Thing,
    fill,
    kinds,
    made_up_attribute,
    make_thing,
    stop_and_title,
    verbs,
)
from models.starter.lexicon import GRAMMAR, WORDS, code, date, money, organisation, person, value
from models.starter.scenes import make_scene

NOUNS = {"person": "employee", "object": "item", "firm": "company"}  # where the kind's name is no plain noun
UNITED = ("money", "measure", "temp", "pressure", "distance", "area", "consumption", "depth")
OWN_STYLES = {
    "lease": "contract", "contract": "contract", "policy": "contract", "person": "form", "invoice": "form",
    "machine": "manual", "meeting": "minutes", "trip": "letter",
}  # fmt: skip


@dataclass
class Fact:
    """One true statement: `asks` are filled questions, `sentence` the text that holds `value`."""

    thing: Thing
    type: str
    value: str
    sentence: str
    asks: list[str]
    labels: tuple[str, ...]
    words: tuple[str, ...]
    key: str
    named: bool
    document: str = ""


@dataclass
class World:
    """Documents by name, and what is true in them. `own` maps a kind to its one-document things."""

    documents: dict[str, str] = field(default_factory=dict)
    facts: list[Fact] = field(default_factory=list)
    things: list[Thing] = field(default_factory=list)
    own: dict[str, dict[str, Thing]] = field(default_factory=dict)
    absent: list[tuple[Thing, Attribute]] = field(default_factory=list)
    topics: list[str] = field(default_factory=list)
    table: Table | None = None
    reasons: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Table:
    """A CSV file: header, rows, and the name of its document."""

    document: str
    header: tuple[str, ...]
    id: str
    party: str
    rows: tuple[tuple[str, ...], ...]
    noun: str


def lines_of(name: str) -> list[str]:
    return [line for line in (GRAMMAR / name).read_text("utf-8").splitlines() if line and line[0] != "#"]


FILLER, NEAR, MENTIONS = lines_of("filler.txt"), lines_of("near.txt"), lines_of("mentions.txt")
ADORN = lines_of("adorn.txt")


def slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "text"


def bindings(thing: Thing, text: str = "", short: bool = False) -> dict[str, str]:
    return {**dict(thing.bound), "s": thing.core if short and thing.core else thing.name, "v": text}


def state(rng: random.Random, thing: Thing, attribute: Attribute, own: bool, like: str = "") -> Fact:
    """Give an attribute of a thing a value and the sentence that says so; in the unit of the value `like`."""
    drawn = (value(rng, attribute.type) for _ in range(60))
    text = next((v for v in drawn if not like or unit(v) == unit(like)), like)
    forms = [form for form in attribute.own if _speaks_of(form, attribute)] if own else attribute.says
    bound = bindings(thing, text, short=rng.random() < 0.25)
    sentence = fill(rng, rng.choice(forms), bound) if forms else ""
    if own and (not forms or rng.random() < 0.3):
        sentence = label_line(rng, stop_and_title(rng.choice(attribute.labels)), text)
    if not own or rng.random() < 0.2:
        sentence = adorn(rng, sentence, text)
    if text not in sentence:
        text = text[:1].upper() + text[1:]
    asks = [fill(rng, ask, bindings(thing, text, short=rng.random() < 0.4)) for ask in attribute.asks]
    return Fact(
        thing, attribute.type, text, sentence, asks, attribute.labels, attribute.words, attribute.key,
        bound["s"] in sentence,
    )  # fmt: skip


def unit(text: str) -> str:
    """What is left of a value without its number."""
    return re.sub(r"[\d.,\s-]|million", "", text)


def label_line(rng: random.Random, label: str, text: str) -> str:
    """A label with its value, as forms, tables and lists write it."""
    draw = rng.random()
    if draw < 0.6:
        return f"{label}: {text}"
    return rng.choice(
        (
            f"| {label} | {text} |",
            f"**{label}:** {text}",
            f"{label} {'.' * rng.randint(3, 12)} {text}",
            f"{label} = {text}",
            f"{label.upper()}: {text}",
            f"{label} - {text}",
            f"{label}\t{text}",
        )
    )


def adorn(rng: random.Random, sentence: str, text: str) -> str:
    """Put a statement into a larger sentence, a third of the time."""
    if rng.random() > 0.33 or not sentence.endswith("."):
        return sentence
    inner = sentence[:-1]
    frame = rng.choice(ADORN)
    if not frame.startswith("{x}") and inner.split()[0].lower() in (
        "the",
        "we",
        "for",
        "our",
        "a",
        "at",
        "as",
        "on",
        "in",
    ):
        inner = inner[:1].lower() + inner[1:]
    return fill(rng, frame, {"x": inner})


def _speaks_of(form: str, attribute: Attribute) -> bool:
    """Whether a statement shares a word with its attribute's names, so that a search can find it."""
    stems = {word[:4].lower() for text in (*attribute.labels, *attribute.words) for word in text.split()}
    return any(word[:4].lower() in stems for word in re.findall(r"\w{3,}", form))


def happening(rng: random.Random, thing: Thing) -> list[Fact]:
    """A sentence with several values (who, when, where, how much), and a fact for each."""
    base, past, participle = rng.choice(verbs())
    who, when, where, cost = person(rng), date(rng), value(rng, "place"), money(rng)
    name = thing.core if thing.core and rng.random() < 0.25 else thing.name
    parts = {"person": who}
    text = f"{who} {past} {name}" if rng.random() < 0.6 else f"{name} was {participle} by {who}"
    joint = rng.choice((" on ", " on ", " around "))
    if rng.random() < 0.75:
        text, parts["date"] = f"{text}{joint}{when}", when
    if rng.random() < 0.45:
        text, parts["place"] = f"{text} at {where}", where
    if rng.random() < 0.4:
        text, parts["money"] = f"{text} for {cost}", cost
    if rng.random() < 0.15:
        text = f"In the end {text}"
    sentence = adorn(rng, text[:1].upper() + text[1:] + ".", "")
    asks = {
        "person": (f"Who {past} {{s}}?", f"By whom was {{s}} {participle}?", f"Who was it that {past} {{s}}?"),
        "date": (f"When was {{s}} {participle}?", f"On what day was {{s}} {participle}?",
                 f"When did {who} {base} {{s}}?"),
        "place": (f"Where was {{s}} {participle}?", f"Where did {who} {base} {{s}}?"),
        "money": (f"How much was it to {base} {{s}}?", f"For how much was {{s}} {participle}?",
                  f"What did it cost to {base} {{s}}?"),
    }  # fmt: skip
    return [
        Fact(thing, type_, text, sentence, [fill(rng, a, bindings(thing)) for a in asks[type_]], (), (past,),
             f"{type_}|{base}", True)
        for type_, text in parts.items()
    ]  # fmt: skip


def scene_facts(rng: random.Random, file: str = "scenes.txt") -> list[Fact]:
    """The facts of one scene; its thing has no name, the questions say all."""
    scene = make_scene(rng, file)
    sentence = adorn(rng, scene.sentence, "")
    thing = Thing("scene", "", "", tuple((str(i), name) for i, name in enumerate(scene.names)))
    return [
        Fact(thing, type_, text, sentence, [*asks], (), scene.words, f"scene|{asks[0]}", True)
        for type_, text, asks in scene.asked
    ]


def make_world(rng: random.Random, documents: int | None = None, long: bool = False) -> World:
    """Invent a world of a few kinds of things in `documents` files; `long` makes each file several pages."""
    world = World()
    count = documents or rng.choice((1, 2, 3, 5, 6, 8, 8, 10, 12, 14))
    chosen = rng.sample(sorted(kinds()), k=min(len(kinds()), rng.randint(2, 4)))
    loose: list[list[Fact] | str] = []
    for name in chosen:
        _populate(rng, world, kinds()[name], loose, long, room=count)
    for _ in range(rng.randint(1, 8)):
        facts = scene_facts(rng)
        loose.append(facts)
        world.facts.extend(facts)
    _introduce(rng, world, loose)
    _scatter_topics(rng, world, loose)
    _write_shared(rng, world, loose, max(1, count - len(world.documents)), long)
    if rng.random() < 0.45 and count > 2:
        _write_table(rng, world)
    return world


def _populate(rng, world: World, kind: Kind, loose: list, long: bool, room: int) -> None:
    """Things of one kind: in documents of their own, or spread over the shared ones."""
    own = len(world.own) == 0 and room >= 3 and rng.random() < 0.6
    extra = [made_up_attribute(rng) for _ in range(2)]
    common = rng.sample([*kind.attributes, *extra], k=min(len(kind.attributes), rng.randint(2, 6)))
    taken: set[str] = set()
    first: dict[str, str] = {}  # a value of each property, whose unit the others mostly have too
    for _ in range(rng.randint(3, min(8, room)) if own else rng.randint(1, 4)):
        thing = make_thing(rng, kind)
        if thing.name in taken or (own and not thing.core):
            continue
        taken.add(thing.name)
        world.things.append(thing)
        facts: list[Fact] = []
        for attribute in common:
            if rng.random() < (0.85 if own else 0.6):
                alike = attribute.type in UNITED and rng.random() < 0.9
                fact = state(rng, thing, attribute, own, first.get(attribute.key, "") if alike else "")
                first.setdefault(attribute.key, fact.value)
                facts.append(fact)
            else:
                world.absent.append((thing, attribute))
        if own:
            _write_own(rng, world, kind, thing, facts, long)
        else:
            loose.extend([fact] for fact in facts)
        for _ in range(rng.randint(0, 2)):
            loose.append(happening(rng, thing))
        for _ in range(rng.randint(0, 2)):
            loose.append(fill(rng, rng.choice(MENTIONS), bindings(thing)))
        for holder, attribute in world.absent[-3:]:
            if holder is thing and rng.random() < 0.35:
                bound = bindings(thing) | {"label": rng.choice(attribute.labels)}
                loose.append(fill(rng, rng.choice(NEAR), bound))
    world.facts.extend(f for item in loose if isinstance(item, list) for f in item if f not in world.facts)


def _introduce(rng, world: World, loose: list) -> None:
    """Say something about people who are themselves values: a landlord's telephone, a manager's town."""
    named = [f for f in world.facts if f.type == "person" and f.labels and f.thing.kind != "person"]
    for near in rng.sample(named, k=min(len(named), rng.randint(0, 3))):
        if any(thing.core == near.value for thing in world.things):
            continue
        person_ = Thing("person", near.value, near.value, (("person", near.value),))
        world.things.append(person_)
        for attribute in rng.sample(kinds()["person"].attributes, k=rng.randint(1, 3)):
            fact = state(rng, person_, attribute, own=False)
            loose.append([fact])
            world.facts.append(fact)


def _write_own(rng, world: World, kind: Kind, thing: Thing, facts: list[Fact], long: bool) -> None:
    style = (
        OWN_STYLES.get(kind.name, rng.choice(styles.PROSE)) if rng.random() < 0.7 else rng.choice(styles.ALL)
    )
    items = [fact.sentence for fact in facts]
    filler = rng.randint(40, 70) if long else rng.randint(2, 14)
    for _ in range(filler):
        items.insert(rng.randint(0, len(items)), fill(rng, rng.choice(FILLER), {}))
    noun = NOUNS.get(kind.name, kind.name)
    suffix = rng.choice((noun, noun, ""))
    folder = f"{noun}/" if rng.random() < 0.5 else ""
    name = f"{folder}{slug(f'{thing.core} {suffix}')}.{rng.choice(('md', 'txt', 'txt'))}"
    if name in world.documents:
        return
    about = thing.name if noun in thing.name else f"{noun}: {thing.core}"
    world.documents[name] = styles.render(rng, style, about, items)
    world.own.setdefault(kind.name, {})[name] = thing
    for fact in facts:
        fact.document = name
    world.facts.extend(facts)


def _scatter_topics(rng, world: World, loose: list) -> None:
    """Phrases that stand in some documents, for counting and listing."""
    for _ in range(rng.randint(1, 3)):
        noun = rng.choice(WORDS["plurals"])
        topic = rng.choice(
            (f"{rng.choice(WORDS['adjectives'])} {noun}", noun, person(rng), organisation(rng))
        )
        world.topics.append(topic)
        for _ in range(rng.randint(1, 6)):
            loose.append(fill(rng, rng.choice(MENTIONS), {"s": topic}))


def _write_shared(rng, world: World, loose: list, count: int, long: bool) -> None:
    """Minutes, mails, notes and the like: they hold what is spread, in any order, among filler."""
    piles: list[list] = [[] for _ in range(count)]
    for item in loose:
        rng.choice(piles).append(item)
    for number, pile in enumerate(piles):
        for _ in range(rng.randint(40, 70) if long else rng.randint(3, 12)):
            pile.append(fill(rng, rng.choice(FILLER), {}))
        rng.shuffle(pile)
        style = rng.choice(styles.ALL)
        title = f"{rng.choice(WORDS['adjectives'])} {rng.choice(WORDS['things'])}"
        name = rng.choice(
            (f"{style}-{number + 1:02d}", f"{style}s/{slug(title)}", slug(title), f"{date(rng)}")
        )
        name = f"{re.sub(r'[^A-Za-z0-9/._-]+', '-', name)}.{rng.choice(('txt', 'md', 'txt'))}"
        if style != "form" and name.startswith("20"):
            name = f"{style}-{name}"
        while name in world.documents:
            name = "b-" + name
        items = [item[0].sentence if isinstance(item, list) else item for item in pile]
        world.documents[name] = styles.render(rng, style, title, items)
        for item in pile:
            if isinstance(item, list):
                for fact in item:
                    fact.document = name


def hide(rng: random.Random, world: World, line: str) -> bool:
    """Put a line into a document; False where there is none for it, or where it would count as a mention."""
    texts = [name for name in world.documents if not name.endswith(".csv")]
    if not texts or any(topic.casefold() in line.casefold() for topic in world.topics):
        return False
    name = rng.choice(texts)
    lines = world.documents[name].split("\n")
    lines.insert(rng.randint(min(2, len(lines)), len(lines)), line)
    world.documents[name] = "\n".join(lines)
    return True


TABLE_NOUNS = ("invoice", "order", "payment", "delivery", "claim", "booking", "repair", "donation", "ticket")


def _write_table(rng, world: World) -> None:
    """A CSV file with an id, a party, and two to four more columns of different types."""
    noun = rng.choice(TABLE_NOUNS)
    prefix = rng.choice((noun[:3].upper() + "-", rng.choice("ABCDRSTX") + "-", rng.choice(("", "20")), "#"))
    width = rng.choice((3, 4, 5))
    start = rng.randint(10 ** (width - 1), 9 * 10 ** (width - 1))
    form = rng.choice((person, organisation, organisation))
    parties = [form(rng).replace(",", "") for _ in range(rng.randint(2, 6))]
    makers = {
        "date": lambda: f"{rng.randint(2015, 2027)}-{rng.randint(1, 12):02d}-{rng.randint(1, 28):02d}",
        "amount": lambda: f"{rng.randint(10, 9000)}.{rng.randint(0, 99):02d}",
        "status": lambda: rng.choice(("paid", "open", "overdue", "cancelled", "late", "done")),
        "item": lambda: f"{rng.choice(WORDS['adjectives'])} {rng.choice(WORDS['plurals'])}",
        "quantity": lambda: str(rng.randint(1, 99)),
        "reference": lambda: code(rng),
    }
    columns = [
        "amount",
        *rng.sample(["date", "status", "item", "reference", "quantity"], k=rng.randint(1, 3)),
    ]
    rng.shuffle(columns)
    party = rng.choice(("customer", "supplier", "name", "company", "from"))
    id_ = rng.choice((noun, f"{noun}_no", f"{noun} number", "id", "number"))
    header = [id_, party, *columns]
    if rng.random() < 0.3:
        rng.shuffle(header)
    made: dict[str, dict[str, str]] = {}
    for index in range(rng.randint(4, 24)):
        label = f"{prefix}{start + index * rng.choice((1, 1, 3))}"
        made[label] = {id_: label, party: rng.choice(parties), **{c: makers[c]() for c in columns}}
    rows = [tuple(row[c] for c in header) for row in made.values()]
    name = f"{rng.choice(('', 'data/', 'lists/'))}{noun}s{rng.choice(('', '-2024', '_list', '-export'))}.csv"
    mark = rng.choice((",", ",", ",", ";"))
    world.documents[name] = "\n".join(mark.join(row) for row in [header, *rows]) + "\n"
    world.table = Table(name, tuple(header), id_, party, tuple(rows), noun)
