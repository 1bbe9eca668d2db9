"""Training data without runs: the first message of a node with the cell that answers it, and short sub-calls.

python -m models.starter.lessons OUT --worlds 1500
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from engine import prompt
from engine.kernel.toolbox import PIECE_PROMPT
from models.starter import (
    brought,
    cells,
    compound,
    followups,
    gatherings,
    opinions,
    reading,
    reckoning,
    registers,
    slips,
    tables,
    unseen,
    verdicts,
)
from models.starter.asking import (
    DID,
    DOCUMENTS,
    EACH,
    EMAILS,
    LIST_IDS,
    MARKED,
    NUMBERED,
    SELDOM,
    SORTS,
    STATES,
    WHO_EACH,
)
from models.starter.cells import CELLS, FORM_OF_TYPE, ask_lines, list_values, look_up
from models.starter.facts import Attribute, fill, kinds, made_up_attribute, make_thing, verbs
from models.starter.families import episodes
from models.starter.fanout import FAN, FAN_DEEP, ask_each
from models.starter.lexicon import WORDS, organisation, person
from models.starter.lookups import ask_for, said_of, synonyms, verb_forms, within
from models.starter.oracle import cell_of
from models.starter.plainly import entry_question, plain_comparison, plain_question, plain_thing
from models.starter.wording import BARE, plural, reword, shorten
from models.starter.worlds import FILLER, NOUNS, World, bindings, make_world, scene_facts, state

Lesson = tuple[str, str, bool]  # a question, the cell that answers it, whether the context is one document


def of_attribute(rng: random.Random) -> list[Lesson]:
    """A question for a property of a thing, or for that of each thing of its kind; all properties equally often."""
    kind = kinds()[rng.choice(sorted(kinds()))]
    attribute = made_up_attribute(rng) if rng.random() < 0.15 else rng.choice(kind.attributes)
    form = FORM_OF_TYPE.get(attribute.type)
    if form is None:
        return []
    about = synonyms().get(attribute.labels, "")
    if rng.random() < 0.3 and about:
        return of_each(rng, kind.name, attribute, form, about)
    thing = make_thing(rng, kind)
    alone = rng.random() < 0.2
    question = ask_for(rng, attribute, thing)
    if rng.random() < (0.5 if alone else 0.1):
        question = fill(rng, rng.choice(BARE), {"label": rng.choice(attribute.labels)})
    question = shorten(rng, question, thing.core, thing)
    if rng.random() < 0.35:
        question = question.replace(thing.name, plain_thing(rng))
    return [(reword(rng, within(rng, question)), look_up(form, about), alone)]


def of_each(rng: random.Random, kind: str, attribute: Attribute, form: str, about: str) -> list[Lesson]:
    """The same asked of every document of a kind: by sub-calls on lines, or by a child for each document."""
    noun = NOUNS.get(kind, kind)
    label = rng.choice(attribute.labels)
    draw = rng.random()
    forms, cell = (FAN, ask_lines(form, about)) if draw < 0.45 else (FAN_DEEP, CELLS["each"])
    if draw > 0.75:
        forms, noun = EACH, rng.choice((noun, rng.choice(DOCUMENTS)))
    words = {"label": label, "l": label, "n": noun, "ns": plural(noun), "a": rng.choice(SORTS)}
    question = " ".join(fill(rng, rng.choice(forms), words).split())
    if forms is FAN and rng.random() < 0.4:
        question = ask_each(rng, attribute, noun)
    question = reword(rng, question)
    lessons: list[Lesson] = [(question, cell, False)]
    return lessons if forms is FAN else [*lessons, (question, look_up(form, about), True)]


def of_plain(rng: random.Random) -> list[Lesson]:
    """A question about anything, in plain words."""
    question, cell = plain_question(rng)
    return [(reword(rng, within(rng, question)), cell, rng.random() < 0.1)]


def of_table(rng: random.Random) -> list[Lesson]:
    """A question about the rows of a table."""
    return [(*tables.lesson(rng), False)]


def of_entries(rng: random.Random) -> list[Lesson]:
    """How many entries of a list, a log or a table are of a sort; every value of a form in one of these."""
    asked, cell = entry_question(rng)
    return [(reword(rng, asked), cell, rng.random() < 0.15)]


def of_verdict(rng: random.Random) -> list[Lesson]:
    """A question that wants yes or no."""
    return [(within(rng, verdicts.question(rng)), CELLS["read"], False)]


def of_phrase(rng: random.Random) -> list[Lesson]:
    """A question for a phrase, which a sub-call reads out of the best lines."""
    return [(within(rng, reading.asked(rng)), CELLS["read"], rng.random() < 0.1)]


def of_gathering(rng: random.Random) -> list[Lesson]:
    """A question for several values of one line."""
    return [(*gatherings.lesson(rng), rng.random() < 0.1)]


def of_several(rng: random.Random) -> list[Lesson]:
    """A question that asks several things at once."""
    found = compound.lesson(rng)
    return [(*found, False)] if found else []


def of_labels(rng: random.Random) -> list[Lesson]:
    """A question about lines that need a label each."""
    asked = opinions.sorting(rng, rng.sample(opinions.topics(), 4))
    return [(asked.question, CELLS[f"labels {asked.act}"], False)]


def of_verb(rng: random.Random) -> list[Lesson]:
    """Who did something, when, and at what cost. Of verbs that few texts have, only the question's own words help."""
    seldom = rng.random() < 0.35
    base, past, participle = rng.choice(SELDOM) if seldom else rng.choice(verbs())
    thing = make_thing(rng, kinds()[rng.choice(sorted(kinds()))])
    asks = (
        ("name", f"Who {past} {{s}}?"), ("name", f"By whom was {{s}} {participle}?"), ("name", f"Who was it that {past} {{s}}?"),
        ("date", f"When was {{s}} {participle}?"), ("date", f"On what day was {{s}} {participle}?"),
        ("date", f"When did {{person}} {base} {{s}}?"), ("date", f"When does {{s}} {base}?"), ("date", f"When did {{s}} {base}?"),
        ("money", f"How much was it to {base} {{s}}?"), ("money", f"For how much was {{s}} {participle}?"),
        ("money", f"What did it cost to {base} {{s}}?"),
    )  # fmt: skip
    form, ask = rng.choice(asks)
    bound = bindings(thing, short=rng.random() < 0.3)
    if rng.random() < 0.5:
        bound["s"] = plain_thing(rng)
    about = "" if seldom else verb_forms()[past]
    return [(reword(rng, within(rng, fill(rng, ask, bound))), look_up(form, about), False)]


def of_scene(rng: random.Random) -> list[Lesson]:
    """A question for one value of a sentence with several."""
    fact = rng.choice(scene_facts(rng))
    if fact.type not in FORM_OF_TYPE:
        return []
    return [(reword(rng, rng.choice(fact.asks)), look_up(FORM_OF_TYPE[fact.type], said_of(fact)), False)]


def of_rows(rng: random.Random) -> list[Lesson]:
    """Numbers to list, lines to count, addresses to collect, who did something in each document."""
    things = f"the {rng.choice(WORDS['things'])}"
    draw = rng.random()
    if draw < 0.3:
        asked = fill(rng, rng.choice(LIST_IDS), {"n": rng.choice(NUMBERED), "s": organisation(rng)})
        return [(reword(rng, asked), CELLS["list ids"], False)]
    if draw < 0.55:
        asked = fill(rng, rng.choice(MARKED), {"n": rng.choice(NUMBERED), "s": rng.choice(STATES)})
        return [(reword(rng, asked), CELLS["count entries"], False)]
    if draw < 0.75:
        asked = fill(
            rng, rng.choice(EMAILS), {"d": rng.choice(("mail", "letter", "memo", "document")), "s": things}
        )
        return [(reword(rng, asked), list_values("email", "about"), False)]
    words = {"a": rng.choice(SORTS), "n": rng.choice(DOCUMENTS)}
    asked = " ".join(fill(rng, rng.choice(WHO_EACH).replace("{v}", rng.choice(DID)), words).split())
    asked = reword(rng, asked)
    return [(asked, CELLS["each"], False), (asked, look_up("name", ""), True)]


def of_world(rng: random.Random, world: World) -> list[Lesson]:
    """The questions of a world about mentions, rows and topics."""
    found: list[Lesson] = []
    for episode in episodes(rng, world, 26):
        cell = cell_of(episode)
        if cell and episode.family not in ("look-up", "not there", "fan out", "fan out (children)"):
            found.append((episode.question, cell, False))
    return found


def of_many(rng: random.Random) -> list[Lesson]:
    """The largest of many, a total, a comparison of two, two sets of documents, how many different, two steps."""
    draw = rng.random()
    if rng.random() < 0.14:
        return [(*plain_comparison(rng), False)]
    if draw < 0.2:
        a, b = mentioned(rng), mentioned(rng)
        without, count = rng.random() < 0.5, rng.random() < 0.4
        asked = fill(
            rng, rng.choice(reckoning.WITHOUT if without else reckoning.BOTH), {"a": a, "b": b, "v": "x"}
        )
        asked = rng.choice(reckoning.SETS_COUNT if count else reckoning.SETS_LIST).replace(
            "{x}", asked[:1].lower() + asked[1:]
        )
        return [(reword(rng, asked), cells.two_sets(without, count), False)]
    if draw < 0.25:
        form = rng.choice(sorted(reckoning.DISTINCT))
        asked = fill(rng, rng.choice(reckoning.HOW_MANY), {"k": rng.choice(reckoning.DISTINCT[form])})
        return [(reword(rng, asked), cells.distinct(form), False)]
    kind = kinds()[rng.choice(sorted(kinds()))]
    if draw < 0.45:
        people = [a for a in kind.attributes if a.type == "person"]
        if not people or kind.name == "person":
            return []
        near = rng.choice(people)
        far = rng.choice([a for a in kinds()["person"].attributes if a.type in FORM_OF_TYPE])
        words = {
            "far": rng.choice(far.labels),
            "near": rng.choice(near.labels),
            "s": make_thing(rng, kind).name,
        }
        cell = cells.two_steps(synonyms()[near.labels], FORM_OF_TYPE[far.type], synonyms()[far.labels])
        return [(reword(rng, fill(rng, rng.choice(reckoning.TWO_STEPS), words)), cell, False)]
    attribute = made_up_attribute(rng) if rng.random() < 0.1 else rng.choice(kind.attributes)
    form = FORM_OF_TYPE.get(attribute.type, "")
    if form not in reckoning.ENDS:
        return []
    about = synonyms().get(attribute.labels, "")
    at = rng.randrange(len(reckoning.ENDS[form]))
    noun = NOUNS.get(kind.name, kind.name)
    words = {"label": rng.choice(attribute.labels), "n": noun, "ns": plural(noun)}
    words |= dict(zip(("hi", "er"), reckoning.ENDS[form][at], strict=True))
    upper = at % 2 == 0
    if draw < 0.7:
        which = rng.random() < 0.6
        forms = reckoning.EXTREME_WHICH if which else reckoning.EXTREME_VALUE
        own = tuple(text for text, up in reckoning.plainly(attribute, two=False) if up == upper)
        if which and own and rng.random() < 0.6:
            forms = own
        return [
            (
                reword(rng, fill(rng, rng.choice(forms), words)),
                cells.extreme(form, about, upper, which),
                False,
            )
        ]
    if draw < 0.8:
        if form not in ("money", "number", "measure"):
            return []
        return [(reword(rng, fill(rng, rng.choice(reckoning.TOTAL), words)), cells.total(form, about), False)]
    words |= {"a": make_thing(rng, kind).name, "b": make_thing(rng, kind).name}
    own = tuple(text for text, up in reckoning.plainly(attribute, two=True) if up == upper)
    forms = own if own and rng.random() < 0.6 else reckoning.COMPARE
    return [(fill(rng, rng.choice(forms), words), cells.compare(form, about, upper), False)]


def mentioned(rng: random.Random) -> str:
    """Something that documents may mention: a few plain words, or a name."""
    things = (
        f"{rng.choice(WORDS['adjectives'])} {rng.choice(WORDS['plurals'])}", rng.choice(WORDS["plurals"]),
        f"the {rng.choice(WORDS['things'])}", person(rng), organisation(rng), make_thing(rng, kinds()[rng.choice(sorted(kinds()))]).core,
    )  # fmt: skip
    return rng.choice([thing for thing in things if thing])


def opening(
    rng: random.Random, question: str, document: bool = False, earlier: tuple[prompt.Exchange, ...] = ()
) -> str:
    """The first user message of a node, as the engine writes it for a small model."""
    chars = rng.randint(900, 9_000) if document else int(10 ** rng.uniform(3.3, 7))
    context = (
        f"Document {rng.randint(0, 60)} '{rng.choice(NUMBERED)}s/{rng.choice(WORDS['things']).replace(' ', '-')}"
        f".{rng.choice(('md', 'txt', 'pdf'))}', {chars:,} characters"
        if document
        else f"Corpus of {rng.randint(2, 4000):,} documents, {chars:,} characters"
    )
    facts = prompt.Facts(
        question, context, "compact", 4096, rng.randint(3000, 11000), rng.randint(60, 200), 1800,
        rng.choice((12, 12, 8)), 0 if document else rng.choice((1, 1, 1, 0, 2)),
        earlier=prompt.recent(earlier, len, 1500),
    )  # fmt: skip
    return prompt.opening(facts)[1].content


def leaves(rng: random.Random, world: World) -> list[tuple[str, str]]:
    """Sub-calls on one line: (prompt, answer). The answer is NONE where the line says nothing of what is asked."""
    found = []
    facts = [f for f in world.facts if f.document and f.type in FORM_OF_TYPE and f.labels and said_of(f)]
    for fact in facts:
        lines = [line for line in world.documents.get(fact.document, "").split("\n") if fact.value in line]
        if not lines or len(lines[0]) > 300:
            continue
        noun = NOUNS.get(fact.thing.kind, fact.thing.kind)
        words = {"label": rng.choice(fact.labels), "n": noun, "ns": plural(noun)}
        question = fill(rng, rng.choice((*FAN, *FAN, *BARE)), words)
        if rng.random() < 0.25:
            question = rng.choice(fact.asks)
        elif rng.random() < 0.3:
            attribute = next(
                (a for a in kinds()[fact.thing.kind].attributes if a.labels == fact.labels), None
            )
            if attribute:
                question = ask_each(rng, attribute, noun)
        answer = fact.value
        if rng.random() < 0.12:
            others = [f for f in facts if f.type != fact.type and f.document != fact.document]
            if others:
                other = rng.choice(others)
                question = fill(rng, rng.choice(FAN), {**words, "label": rng.choice(other.labels)})
                answer = "NONE"
        found.append((PIECE_PROMPT.format(piece=lines[0], question=reword(rng, question)), answer))
    return found


def judged(rng: random.Random) -> tuple[str, str]:
    """A sub-call on one statement that is made for it: about what is asked, or about another property of the thing."""
    kind = kinds()[rng.choice(sorted(kinds()))]
    own = [a for a in kind.attributes if a.type in FORM_OF_TYPE]
    asked = made_up_attribute(rng) if rng.random() < 0.1 else rng.choice(own)
    told = rng.choice([a for a in own if a.labels != asked.labels]) if rng.random() < 0.35 else asked
    thing = make_thing(rng, kind)
    fact = state(rng, thing, told, own=rng.random() < 0.75)
    noun = NOUNS.get(kind.name, kind.name)
    words = {"label": rng.choice(asked.labels), "n": noun, "ns": plural(noun)}
    question = fill(rng, rng.choice((*FAN, *FAN, *BARE)), words)
    if rng.random() < 0.4:
        question = ask_each(rng, asked, noun)
    line = fact.sentence
    if rng.random() < 0.3:
        line = f"{rng.choice(('- ', '* ', f'{rng.randint(1, 30)}. ', f'{rng.randint(1, 9)}.{rng.randint(1, 9)} '))}{line}"
    elif rng.random() < 0.3:
        more = fill(rng, rng.choice(FILLER), {})
        line = f"{more} {line}" if rng.random() < 0.5 else f"{line} {more}"
    about_same = told is asked or (told.type == asked.type and set(told.words) & set(asked.words))
    return PIECE_PROMPT.format(
        piece=line, question=reword(rng, question)
    ), fact.value if about_same else "NONE"


def talk(
    rng: random.Random, lesson: Lesson, *, whole: bool, earlier: tuple[prompt.Exchange, ...] = ()
) -> list[dict[str, object]]:
    """A conversation of one turn; not `whole`: only as far as the model has chosen."""
    question, cell, alone = lesson
    choices = cell.index("\n") + 1 if cell.startswith("found = context.nearest") else None
    whole = whole or choices is None
    reply = {
        "role": "assistant",
        "content": f"```repl\n{cell}\n```" if whole else f"```repl\n{cell[:choices]}",
    }
    return [
        {"role": "user", "content": opening(rng, question, alone, earlier)},
        reply if whole else {**reply, "open": True},
    ]


def recovery(rng: random.Random, lesson: Lesson) -> list[dict[str, object]]:
    """A conversation of two turns: a cell with a mistake, which is given, and the right one; empty without a mistake."""
    question, cell, _ = lesson
    seen = slips.after(question, slips.slip(rng, cell))
    first, last = talk(rng, lesson, whole=True)
    given = [{"role": m.role, "content": m.content, "given": True} for m in seen]
    return [first, *given, last] if given else []


SOURCES: tuple[tuple[int, Callable[[random.Random], list[Lesson]]], ...] = (
    (14, of_attribute),
    (8, of_verb),
    (7, of_scene),
    (4, of_rows),
    (20, of_plain),
    (16, of_many),
    (4, of_verdict),
    (5, of_entries),
    (5, of_table),
    (10, of_several),
    (6, of_labels),
    (6, of_phrase),
    (4, of_gathering),
)  # lessons for each world
FOLLOWED = 8  # follow-ups for each world
JUDGED = 8  # sub-calls of `judged` for each world
VERDICTS = 7  # sub-calls that want yes or no for each world
PHRASES = 26  # sub-calls on one line for a phrase, for each world
PAGES = 8  # sub-calls on pages of text, for each world
REGISTERS = 20  # sub-calls on statements that only their names tell apart, for each world
LABELLED = 45  # sub-calls that want a label for each world
SLIPS = 6  # cells with a mistake, shown and mended, for each world
WHOLE = 0.3  # share of the look-ups that are learnt to the end


Talk = tuple[str, list[dict[str, object]]]  # cell, follow, mended or leaf; the messages


def conversations(rng: random.Random) -> list[Talk]:
    """All conversations of one made-up world."""
    world = make_world(rng, documents=8)
    found = of_world(rng, world)
    for times, source in SOURCES:
        for _ in range(times):
            found += source(rng)
    talks = [("cell", talk(rng, lesson, whole=rng.random() < WHOLE)) for lesson in found]
    for _ in range(FOLLOWED):
        follow = followups.lesson(rng, mentioned(rng))
        if follow:
            exchange, asked, cell = follow
            before = (exchange,)
            if rng.random() < 0.3:  # a question that stands alone, though others were asked before it
                asked, cell, _ = rng.choice(found)
            if rng.random() < 0.3:
                before = ((rng.choice(found)[0], str(rng.randint(1, 900))), exchange)
            talks.append(
                ("follow", talk(rng, (asked, cell, False), whole=rng.random() < 0.6, earlier=before))
            )
    for lesson in rng.sample(found, SLIPS):
        if mended := recovery(rng, lesson):
            talks.append(("mended", mended))
    for asked, answer in [
        *leaves(rng, world),
        *(judged(rng) for _ in range(JUDGED)),
        *(verdicts.judged(rng) for _ in range(VERDICTS)),
        *(opinions.judged(rng) for _ in range(LABELLED)),
        *(reading.line(rng) for _ in range(PHRASES)),
    ]:
        talks.append(("leaf", _asked(asked, answer)))
    for read in (*[reading.page] * PAGES, *[registers.register] * REGISTERS):
        talks.append(_read(read(rng)))
    return talks + [_read(turns) for turns in brought.brought(rng, world)]


def _read(turns: list[tuple[str, str]]) -> Talk:
    """Several questions on one text."""
    return "leaf", [message for asked, answer in turns for message in _asked(asked, answer)]


def _asked(asked: str, answer: str) -> list[dict[str, object]]:
    return [{"role": "user", "content": asked}, {"role": "assistant", "content": answer, "alone": True}]


def main() -> None:
    """Write seeded training data. What repeats a sample or probe text is left out and counted."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path, help="a folder")
    parser.add_argument("--worlds", type=int, default=1500)
    parser.add_argument("--parts", type=int, default=4)
    parser.add_argument("--cells", type=float, default=1.0, help="share of what is no sub-call that is kept")
    parser.add_argument("--registers", type=int, default=0, help="more statements that only names tell apart")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    tally: Counter[str] = Counter()
    files = [
        (options.out / f"part-{part}.jsonl").open("w", encoding="utf-8") for part in range(options.parts)
    ]
    for number in range(options.worlds + options.registers):
        rng = random.Random(f"lessons {options.seed} {number}")
        for kind, messages in (
            conversations(rng) if number < options.worlds else [_read(registers.register(rng))]
        ):
            if kind != "leaf" and rng.random() >= options.cells:
                continue
            if unseen.repeats(str(message["content"]) for message in messages):
                tally["left out"] += 1
                continue
            tally[kind] += 1
            files[number % options.parts].write(json.dumps([kind, messages], ensure_ascii=False) + "\n")
    for file in files:
        file.close()
    print(dict(tally))


if __name__ == "__main__":
    main()
