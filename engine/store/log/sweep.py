"""Takes what deleted runs have in the log away, in short steps: a step holds the write lock for a moment only.

The runs are those of the table `deletion` that are not erased. `secure_delete` zeroes what goes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from engine.store.log import search

STEP_CHARS = 1_000_000  # of payloads or large values that one step takes
STEP_ROWS = 200
UNUSED = "FROM blob WHERE sha256 NOT IN (SELECT sha256 FROM blob_use)"
# Whether a row of `deletion` is a run of which something is left in the log.
LEFT = f"""(kind = 'run' AND (EXISTS (SELECT 1 FROM event WHERE run = deletion.id)
    OR EXISTS (SELECT 1 FROM blob_use WHERE run = deletion.id) OR EXISTS (SELECT 1 {UNUSED})))"""


@dataclass(frozen=True, slots=True)
class Swept:
    """What a step took: whether there may be `more`, and how many large values went (`blobs`)."""

    more: bool
    blobs: int = 0


def step(db: sqlite3.Connection) -> Swept:
    """Take the next part away, inside the caller's transaction."""
    found = db.execute(
        "SELECT id FROM deletion WHERE kind = 'run' AND erased = 0 AND "
        "(EXISTS (SELECT 1 FROM event WHERE run = deletion.id) OR EXISTS (SELECT 1 FROM blob_use WHERE run = deletion.id)) LIMIT 1"
    ).fetchone()
    if found:
        return _take_events(db, found[0])
    if unused := _some(db, f"SELECT rowid, length(data) {UNUSED}"):
        _delete(db, "blob", unused)
        return Swept(True, len(unused))
    return Swept(search.merge(db))


def _take_events(db: sqlite3.Connection, run: str) -> Swept:
    events = _some(db, "SELECT id, length(payload) FROM event WHERE run = ? ORDER BY seq", (run,))
    for table in ("search", "trace", "event"):
        _delete(db, table, events)
    if not events:
        db.execute("DELETE FROM blob_use WHERE run = ?", (run,))
    return Swept(True)


def _some(db: sqlite3.Connection, query: str, values: tuple[str, ...] = ()) -> list[int]:
    """The first numbers of a query of (row number, size) that together are one step."""
    numbers: list[int] = []
    size = 0
    for number, chars in db.execute(f"{query} LIMIT {STEP_ROWS}", values):
        if numbers and size + chars > STEP_CHARS:
            break
        numbers.append(number)
        size += chars
    return numbers


def _delete(db: sqlite3.Connection, table: str, numbers: Iterable[int]) -> None:
    db.executemany(f"DELETE FROM {table} WHERE rowid = ?", ((number,) for number in numbers))
