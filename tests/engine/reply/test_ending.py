"""Where generation stops: at the end of a cell, or where a reply only makes up what follows."""

import pytest

from engine.reply import end_of_cell, find_ending, parse, say_cut
from tests.engine.reply.test_reading import ONE_CELL, OTHER, F

STOPS = [
    "repl fence",
    "closing fence glued to the code",
    "closing fence glued, prose after it",
    "invented output after",
    "invented output in a repl fence",
    "next block opened without closing",
    "quoted listing in a bare fence before",
    "bare fence",
    "code tag",
    "function tag",
    "JSON tool call",
    "thinking before",
    "junk glued to the closing fence",
]


@pytest.mark.parametrize("case", STOPS)
def test_generation_stops_at_the_end_of_the_cell_in(case: str) -> None:
    text = ONE_CELL[case]
    stop = next(n for i in range(len(text) + 1) if (n := end_of_cell(text[:i])) is not None)
    assert text[:stop].endswith((F, ">"))
    assert OTHER not in text[:stop] or case == "thinking before"
    assert "12" not in text[:stop]


@pytest.mark.parametrize(
    "text",
    [
        f"{F}repl\nreport = '''\n{F}\ntable\n{F}\n'''\nprint(report)",
        f"{F}repl\n# the task says {F}repl{F} blocks\n",
        f"{F}repl\nprint('a {F}",
        f"<think>\n{F}repl\nprint(1)\n{F}\n",
        f"<|channel|>analysis<|message|>\n{F}repl\nprint(1)\n{F}",
        f"It says\n{F}\nrent due\n{F}",
        f"A listing:\n{F}\ndef f(): return 1\n{F}",
        f"I write {F}repl{F}",
        f"{F}repl\n{F}",
        f"{F}javascript\nconsole.log(1)\n{F}",
        "FINAL(3)\n",
        "",
    ],
)
def test_generation_goes_on_after(text: str) -> None:
    assert all(end_of_cell(text[:i]) is None for i in range(len(text) + 1))


ENDINGS = {
    "a made-up output after code that need not be a cell": (
        f"I run\n{F}\nprint(12)\n{F}\nOutput:\n12\n",
        "output",
        f"I run\n{F}\nprint(12)\n{F}\n",
    ),
    "the same as a block": (f"{F}\nprint(12)\n{F}\n{F}output\n12\n{F}\n", "output", f"{F}\nprint(12)\n{F}\n"),
    "the same in bold": (f"{F}\nprint(12)\n{F}\n**Output:** 12", "output", f"{F}\nprint(12)\n{F}\n"),
    "the same as a notebook writes it": (
        f"{F}\nprint(12)\n{F}\nOut[3]: 12",
        "output",
        f"{F}\nprint(12)\n{F}\n",
    ),
    "outputs without a cell": (
        "Output:\n12\nOutput:\n13\nOutput:\n14",
        "output",
        "Output:\n12\nOutput:\n13\n",
    ),
    "outputs in fences": (f"{F}\nOutput: 1\n{F}\n" * 3, "output", f"{F}\nOutput: 1\n{F}\n" * 2 + f"{F}\n"),
    "one block of code after the other": (
        "".join(f"{F}\nprint({n})\n{F}\nThen\n" for n in range(9)),
        "blocks",
        "".join(f"{F}\nprint({n})\n{F}\nThen\n" for n in range(3)).removesuffix("\nThen\n"),
    ),
    "a sentence again and again": ("The rent is due on Monday. " * 99, "loop", None),
    "thoughts that go round in circles": (
        "<think>Is it the rent? No. " + "Maybe it is the rent. " * 99,
        "loop",
        None,
    ),
}


@pytest.mark.parametrize(("text", "why", "kept"), ENDINGS.values(), ids=ENDINGS.keys())
def test_a_reply_ends_at(text: str, why: str, kept: str | None) -> None:
    ending = next(e for i in range(len(text) + 1) if (e := find_ending(text[:i], cells=True)) is not None)
    assert ending.why == why
    assert kept is None or text[: ending.at] == kept
    assert parse(text[: ending.at]).code == parse(text).code
    assert say_cut(ending.why, text[: ending.at])


@pytest.mark.parametrize(
    "text",
    [
        f"The output of the last cell was\n{F}\nOutput: 12\n{F}\nSo it is 12. Output: done.\n",
        "Output: none. I look again.\n",
        f"<think>\n{F}\nprint(1)\n{F}\nOutput:\n1\n</think>\n",
        f"{F}repl\ntext = '''\nOutput:\nOutput:\nOutput:\n'''\nprint(text)\n",
    ],
)
def test_a_reply_goes_on_after(text: str) -> None:
    assert all(find_ending(text[:i], cells=True) is None for i in range(len(text) + 1))


def test_the_answer_of_a_sub_call_ends_only_where_it_goes_round_in_circles() -> None:
    sheet = f"Output: 5 kW\nOutput: 7 kW\nOutput: 9 kW\n{F}repl\nprint(1)\n{F}\n"
    assert all(find_ending(sheet[:i], cells=False) is None for i in range(len(sheet) + 1))
    assert find_ending("The rent is due on Monday. " * 99, cells=False) is not None


def test_what_was_cut_is_named() -> None:
    text = f"{F}\nOutput:\n" * 40
    assert "'``` Output:' 40 times" in say_cut("loop", text)
