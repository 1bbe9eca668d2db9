"""What a question will cost, predicted: honest where nothing was measured, bounded by the limits."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.ask.estimate import count, duration, estimate
from engine.llm.machine.speed import Speed
from engine.types import Settings

SLOW = Speed(read=60.0, write=10.0)


def predicted(chars=120_000, settings=None, speed=SLOW, n_ctx=4096):
    return estimate(
        chars=chars,
        n_ctx=n_ctx,
        chars_per_token=3.5,
        settings=settings or Settings(max_seconds=7200),
        speed=speed,
    )


def test_a_machine_that_has_measured_nothing_says_so():
    found = predicted(speed=None)
    assert found.least.seconds is None and found.most.seconds is None
    assert "not measured yet" in found.sentence


def test_reading_everything_takes_as_many_calls_as_the_text_needs():
    small, large = predicted(chars=5_000, speed=None), predicted(chars=500_000, speed=None)
    assert small.most.calls < 7
    assert large.most.calls > 40
    assert large.most.tokens > 500_000 / 3.5
    assert small.least == large.least


def test_a_larger_window_takes_fewer_calls():
    assert predicted(n_ctx=32_768).most.calls < predicted(n_ctx=4096).most.calls


def test_sub_calls_are_as_fast_as_replies_written_together():
    alone = predicted().most.seconds
    together = predicted(speed=Speed(60.0, 10.0, together=40.0)).most.seconds
    assert alone is not None and together is not None and together < alone
    assert predicted(speed=Speed(60.0, 10.0, together=40.0)).least == predicted().least


def test_twice_the_speed_takes_half_the_time():
    fast = predicted(speed=Speed(120.0, 20.0)).most.seconds
    slow = predicted().most.seconds
    assert fast is not None and slow == pytest.approx(2 * fast)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        (Settings(max_calls=10), "the limit of 10 calls"),
        (Settings(max_tokens=20_000), "the limit of 20,000 tokens"),
    ],
)
def test_what_a_limit_cuts_short_is_named(settings, named):
    settings = replace(settings, max_seconds=7200.0)
    found = predicted(chars=2_000_000, settings=settings)
    assert found.limited == named and f"would end at {named}; time limit 2 h" in found.sentence
    assert found.most.tokens <= settings.max_tokens


def test_what_the_time_limit_cuts_short_may_not_be_done():
    settings = Settings(max_seconds=120.0)
    found = predicted(chars=2_000_000, settings=settings)
    assert found.limited == "the limit of 2 min" and found.most.seconds <= 120
    assert found.sentence.endswith("; reading everything may not be done in 2 min, the time limit.")
    slow = predicted(settings=settings, speed=Speed(read=5.0, write=1.0)).sentence
    assert slow.endswith("; may not be done in 2 min, the time limit.")


def test_the_time_limit_is_always_said():
    assert predicted(chars=1000, settings=Settings()).sentence.endswith("; time limit 10 min.")
    assert predicted(speed=None).sentence.endswith("; time limit 2 h.")


def test_an_empty_corpus_costs_no_more_than_a_look_up():
    found = predicted(chars=0)
    assert found.most.calls <= found.least.calls + 1
    assert found.limited == ""


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "1 s"), (12, "12 s"), (240, "4 min"), (3600, "1 h"), (4800, "1 h 20 min")]
)
def test_durations_are_said_as_a_person_says_them(seconds, words):
    assert duration(seconds) == words


def test_counts_are_rough():
    assert [count(n) for n in (900, 12_400, 1_400_000)] == ["900", "12 k", "1.4 M"]
