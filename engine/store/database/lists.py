"""Lists of questions: a list is one or more questions over a corpus, a row one question with the run that answers it.

A row names its run from the first event of that run on, so that a list that was cut short knows what it has; `list_run`
names all runs of a list, also those that were cut short and asked again. What became
of a row is told by its run alone: none, running, interrupted, or ended with an answer or without.
Functions that take a connection belong inside the caller's transaction.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from collections.abc import Sequence
from typing import Any

from engine.errors import InputError
from engine.store.log.hash_chain import canonical

Row = dict[str, Any]
Asked = tuple[str, int | None]  # a question, and the document that it is about; None for all of them

TABLES = (
    "CREATE TABLE list (list TEXT PRIMARY KEY, corpus TEXT NOT NULL, facts TEXT NOT NULL, created REAL NOT NULL) STRICT",
    "CREATE INDEX list_by_corpus ON list (corpus)",
    """CREATE TABLE list_row (
        list TEXT NOT NULL, number INTEGER NOT NULL, question TEXT NOT NULL, document INTEGER, run TEXT, problem TEXT,
        PRIMARY KEY (list, number)) STRICT""",
    "CREATE INDEX list_row_by_run ON list_row (run)",
    "CREATE TABLE list_run (run TEXT PRIMARY KEY, list TEXT NOT NULL) STRICT",
    "CREATE INDEX list_run_by_list ON list_run (list)",
)
# What became of a row, in words of its run; "refused" has no run, because the question could not be asked.
STATUS = """CASE WHEN run.run IS NULL THEN CASE WHEN problem IS NULL THEN 'open' ELSE 'refused' END
    ELSE coalesce(run.status, 'running') END"""


def save(db: sqlite3.Connection, corpus: str, facts: Row, rows: Sequence[Asked]) -> str:
    """Add a list with all its rows, numbered from 1; return its new id."""
    while True:
        name = f"list-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(2)}"
        if not db.execute("SELECT 1 FROM list WHERE list = ?", (name,)).fetchone():
            break
    db.execute("INSERT INTO list VALUES (?, ?, ?, ?)", (name, corpus, canonical(facts), time.time()))
    db.executemany(
        "INSERT INTO list_row (list, number, question, document) VALUES (?, ?, ?, ?)",
        [(name, number, question, document) for number, (question, document) in enumerate(rows, 1)],
    )
    return name


def attach(db: sqlite3.Connection, name: str, number: int, run: str | None, problem: str | None) -> bool:
    """Give a row its run, or the reason why it could not be asked. Raises InputError when it is gone.

    False, and nothing is changed, where another run is at work on this row or has answered it.
    """
    row = db.execute(
        "SELECT run.run, run.status FROM list_row LEFT JOIN run USING (run) WHERE list = ? AND number = ?",
        (name, number),
    ).fetchone()
    if row is None:
        raise InputError(f"There is no list {name!r} any more; it was deleted while it was asked.")
    if row[0] not in (None, run) and row[1] in (None, "answered"):
        return False
    db.execute(
        "UPDATE list_row SET run = ?, problem = ? WHERE list = ? AND number = ?", (run, problem, name, number)
    )
    if run is not None:
        db.execute("INSERT OR REPLACE INTO list_run VALUES (?, ?)", (run, name))
    return True


def stored(db: sqlite3.Connection, name: str | None = None) -> list[Row]:
    """All lists, newest first, or the one of this name: list, corpus, created, rows by status, and their facts."""
    found = db.execute(
        "SELECT list, corpus, facts, created FROM list WHERE ?1 IS NULL OR list = ?1 ORDER BY created DESC, list DESC",
        (name,),
    ).fetchall()
    counts: dict[str, dict[str, int]] = {}
    for one, status, count in db.execute(
        f"SELECT list, {STATUS} AS was, count(*) FROM list_row LEFT JOIN run USING (run) "
        "WHERE ?1 IS NULL OR list = ?1 GROUP BY list, was",
        (name,),
    ):
        counts.setdefault(one, {})[status] = count
    return [
        {**json.loads(facts), "list": one, "corpus": corpus, "created": created, "counts": counts.get(one, {}),
         "rows": sum(counts.get(one, {}).values())}
        for one, corpus, facts, created in found
    ]  # fmt: skip


def rows(db: sqlite3.Connection, name: str) -> list[Row]:
    """The rows of a list in order: number, question, document, run, status, problem."""
    found = db.execute(
        f"SELECT number, list_row.question, document, run.run, {STATUS}, problem FROM list_row LEFT JOIN run USING (run) "
        "WHERE list = ? ORDER BY number",
        (name,),
    )
    names = ("number", "question", "document", "run", "status", "problem")
    return [dict(zip(names, row, strict=True)) for row in found]


def runs_of(db: sqlite3.Connection, name: str) -> list[str]:
    """The runs of a list that are there, also those that were cut short and asked again."""
    found = db.execute("SELECT run FROM list_run JOIN run USING (run) WHERE list = ? ORDER BY run", (name,))
    return [run for (run,) in found]


def forget_runs(db: sqlite3.Connection, runs: Sequence[str]) -> None:
    """Let the rows of deleted runs name none: they count as not asked."""
    gone = "WHERE run IN (SELECT value FROM json_each(?))"
    db.execute(f"UPDATE list_row SET run = NULL {gone}", (json.dumps([*runs]),))
    db.execute(f"DELETE FROM list_run {gone}", (json.dumps([*runs]),))


def remove(db: sqlite3.Connection, name: str) -> None:
    """Remove a list with its rows, not their runs."""
    db.execute("DELETE FROM list_row WHERE list = ?", (name,))
    db.execute("DELETE FROM list WHERE list = ?", (name,))


def remove_of_corpus(db: sqlite3.Connection, corpus: str) -> None:
    """Remove the lists over a corpus, which goes itself."""
    db.execute("DELETE FROM list_row WHERE list IN (SELECT list FROM list WHERE corpus = ?)", (corpus,))
    db.execute("DELETE FROM list WHERE corpus = ?", (corpus,))
