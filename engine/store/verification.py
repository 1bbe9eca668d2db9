"""Is the record of a run what was written? An empty list of problems means that all holds."""

from __future__ import annotations

import json
import sqlite3

from engine.errors import StoreError
from engine.store.database import blobs
from engine.store.log import hash_chain as events
from engine.store.log import projections, search, trace
from engine.store.rows import events_of, payload_of, trace_of
from engine.types import Event


def _wrong_texts(db: sqlite3.Connection, run: str) -> list[str]:
    """Derive what can be searched of a run, and its compact events, again and compare."""
    kept = search.stored(db, run)
    traced = dict(trace_of(db, run, 0))
    derived: dict[int, str | None] = {}
    compact: dict[int, str | None] = {}
    for seq, ts, node, kind, payload in db.execute(
        "SELECT seq, ts, node, kind, payload FROM event WHERE run = ?", (run,)
    ):
        try:
            whole = payload_of(db, payload, True, lambda sha256: "")
            derived[seq] = search.text(node, kind, whole)
            compact[seq] = trace.encode(trace.compact(Event(run, seq, ts, node, kind, whole)))
        except StoreError:  # a value is missing, as `verify_chain` says
            derived[seq], compact[seq] = kept.get(seq), traced.get(seq)
    words = sorted(seq for seq in derived.keys() | kept.keys() if derived.get(seq) != kept.get(seq))
    short = sorted(seq for seq in compact.keys() | traced.keys() if compact.get(seq) != traced.get(seq))
    found = [f"search: the words of event {seq} differ from the event" for seq in words]
    return found + [f"trace: the short form of event {seq} differs from the event" for seq in short]


def _broken_blobs(db: sqlite3.Connection, records: list[events.Record]) -> list[str]:
    found = []
    for record in records:
        for sha256 in blobs.references(json.loads(record.payload)):
            row = db.execute("SELECT data FROM blob WHERE sha256 = ?", (sha256,)).fetchone()
            if row is None:
                found.append(f"event {record.seq} refers to the value {sha256}, which is missing")
            elif not blobs.Blob(sha256, "", row[0]).is_sound():
                found.append(f"the value {sha256} of event {record.seq} was changed")
    return found


def chain_problems(db: sqlite3.Connection, run: str) -> list[str]:
    """Check the hashes of a run's events and of its large values."""
    rows = db.execute(
        "SELECT run, seq, ts, node, kind, payload, hash FROM event WHERE run = ? ORDER BY seq", (run,)
    )
    records = [events.Record(*row) for row in rows]
    if not records:
        return [f"run {run} has no events"]
    return events.problems(records) + _broken_blobs(db, records)


def projection_problems(db: sqlite3.Connection, run: str) -> list[str]:
    """Derive the tables, words and compact events of a run again and compare them with what is stored."""
    wanted = [
        change for event in events_of(db, run, 0, resolve=False) for change in projections.changes(event)
    ]
    found = projections.differences(projections.fold(wanted), projections.stored(db, run))
    return found + _wrong_texts(db, run)
