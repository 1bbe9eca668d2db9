"""What a run does and has spent, reckoned from its events and its live text."""

from __future__ import annotations

import pytest

from app.runs.head.progress import Progress

EVENTS = [
    {"s": 1, "ts": 10, "n": "0", "k": "run"},
    {"s": 2, "ts": 10, "n": "0", "k": "node", "kind": "root"},
    {"s": 3, "ts": 10, "n": "0", "k": "turn", "i": 1},
    {"s": 4, "ts": 12, "n": "0", "k": "reply", "i": 1, "tok": 40, "in": 900, "sec": 2.0},
    {"s": 5, "ts": 12, "n": "0", "k": "cell", "i": 1},
    {"s": 6, "ts": 12, "n": "0", "k": "call", "i": 1, "call": 1, "m": 2},
    {"s": 7, "ts": 12, "n": "0.1", "k": "node", "p": "0", "kind": "leaf"},
    {"s": 8, "ts": 13, "n": "0.1", "k": "end", "st": "answered"},
    {"s": 9, "ts": 14, "n": "0", "k": "ret", "i": 1, "call": 1},
    {"s": 10, "ts": 14, "n": "0", "k": "done", "i": 1, "st": "ok"},
    {"s": 11, "ts": 15, "n": "0", "k": "fin", "st": "answered"},
]


def test_the_phase_follows_the_events_and_each_is_counted_once() -> None:
    progress, phases = Progress(4), []
    for event in EVENTS:
        progress.take(event)
        progress.take(event)
        phases.append(progress.phase)
    assert phases == [
        "Starting",
        "the model reads",
        "Turn 1 · the model reads",
        "Turn 1 · the cell is prepared",
        "Turn 1 · a cell runs",
        "Turn 1 · 0 of 2 sub-calls answered",
        "Turn 1 · 0 of 2 sub-calls answered",
        "Turn 1 · 1 of 2 sub-calls answered",
        "Turn 1 · a cell runs",
        "Turn 1 · the cell is prepared",
        "",
    ]
    assert (progress.calls, progress.tokens, progress.seconds(99), progress.rate(99)) == (2, 940, 5, None)


def test_speed_is_that_of_the_text_of_the_last_seconds() -> None:
    progress = Progress(4)
    for event in EVENTS[:3]:
        progress.take(event)
    for half in range(21):
        progress.draft("0", 8, 100 + half / 2)
    assert progress.phase == "Turn 1 · the model writes"
    assert progress.rate(110) == pytest.approx(
        4.5
    )  # nine drafts of 8 characters in 4 seconds, 4 characters a token
    assert progress.rate(130) is None


def test_what_a_run_spent_before_it_was_resumed_counts_for_its_time_alone() -> None:
    progress = Progress()
    limit = {"s": 12, "ts": 50, "n": "0", "k": "note", "lim": 900}
    again = {"s": 13, "ts": 100, "n": "0", "k": "again", "nodes": ["0"]}
    for event in (*EVENTS[:9], limit, {**EVENTS[10], "s": 12.5, "sec": 5.5}, again):
        progress.take(event)
    assert (progress.calls, progress.tokens, progress.limit, progress.before) == (0, 0, None, 5.5)
    assert progress.seconds(102) == 7.5 and progress.ended is None
