"""What the Bench view shows, as trees: how far a bench is, the results of a series, and what their buttons ask for."""

from __future__ import annotations

from typing import Any

from app.bench.results import key, progress, results
from app.text.elements import elements, text_of

GOING = {"doing": "needle at 4 windows, rlm", "done": 3, "total": 12, "seconds_left": 90.0, "series": "s"}
ROW = {
    "suite": "needle", "windows": 4.0, "method": "rlm", "n": 3, "right": 3, "accuracy": 1.0, "low": 0.4, "high": 1.0,
    "tokens": 1200, "seconds": 2.5, "calls": 1.0,
}  # fmt: skip
TRIAL = {"score": 1, "reference": "5", "answer": "5", "reason": "", "question": "What is it?", "run": "r"}


def state(series: str) -> dict[str, Any]:
    model = {"name": "reader", "n_ctx": 1024}
    report = {"series": series, "rows": [ROW], "verdict": "Good.", "void": "", "model": model, "trials": 3}
    return {
        "running": None,
        "report": report,
        "series": [{"series": series, "seed": 0, "model": "reader", "n_ctx": 1024}],
    }


def test_a_bench_says_how_far_it_is_and_that_it_is_being_stopped() -> None:
    going, stopping = (progress(GOING, "", told) for told in (False, True))
    assert "needle at 4 windows, rlm" in text_of(going) and "3 of about 12 questions" in text_of(going)
    assert "Stopping" in text_of(stopping) and "needle" not in text_of(stopping)
    (stop,) = [one[1] for one in elements(going) if one[0] == "button"]
    assert (stop["data-method"], stop["data-to"]) == ("post", "/api/bench/stop")


def test_why_the_last_one_ended_stands_there_until_the_next_begins() -> None:
    assert text_of(progress(None, "Stopped.", False)) == "Stopped."
    assert "Stopped." not in text_of(progress(GOING, "Stopped.", False))
    (said,) = progress(None, "", False)
    assert (said[1]["role"], said[2:]) == ("status", [])  # it is there before there is something to say


def test_questions_of_a_row_are_shown_in_its_own_series_alone() -> None:
    chosen = key("first", ROW)
    first, second = (text_of(results(state(series), chosen, [TRIAL])) for series in ("first", "second"))
    assert "What is it?" in first and "What is it?" not in second


def test_results_are_deleted_by_their_series() -> None:
    trees = results(state("first"), "", [])
    (delete,) = [one[1] for one in elements(trees) if one[1].get("data-does") == "send"]
    assert (delete["data-method"], delete["data-to"]) == ("del", "/api/bench/first")
