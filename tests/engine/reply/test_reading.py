"""How a cell is found in a reply: every known way to write one, and to get it wrong."""

import pytest

from engine.reply import Final, end_of_cell, find_ending, parse
from engine.reply.source import compiles

F = "```"
CELL = "hits = context.grep('rent')\nprint(len(hits))"
OTHER = "print('later')"


def noted(text: str, words: str) -> bool:
    return any(words in note for note in parse(text).notes)


ONE_CELL = {
    "repl fence": f"I look first.\n{F}repl\n{CELL}\n{F}",
    "python fence": f"{F}python\n{CELL}\n{F}",
    "py fence": f"{F}py\n{CELL}\n{F}",
    "label in capitals after a space": f"{F} Python3\n{CELL}\n{F}",
    "label in braces": f"{F}{{python}}\n{CELL}\n{F}",
    "label with a suffix": f"{F}python:cell\n{CELL}\n{F}",
    "ipython fence": f"{F}ipython\n{CELL}\n{F}",
    "bare fence": f"{F}\n{CELL}\n{F}\n",
    "unknown label": f"{F}instruct\n{CELL}\n{F}\n",
    "four backticks": f"{F}`repl\n{CELL}\n{F}`",
    "closed by four": f"{F}repl\n{CELL}\n{F}`",
    "closing fence glued to the code": f"{F}repl\n{CELL}{F}",
    "closing fence glued, prose after it": f"{F}repl\n{CELL}{F} Then I read the hits.",
    "opening fence glued to prose": f"The value is 800.{F}python\n{CELL}\n{F}",
    "opening fence after a line break tag": f"First:<br>{F}repl\n{CELL}\n{F}",
    "bare opening fence glued to prose": f"First:{F}\n{CELL}\n{F}",
    "code glued to the opening fence": f"{F}repl {CELL}\n{F}",
    "doubled closing fence": f"{F}repl\n{CELL}\n{F}\n{F}",
    "doubled opening fence": f"{F}repl\n{F}python\n{CELL}\n{F}\n{F}",
    "bare fence around the fence": f"{F}\n{F}repl\n{CELL}\n{F}\n",
    "label again inside": f"{F}py\nrepl\n{CELL}\n{F}",
    "never closed": f"{F}repl\n{CELL}",
    "cut inside the closing fence": f"{F}repl\n{CELL}\n``",
    "next block opened without closing": f"{F}repl\n{CELL}\n{F}python\n{OTHER}\n{F}",
    "junk glued to the closing fence": f"{F}repl\n{CELL}\n{F}pez\nSubLObject atical",
    "carriage returns": f"{F}repl\r\n{CELL}\r\n{F}\r\n".replace("')\n", "')\r\n"),
    "indented under a list item": f"1. Look:\n   {F}repl\n   " + CELL.replace("\n", "\n   ") + f"\n   {F}",
    "leaked end token": f"{F}repl\n{CELL}\n{F}<|im_end|>\n<|im_start|>user\nFINAL(9)",
    "leaked end token glued to the code": f"{F}repl\n{CELL}<|im_end|>",
    "role header in front": f"<|im_start|>assistant\n{F}repl\n{CELL}\n{F}",
    "inline fence in prose before": f"I write {F}repl{F} blocks.\n{F}repl\n{CELL}\n{F}",
    "quoted text in a bare fence before": f"It says:\n{F}\nrent = due (monthly)!\n{F}\nSo:\n{F}repl\n{CELL}\n{F}",
    "quoted listing in a bare fence before": f"{F}\ndef f(): return 1\n{F}\nSo:\n{F}repl\n{CELL}\n{F}",
    "shell block before": f"{F}bash\nls -l\n{F}\n{F}repl\n{CELL}\n{F}",
    "block of comments before": f"{F}repl\n# first I think\n{F}\n{F}repl\n{CELL}\n{F}",
    "invented output after": f"{F}repl\n{CELL}\n{F}\n{F}output\n12\n{F}\nSo it is 12.",
    "invented output in a repl fence": f"{F}repl\n{CELL}\n{F}\n{F}repl\n12\n{F}",
    "harness status copied": f"Iteration 2 of 20. Remaining: 18.\n\n{F}repl\n{CELL}\n{F}\n\nIteration 3 of 20.",
    "code tag": f"Thought: look\n<code>\n{CELL}</code>",
    "code tag never closed": f"<code>\n{CELL}",
    "code tag after words": f"I look: <code>\n{CELL}\n</code>",
    "code tag with an attribute": f'<code class="language-python">\n{CELL}\n</code>',
    "code tag in capitals": f"<CODE>\n{CELL}\n</CODE>",
    "code tag in a pre tag": f"<pre><code>\n{CELL}\n</code></pre>",
    "python tag": f"<python>\n{CELL}\n</python>",
    "code in brackets": f"[PYTHON]\n{CELL}\n[/PYTHON]",
    "tildes": f"I look.\n~~~python\n{CELL}\n~~~\nThen I count.",
    "quotes as a fence": f"I look.\n'''repl\n{CELL}\n'''\nThen I count.",
    "no fence, indented": "I'll look.\n\n    " + CELL.replace("\n", "\n    "),
    "fence inside a code tag": f"<code>\n{F}py\n{CELL}\n{F}\n</code>",
    "invoke tag": f'<x:tool_call>\n<invoke name="main">\n<parameter name="code">{CELL}</parameter>\n</invoke>\n'
    "</x:tool_call>",
    "function tag": f"<tool_call>\n<function=python>\n<parameter=code>\n{CELL}\n</parameter>\n</function>\n</tool_call>",
    "argument tags": f"<tool_call>python\n<arg_key>code</arg_key>\n<arg_value>{CELL}</arg_value>\n</tool_call>",
    "JSON tool call": '<tool_call>\n{"name": "python", "arguments": {"code": '
    "\"hits = context.grep('rent')\\nprint(len(hits))\"}}\n</tool_call>",
    "JSON tool call in a fence": f'{F}json\n{{"name": "python", "arguments": {{"code": '
    f"\"hits = context.grep('rent')\\nprint(len(hits))\"}}}}\n{F}",
    "JSON alone, arguments as text": '{"name": "python", "arguments": "{\\"code\\": '
    '\\"hits = context.grep(\'rent\')\\\\nprint(len(hits))\\"}"}',
    "python tag token": f"<|python_tag|>{CELL}<|eom_id|>",
    "harmony channel": "<|channel|>analysis<|message|>FINAL(1)?<|end|><|start|>assistant<|channel|>commentary "
    f"to=python code<|message|>{CELL}<|call|>",
    "harmony final channel": f"<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>"
    f"{F}repl\n{CELL}\n{F}<|return|>",
    "thinking before": f"<think>\nmaybe FINAL(3)\n{F}repl\n{OTHER}\n{F}\n</think>\n\n{F}repl\n{CELL}\n{F}",
    "thinking opened by the template": f"maybe\n{F}repl\n{OTHER}\n{F}\n</think>\n{F}repl\n{CELL}\n{F}",
    "bare word repl, no fence": f"repl\n{CELL}",
    "no fence at all": CELL,
    "prose, then no fence": f"I'll use the REPL now.\n\n{CELL}",
}


@pytest.mark.parametrize("text", ONE_CELL.values(), ids=ONE_CELL.keys())
def test_the_first_cell_is_found_in(text: str) -> None:
    reply = parse(text)
    assert reply.code == CELL
    assert reply.final is None


def test_a_call_with_a_letter_given_by_an_endless_number_is_a_cell() -> None:
    code = f"print('&#{'9' * 5000};')"
    assert parse(ONE_CELL["function tag"].replace(CELL, code)).code == code


def test_thinking_opened_by_the_template_does_not_stop_with_its_tag_in_front() -> None:
    text = "<think>\n" + ONE_CELL["thinking opened by the template"]
    stop = next(n for i in range(len(text) + 1) if (n := end_of_cell(text[:i])) is not None)
    assert stop == len(text)
    assert parse(text).code == CELL


@pytest.mark.parametrize("text", [text for case, text in ONE_CELL.items() if "opened by" not in case])
def test_stopping_early_changes_nothing_in(text: str) -> None:
    stop = next((n for i in range(len(text) + 1) if (n := end_of_cell(text[:i])) is not None), None)
    if stop is not None:
        assert stop <= len(text)
        assert parse(text[:stop]).code == CELL


def test_a_fence_inside_a_string_belongs_to_the_code() -> None:
    cell = f"report = '''\n{F}\ntable\n{F}\n'''\nFINAL(report)"
    text = f"{F}repl\n{cell}\n{F}\nDone."
    assert parse(text).code == cell
    assert end_of_cell(text) == len(text) - len("\nDone.")


def test_a_fence_inside_a_comment_belongs_to_the_code() -> None:
    cell = f"# answer in {F}repl{F} blocks\nSHOW_VARS()"
    assert parse(f"{F}repl\n{cell}\n{F}").code == cell


def test_a_comment_ending_in_the_only_closing_fence_is_closed_by_it() -> None:
    assert parse(f"{F}repl\nprint(1)  # look{F}\nIt prints the text (all of it.").code == "print(1)  # look"


def test_a_string_never_closed_ends_at_its_fence() -> None:
    reply = parse(f'{F}repl\nx = """rent\nprint(x)\n{F}\nNow:\n{F}sql\nselect 1\n{F}')
    assert reply.code == 'x = """rent\nprint(x)'
    assert not compiles(reply.code)


def test_template_tokens_inside_a_string_stay_code() -> None:
    cell = "parts = context.split('<|im_end|>') + context.split('</think>')\nprint(len(parts))"
    reply = parse(f"{F}repl\n{cell}\n{F}")
    assert (reply.code, reply.thinking) == (cell, "")


def test_a_cell_cut_in_the_middle_is_kept_and_said_to_be_cut() -> None:
    text = f"{F}repl\nSUBMIT(\n    answer=x"
    assert parse(text).code == "SUBMIT(\n    answer=x"
    assert noted(text, "not closed")


def test_code_that_does_not_compile_is_still_the_cell() -> None:
    text = f"{F}repl\nrows = [1, 2\nprint(rows)\n{F}\nNext:\n{F}repl\nprint rows\n{F}"
    assert parse(text).code == "rows = [1, 2\nprint(rows)"
    assert noted(text, "one other block")


BROKEN = {
    "a quoted snippet": f"The form is\n{F}python\ncontext.search(words, k) -> hits\n{F}\nSo:\n",
    "a cell that does not compile": f"{F}repl\nrows = [1, 2\nprint(rows)\n{F}\nI mean:\n",
    "two of them": f"{F}py\nx = = 1\n{F}\nor\n{F}python\nprint rows\n{F}\nNo:\n",
    "one in tags": "<code>\nhits = ...(words)?!\n</code>\nThat is:\n",
    "one that the next fence closes": f"{F}python\nsearch(words,\n",
}


@pytest.mark.parametrize("first", BROKEN.values(), ids=BROKEN.keys())
def test_what_does_not_compile_gives_way_to_a_later_cell_that_does(first: str) -> None:
    text = f"{first}{F}repl\n{CELL}\n{F}\nand more"
    assert parse(text).code == CELL
    assert noted(text, "not Python as it stands")
    stop = next(n for i in range(len(text) + 1) if (n := end_of_cell(text[:i])) is not None)
    assert parse(text[:stop]).code == CELL
    assert text[:stop].endswith(F)


@pytest.mark.parametrize(
    "later",
    [
        f"{F}repl\n12\n{F}",  # the output that it makes up
        f"Output:\n{F}repl\n{CELL}\n{F}",
        f"{F}output\n12\n{F}\n{F}repl\n{CELL}\n{F}",
        f"{F}py\nx y\n{F}\n{F}py\ny z\n{F}\n{F}repl\n{CELL}\n{F}",
    ],
)
def test_what_does_not_compile_stays_the_cell_before_an_output_that_is_made_up(later: str) -> None:
    text = f"{F}repl\nrows = [1, 2\nprint(rows)\n{F}\n{later}"
    assert parse(text).code == "rows = [1, 2\nprint(rows)"
    ends = [find_ending(text[:i], cells=True) for i in range(len(text) + 1)]
    assert all(parse(text[: e.at]).code == "rows = [1, 2\nprint(rows)" for e in ends if e is not None)


def test_markdown_in_a_python_fence_is_handed_to_the_kernel_as_it_is() -> None:
    assert parse(f"{F}python\n## VERIFY\n- fine: OK\nSUBMIT(x=1)\n{F}").code.startswith("## VERIFY")


def test_typographic_quotes_are_replaced_only_where_the_code_needs_it() -> None:
    assert parse(f"{F}repl\nprint(“rent”)\n{F}").code == 'print("rent")'
    kept = 'print("the tenant’s rent")  # “due”'
    assert parse(f"{F}repl\n{kept}\n{F}").code == kept


def test_shell_lines_magics_and_help_are_left_to_the_kernel() -> None:
    cell = "%time x = 1\n!ls\ncontext?\nprint(x)"
    assert parse(f"{F}repl\n{cell}\n{F}").code == cell
    assert compiles(cell)


@pytest.mark.parametrize(
    "cell",
    [
        "notes = await llm_query('x')\nprint(notes)",
        "answer = {'content': 'x', 'ready': True}",
        "answer['content'] = 'x'\nanswer['ready'] = True",
        "context = context[0]\nSHOW_VARS()",
        "FINAL_VAR('no such name')",
        "x = llm_query_batched(queries=['a', 'b'])\nx",
        "pd.read_csv(yield)",
        "name = input()",
        "context",
    ],
)
def test_what_a_cell_does_is_the_kernels_business(cell: str) -> None:
    reply = parse(f"{F}repl\n{cell}\n{F}")
    assert (reply.code, reply.final, reply.notes) == (cell, None, ())


def test_only_the_fenced_tail_of_a_cell_runs() -> None:
    assert parse(f"x = context[:9]\nThen:\n{F}repl\nprint(x)\n{F}").code == "print(x)"


def test_escaped_markup_in_a_tool_call_is_unescaped_where_the_code_needs_it() -> None:
    text = '<invoke name="python"><parameter name="code">if 1 &lt; 2:\n    print(1)</parameter></invoke>'
    assert parse(text).code == "if 1 < 2:\n    print(1)"


def test_later_blocks_are_left_out_and_counted() -> None:
    text = f"{F}repl\n{CELL}\n{F}\nThe hits say so.\n{F}repl\n{OTHER}\n{F}\n{F}python\nFINAL(hits)\n{F}"
    assert parse(text).code == CELL
    assert noted(text, "2 other blocks were left out")


def test_prose_is_what_stands_before_the_cell() -> None:
    reply = parse(f"<think>hm</think>\nFirst I look.\n{F}repl\n{CELL}\n{F}\nInvented.")
    assert (reply.thinking, reply.prose) == ("hm", "First I look.")


@pytest.mark.parametrize("cell", ["hits", "rent = 450", "FINAL('450')", "context[0]"])
@pytest.mark.parametrize(
    "form",
    ["<code>\n{}\n</code>", "<python>{}</python>", "<repl>\n{}</repl>", "Now <code>\n{}\n</code>\nDone."],
)
def test_a_cell_of_one_line_in_tags_is_a_cell(form: str, cell: str) -> None:
    assert parse(form.format(cell)).code == cell


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("I would write\nhits = context.search('rent', 5)\nand look at them.", "hits = context.search"),
        ('{"name": "python", "arguments": {"code": "print(', "tool call"),
        ('<tool_call>\n{"name": "python", "arguments": {"co', "tool call"),
    ],
)
def test_what_looks_like_code_and_is_not_run_is_named(text: str, words: str) -> None:
    assert parse(text).code == ""
    assert noted(text, "Nothing was run") and noted(text, words)


NOTHING_TO_RUN = {
    "empty": "",
    "blank": " \n\t\n",
    "the word None": "None",
    "a plan": "To begin, I will inspect the context. Then I decide.",
    "an agent's refusal": "I need to first see the REPL output. I'm running as an agent (not in a REPL).",
    "one word": "Yes",
    "a number": "42",
    "a name with a remark": "Blue (dark)",
    "words that are a tuple": "Paris, France",
    "an assignment in words": "total = 47",
    "another language": f"{F}javascript\nconsole.log(context)\n{F}",
    "a JavaScript file": "PATH: main.js\n(function () {\n  var x = 1;\n})();",
    "a grid in a bare fence": f"{F}\n1S 2S ---\n7S --- 8H\n{F}",
    "a record in a bare fence": f'{F}json\n{{"name": "lease", "code": "print(1)"}}\n{F}',
    "markup in prose": "Use <code>context</code> for the text.",
    "an empty block": f"{F}repl\n\n{F}",
    "invented output only": f"{F}output\nFINAL(3)\n{F}",
}


@pytest.mark.parametrize("text", NOTHING_TO_RUN.values(), ids=NOTHING_TO_RUN.keys())
def test_there_is_nothing_to_run_in(text: str) -> None:
    reply = parse(text)
    assert (reply.code, reply.final) == ("", None)


def test_another_language_is_named() -> None:
    assert noted(f"{F}javascript\nconsole.log(context)\n{F}", "javascript")


@pytest.mark.parametrize(
    "text",
    [
        "<think>\nFINAL(3)\n</think>\nI go on.",
        "<thinking>\nFINAL(3)\n</thinking>\nI go on.",
        "FINAL(3)\n</think>\nI go on.",
        "[THINK]FINAL(3)[/THINK]\nI go on.",
        "<|channel|>analysis<|message|>FINAL(3)<|end|><|start|>assistant<|channel|>final<|message|>I go on.",
        "<think>one</think>\n<think>\nFINAL(3)\n</think>\nI go on.",
        f"<think>\n{F}repl\nprint(1)\n{F}\nFINAL(3)\n</think>\nI go on.",
    ],
)
def test_nothing_in_thinking_counts(text: str) -> None:
    reply = parse(text)
    assert (reply.code, reply.final, reply.prose) == ("", None, "I go on.")
    assert "FINAL(3)" in reply.thinking


@pytest.mark.parametrize("opener", ["<think>", "<|channel|>analysis<|message|>"])
def test_thinking_never_closed_swallows_the_rest(opener: str) -> None:
    text = f"{opener}\n{F}repl\n{CELL}\n{F}\nFINAL(3)"
    reply = parse(text)
    assert (reply.code, reply.final, reply.prose) == ("", None, "")
    assert CELL in reply.thinking
    assert noted(text, "thinking")


def test_a_thinking_tag_inside_a_sentence_is_text() -> None:
    reply = parse("The tag <think> opens thinking.\nFINAL(3)")
    assert reply.final == Final("literal", "3")
