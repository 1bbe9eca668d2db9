"""What a run shows as its answer: flawed ones are refused on every way, and a person is told and given passages."""

from __future__ import annotations

import pytest

from engine.engine import DIRECT, Engine
from engine.llm.forms import FinalCell
from engine.llm.scripted import ScriptedModel
from engine.types import Settings

pytestmark = pytest.mark.sandbox
QUESTION = "How much is the deposit of the mill?"


def cell(code):
    return f"```repl\n{code}\n```"


@pytest.fixture
def ask(data_dir, tmp_path, kernels):
    """ask(replies, strategy): the answer of a run over two letters, and its events."""
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "mill.md").write_text("# The mill\n\nThe deposit of the mill is 450 crowns.\n\nNothing else.\n")
    (folder / "log.txt").write_text("NameError: name 'x' is not defined\nIt was mended.\n")

    def run(replies, question=QUESTION, strategy=None, **settings):
        run.model = ScriptedModel(replies)
        with Engine(data_dir, run.model, kernels) as engine:
            more = {"strategy": strategy} if strategy else {}
            answer = engine.ask(question, engine.add([folder]), Settings(**settings), **more)
            assert engine.store.check() == []
            run.row = engine.store.run(answer.run)
            return answer, engine.store.events(answer.run)

    return run


def told(model, index=-1):
    return model.requests[index].messages[-1].content


@pytest.mark.parametrize(
    "give",
    [
        "FINAL({!r})",
        "x = {!r}\nFINAL_VAR('x')",
        "SUBMIT({!r})",
        "answer = {{'content': {!r}, 'ready': True}}",
    ],
)
@pytest.mark.parametrize(("flawed", "why"), [(QUESTION, "is the question again"), ("NONE", "says nothing")])  # fmt: skip
def test_a_flawed_answer_of_a_cell_is_refused_in_one_line_and_the_run_goes_on(ask, give, flawed, why):
    answer, events = ask([cell(give.format(flawed)), cell("FINAL('450 crowns')")])
    assert (answer.answer, answer.status, answer.forced, answer.passages) == (
        "450 crowns",
        "answered",
        False,
        (),
    )
    lines = [line for line in told(ask.model).splitlines() if why in line]
    assert len(lines) == 1 and lines[0].startswith("Note: ")
    assert any(e.kind == "note" and why in e.payload["text"] for e in events)
    assert [e.payload.get("flaw") for e in events if e.kind == "cell_finished"] == [why, None]


def test_a_flawed_final_marker_in_the_text_is_refused_too(ask):
    answer, _ = ask([f"FINAL({QUESTION})", "FINAL: NONE", cell("FINAL('450 crowns')")])
    assert answer.answer == "450 crowns"
    assert "says nothing" in told(ask.model) and "is the question again" in told(ask.model, -2)


def test_the_name_of_a_variable_is_no_answer_but_its_value_is(ask):
    answer, _ = ask([cell("deposit = '450 crowns'\nFINAL('deposit')"), cell("FINAL(deposit)")])
    assert answer.answer == "450 crowns"
    assert "is the name of a variable" in told(ask.model)


def test_three_flawed_answers_in_a_row_end_the_work_and_the_reason_names_the_last(ask):
    flawed = ("[]", "<|im_end|>", "NONE", QUESTION)
    answer, _ = ask([cell(f"FINAL({text!r})") for text in flawed])
    assert (answer.status, answer.answer, answer.forced) == ("unanswered", None, False)
    assert answer.reason == (
        "3 replies in a row held no answer; the last one says nothing; the answer asked for then is the question again"
    )


@pytest.mark.parametrize(("flawed", "why"), [(QUESTION, "is the question again"), ("NONE", "says nothing")])
@pytest.mark.parametrize("form", ["{}", "FINAL({!r})", "```repl\nFINAL({!r})\n```"])
def test_a_flawed_answer_at_a_limit_is_none_and_the_reason_says_why(ask, flawed, why, form):
    answer, _ = ask([cell("len(context)"), form.format(flawed)], max_turns=1)
    assert (answer.status, answer.answer, answer.forced) == ("unanswered", None, False)
    assert answer.reason == f"the limit of 1 turns is reached; the answer asked for then {why}"


def test_an_answer_asked_for_at_a_limit_is_marked_in_answer_event_and_list(ask):
    answer, events = ask([cell("len(context)"), cell("FINAL('450 crowns')")], max_turns=1)
    assert (answer.answer, answer.forced) == ("450 crowns", True) and "1 turns" in answer.reason
    assert events[-1].payload["forced"] is True and answer.to_json()["forced"] is True
    assert ask.row["forced"] is True


def test_the_last_answer_is_held_to_one_short_cell_where_the_model_can_be(ask):
    ask([cell("len(context)"), cell("FINAL('450 crowns')")], max_turns=1)
    assert [request.form for request in ask.model.requests] == [None, FinalCell()]


def test_prose_that_was_cut_is_not_taken_as_an_answer(ask):
    answer, _ = ask([cell("len(context)"), "The deposit of the mill " * 80], max_turns=1, reply_tokens=60)
    assert answer.answer is None and answer.reason.endswith("the reply asked for then was not finished")


def test_a_run_without_an_answer_offers_what_plain_search_finds(ask):
    answer, events = ask([cell("len(context)"), QUESTION], max_turns=1)
    assert answer.status == "unanswered" and answer.sources == ()
    assert answer.passages[0].text == "The deposit of the mill is 450 crowns." and len(answer.passages) <= 5
    assert (answer.passages[0].name, answer.passages[0].line, answer.passages[0].status) == (
        "mill.md",
        3,
        "exact",
    )
    assert events[-1].payload["passages"] == ask.row["passages"] == list(answer.to_json()["passages"])


def test_a_child_without_an_answer_is_told_of_to_its_parent(ask):
    def reply(request):
        asked = request.messages[1].content
        if "What is it?" in asked and "Document" in asked:
            return cell("FINAL('What is it?')")
        if len(request.messages) == 2:
            return cell("said = rlm_query('What is it?', context[1])\nsaid")
        return cell("FINAL('450 crowns')")

    answer, events = ask(reply)
    (call,) = [e.payload for e in events if e.kind == "call_finished"]
    assert call["answers"][0].startswith("(no answer: ") and "is the question again" in call["answers"][0]
    assert answer.answer == "450 crowns" and call["answers"][0] in told(ask.model)


def test_a_child_may_say_none_of_its_data(ask):
    def reply(request):
        if "Document" in request.messages[1].content:
            return cell("FINAL('NONE')")
        return cell("FINAL('450 crowns' if rlm_query('What is it?', context[1]) == 'NONE' else 'told')")

    answer, _ = ask(reply)
    assert answer.answer == "450 crowns"


@pytest.mark.parametrize(("flawed", "why"), [(QUESTION, "is the question again"), ("```\n```", "is empty")])
def test_the_direct_way_shows_no_flawed_answer_either(ask, flawed, why):
    answer, _ = ask([flawed], strategy=DIRECT)
    assert (answer.status, answer.answer, answer.reason) == ("unanswered", None, f"the answer {why}")
    assert answer.passages


def test_what_the_documents_say_may_look_like_an_error_or_a_listing(ask):
    answer, _ = ask([cell("hit = context.grep('NameError')[0]\nFINAL(hit.text, hit)")], "What broke?")
    assert answer.answer == "NameError: name 'x' is not defined"
