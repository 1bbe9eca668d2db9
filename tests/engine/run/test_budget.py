"""The ledger of a tree: limits hold for all nodes together, also for parallel batches."""

import threading

import pytest

from engine.errors import CallRefused
from engine.run.budget import Ledger
from engine.types import Settings, Usage


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_calls_are_refused_once_the_limit_is_reached_and_the_message_says_how_many_are_left():
    ledger = Ledger(Settings(max_calls=5))
    ledger.reserve(calls=3)
    with pytest.raises(CallRefused, match="3 sub-calls asked for, 2 left"):
        ledger.reserve(calls=3)
    ledger.reserve(calls=2)
    assert ledger.remaining().calls == 0


def test_a_refused_batch_takes_nothing():
    ledger = Ledger(Settings(max_calls=5, max_nodes=1))
    with pytest.raises(CallRefused, match="children"):
        ledger.reserve(calls=2, nodes=2)
    assert ledger.remaining().calls == 5
    assert ledger.remaining().nodes == 1


def test_reserved_tokens_count_as_spent_until_the_batch_is_over():
    ledger = Ledger(Settings(max_tokens=1000))
    with ledger.reservation(900):
        with pytest.raises(CallRefused, match="100 left"), ledger.reservation(200):
            pass
        ledger.charge(Usage(calls=1, prompt_tokens=50, completion_tokens=10))
        assert ledger.exhausted() is None
    assert ledger.remaining().tokens == 940


def test_a_batch_that_fails_gives_its_reservation_back():
    ledger = Ledger(Settings(max_tokens=1000))
    with pytest.raises(KeyError), ledger.reservation(900):
        raise KeyError
    assert ledger.remaining().tokens == 1000


def test_tokens_of_all_calls_add_up_and_end_the_run():
    ledger = Ledger(Settings(max_tokens=100))
    ledger.charge(Usage(calls=1, prompt_tokens=60, completion_tokens=20))
    ledger.charge(Usage(calls=1, prompt_tokens=30, completion_tokens=0))
    assert ledger.usage.calls == 2
    assert "100 tokens" in ledger.exhausted()


def test_time_ends_the_run_and_refuses_sub_calls():
    clock = Clock()
    ledger = Ledger(Settings(max_seconds=10), clock)
    assert ledger.exhausted() is None
    clock.now = 10.5
    assert "10 seconds" in ledger.exhausted()
    with pytest.raises(CallRefused, match="no time"):
        ledger.reserve(calls=1)


def test_parallel_reservations_never_exceed_the_limit():
    ledger = Ledger(Settings(max_calls=100))
    granted = []

    def take():
        for _ in range(40):
            try:
                ledger.reserve(calls=1)
                granted.append(1)
            except CallRefused:
                pass

    threads = [threading.Thread(target=take) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(granted) == 100
