"""The head of a run as trees: what it says of a run, what can be done with it, and how it stands while it goes on."""

from __future__ import annotations

from typing import Any

import pytest

from app.live.broadcast import Message
from app.live.trace import encode
from app.runs.head.head import run_head
from app.runs.head.live import Followed, rough
from app.text.elements import elements, text_of
from tests.app.runs.head.test_progress import EVENTS

RUN: dict[str, Any] = {
    "run": "r1", "question": "Who signs <b>the lease</b>?", "status": "answered", "answer": "Ada", "live": False,
    "resumes": False, "corpus_name": "Letters", "model": {"name": "small", "chars_per_token": 4.0}, "forked": None,
    "forks": [], "started": 1.5, "settings": {"max_calls": 4, "max_tokens": 1_500_000, "max_seconds": 600.0},
}  # fmt: skip


def does(trees) -> list[str]:
    """What can be pressed, in order."""
    found = [one[1].get("data-does") or one[1].get("dataset", {}).get("does") for one in elements(trees)]
    return [one for one in found if one]


def meta(**more: Any) -> str:
    return " | ".join(text_of([child]) for child in run_head(RUN | more)[0][3][2:])


def test_what_can_be_done_depends_on_whether_it_goes_on() -> None:
    assert does(run_head(RUN)) == ["verify", *["save"] * 6]
    assert does(run_head(RUN | {"resumes": True}))[-1] == "go_on"
    assert does(run_head(RUN | {"live": True, "status": "running", "answer": None})) == ["stop"]


def test_each_form_of_a_file_asks_for_it_by_its_parameters() -> None:
    asked = [
        one[1]["dataset"]["asked"] for one in elements(run_head(RUN)) if one[1].get("class") == "export-form"
    ]
    assert asked == [
        "to=ipynb&documents=embed", "to=ipynb&documents=none", "to=html", "to=md", "to=jsonl", "to=train",
    ]  # fmt: skip


def test_the_line_below_the_question_tells_where_the_answer_comes_from() -> None:
    assert meta() == "Answered | Letters | small | "  # the moment is said by the browser
    adapters = [
        {"name": "law", "scale": 1.0, "scope": "both"},
        {"name": "tax", "scale": 0.5, "scope": "root"},
    ]
    told = meta(model={"name": "big", "adapters": adapters, "remote": "box:8080"}, started=0)
    assert told == "Answered | Letters | big | law at 1 | tax at 0.5, for the root alone | box:8080"
    forks = [{"run": "r2", "node": "0", "cell": 2}]
    told = meta(forked={"run": "r0", "node": "0.1", "cell": 3}, forks=forks, started=0, forced=True)
    assert told == (
        "Answered | At a limit | Letters | small | forked from r0 at cell 3 of node 0.1 | branch at cell 2"
    )
    assert meta(status="interrupted", answer=None, model=None, corpus_name=None, started=0) == "Interrupted"


def budgets(trees) -> list[tuple[str, str, str]]:
    """Words, share and class of each meter."""
    found = []
    for budget in trees[1][2:]:
        label, words, bar = budget[2:5]
        assert text_of([label]) == bar[1]["aria-label"]
        found.append((text_of([words]), bar[1]["aria-valuenow"], bar[1]["class"]))
    return found


def test_the_live_part_tells_phase_speed_and_how_much_of_each_limit_is_spent() -> None:
    followed = Followed(RUN, EVENTS[:3], lambda: False)
    draft = Message("draft", encode({"n": "0", "x": "four" * 10, "at": 0, "i": 1}))
    for at in (10, 11):
        followed.take([draft], at)
    shown = followed.shown(12)
    assert text_of(shown[:1]) == "Turn 1 · the model writes10 tokens/s"
    assert budgets(shown) == [
        ("0 of 4", "0", "meter"), ("0 of 1.5 M", "0", "meter"), ("2.0 s of 10:00", "0", "meter"),
    ]  # fmt: skip
    followed.take([Message("run", encode(event), event["s"]) for event in EVENTS[3:8]], 13)
    note = {"s": 20, "ts": 14, "n": "0", "k": "note", "lim": 5}
    followed.take([Message("run", encode(note), 20)], 14)
    assert budgets(followed.shown(14.5)) == [
        ("2 of 4", "50", "meter"), ("940 of 1.5 M", "0", "meter"), ("4.5 s of 5.0 s", "90", "meter near"),
    ]  # fmt: skip
    (more,) = [
        one[1]["dataset"] for one in elements(followed.shown(15)) if "more-time" in one[1].get("class", "")
    ]
    assert more == {"does": "allow", "seconds": 305}
    assert not followed.over
    followed.take([Message("run", encode({**EVENTS[-1], "s": 21}), 21)], 15)
    assert followed.over


def test_a_run_that_was_told_to_stop_says_so_until_it_has() -> None:
    told = []
    followed = Followed(RUN, EVENTS[:3], lambda: bool(told))
    assert text_of(followed.shown(10)[:1]) == "Turn 1 · the model reads"
    told.append("stop")
    assert text_of(followed.shown(10)[:1]) == "Stopping; what was done is kept"


@pytest.mark.parametrize(
    "number, words",
    [
        (0, "0"),
        (9_999, "9,999"),
        (12_499, "12 k"),
        (999_499, "999 k"),
        (999_500, "1.0 M"),
        (2_000_000, "2 M"),
    ],
)
def test_many_tokens_are_said_in_few_characters(number: int, words: str) -> None:
    assert rough(number) == words
