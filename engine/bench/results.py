"""From trials to rows with intervals, and what they say of a model in words. Pure but for `report`."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from engine.bench.methods import METHODS
from engine.bench.suites.suites import LEXICAL, SUITES
from engine.errors import InputError
from engine.store import Store
from engine.types import Json

Z = 1.96  # of a 95 % interval
LEAST_DIRECT = 0.85  # accuracy at half a window below which a model cannot read, and nothing can be compared
ENOUGH = 20  # questions on which a statement about a length may rest


def interval(right: float, n: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927)."""
    if not n:
        return 0.0, 1.0
    share, spread = right / n, Z * Z / n
    middle = (share + spread / 2) / (1 + spread)
    half = Z * math.sqrt(share * (1 - share) / n + spread / (4 * n)) / (1 + spread)
    return max(0.0, middle - half), min(1.0, middle + half)


def rows(trials: Iterable[Json], n_ctx: int) -> list[Json]:
    """One row for each suite, length and method: figures are means over its questions.

    {suite, method, windows, length (tokens), n, accuracy, low, high, score, tokens, seconds, calls, finished}
    """
    grouped: dict[tuple[str, float, str], list[Json]] = defaultdict(list)
    for trial in trials:
        grouped[trial["suite"], trial["windows"], trial["method"]].append(trial)
    found = []
    order = [*METHODS]
    for suite, windows, method in sorted(
        grouped, key=lambda k: (SUITES.index(k[0]), k[1], order.index(k[2]))
    ):
        mine = grouped[suite, windows, method]
        n = len(mine)
        right = sum(trial["score"] == 1 for trial in mine)
        low, high = interval(right, n)
        found.append(
            {
                "suite": suite,
                "method": method,
                "windows": windows,
                "length": int(windows * n_ctx),
                "n": n,
                "accuracy": round(right / n, 4),
                "low": round(low, 4),
                "high": round(high, 4),
                "score": round(sum(trial["score"] for trial in mine) / n, 4),
                "tokens": round(sum(trial["read"] + trial["written"] for trial in mine) / n),
                "seconds": round(sum(trial["seconds"] for trial in mine) / n, 3),
                "calls": round(sum(trial["calls"] for trial in mine) / n, 2),
                "finished": sum(trial["status"] == "answered" for trial in mine),
            }
        )
    return found


def void(table: list[Json]) -> str:
    """A sentence when `direct` fails at half a window, so that comparing lengths says nothing; else ""."""
    short = [
        row
        for row in table
        if row["method"] == "direct" and row["windows"] <= 0.5 and row["suite"] in LEXICAL
    ]
    if not short:
        return ""
    n = sum(row["n"] for row in short)
    accuracy = sum(row["accuracy"] * row["n"] for row in short) / n
    if accuracy >= LEAST_DIRECT:
        return ""
    return (
        f"The comparison with the other methods is void: direct is right in {accuracy:.0%} of {n} questions at half "
        f"a window, where {LEAST_DIRECT:.0%} are needed. This model cannot read a text by itself, so its failing on "
        "longer ones says nothing about length."
    )


def verdict(table: list[Json], cells: Json) -> str:
    """What the results say of a model, in sentences; "" without recursive runs."""
    recursive = [row for row in table if row["method"].startswith("rlm")]
    if not recursive or not cells["runs"]:
        return ""
    valid = cells["turns_with_valid_cell"] / cells["turns"] if cells["turns"] else 0.0
    finishes = cells["runs_finished"] / cells["runs"]
    said = [f"Writes valid cells {valid:.0%}, finishes {finishes:.0%}."]
    depths = {
        name: sum(row["accuracy"] * row["n"] for row in mine) / sum(row["n"] for row in mine)
        for name in ("rlm-0", "rlm", "rlm-2")
        if (mine := [row for row in _common(recursive) if row["method"] == name])
    }
    best = max(depths, key=lambda name: round(depths[name], 2)) if depths else "rlm"
    right = sum(row["accuracy"] * row["n"] for row in recursive) / sum(row["n"] for row in recursive)
    if right < 0.2 or finishes < 0.5:
        said.append("Do not rely on it: most of its recursive answers are wrong.")
    else:
        said.append(f"Use depth {_depth(best)}" + ("." if len(depths) > 1 else " (no other was measured)."))
    said += _by_suite(table)
    if sentence := void(table):
        said.append(sentence)
    return " ".join(said)


def _depth(name: str) -> int:
    return {"rlm-0": 0, "rlm": 1, "rlm-2": 2}[name]


def _common(table: list[Json]) -> list[Json]:
    """The rows of suites and lengths that all of the methods have."""
    methods = {row["method"] for row in table}
    places: dict[tuple[str, float], set[str]] = defaultdict(set)
    for row in table:
        places[row["suite"], row["windows"]].add(row["method"])
    return [row for row in table if places[row["suite"], row["windows"]] == methods]


def _by_suite(table: list[Json]) -> list[str]:
    said = []
    for suite in dict.fromkeys(row["suite"] for row in table):
        mine = {row["windows"]: row for row in table if (row["suite"], row["method"]) == (suite, "rlm")}
        if not mine:
            continue
        first, last = min(mine), max(mine)
        at = f"{mine[first]['accuracy']:.0%} at {first:g} windows"
        more = "" if first == last else f", {mine[last]['accuracy']:.0%} at {last:g}"
        said.append(f"{suite}: {at}{more}.")
    return said


def better_directly(table: list[Json], windows: float) -> Json | None:
    """The two rows that say the direct way is at least as good at this length, as {direct, rlm}; else None.

    They are those of the shortest length measured that is not below `windows`, over the lexical suites together, at
    most one window long, with 20 questions each, and `direct` at 85 % or more.
    """
    lengths = sorted({row["windows"] for row in table if windows <= row["windows"] <= 1})
    for length in lengths:
        pair: dict[str, Any] = {}
        for name in ("direct", "rlm"):
            mine = [
                r for r in table if (r["method"], r["windows"]) == (name, length) and r["suite"] in LEXICAL
            ]
            n = sum(row["n"] for row in mine)
            if n >= ENOUGH:
                right = sum(row["accuracy"] * row["n"] for row in mine) / n
                tokens = sum(row["tokens"] * row["n"] for row in mine) / n
                pair[name] = {"accuracy": round(right, 4), "n": n, "tokens": round(tokens), "windows": length}
        if len(pair) == 2:
            direct, rlm = pair["direct"], pair["rlm"]
            good = direct["accuracy"] >= LEAST_DIRECT and direct["accuracy"] >= rlm["accuracy"]
            return pair if good else None
    return None


def report(store: Store, series: str) -> Json:
    """Everything about a series: {series, model, rows, verdict, void, cells}. Raises InputError for an unknown one."""
    found = next((row for row in store.series() if row["series"] == series), None)
    if found is None:
        raise InputError(f"there is no series {series!r} of bench results; run the bench first")
    table = rows(store.trials(series), found["model"]["n_ctx"])
    cells = store.trial_cells(series)
    return {**found, "rows": table, "verdict": verdict(table, cells), "void": void(table), "cells": cells}
