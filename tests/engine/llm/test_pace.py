"""Threads and slices follow what steps cost."""

from __future__ import annotations

from engine.llm.pace import MAX_SLICE, MIN_SLICE, RETRY_SECONDS, SLOW_STEPS, Pace


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
