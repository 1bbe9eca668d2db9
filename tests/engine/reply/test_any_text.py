"""What holds for every reply, however hostile: it is read, always the same way, in time linear in its length."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.reply import end_of_cell, find_ending, parse

F = "```"
CELL = "hits = context.grep('rent')\nprint(len(hits))"
PIECES = [
    *(
        "```",
        "```repl\n",
        "```python\n",
        "\n```\n",
        "`",
        "````",
        "~~~",
        "'''",
        '"""',
        "'",
        '"',
        "\\",
        "#",
        "\n",
        " ",
    ),
    *("<think>", "</think>", "\n<think>\n", "<code>", "</code>", "<tool_call>", "</tool_call>", "</invoke>"),
    *(
        '<invoke name="a">',
        '<parameter name="code">',
        "</parameter>",
        "<|channel|>",
        "analysis",
        "<|message|>",
    ),
    *(
        "<|im_end|>",
        "<|start|>assistant",
        "to=python",
        '{"name": "python", "arguments": {"code": "print(1)"}}',
    ),
    *(
        "FINAL(",
        "FINAL_VAR(",
        "SUBMIT(",
        "FINAL: ",
        "Final Answer:",
        ")",
        "(",
        "x",
        "print(1)",
        "context",
        "\r\n",
    ),
    *(
        "“",
        "\x00",
        "\u2028",
        "%",
        "!",
        "?",
        "a = 1\n",
        "if x:\n",
        "    ",
        "</s>",
        "💥",
        "{",
        "[",
        "lambda:",
        "repl\n",
    ),
]
texts = st.lists(st.sampled_from(PIECES) | st.text(max_size=8), max_size=40).map("".join)


@settings(max_examples=400)
@given(texts)
def test_any_text_is_read_the_same_way_each_time(text: str) -> None:
    reply = parse(text)
    assert parse(text) == reply
    assert not (reply.code and reply.final and reply.final.kind == "literal")
    stop = end_of_cell(text)
    assert stop is None or 0 < stop <= len(text)


@settings(max_examples=200)
@given(texts)
def test_whatever_stands_in_thinking_never_counts(text: str) -> None:
    inside = text.replace("</", "< /").replace("[/", "[ /").replace("<|", "< |").replace("<start", "")
    reply = parse(f"<think>\n{inside}\n</think>\nI go on.")
    assert (reply.code, reply.final, reply.prose) == ("", None, "I go on.")
    assert end_of_cell(f"<think>\n{inside}") is None


@settings(max_examples=200)
@given(st.sampled_from(["repl", "python", "py", "ipython"]), st.sampled_from(["", "\n"]), texts)
def test_nothing_written_after_the_cell_changes_it(label: str, gap: str, rest: str) -> None:
    text = f"{F}{label}\n{CELL}{gap}{F}"
    after = rest.replace("</", "< /").replace("[/", "[ /").replace("<|channel|>", "")
    assert end_of_cell(text) == len(text)
    assert parse(f"{text}\n{after}").code == CELL


UNITS = [
    "`",
    "``` ",
    "(",
    "FINAL(",
    "FINAL(\n",
    "```\n",
    "# ```\n",
    '"""',
    "{",
    "</think>",
    "<|start|>assistant",
]


@pytest.mark.parametrize("unit", UNITS)
def test_long_hostile_runs_are_read_to_the_end(unit: str) -> None:
    text = unit * (200_000 // len(unit))
    assert parse(text).final is None
    assert end_of_cell(text) is None


NESTS = ["<code>\n", "<code>\n```\nx\n```\n", "<tool_call>{", "<think>\n", "-(", "x=1;\n```py\n"]


@pytest.mark.parametrize("unit", NESTS)
def test_deeply_nested_marks_are_read(unit: str) -> None:
    assert parse(unit * 5_000).final is None


# A lone fence is not among them: whether it ends a block or begins one shows only in what comes after it.
blocks = st.lists(
    st.sampled_from(
        [
            f"{F}repl\n{CELL}\n{F}\n",
            f"{F}python\nsearch(words) -> hits\n{F}\n",
            f"{F}repl\n12\n{F}\n",
            f"{F}\nprint(1)\n{F}\n",
            f"{F}\nrent due (monthly)\n{F}\n",
            f"{F}output\n12\n{F}\n",
            f"{F}py\nx = '''rent\n{F}\n",
            "<code>\nhits\n</code>\n",
            "<tool_call>\n",
            "Output:\n12\n",
            "FINAL(12)\n",
            "So I look.\n",
        ]
    ),
    max_size=8,
).map("".join)


@settings(max_examples=400)
@given(blocks)
def test_the_cell_is_the_same_whether_or_not_the_model_was_stopped(text: str) -> None:
    ends = (find_ending(text[:i], cells=True) for i in range(len(text) + 1))
    ending = next((e for e in ends if e is not None), None)
    if ending is not None and ending.why != "loop":
        assert parse(text[: ending.at]).code == parse(text).code
