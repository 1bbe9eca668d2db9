"""The window fits the model and the machine; threads follow what steps cost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.errors import ModelError
from engine.llm.gguf_facts import read_facts
from engine.llm.pace import MAX_SLICE, MIN_SLICE, RETRY_SECONDS, SLOW_STEPS, Pace
from engine.llm.plan import plan_window

GIB = 1 << 30


@pytest.fixture
def facts(random_gguf: Path):
    found = read_facts(random_gguf)
    return replace(found, size=4 * GIB, kv_bytes=128 << 10, n_ctx_train=131072, n_ctx_original=131072)


def test_the_default_window_has_room_for_two_in_the_pool(facts):
    plan = plan_window(facts, None, 64 * GIB)
    assert (plan.window, plan.pool, plan.notices) == (8192, 16384, ())


def test_the_window_is_never_larger_than_the_training_of_the_model(facts):
    assert plan_window(replace(facts, n_ctx_train=2048), None, 64 * GIB).window == 2048
    plan = plan_window(facts, 500_000, 640 * GIB)
    assert plan.window == 131072
    assert "131,072" in plan.notices[0]


def test_a_small_machine_gets_a_smaller_window_and_is_told(facts):
    plan = plan_window(facts, None, 6 * GIB)
    assert 512 <= plan.window < 8192
    assert facts.size + plan.pool * facts.kv_bytes < 6 * GIB
    assert "free memory" in plan.notices[0]


def test_a_model_larger_than_the_memory_is_told(facts):
    assert "4.0 GiB" in plan_window(facts, None, 3 * GIB).notices[0]


def test_a_window_asked_for_is_given(facts):
    assert plan_window(facts, 16384, 64 * GIB).window == 16384


def test_a_window_that_cannot_fit_is_refused(facts):
    with pytest.raises(ModelError, match="smaller window"):
        plan_window(facts, 131072, 8 * GIB)


def test_the_pool_does_not_switch_a_model_to_its_long_positions(facts):
    plan = plan_window(replace(facts, n_ctx_original=8192), None, 64 * GIB)
    assert (plan.window, plan.pool) == (8192, 8192)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_slow_steps_take_threads_away_and_time_gives_them_back():
    used, clock = [], Clock()
    pace = Pace(8, used.append, clock)
    pace.wrote(1, 100, 0.01)
    for _ in range(SLOW_STEPS):
        assert used == []
        pace.wrote(1, 100, 0.2)
    assert used == [4]
    clock.now += RETRY_SECONDS + 1
    pace.wrote(1, 100, 0.01)
    assert used == [4, 8]


def test_steps_are_compared_with_their_like_only():
    used: list[int] = []
    pace = Pace(8, used.append, Clock())
    for _ in range(9):
        pace.wrote(1, 100, 0.01)
        pace.wrote(16, 100, 0.2)
        pace.wrote(1, 9000, 0.2)
    assert used == []


def test_slow_reading_takes_threads_away_too():
    used: list[int] = []
    pace = Pace(2, used.append, Clock())
    pace.read(128, 0, 0.2)
    for _ in range(SLOW_STEPS):
        pace.read(64, 0, 2.0)
    assert used == [1]


def test_prompts_are_read_in_slices_of_about_a_quarter_second():
    pace = Pace(1, lambda threads: None)
    assert pace.slice == MIN_SLICE
    pace.read(64, 0, 0.001)
    assert pace.slice == MAX_SLICE
    pace.read(512, 0, 0.64)
    assert pace.slice == 200
    pace.read(200, 0, 100.0)
    assert pace.slice == MIN_SLICE
