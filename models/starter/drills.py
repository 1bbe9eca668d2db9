"""Drills in copying: short conversations whose replies repeat a part of what was shown.

A network learns to copy late and all at once. These make it happen in minutes, before the episodes proper.

    python -m models.starter.drills OUT.jsonl --count 20000
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path

from models.starter.facts import fill
from models.starter.lexicon import VALUES, WORDS, invented, value
from models.starter.oracle import final, quoted
from models.starter.scenes import make_scene
from models.starter.wording import terms
from models.starter.worlds import FILLER, MENTIONS, label_line, slug

TYPES = [kind for kind in VALUES if kind not in ("word", "month")]


def sentence(rng: random.Random) -> str:
    draw = rng.random()
    if draw < 0.3:
        return make_scene(rng).sentence
    return fill(
        rng, rng.choice(FILLER if draw < 0.7 else MENTIONS), {"s": value(rng, rng.choice(("person", "org")))}
    )


def echo(rng: random.Random) -> tuple[str, str]:
    """The whole text again."""
    words = [
        rng.choice((invented(rng), invented(rng, False), rng.choice(WORDS["things"])))
        for _ in range(rng.randint(3, 12))
    ]
    text = rng.choice(
        (" ".join(words), sentence(rng), f"{value(rng, rng.choice(TYPES))} {value(rng, rng.choice(TYPES))}")
    )
    return f"Question: {text}", quoted(text)


def line(rng: random.Random) -> tuple[str, str]:
    """One numbered line of several."""
    lines = [sentence(rng) for _ in range(rng.randint(2, 5))]
    at = rng.randrange(len(lines))
    name = slug(f"{invented(rng)} {rng.choice(WORDS['things'])}")
    shown = "\n".join(f"[{i}] {name}.txt:{rng.randint(1, 90)}: {text}" for i, text in enumerate(lines))
    return f"Output:\n{shown}\nLine {at}", lines[at]


def field(rng: random.Random) -> tuple[str, str]:
    """The value of one label of several."""
    rows = {
        f"{rng.choice(WORDS['things'])} {rng.choice(WORDS['things'])}": value(rng, rng.choice(TYPES))
        for _ in range(rng.randint(2, 6))
    }
    label = rng.choice(list(rows))
    shown = "\n".join(label_line(rng, key.capitalize(), text) for key, text in rows.items())
    return f"{shown}\n\nQuestion: What is the {label}?", rows[label]


def owner(rng: random.Random) -> tuple[str, str]:
    """What belongs to one of several names, as the final cell that gives it."""
    names = [value(rng, rng.choice(("person", "org", "word"))) for _ in range(rng.randint(2, 6))]
    kind = rng.choice(TYPES)
    values = [value(rng, kind) for _ in names]
    at = rng.randrange(len(names))
    word = rng.choice(WORDS["things"])
    shown = "\n".join(
        f"[{i}] {word}.txt:{rng.randint(1, 60)}: "
        + rng.choice((f"{n} has {v} as {word}.", f"{n}: {v}", f"{v} for {n}"))
        for i, (n, v) in enumerate(zip(names, values, strict=True))
    )
    return f"Question: What is the {word} of {names[at]}?\nOutput:\n{shown}", final(
        quoted(values[at]), f"hits[{at}]"
    )


def words(rng: random.Random) -> tuple[str, str]:
    """The words of a question that are worth searching for."""
    scene = make_scene(rng)
    question = rng.choice(rng.choice(scene.asked)[2])
    return f"Question: {question}", f"hits = context.search({quoted(terms(question, scene.words[:3]))}, 5)"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    with options.out.open("w", encoding="utf-8") as file:
        for _ in range(options.count):
            shown, reply = rng.choice((echo, echo, line, field, owner, owner, words))(rng)
            talk = [{"role": "user", "content": shown}, {"role": "assistant", "content": reply}]
            file.write(json.dumps(["drill", talk], ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
