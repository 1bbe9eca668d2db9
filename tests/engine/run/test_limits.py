"""Whole runs that meet a limit, a stop or a death: what is kept, told and asked for last."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from engine.engine import Engine
from engine.llm.scripted import ScriptedModel, ScriptedReply
from engine.run.node import Hooks
from engine.stop import Stop
from engine.types import Settings
from tests.engine.run.conftest import cell, kinds, last_user

pytestmark = pytest.mark.sandbox


def test_a_reply_may_not_take_more_than_half_of_the_seconds_left(data_dir, folder, kernels):
    model = ScriptedModel([cell("FINAL('done')")], n_ctx=65_536)
    model.info = replace(model.info, write_rate=20.0)
    with Engine(data_dir, model, kernels) as engine:
        engine.ask("When?", engine.add([folder]), Settings(max_seconds=100.0))
    assert 700 < model.requests[0].max_tokens <= 800  # a fifth is kept for a last answer


def test_the_call_budget_is_for_the_whole_tree_and_is_told_in_the_cell(run):
    def reply(request):
        if len(request.messages) == 2:
            return cell("llm_query_batched(['a', 'b', 'c'])")
        return cell("FINAL('gave up')")

    answer, _ = run(reply, max_calls=2)
    assert "3 sub-calls asked for, 2 left" in last_user(run.model)
    assert answer.answer == "gave up"


def test_tokens_of_a_batch_are_reserved_before_it_starts(run):
    def reply(request):
        if len(request.messages) == 2:
            return cell("llm_query_batched(['word ' * 400] * 9)")
        return cell("FINAL('gave up')")

    answer, events = run(reply, max_tokens=6000)
    assert answer.answer == "gave up"
    assert "tokens needed" in last_user(run.model)
    assert not [p for p in kinds(events, "node_started") if p["kind"] == "llm"]


def test_a_repeated_cell_is_noticed_and_finally_the_best_answer_is_asked_for(run):
    def reply(request):
        return cell("FINAL('best')") if "Stop here" in request.messages[-1].content else cell("len(context)")

    answer, events = run(reply)
    assert answer.answer == "best" and "repeated" in answer.reason
    assert len(run.model.requests) == 5
    assert any("same cell gave the same output" in p["text"] for p in kinds(events, "note"))


def test_a_repeated_cell_that_fails_ends_the_node_and_the_reason_names_its_failure(run):
    answer, _ = run(lambda request: cell("map_query('Which?', ['a', 'b', 'c'])"), max_calls=2)
    assert answer.answer is None and "3 sub-calls asked for, 2 left" in answer.reason
    assert len(run.model.requests) == 5


def test_at_the_turn_limit_the_best_answer_is_asked_for_with_the_reason(run):
    def reply(request):
        if "Stop here: the limit of 3 turns" in request.messages[-1].content:
            return "FINAL(about two)"
        return cell(f"len(context) + {len(request.messages)}")

    answer, _ = run(reply, max_turns=3)
    assert answer.answer == "about two" and answer.status == "answered"
    assert "3 turns" in answer.reason


def test_the_best_answer_is_drawn_as_a_first_reply_after_replies_that_led_nowhere(run):
    answer, _ = run(["Hm.", "Well.", "Let me think.", cell("FINAL('two')")])
    assert answer.forced and answer.answer == "two"
    first, *again, last = run.model.requests
    assert len({request.sampling.seed for request in (first, *again)}) == 3
    assert (last.sampling, last.max_tokens) == (first.sampling, first.max_tokens)


def test_no_answer_at_the_limit_is_unanswered(run):
    answer, events = run(lambda request: cell(f"{len(request.messages)}"), max_turns=2)
    assert answer.status == "unanswered" and answer.answer is None
    assert kinds(events, "run_finished")[0]["status"] == "unanswered"


def test_a_conversation_too_long_for_the_window_is_compacted_and_variables_stay(run):
    def reply(request):
        said = request.messages[-1].content
        if "kept 41" in said:
            return cell("FINAL(kept)")
        n = sum(m.role == "assistant" for m in request.messages)
        return cell(f"kept = 41\nprint('kept', kept) if {turn()} > 5 else print('{n}' * 3000)")

    count = iter(range(1, 100))

    def turn():
        return next(count)

    answer, events = run(reply, n_ctx=2048)
    assert answer.answer == "41"
    assert any("left out" in p["text"] for p in kinds(events, "note"))
    assert "Variables that still exist: " in run.model.requests[-1].messages[1].content


def test_a_prompt_too_long_for_the_window_is_refused_in_the_cell_with_counts(run):
    def reply(request):
        if len(request.messages) == 2:
            return cell("llm_query('word ' * 20000)")
        return cell("FINAL('ok')")

    answer, _ = run(reply, n_ctx=2048)
    assert answer.answer == "ok"
    said = last_user(run.model)
    assert "tokens and the window 2,048" in said and "chunks(" in said


def test_the_death_of_a_worker_is_told_and_the_run_goes_on(run):
    answer, _ = run([cell("import os\nos._exit(1)"), cell("len(context)"), cell("FINAL('alive')")])
    assert answer.answer == "alive"
    assert any("restarted" in m.content for m in run.model.requests[1].messages)


def test_a_full_memory_is_told_to_the_model_and_stands_in_the_tree(run):
    cells = [cell("x = []\nwhile True: x.append(bytes(1 << 20))"), cell("del x\nFINAL('450 crowns')")]
    answer, events = run(cells)
    assert answer.answer == "450 crowns"
    told = run.model.requests[1].messages[-1].content
    assert "MemoryError: memory ran out" in told and "`del x`" in told and "site-packages" not in told
    assert any("nearly full" in p["text"] for p in kinds(events, "note"))


@pytest.mark.usefixtures("patient")
def test_a_cell_that_runs_too_long_is_stopped_and_told(run):
    answer, _ = run([cell("while True: pass"), cell("FINAL('done')")], cell_seconds=0.5)
    assert answer.answer == "done"
    assert "stopped after 0.5 seconds" in last_user(run.model)


def test_a_stop_keeps_the_partial_run_and_its_draft(run):
    stop = Stop()
    seen = threading.Event()

    def token(node, text):
        seen.set()
        stop.request()

    long = ScriptedReply("thinking about it " * 200)
    answer, events = run([long], hooks=Hooks(token=token), stop=stop)
    assert seen.is_set()
    assert answer.status == "interrupted"
    assert kinds(events, "run_finished")[0]["status"] == "interrupted"
    assert kinds(events, "draft")[0]["text"].startswith("thinking")


@pytest.mark.usefixtures("patient")
def test_a_stop_inside_a_cell_ends_it(run):
    stop = Stop()
    hooks = Hooks(event=lambda e: stop.request() if e.kind == "call_finished" else None)
    replies = [cell("llm_query('And?')\nwhile True: pass"), "and so on"]
    answer, events = run(replies, hooks=hooks, stop=stop)
    assert answer.status == "interrupted"
    assert kinds(events, "cell_finished")[0]["status"] == "interrupted"


def test_the_time_limit_also_ends_a_prompt_that_is_still_being_read(run, clock):
    def reply(request):
        if "Stop here" in request.messages[-1].content:
            return cell("FINAL('best')")
        clock.skip(550)
        return ScriptedReply(cell("FINAL('late')"), delay=600)

    answer, events = run(reply, max_seconds=600)
    assert answer.answer == "best" and "time limit" in answer.reason
    assert kinds(events, "turn_finished")[0]["finish"] == "cancelled"
    assert len(kinds(events, "cell_started")) == 1
