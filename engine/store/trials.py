"""Results of the bench: a series is one model with its window and a seed, a trial one question by one method.

A trial keeps the figures of its run for good; the run itself may be deleted, and then the trial has none to open.
Functions that take a connection belong inside the caller's transaction.
"""

from __future__ import annotations

import json
import sqlite3
import time
from typing import Any

from engine.store.log.hash_chain import canonical

Row = dict[str, Any]

TABLES = (
    "CREATE TABLE series (series TEXT PRIMARY KEY, facts TEXT NOT NULL, created REAL NOT NULL) STRICT",
    """CREATE TABLE trial (
        series TEXT NOT NULL, suite TEXT NOT NULL, method TEXT NOT NULL, windows REAL NOT NULL, number INTEGER NOT NULL,
        ts REAL NOT NULL, question TEXT NOT NULL, reference TEXT NOT NULL, answer TEXT, score REAL NOT NULL,
        read INTEGER NOT NULL, written INTEGER NOT NULL, calls INTEGER NOT NULL, seconds REAL NOT NULL,
        status TEXT NOT NULL, reason TEXT NOT NULL, run TEXT,
        PRIMARY KEY (series, suite, windows, method, number)) STRICT""",
    "CREATE INDEX trial_by_run ON trial (run)",
)
COLUMNS = (
    "series", "suite", "method", "windows", "number", "ts", "question", "reference", "answer", "score", "read", "written",
    "calls", "seconds", "status", "reason", "run",
)  # fmt: skip


def save_series(db: sqlite3.Connection, series: str, facts: Row) -> None:
    """Add a series, or renew its facts."""
    db.execute(
        "INSERT INTO series (series, facts, created) VALUES (?, ?, ?) "
        "ON CONFLICT (series) DO UPDATE SET facts = excluded.facts",
        (series, canonical(facts), time.time()),
    )


def save(db: sqlite3.Connection, row: Row) -> None:
    """Add a trial, or replace the one of the same place. `row` has all columns but `ts`."""
    values = {**row, "ts": time.time(), "reference": canonical(row["reference"])}
    marks = ", ".join("?" for _ in COLUMNS)
    db.execute(
        f"INSERT OR REPLACE INTO trial ({', '.join(COLUMNS)}) VALUES ({marks})",
        [values[name] for name in COLUMNS],
    )


def series(db: sqlite3.Connection) -> list[Row]:
    """All series, the latest used first: series, created, latest, trials, and their facts."""
    found = db.execute(
        "SELECT series.series, facts, created, count(number), coalesce(max(ts), created) AS latest FROM series "
        "LEFT JOIN trial USING (series) GROUP BY series.series ORDER BY latest DESC, series.series"
    )
    return [
        {**json.loads(facts), "series": name, "created": created, "trials": trials, "latest": latest}
        for name, facts, created, trials, latest in found
    ]


def stored(db: sqlite3.Connection, name: str) -> list[Row]:
    """The trials of a series by suite, length, method and number."""
    found = db.execute(
        f"SELECT {', '.join(COLUMNS)} FROM trial WHERE series = ? ORDER BY suite, windows, method, number",
        (name,),
    )
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in found]
    return [{**row, "reference": json.loads(row["reference"])} for row in rows]


def cells(db: sqlite3.Connection, name: str) -> Row:
    """How the recursive runs of a series went: turns, turns with a cell that ran, runs, runs that finished."""
    mine = "IN (SELECT run FROM trial WHERE series = ? AND method LIKE 'rlm%' AND run IS NOT NULL)"
    turns = db.execute(
        f"SELECT count(*) FROM turn JOIN node USING (run, node) WHERE run {mine} AND node.kind <> 'llm'",
        (name,),
    ).fetchone()[0]
    good = db.execute(
        f"SELECT count(DISTINCT run || '/' || node || '/' || turn) FROM cell WHERE run {mine} AND status = 'ok'",
        (name,),
    ).fetchone()[0]
    runs, ended = db.execute(
        "SELECT count(*), coalesce(sum(status = 'answered' AND reason = ''), 0) FROM trial "
        "WHERE series = ? AND method LIKE 'rlm%'",
        (name,),
    ).fetchone()
    return {"turns": turns, "turns_with_valid_cell": good, "runs": runs, "runs_finished": ended}


def forget_runs(db: sqlite3.Connection, runs: list[str]) -> None:
    """Let the trials of deleted runs name none."""
    db.execute(
        "UPDATE trial SET run = NULL WHERE run IN (SELECT value FROM json_each(?))", (json.dumps(runs),)
    )


def remove(db: sqlite3.Connection, name: str) -> None:
    """Remove a series with its trials, not their runs."""
    db.execute("DELETE FROM trial WHERE series = ?", (name,))
    db.execute("DELETE FROM series WHERE series = ?", (name,))
