"""A reply that only repeats itself is recognised soon; lists, tables and rules are none."""

from __future__ import annotations

import pytest

from engine.reply.loops import DATA, LONGEST, MARKS, WORDS, find_loop

F = "```"
BEGIN = "It began well, and then: "
SENTENCE = "The lease of the depot was signed by the landlord on the ninth of April, and it ends in March. "

LOOPS = {
    "a sentence": (SENTENCE, WORDS),
    "a word": ("again ", WORDS),
    "a letter": ("c ", DATA),
    "words of a prompt": ("form, docs)\n", DATA),
    "a cell and its invented output": (f"{F}repl\nprint(len(context))\n{F}\nOutput:\n12\n\n", WORDS),
    "a long paragraph": ("".join(f"{n} is written as {n * n}. " for n in range(40)), 3 * LONGEST),
    "fences": (f"{F}\n", MARKS),
    "fences with blank lines": (f"{F}\n\n", MARKS),
    "outputs": ("Output:\n", MARKS),
    "fences and outputs": (f"{F}\nOutput:\n", MARKS),
    "backticks": ("`", MARKS),
    "blank lines": (" \n", MARKS),
    "numbers": ("0, ", DATA),
    "hyphens": ("-", DATA),
    "zero-width spaces": ("\u200b", DATA),
}


@pytest.mark.parametrize(("unit", "least"), LOOPS.values(), ids=LOOPS.keys())
def test_a_loop_is_recognised_before_it_has_filled_much_more_than_it_must(unit: str, least: int) -> None:
    text = BEGIN + unit * (2 * least // len(unit) + 2)
    found = next(loop for end in range(len(text)) if (loop := find_loop(text[:end])) is not None)
    assert len(found.unit) % len(unit) == 0 or len(unit) % len(found.unit) == 0
    stopped = found.start + found.times * len(found.unit)
    assert stopped - len(BEGIN) <= max(3 * len(unit), least) + 2 * len(unit)


def test_the_first_unit_and_the_number_of_units_are_told() -> None:
    loop = find_loop(f"It is 12. {SENTENCE * 6}The lease")
    assert loop is not None
    assert (loop.times, sorted(loop.unit)) == (6, sorted(SENTENCE))
    assert loop.start <= len("It is 12. ")


TWICE = f"{F}repl\nhits = context.search(question, 5)\nfor hit in hits:\n    print(hit.line, hit.text)\n{F}\n"
NONE = {
    "a sentence four times": BEGIN + SENTENCE * 4,
    "a cell twice": TWICE * 2,
    "a rule": "Above\n" + "-" * 200 + "\nBelow",
    "a rule of a wide table": "|" + "-----------------|" * 40,
    "an empty row": "| " * 60,
    "indentation": " " * 300 + "x",
    "a list": "".join(f"- item {n}\n" for n in range(300)),
    "squares": "".join(f"{n},{n * n}," for n in range(400)),
    "zeros": "[" + "0, " * 300,
    "the same label for every record": '{"suspicious": false}, ' * 60,
    "the same row of a month's payments": "| rent | 450 crowns |\n" * 36,
    "answers": "no\n" * 100,
    "columns": "| --- " * 300,
    "a doubled closer": f"{F}repl\nprint(1)\n{F}\n{F}\n",
    "a fence in a fence": f"{F}\n{F}repl\nprint(1)\n{F}\n{F}\n",
    "some blank lines": "Above" + "\n" * 20 + "Below",
    "a refrain": ("The river runs.\n" + "A verse that differs. ") * 3,
}


@pytest.mark.parametrize("text", NONE.values(), ids=NONE.keys())
def test_no_loop_is_found_on_the_way_through(text: str) -> None:
    assert [end for end in range(len(text) + 1) if find_loop(text[:end])] == []
