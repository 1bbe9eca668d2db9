"""Results of the bench in the store: kept, read back, and told apart from their runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.store import Store
from tests.engine.store.conftest import begin, tell


def trial(number: int = 0, run: str | None = None, **other: Any) -> dict[str, Any]:
    return {
        "series": "s", "suite": "needle", "method": "rlm", "windows": 0.5, "number": number, "question": "Who?",
        "reference": ["Ada", 3], "answer": "Ada", "score": 1.0, "read": 70, "written": 50, "calls": 1, "seconds": 0.2,
        "status": "answered", "reason": "", "run": run, **other,
    }  # fmt: skip


def test_trials_are_read_back_and_one_place_holds_one(store: Store) -> None:
    store.save_series("s", {"model": {"name": "m"}})
    store.save_trial(trial(1))
    store.save_trial(trial(0))
    store.save_trial(trial(0, answer="Ben", score=0.0))
    rows = store.trials("s")
    assert [(row["number"], row["answer"], row["score"]) for row in rows] == [
        (0, "Ben", 0.0),
        (1, "Ada", 1.0),
    ]
    assert rows[0]["reference"] == ["Ada", 3]
    assert [(s["series"], s["trials"], s["model"]["name"]) for s in store.series()] == [("s", 2, "m")]


def test_a_deleted_run_leaves_its_figures_and_nothing_to_open(store: Store) -> None:
    run = begin(store)
    tell(store, run)
    store.save_trial(trial(run=run))
    store.delete_run(run)
    (row,) = store.trials("s")
    assert row["run"] is None and row["seconds"] == 0.2


def test_cells_and_ends_of_recursive_runs_are_counted(store: Store) -> None:
    run = begin(store)
    tell(store, run)
    store.save_trial(trial(0, run=run))
    store.save_trial(trial(1, status="unanswered", reason="the limit of 12 turns is reached"))
    store.save_trial(trial(2, method="direct"))
    found = store.trial_cells("s")
    assert (found["runs"], found["runs_finished"]) == (2, 1)
    assert found["turns"] == 1


def test_sessions_leave_out_the_texts_of_the_bench(store: Store, folder: Path) -> None:
    mine = begin(store, corpus="mine")
    begin(store, corpus="made")
    row = {"collection": "bench-1", "kind": "bench", "name": "Bench", "sources": []}
    store.save_version(row, {"id": "made", "name": "Bench"}, None)
    assert [session for session, _ in store.sessions(None, None, 10)] == [mine]


def test_a_series_goes_with_its_trials(store: Store) -> None:
    store.save_series("s", {"model": {}})
    store.save_trial(trial())
    store.delete_series("s")
    assert store.series() == [] and store.trials("s") == []


def test_a_search_is_not_drowned_by_the_bench(store: Store) -> None:
    mine = begin(store, "Where is the heron?")
    tell(store, mine, "heron")
    for number in range(3):
        run = begin(store, "Where is the heron?")
        tell(store, run, "heron")
        store.save_trial(trial(number, run=run))
    assert {hit.session for hit in store.find("heron", 1)} == {mine}
    assert {hit.session for hit in store.find("ero", 1)} == {mine}  # as part of a word
    assert len(store.trial_runs()) == 3
