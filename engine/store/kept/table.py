"""The tables of kept questions. A kept question goes with the run it was kept from, a result with its run.

Functions take a connection and belong inside the caller's transaction.
"""

from __future__ import annotations

import json
import sqlite3
import time
from typing import Any

from engine.errors import InputError
from engine.store.log.hash_chain import canonical
from engine.types import Json

Row = dict[str, Any]

TABLES = (
    "CREATE TABLE kept (run TEXT PRIMARY KEY, accepted TEXT NOT NULL, created REAL NOT NULL) STRICT",
    """CREATE TABLE result (
        kept TEXT NOT NULL, run TEXT NOT NULL, ts REAL NOT NULL, facts TEXT NOT NULL, PRIMARY KEY (kept, run)) STRICT""",
)


def keep(db: sqlite3.Connection, run: str, accepted: str) -> None:
    """Keep the question of a run with its accepted answer, or give one that is kept another answer.

    Raises InputError when the run is not there (any more).
    """
    if not db.execute("SELECT 1 FROM run WHERE run = ?", (run,)).fetchone():
        raise InputError(f"There is no run {run!r}; it may have been deleted.")
    db.execute(
        "INSERT INTO kept (run, accepted, created) VALUES (?, ?, ?) "
        "ON CONFLICT (run) DO UPDATE SET accepted = excluded.accepted",
        (run, accepted, time.time()),
    )


def drop(db: sqlite3.Connection, run: str) -> None:
    """Keep a question no longer, with its results; the runs stay. Raises InputError when it is not kept."""
    if not db.execute("DELETE FROM kept WHERE run = ?", (run,)).rowcount:
        raise InputError(
            f"The question of the run {run} is not kept; `keep` without a run lists those that are."
        )
    db.execute("DELETE FROM result WHERE kept = ?", (run,))


def save_result(db: sqlite3.Connection, kept: str, run: str, facts: Json) -> None:
    """Add what asking a kept question again came to; nothing where it is kept no longer, or the run is gone."""
    db.execute(
        "INSERT INTO result (kept, run, ts, facts) SELECT ?1, ?2, ?3, ?4 "
        "WHERE EXISTS (SELECT 1 FROM kept WHERE run = ?1) AND EXISTS (SELECT 1 FROM run WHERE run = ?2)",
        (kept, run, time.time(), canonical(facts)),
    )


def stored(db: sqlite3.Connection) -> list[Row]:
    """The kept questions, oldest first: run, accepted, created, results (oldest first)."""
    results: dict[str, list[Row]] = {}
    for kept, run, ts, facts in db.execute("SELECT kept, run, ts, facts FROM result ORDER BY ts, run"):
        results.setdefault(kept, []).append({"run": run, "ts": ts, **json.loads(facts)})
    found = db.execute("SELECT run, accepted, created FROM kept ORDER BY created, run")
    return [
        {"run": run, "accepted": accepted, "created": created, "results": results.get(run, [])}
        for run, accepted, created in found
    ]


def forget_runs(db: sqlite3.Connection, runs: list[str]) -> int:
    """Remove what was kept from these runs, and their results; return how many questions are kept no longer."""
    names = json.dumps(runs)
    db.execute(
        "DELETE FROM result WHERE run IN (SELECT value FROM json_each(?1)) OR kept IN (SELECT value FROM json_each(?1))",
        (names,),
    )
    return db.execute("DELETE FROM kept WHERE run IN (SELECT value FROM json_each(?))", (names,)).rowcount
