"""Sub-calls in whole runs: leaves, children, forms of answers, and what goes wrong with them."""

from __future__ import annotations

import pytest

from engine.llm.forms import Choices, Schema
from engine.llm.scripted import ScriptedReply
from tests.engine.run.conftest import cell, kinds, last_user

pytestmark = pytest.mark.sandbox


def test_sub_calls_are_leaves_of_the_tree(run):
    def reply(request):
        if "Question: Who wrote this?" in request.messages[-1].content:
            return "Anna Brisk" if "Anna Brisk" in request.messages[-1].content else "Tom Reed"
        if len(request.messages) == 2:
            return cell("letters = context[:2]\nnames = map_query('Who wrote this?', letters)\nnames")
        return cell("FINAL(names)")

    answer, events = run(reply)
    assert answer.answer == "Anna Brisk, Tom Reed"
    leaves = [p for p in kinds(events, "node_started") if p["kind"] == "llm"]
    assert [p["parent"] for p in leaves] == ["0", "0"]
    assert {e.node for e in events if e.kind == "node_started"} == {"0", "0.1", "0.2"}
    finished = next(e for e in events if e.kind == "call_finished")
    assert finished.payload["answers"] == ["Anna Brisk", "Tom Reed"]
    assert answer.usage.calls == 4 and answer.nodes == 3
    assert {s.name for s in answer.sources} == {"letters/anna.txt", "letters/tom.txt"}


def test_the_thinking_of_a_leaf_is_not_part_of_its_answer(run):
    def reply(request):
        if request.messages[-1].content == "who?":
            return "<think>\nMaybe Tom? No.\n</think>\n\nAnna"
        return cell("FINAL(llm_query('who?'))")

    answer, _ = run(reply)
    assert answer.answer == "Anna"


def test_choices_are_kept_to_and_anything_else_is_unclear(run):
    def reply(request):
        said = request.messages[-1].content
        if said.startswith("sure?"):
            return "Yes."
        if said.startswith("really?"):
            return "maybe"
        if len(request.messages) == 2:
            return cell(
                "print(llm_query('sure?', choices=['yes', 'no']))\nllm_query('really?', choices=['yes', 'no'])"
            )
        return cell("FINAL('done')")

    answer, events = run(reply)
    assert answer.answer == "done"
    assert "yes" in last_user(run.model) and "UNCLEAR" in last_user(run.model)
    assert any("none or several" in p["text"] for p in kinds(events, "note"))


def test_choices_and_schemas_reach_the_model_as_forms(run):
    schema = {"type": "object", "properties": {"months": {"type": "integer"}}}

    def reply(request):
        if isinstance(request.form, Choices):
            return "no"
        if isinstance(request.form, Schema):
            return '{"months": 6}'
        return cell(
            "import json\n"
            "sure = llm_query('sure?', choices=['yes', 'no'])\n"
            f"FINAL(sure, json.loads(llm_query('how long?', schema={schema!r}))['months'])"
            if len(request.messages) == 2
            else "FINAL('done')"
        )

    run(reply)
    forms = [request.form for request in run.model.requests if request.form is not None]
    assert forms == [Choices(("yes", "no")), Schema(schema)]
    asked = [r.messages[-1].content for r in run.model.requests if r.form is not None]
    assert "yes, no" in asked[0] and '"months"' in asked[1]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("llm_query('a', schema={'type': 'string', 'pattern': 'x'})", "'pattern'"),
        ("llm_query('a', choices=['yes'], schema={'type': 'string'})", "not both"),
        ("llm_query('a', choices=[])", "at least one"),
        ("llm_query_batched(['a', 'b'], schema={'type': 'text'})", "'text'"),
    ],
)
def test_a_form_that_cannot_be_had_is_told_to_the_cell(run, call, words):
    _, events = run([cell(call), cell("FINAL('done')")])
    assert words in last_user(run.model)
    assert not kinds(events, "turn_started", node="0.1")


def child_script(request):
    text = request.messages[1].content
    if "What does it say about Halden?" in text:
        if len(request.messages) == 2:
            return cell("hits = context.grep('Halden')\nhits")
        return cell("FINAL(hits[0].text, hits[0])")
    if len(request.messages) == 2:
        return cell("said = rlm_query_batched('What does it say about Halden?', context[:2])\nsaid")
    return cell("FINAL(len(said))")


def test_children_have_their_own_session_and_their_own_data(run):
    answer, events = run(child_script)
    assert answer.answer == "2"
    children = [e for e in events if e.kind == "node_started" and e.payload["kind"] == "rlm"]
    assert [c.node for c in children] == ["0.1", "0.2"]
    assert "letters/anna.txt" in children[0].payload["context"]
    answers = next(p for p in kinds(events, "call_finished"))["answers"]
    assert answers == ["the ferry to Halden leaves at noon.", "I will miss it. Halden can wait."]
    assert {request.role for request in run.model.requests} == {"root"}, "children write cells, too"
    assert {s.name for s in answer.sources} == {"letters/anna.txt", "letters/tom.txt"}


def test_at_the_depth_limit_a_child_becomes_a_leaf_and_the_log_says_so(run):
    def reply(request):
        if "Question: What does it say" in request.messages[-1].content:
            return "It leaves."
        return child_script(request)

    answer, events = run(reply, depth=0)
    assert {p["kind"] for p in kinds(events, "node_started")} == {"root", "llm"}
    assert any("depth 0 is reached" in p["text"] for p in kinds(events, "note"))
    assert answer.answer == "2"
    roles = {(request.conversation.partition("/")[2], request.role) for request in run.model.requests}
    assert roles == {("0", "root"), ("0.1", "sub"), ("0.2", "sub")}


def test_a_child_that_would_do_the_same_again_is_refused_and_one_with_less_is_not(run):
    def reply(request):
        if "round in a circle" in str(request.messages):
            return cell("FINAL(rlm_query(question, context[0]))")
        if "Document" in request.messages[1].content:
            return cell("FINAL('one')")
        return cell("rlm_query(question, context)")

    answer, events = run(reply)
    assert answer.answer == "one"
    assert "round in a circle" in next(p for p in kinds(events, "call_finished"))["error"]
    assert [e.node for e in events if e.kind == "node_started"] == ["0", "0.2"]


def test_a_sub_call_that_goes_round_in_circles_is_cut_and_says_so(run):
    def reply(request):
        if len(request.messages[-1].content) == 3:
            return "It says: " + "the rent is due, " * 500
        return cell("FINAL(llm_query('go?'))")

    answer, events = run(reply)
    assert answer.answer == "It says: the rent is due, [cut off here: the answer went round in circles]"
    assert [p["text"] for e in events if e.kind == "note" and e.node == "0.1" for p in [e.payload]] == [
        "the reply went round in circles and was cut: it repeated 'the rent is due,' 28 times"
    ]


def test_a_leaf_answer_that_was_cut_says_so(run):
    def reply(request):
        return (
            "long " * 400 if len(request.messages[-1].content) == 3 else cell("print(llm_query('go?')[-60:])")
        )

    _, events = run(reply, reply_tokens=40, max_turns=1)
    (leaf,) = [e.payload for e in events if e.kind == "node_finished" and e.node == "0.1"]
    assert "cut off here" in leaf["answer"]
    assert any("cut at 40 tokens" in p["text"] for p in kinds(events, "note"))


def test_when_one_leaf_fails_every_leaf_is_finished_in_the_log(run):
    def reply(request):
        said = request.messages[-1].content
        if said == "b":
            return ScriptedReply(error="the model process stopped")
        return said if len(said) == 1 else cell("llm_query_batched(['a', 'b', 'c'])")

    answer, events = run(reply)
    assert answer.status == "failed" and "stopped" in answer.reason
    ends = {e.node: e.payload["status"] for e in events if e.kind == "node_finished"}
    assert ends == {"0.1": "answered", "0.2": "failed", "0.3": "failed", "0": "failed"}
    assert kinds(events, "call_finished")[0]["answers"] == ["a"]


def test_at_the_depth_limit_a_text_that_is_too_long_is_cut_and_counted_as_read(run, folder):
    (folder / "long.txt").write_text("".join(f"This is line number {n} of many.\n" for n in range(3000)))

    def reply(request):
        if "Question: what?" in request.messages[-1].content:
            return "It goes on." if "The text goes on: " in request.messages[-1].content else "All of it."
        return cell("FINAL(rlm_query('what?', context.document('long.txt')))")

    answer, events = run(reply, depth=0)
    assert answer.answer == "It goes on."
    assert any("characters" in p["text"] for p in kinds(events, "note"))
    assert answer.coverage["lines_read"] > 100
