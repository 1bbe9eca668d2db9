"""Rows, intervals and what is said of a model."""

from __future__ import annotations

from typing import Any

import pytest

from engine.bench.results import better_directly, interval, rows, verdict, void

CELLS = {"turns": 50, "turns_with_valid_cell": 49, "runs": 40, "runs_finished": 36}


def trials(
    method: str, windows: float, right: int, n: int = 20, suite: str = "needle"
) -> list[dict[str, Any]]:
    same = {
        "suite": suite,
        "method": method,
        "windows": windows,
        "read": 90,
        "written": 10,
        "calls": 2,
        "seconds": 0.5,
    }
    return [
        {**same, "number": i, "score": float(i < right), "status": "answered", "reason": ""} for i in range(n)
    ]


def test_the_interval_is_that_of_wilson() -> None:
    low, high = interval(8, 10)
    assert (low, high) == (pytest.approx(0.4902, abs=1e-4), pytest.approx(0.9433, abs=1e-4))
    assert interval(0, 0) == (0.0, 1.0)
    assert interval(10, 10)[1] == 1.0 and interval(0, 10)[0] == 0.0


def test_a_row_is_the_mean_of_its_trials() -> None:
    (row,) = rows(trials("rlm", 4, 15), n_ctx=1000)
    assert (row["n"], row["accuracy"], row["tokens"], row["calls"], row["length"]) == (
        20,
        0.75,
        100,
        2.0,
        4000,
    )
    assert row["low"] < 0.75 < row["high"]


def test_a_model_that_cannot_read_half_a_window_makes_the_comparison_void() -> None:
    assert "void" in void(rows(trials("direct", 0.5, 16), 1000))
    assert void(rows(trials("direct", 0.5, 17), 1000)) == ""
    assert void(rows(trials("direct", 1, 3) + trials("rlm", 0.5, 3), 1000)) == ""
    assert void(rows(trials("direct", 0.5, 0, suite="count"), 1000)) == ""


def test_the_verdict_names_cells_ends_and_the_depth_that_did_best() -> None:
    table = rows(trials("rlm", 1, 15) + trials("rlm-0", 1, 18) + trials("direct", 0.5, 2), 1000)
    said = verdict(table, CELLS)
    assert said.startswith("Writes valid cells 98%, finishes 90%. Use depth 0.")
    assert "void" in said
    assert "Do not rely" in verdict(rows(trials("rlm", 1, 2), 1000), CELLS)
    assert verdict(rows(trials("direct", 1, 2), 1000), {**CELLS, "runs": 0}) == ""


def test_depths_are_compared_only_where_all_were_measured() -> None:
    table = rows(trials("rlm", 1, 15) + trials("rlm", 64, 0) + trials("rlm-0", 1, 14), 1000)
    assert "Use depth 1." in verdict(table, CELLS)


def test_the_direct_way_is_better_only_where_it_was_shown_to_be() -> None:
    short = trials("direct", 0.5, 20) + trials("rlm", 0.5, 18)
    assert better_directly(rows(short, 1000), 0.3)["direct"]["accuracy"] == 1  # type: ignore[index]
    assert better_directly(rows(short, 1000), 0.6) is None  # nothing measured at that length
    assert better_directly(rows(trials("direct", 0.5, 18) + trials("rlm", 0.5, 19), 1000), 0.3) is None
    assert (
        better_directly(rows(trials("direct", 0.5, 16) + trials("rlm", 0.5, 10), 1000), 0.3) is None
    )  # too bad
    few = trials("direct", 0.5, 10, n=10) + trials("rlm", 0.5, 5, n=10)
    assert better_directly(rows(few, 1000), 0.3) is None  # too few
    assert (
        better_directly(rows(trials("direct", 4, 20) + trials("rlm", 4, 1), 1000), 2) is None
    )  # it does not fit
    assert better_directly([], 0.3) is None
