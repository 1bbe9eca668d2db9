"""Sub-calls of a cell: what reaches the host, what comes back."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.sandbox


@pytest.fixture
def asked(session):
    """Run a cell and return (run, calls)."""

    def run(code, answer=lambda text: f"<{text}>"):
        calls = []

        def on_call(call):
            calls.append(call)
            return [answer(text) for text in call.arguments.get("prompts") or call.arguments["questions"]]

        return session.run(code, on_call=on_call), calls

    return run


def test_llm_query_sends_one_prompt_and_returns_the_answer(asked):
    ran, calls = asked("llm_query('hi')")
    assert ran.echoed == "'<hi>'"
    assert (calls[0].number, calls[0].name) == (1, "llm")
    assert calls[0].arguments == {
        "prompts": ["hi"],
        "choices": None,
        "schema": None,
        "spans": [[]],
        "batched": False,
    }


@pytest.mark.parametrize(
    "code",
    [
        "llm_query_batched(['a', 'b'])",
        "llm_query_batched(prompts=['a', 'b'])",
        "llm_query_batched(queries=('a', 'b'))",
        "llm_query_batched(prompt_list=(x for x in 'ab'))",
    ],
)
def test_batched_prompts_go_in_one_call_and_answers_keep_their_order(asked, code):
    ran, calls = asked(code)
    assert ran.echoed == "['<a>', '<b>']"
    assert (len(calls), calls[0].arguments["batched"]) == (1, True)


def test_no_prompts_make_no_call(asked):
    ran, calls = asked("llm_query_batched([]), rlm_query_batched([]), map_query('q', [])")
    assert (ran.echoed, calls) == ("([], [], [])", [])


def test_choices_and_schema_are_passed_on(asked):
    _, calls = asked("llm_query('a', choices=['yes', 'no'])\nllm_query('b', schema={'type': 'object'})")
    assert calls[0].arguments["choices"] == ["yes", "no"]
    assert calls[1].arguments["schema"] == {"type": "object"}


@pytest.mark.parametrize("code", ["llm_query('How long?', 'text')", "llm_query('How long?', context='text')"])
def test_a_text_given_beside_the_question_is_put_before_it(asked, code):
    _, calls = asked(code)
    assert calls[0].arguments["prompts"][0].startswith("text\n\nQuestion: How long?")


@pytest.mark.parametrize(
    "code", ["llm_query(['a'])", "llm_query(3)", "llm_query()", "llm_query_batched([1])"]
)
def test_what_is_no_prompt_is_a_type_error_before_any_call(asked, code):
    ran, calls = asked(code)
    assert (ran.result.error["ename"], calls) == ("TypeError", [])


def test_rlm_query_sends_question_and_context_apart(asked):
    ran, calls = asked("rlm_query('How long?', context[:10])")
    assert ran.echoed == "'<How long?>'"
    assert calls[0].arguments == {
        "questions": ["How long?"],
        "contexts": [{"kind": "text", "text": "The lease "}],
    }


def test_a_context_is_optional(asked):
    assert asked("rlm_query('How long?')")[1][0].arguments["contexts"] == [None]


def test_one_question_is_asked_of_every_context(asked):
    _, calls = asked("rlm_query_batched('How long?', ['a', 'b'])")
    assert calls[0].arguments["questions"] == ["How long?", "How long?"]
    assert [c["text"] for c in calls[0].arguments["contexts"]] == ["a", "b"]


def test_one_context_is_given_to_every_question(asked):
    _, calls = asked("rlm_query_batched(['p', 'q'], 'a')")
    assert [c["text"] for c in calls[0].arguments["contexts"]] == ["a", "a"]


def test_different_numbers_of_questions_and_contexts_are_refused(asked):
    ran, calls = asked("rlm_query_batched(['p', 'q'], ['a'])")
    assert (ran.result.error["ename"], calls) == ("ValueError", [])


def test_map_query_asks_of_each_piece_and_answers_know_their_piece(asked):
    ran, calls = asked("r = map_query('Who?', ['one', 'two'])\n[(a, a.piece) for a in r]", answer=len)
    prompt = "one\n\nQuestion: Who?\nAnswer from the text above only. If it is not there, say NONE."
    assert calls[0].arguments["prompts"][0] == prompt
    assert ran.echoed == f"[('{len(prompt)}', 'one'), ('{len(prompt)}', 'two')]"


def test_map_query_cuts_a_whole_text_itself(asked):
    _, calls = asked("r = map_query('Who?', 'word ' * 4000)")
    assert len(calls[0].arguments["prompts"]) == 3


def test_calls_count_from_one_in_each_cell(asked):
    assert [c.number for c in asked("llm_query('a'); llm_query('b')")[1]] == [1, 2]
    assert [c.number for c in asked("llm_query('a')")[1]] == [1]


def test_calls_from_a_thread_pool_all_get_their_own_answer(asked):
    code = """
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(8) as pool:
    answers = list(pool.map(llm_query, [f'p{i}' for i in range(40)]))
answers == [f'<p{i}>' for i in range(40)]
"""
    ran, calls = asked(code)
    assert (ran.echoed, len(calls)) == ("True", 40)


def test_a_thread_cannot_call_after_its_cell(asked, session):
    code = """
import threading, time
from pathlib import Path
seen = []
def later():
    while not Path('ended').exists(): time.sleep(0.01)
    try:
        llm_query('late')
    except RuntimeError as error:
        seen.append(str(error))
    Path('tried').touch()
threading.Thread(target=later).start()
"""
    asked(code)
    session.write("ended")
    session.wait_for("tried")
    ran, calls = asked("seen")
    assert (ran.echoed, calls) == ("['sub-calls can only be made while a cell runs']", [])


def test_three_million_accented_characters_pass(asked):
    ran, calls = asked("len(llm_query('é' * 3_000_000))")
    assert (ran.echoed, len(calls[0].arguments["prompts"][0])) == ("3000002", 3_000_000)


def test_map_query_splits_what_is_too_much_for_one_call(asked):
    ran, calls = asked("r = map_query('q', ['語' * 500_000] * 8)\nlen(r)", answer=lambda text: "x")
    assert (ran.echoed, sum(len(c.arguments["prompts"]) for c in calls)) == ("8", 8)
    assert len(calls) > 1


def test_eight_megabytes_in_a_call_are_refused_with_advice(asked):
    ran, calls = asked("llm_query('x' * 9_000_000)")
    assert (ran.result.error["ename"], calls) == ("ValueError", [])
    assert "by reference" in ran.error
    assert asked("llm_query('ok')")[0].status == "ok"


def test_long_answers_arrive_whole(asked):
    ran, _ = asked("len(llm_query('a'))", answer=lambda text: "y" * 9_000_000)
    assert ran.echoed == "9000000"


def test_printed_text_comes_before_the_call(session):
    order = []
    session.worker.execute(
        "print('before')\nllm_query('q')\nprint('after')",
        on_call=lambda call: order.append("call") or ["a"],
        on_output=lambda output: order.append(output["text"]),
        timeout=60,
    )
    at = order.index("call")
    assert ("".join(order[:at]), "".join(order[at + 1 :])) == ("before\n", "after\n")
