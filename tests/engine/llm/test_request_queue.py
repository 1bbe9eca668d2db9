"""What is remembered of requests, and for how long."""

from __future__ import annotations

from engine.llm.broadcast import LiveStream
from engine.llm.request_queue import Outbox, Pending


def pending(group: str) -> Pending:
    return Pending({"submit": {}}, LiveStream(lambda: None), retryable=True, group=group)


def test_runs_whose_requests_are_all_answered_take_no_memory():
    outbox = Outbox(most_sent=2)
    for number in range(3000):
        outbox.add(number, pending(f"run{number // 3}"))
        assert len(outbox.to_send()) == 1
        outbox.remove(number)
    assert len(outbox) == len(outbox._sent) == 0


def test_a_place_is_free_again_once_its_request_is_answered():
    outbox = Outbox(most_sent=2)
    for number in range(4):
        outbox.add(number, pending("run"))
    assert len(outbox.to_send()) == 2
    assert outbox.to_send() == []
    outbox.remove(0)
    assert len(outbox.to_send()) == 1
    outbox.remove(1)
    outbox.remove(2)
    assert len(outbox.to_send()) == 1
