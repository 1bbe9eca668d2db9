"""What the box of a job says, in each of its states."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from app.library.jobs import Job
from app.library.shown import reading
from engine.types import Json

PROBLEMS = [{"path": f"{n}.png", "reason": "it is an image"} for n in range(12)]


def told(**facts: Any) -> Json:
    """What is told of a job of 1,200 files with these values."""
    return reading.told(
        asdict(Job("j1", "add", "Case", **{"files_total": 1200, "bytes_total": 1000, **facts}))
    )


@pytest.mark.parametrize(
    ("facts", "words", "share"),
    [
        ({"state": "waiting"}, "waiting for its turn", -1),
        ({"state": "looking", "bytes": 10}, "looking at the files", -1),
        ({"state": "reading"}, "0 of 1,200 files", -1),
        (
            {"state": "reading", "files": 300, "bytes": 250, "eta": 67.2},
            "300 of 1,200 files, about 1:07 left",
            0.25,
        ),
        ({"state": "done", "bytes": 1000, "message": "Read."}, "Read.", -1),
        ({"state": "stopped", "bytes": 10, "message": "Stopped."}, "Stopped.", -1),
    ],
)
def test_a_box_says_how_far_it_is(facts: Json, words: str, share: float) -> None:
    shown = told(**facts)["shown"]
    assert (shown["words"], shown["share"], shown["over"]) == (words, share, words.endswith("."))


def test_the_last_problems_are_shown_until_all_of_them_at_the_end() -> None:
    facts = {"problems": PROBLEMS, "problem_count": 3000}
    during, after = told(state="reading", **facts), told(state="done", **facts)
    assert during["shown"]["problems"] == PROBLEMS[-5:] == during["problems"] and not during["shown"]["more"]
    assert after["shown"]["problems"] == PROBLEMS and after["shown"]["more"] == "and 2,988 more"
    assert during["shown"]["total"] == after["shown"]["total"] == 3000


def test_only_what_failed_for_want_of_a_password_can_be_unlocked() -> None:
    assert told(state="failed", locked=True, message="Locked.")["shown"]["unlock"] is True
    assert not told(state="failed", message="Gone.")["shown"]["unlock"]
    assert not told(state="reading", locked=True)["shown"]["unlock"]


def test_names_are_on_one_line_with_hidden_marks_written_out() -> None:
    shown = told(current="a\n\u202eb.txt")["shown"]
    assert shown["current"] == "a U+202Eb.txt"
