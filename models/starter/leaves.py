"""One-shot sub-calls: a piece of text and a question in the form of `map_query`, or freely worded ones."""

from __future__ import annotations

import random

from engine.corpus.sentences import clip
from engine.kernel.toolbox import PIECE_PROMPT
from models.starter.facts import fill
from models.starter.lookups import ask_for, states
from models.starter.oracle import final, not_there, quoted
from models.starter.wording import BARE, label_question, reword
from models.starter.worlds import Fact, World

CHARS = (0, 0, 120, 250, 500, 900, 1500)  # how much text around the fact, in characters


def leaf_conversations(rng: random.Random, world: World, count: int) -> list[list[dict[str, str]]]:
    """Pairs of a prompt and its short answer; NONE for about two of five."""
    found = []
    facts = [f for f in world.facts if f.document in world.documents]
    for _ in range(count * 3):
        if len(found) == count or not facts:
            break
        fact = rng.choice(facts)
        text = world.documents[fact.document]
        at = text.find(fact.sentence)
        if at < 0:
            continue
        answer = fact.value
        if rng.random() < 0.6:
            piece = window(rng, text, at, at + len(fact.sentence))
            question = _question(rng, fact, piece)
        else:
            piece, question = _unanswered(rng, world, fact, text, at)
            answer = "NONE"
            if fact.value in piece and question in fact.asks:
                continue
        if not piece.strip():
            continue
        prompt = PIECE_PROMPT.format(piece=piece, question=question)
        if rng.random() < 0.1:
            prompt = rng.choice(
                (f"{question}\n\n{piece}", f"{piece}\n\n{question}", f"Question: {question}\nText: {piece}")
            )
        found.append([{"role": "user", "content": prompt}, {"role": "assistant", "content": answer}])
    return found


def window(rng: random.Random, text: str, start: int, end: int) -> str:
    """Some text around [start, end), cut at lines."""
    around = rng.choice(CHARS)
    if not around:
        first, last = text.rfind("\n", 0, start) + 1, text.find("\n", end)
        return text[first : last if last >= 0 else len(text)]
    before = rng.randint(0, around)
    first = text.rfind("\n", 0, max(0, start - before)) + 1
    last = text.find("\n", end + around - before)
    return text[first : last if last >= 0 else len(text)].strip()


def _question(rng: random.Random, fact: Fact, piece: str) -> str:
    if fact.labels and rng.random() < 0.45:
        return fill(rng, rng.choice(BARE[:3]), {"label": rng.choice(fact.labels)})
    if fact.labels and rng.random() < 0.3:
        return reword(rng, label_question(rng, fact.labels, fact.thing))
    return reword(rng, rng.choice(fact.asks))


def _unanswered(rng: random.Random, world: World, fact: Fact, text: str, at: int) -> tuple[str, str]:
    """A piece and a question that it does not answer: another place, another property, or another thing."""
    draw = rng.random()
    absent = [(t, a) for t, a in world.absent if not states(world, t, a)]
    if draw < 0.45 and absent:
        thing, attribute = rng.choice(absent)
        piece = window(rng, text, at, at + len(fact.sentence))
        if rng.random() < 0.4 and not any(f.key == attribute.key and f.value in piece for f in world.facts):
            return piece, fill(rng, rng.choice(BARE[:3]), {"label": rng.choice(attribute.labels)})
        return piece, reword(rng, ask_for(rng, attribute, thing))
    others = [f for f in world.facts if f.key != fact.key or f.thing.name != fact.thing.name]
    if not others:
        return "", ""
    other = rng.choice(others)
    piece = window(rng, text, at, at + len(fact.sentence))
    if other.value in piece or other.sentence in piece:
        return "", ""
    if other.labels and draw > 0.75 and not any(f.key == other.key and f.value in piece for f in world.facts):
        return piece, fill(rng, rng.choice(BARE[:3]), {"label": rng.choice(other.labels)})
    same = [f for f in world.facts if f.thing.name == other.thing.name and f.key == other.key]
    if any(f.value in piece for f in same):
        return "", ""
    return piece, reword(rng, rng.choice(other.asks))


def shown_lines(rng: random.Random, world: World, count: int) -> list[list[dict[str, str]]]:
    """Reading in the form of a second turn: a question, shown lines, and the cell that ends the work."""
    found = []
    usable = [f for f in world.facts if f.document in world.documents]
    lines = [
        (name, number, line)
        for name, text in world.documents.items()
        for number, line in enumerate(text.split("\n"), 1)
        if len(line) > 12
    ]
    if not usable or len(lines) < 8:
        return []
    for _ in range(count):
        fact = rng.choice(usable)
        core = fact.thing.core or (fact.thing.bound[0][1] if fact.thing.bound else "")
        near = [x for x in lines if core and core in x[2] and fact.value not in x[2]]
        kin = {f.sentence[:25] for f in usable if f.type == fact.type and f is not fact}
        alike = [x for x in lines if any(k in x[2] for k in kin) and fact.value not in x[2]]
        own = [x for x in lines if x[0] == fact.document and (fact.sentence in x[2])]
        if not own:
            continue
        others = rng.sample(near, min(len(near), 3)) + rng.sample(alike, min(len(alike), 2))
        others += rng.sample(lines, min(len(lines), 6 - len(others))) if len(others) < 6 else []
        others = [x for x in others if fact.value not in x[2]][: rng.randint(1, 6)]
        there = rng.random() < 0.68
        shown = list(dict.fromkeys([*others, own[0]] if there else others))
        if rng.random() < 0.5:
            rng.shuffle(shown)
        elif there:
            shown.remove(own[0])
            shown.insert(min(len(shown), rng.choice((0, 0, 0, 1, 1, 2))), own[0])
        if not shown or (
            not there and any(f.value in x[2] for x in shown for f in usable if f.key == fact.key)
        ):
            continue
        question = rng.choice(fact.asks)
        if fact.labels and rng.random() < 0.3:
            question = label_question(rng, fact.labels, fact.thing)
        text = "\n".join(
            f"[{i}] {name}:{number}: {clip(line, max(0, line.find(fact.value)), 240)}"
            for i, (name, number, line) in enumerate(shown)
        )
        prompt = f"Question: {reword(rng, question)}\nOutput:\n{text}"
        reply = final(quoted(fact.value), f"hits[{shown.index(own[0])}]") if there else not_there()
        found.append([{"role": "user", "content": prompt}, {"role": "assistant", "content": reply}])
    return found
