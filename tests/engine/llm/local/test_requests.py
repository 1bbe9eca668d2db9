"""Many requests at once: all are answered, in a fair order, and each can be cancelled."""

from __future__ import annotations

import threading

import pytest

from engine.errors import ModelError
from engine.llm import request_queue as outbox
from engine.llm.base import Request
from engine.llm.gguf.fit import Wish
from engine.llm.local.model import LocalModel
from engine.types import Message
from tests.engine.llm.conftest import until
from tests.engine.llm.gguf.make_gguf import random_model
from tests.engine.llm.local.conftest import QUESTION, SYSTEM, ask, standing_still

# Many at once


def test_requests_from_many_threads_are_all_answered(model):
    replies: dict[int, str] = {}

    def work(number: int) -> None:
        request = ask(Message("user", f"Question {number}"), key=f"node {number}")
        replies[number] = model.submit(request).result().text

    threads = [threading.Thread(target=work, args=(number,)) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    alone = [model.submit(ask(Message("user", f"Question {n}"))).result().text for n in range(24)]
    assert [replies[n] for n in range(24)] == alone


def test_a_node_does_not_wait_for_all_sub_calls_of_another(open_local, endless_gguf):
    model = open_local(endless_gguf)
    leaves = [model.submit(ask(QUESTION, key=f"leaf {n}", tokens=30_000)) for n in range(10)]
    model.submit(ask(QUESTION, key="node", pinned=True, tokens=2)).result()
    assert not any(leaf.done for leaf in leaves)
    for leaf in leaves:
        leaf.cancel()
    assert all(leaf.result().finish == "cancelled" for leaf in leaves)


def all_at_once(model: LocalModel, requests: list[Request]) -> tuple[list[str], list[int]]:
    """Texts of requests that reach a model together, and the places of the requests in the order of the replies."""
    ended: list[int] = []
    deliver = model._deliver

    def note(frame) -> None:
        if "reply" in frame:
            ended.append(frame["id"])
        deliver(frame)

    model._deliver = note
    with standing_still(model):
        streams = [model.submit(request) for request in requests]
    replies = [stream.result() for stream in streams]
    assert {reply.finish for reply in replies} == {"length"}
    return [reply.text for reply in replies], [ended.index(number) for number in sorted(ended)]


def test_a_thousand_requests_at_once_all_finish(open_local, endless_gguf):
    requests = [ask(QUESTION, key=f"run{n % 3}/{n}", tokens=4) for n in range(1000)]
    node = ask(QUESTION, key="run0/0", pinned=True, tokens=4)
    texts, places = all_at_once(open_local(endless_gguf), [*requests, node])
    assert len({*texts}) == 1
    assert places[-1] < 900


def test_more_requests_than_the_queue_holds_are_refused(open_local, endless_gguf, monkeypatch):
    monkeypatch.setattr(outbox, "MAX_WAITING", 50)
    model = open_local(endless_gguf)
    streams = [model.submit(ask(QUESTION, key=f"a/{n}", tokens=30_000)) for n in range(50)]
    with pytest.raises(ModelError, match="wait for the model already"):
        model.submit(ask(QUESTION))
    for stream in streams:
        stream.cancel()
    assert all(stream.result().finish == "cancelled" for stream in streams)
    assert model.submit(ask(QUESTION, tokens=2)).result().finish == "length"


def test_a_run_that_comes_later_is_not_served_last(open_local, endless_gguf):
    many = [ask(QUESTION, key=f"a/{n}", tokens=20) for n in range(200)]
    few = [ask(QUESTION, key=f"b/{n}", tokens=20) for n in range(4)]
    _, places = all_at_once(open_local(endless_gguf), [*many, *few])
    assert max(places[-4:]) < 170


def test_what_a_reply_took_is_told(model):
    opening = (SYSTEM, QUESTION)
    first = model.submit(ask(*opening, key="root", pinned=True)).result()
    usage = first.usage
    assert usage.evaluated_tokens == usage.prompt_tokens > 0
    assert usage.prefill_rate > 0 and usage.decode_rate > 0 and usage.queue_seconds >= 0
    assert usage.seconds == pytest.approx(usage.prefill_seconds + usage.decode_seconds, rel=0.05)
    again = (*opening, Message("assistant", first.text), Message("user", "More"))
    second = model.submit(ask(*again, key="root", pinned=True)).result().usage
    assert second.evaluated_tokens == second.prompt_tokens - second.reused_tokens
    counts = model.counts()
    assert counts["read_tokens"] + counts["alone_tokens"] >= usage.completion_tokens
    assert counts["steps"] > 0 and counts["compute_seconds"] > 0


# Cancelling


def test_cancel_ends_a_reply_that_is_being_written(open_local, endless_gguf):
    model = open_local(endless_gguf)
    stream = model.submit(ask(QUESTION, tokens=30_000, key="root"))
    first = next(iter(stream))
    stream.cancel()
    reply = stream.result()
    assert reply.finish == "cancelled"
    assert reply.text.startswith(first)
    assert 0 < reply.usage.completion_tokens < 30_000
    again = (QUESTION, Message("assistant", reply.text), Message("user", "Go on."))
    assert model.submit(ask(*again, key="root", tokens=3)).result().log_extended


def test_cancel_ends_the_reading_of_a_prompt(open_local, tmp_path):
    path = random_model(tmp_path / "deep.gguf", layers=12, width=512, n_ctx=16384)
    model = open_local(path, n_ctx=16384)
    stream = model.submit(ask(Message("user", "ab " * 5000), key="root", tokens=1))
    until(lambda: model.counts()["read_tokens"])
    stream.cancel()
    assert stream.result().finish == "cancelled"
    assert 0 < stream.result().usage.evaluated_tokens < stream.result().usage.prompt_tokens
    assert stream.result().usage.completion_tokens == 0
    assert model.submit(ask(QUESTION, tokens=2)).result().usage.completion_tokens > 0


def test_cancel_ends_a_request_that_still_waits(open_local, endless_gguf):
    model = open_local(endless_gguf, wish=Wish(slots=1))
    running = model.submit(ask(QUESTION, tokens=30_000))
    next(iter(running))
    waiting = model.submit(ask(QUESTION, tokens=30_000))
    waiting.cancel()
    assert waiting.result().finish == "cancelled"
    assert (waiting.result().usage.evaluated_tokens, waiting.result().usage.completion_tokens) == (0, 0)
    assert not running.done
    running.cancel()


def test_cancel_after_the_end_changes_nothing(model):
    stream = model.submit(ask(QUESTION))
    reply = stream.result()
    stream.cancel()
    assert stream.result() is reply
