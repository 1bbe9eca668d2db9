"""Final answers in the text of a reply: which count, which do not, and what happens to them beside a cell."""

import pytest

from engine.reply import Final, parse

F = "```"
CELL = "hits = context.grep('rent')\nprint(len(hits))"


def literal(value: str) -> Final:
    return Final("literal", value)


def name(value: str) -> Final:
    return Final("name", value)


def noted(text: str, words: str) -> bool:
    return any(words in note for note in parse(text).notes)


FINALS = {
    "a string": ('Clear.\n\nFINAL("Blue")', literal("Blue")),
    "a number": ("FINAL(15)", literal("15")),
    "an indented call": (" FINAL(15)", literal("15")),
    "a list": ("FINAL(['A', 'B'])", literal("A, B")),
    "a dict": ("FINAL({'a': 1, 'b': [2, 3]})", literal("a: 1\nb: 2, 3")),
    "a long string": ('FINAL("""Q1: a\nQ2: b (c)""")', literal("Q1: a\nQ2: b (c)")),
    "parentheses in a string": ('FINAL("f(x) :)")', literal("f(x) :)")),
    "words without quotes": ("FINAL(Jon's ally (Sansa) won)", literal("Jon's ally (Sansa) won")),
    "words that are Python": ("FINAL(not found)", literal("not found")),
    "typographic quotes": ("FINAL(“Blue”)", literal("Blue")),
    "doubled backticks": ("FINAL(``7\n8``)", literal("7\n8")),
    "a variable": ("FINAL(final_answer)", name("final_answer")),
    "FINAL_VAR": ("FINAL_VAR(final_answer)", name("final_answer")),
    "FINAL_VAR quoted": ('FINAL_VAR("final_answer")', name("final_answer")),
    "FINAL_VAR of words": ("FINAL_VAR('Knights of the Vale')", literal("Knights of the Vale")),
    "bold": ('**FINAL("Blue")**', literal("Blue")),
    "backticks": ("`FINAL_VAR(x)`", name("x")),
    "SUBMIT": ("SUBMIT('Blue')", literal("Blue")),
    "SUBMIT by name": ("SUBMIT(answer='Blue')", literal("Blue")),
    "SUBMIT of two": ("SUBMIT(colour='Blue', n=2)", literal("colour: Blue\nn: 2")),
    "FINAL with a colon": ("I am done.\nFINAL: Paris\nin France\n\nBye.", literal("Paris\nin France")),
    "bold final answer": ("**Final Answer:** Paris", literal("Paris")),
    "final answer as a heading": ("### Final Answer:\nParis", literal("Paris")),
    "final fence": (f"Done.\n{F}final\nParis\n{F}", literal("Paris")),
    "final fence of a variable": (f"{F}final\nbest_answer\n{F}", name("best_answer")),
    "greedy trap": ('FINAL(a_1)\n\nThen "FINAL(b)" follows)', name("a_1")),
    "token after": ("FINAL(3)<|im_end|>\n<|im_start|>user\nFINAL(4)", literal("3")),
    "after thinking": ("<think>FINAL(1)</think>FINAL(2)", literal("2")),
}


@pytest.mark.parametrize(("text", "final"), FINALS.values(), ids=FINALS.keys())
def test_a_final_answer_in_the_text_is(text: str, final: Final) -> None:
    reply = parse(text)
    assert (reply.code, reply.final) == ("", final)


NO_FINALS = {
    "in a sentence": "The clause reads FINAL(x) and ends there.",
    "at the start of a wrapped sentence": 'Commit it with either\nFINAL_VAR(x) or FINAL("answer"). Then stop.',
    "alone on a line of a wrapped sentence": "When I know it I call\nFINAL(x)\nand stop.",
    "in a blockquote": "The document says:\n> FINAL(3)\n",
    "plan in backticks": "I will use `FINAL_VAR()` to return it.",
    "in a fenced quote": f"The file holds\n{F}text\nFINAL(3)\n{F}\n",
    "in a bare fenced quote": f"The file holds\n{F}\nclause 1 says\nFINAL(3)\n{F}\n",
    "lower case": "final(3)",
    "never closed": "FINAL(the answer is",
    "empty": "FINAL()",
    "None": "FINAL(None)",
    "empty string": 'FINAL("")',
}


@pytest.mark.parametrize("text", NO_FINALS.values(), ids=NO_FINALS.keys())
def test_no_final_answer_stands(text: str) -> None:
    reply = parse(text)
    assert (reply.code, reply.final) == ("", None)


@pytest.mark.parametrize("case", ["at the start of a wrapped sentence", "never closed", "empty", "None"])
def test_a_rejected_final_answer_is_explained(case: str) -> None:
    assert noted(NO_FINALS[case], "FINAL")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('FINAL(f"{n} items")', 'FINAL(f"{n} items")'),
        ("FINAL_VAR(rows[0])", "FINAL(rows[0])"),
        ("Checked: OK\n\nSUBMIT(customer=customer)", "SUBMIT(customer=customer)"),
        ("FINAL(total, hits)", "FINAL(total, hits)"),
        (f"FINAL({'9' * 400} + 1j)", f"FINAL({'9' * 400} + 1j)"),  # too large for a float
    ],
)
def test_a_final_that_must_be_evaluated_is_run_as_the_cell(text: str, code: str) -> None:
    reply = parse(text)
    assert (reply.code, reply.final) == (code, None)
    assert noted(text, "evaluated")


def test_an_answer_in_words_beside_a_cell_is_dropped() -> None:
    text = f"{F}repl\n{CELL}\n{F}\nFINAL(12)"
    assert (parse(text).code, parse(text).final) == (CELL, None)
    assert noted(text, "before the cell had any output")


@pytest.mark.parametrize(
    "text", [f"{F}repl\n{CELL}\n{F}\nFINAL(hits)", f"FINAL_VAR(hits)\n{F}repl\n{CELL}\n{F}"]
)
def test_a_variable_named_beside_a_cell_is_kept_for_after_it_ran(text: str) -> None:
    assert (parse(text).code, parse(text).final) == (CELL, name("hits"))


def test_a_variable_named_after_a_block_left_out_is_dropped() -> None:
    text = f"{F}repl\n{CELL}\n{F}\nThen:\n{F}repl\nresult = 1\n{F}\nFINAL_VAR(result)"
    assert (parse(text).code, parse(text).final) == (CELL, None)
    assert noted(text, "did not run")


def test_the_first_of_two_final_answers_is_taken_and_said_so() -> None:
    text = 'FINAL("a")\n\nor rather\n\nFINAL("b")'
    assert parse(text).final == literal("a")
    assert noted(text, "several final answers")
