"""Threads and slices follow what steps cost."""

from __future__ import annotations

from engine.llm.local.batch.pace import MAX_SLICE, MIN_SLICE, RETRY_SECONDS, SLOW_STEPS, TRIAL_STEPS, Pace
from engine.llm.local.load.threads import Threads


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def make(most: int, clock: Clock | None = None) -> tuple[Pace, list[Threads]]:
    used: list[Threads] = []
    return Pace(Threads(most, most), most, used.append, clock or Clock()), used


def write(pace: Pace, seconds: dict[int, float], steps: int) -> None:
    """Let single replies write, each step as slow as the number of threads makes it."""
    for _ in range(steps):
        pace.wrote(1, 100, seconds[pace.threads.alone])


def test_after_slow_steps_every_number_of_threads_is_tried_and_the_fastest_kept():
    pace, used = make(8)
    pace.wrote(1, 100, 0.01)
    busy = {8: 0.2, 4: 0.03, 1: 0.05}
    write(pace, busy, SLOW_STEPS + 3 * TRIAL_STEPS)
    assert [threads.alone for threads in used] == [1, 4, 8, 4]
    assert pace.threads == Threads(4, 8)


def test_where_fewer_threads_are_used_numbers_are_tried_again_when_the_machine_may_be_quiet():
    clock = Clock()
    pace, _ = make(8, clock)
    pace.wrote(1, 100, 0.01)
    write(pace, {8: 0.2, 4: 0.03, 1: 0.05}, SLOW_STEPS + 3 * TRIAL_STEPS)
    quiet = {8: 0.01, 4: 0.02, 1: 0.05}
    write(pace, quiet, 20)
    assert pace.threads.alone == 4
    clock.now += RETRY_SECONDS + 1
    write(pace, quiet, 1 + 3 * TRIAL_STEPS)
    assert pace.threads.alone == 8


def test_what_was_measured_on_a_busy_machine_is_tried_again_and_less_often_when_it_was_right():
    clock = Clock()
    used: list[Threads] = []
    pace = Pace(Threads(1, 1), 2, used.append, clock)
    right = {1: 0.01, 2: 0.02}
    write(pace, right, 5)
    assert used == []
    for pause in (RETRY_SECONDS, 2 * RETRY_SECONDS):
        clock.now += pause - 1
        write(pace, right, 5)
        assert len(used) % 2 == 0 and pace.threads.alone == 1
        clock.now += 2
        write(pace, right, 1 + 2 * TRIAL_STEPS)
    assert [threads.alone for threads in used] == [2, 1, 2, 1]


def test_steps_are_compared_with_their_like_only():
    pace, used = make(8)
    for _ in range(9):
        pace.wrote(1, 100, 0.01)
        pace.wrote(16, 100, 0.2)
        pace.wrote(1, 9000, 0.2)
    assert used == []


def test_slow_reading_changes_the_threads_of_bursts_and_not_those_of_a_single_reply():
    pace, used = make(2)
    pace.read(128, 0, 0.2)
    for _ in range(SLOW_STEPS):
        pace.read(64, 0, 2.0)
    assert used == [Threads(2, 1)]


def test_one_thread_is_left_alone():
    pace, used = make(1)
    pace.wrote(1, 100, 0.01)
    for _ in range(20):
        pace.wrote(1, 100, 1.0)
    assert used == []


def test_prompts_are_read_in_slices_of_about_a_quarter_second():
    pace, _ = make(1)
    assert pace.slice == MIN_SLICE
    pace.read(64, 0, 0.001)
    assert pace.slice == MAX_SLICE
    pace.read(512, 0, 0.64)
    assert pace.slice == 200
    pace.read(200, 0, 100.0)
    assert pace.slice == MIN_SLICE
