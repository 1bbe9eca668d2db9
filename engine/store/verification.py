"""Is the record of a run what was written? An empty list of problems means that all holds."""

from __future__ import annotations

import json
import sqlite3

from engine.errors import StoreError
from engine.events import Event, Unreadable, read
from engine.store.database import blobs
from engine.store.log import hash_chain, projections, search, trace
from engine.store.rows import fact_of, trace_of


def _stored(db: sqlite3.Connection, run: str) -> list[tuple[Event, bool]]:
    """The events of a run, and whether each has all its large values; images stand for nothing that is derived."""
    found = []
    for seq, ts, node, kind, payload in db.execute(
        "SELECT seq, ts, node, kind, payload FROM event WHERE run = ? ORDER BY seq", (run,)
    ):
        try:
            fact, whole = fact_of(db, kind, payload, lambda sha256: ""), True
        except StoreError:  # a value is missing, as `chain_problems` says
            fact, whole = read(kind, blobs.join(json.loads(payload), lambda sha256: b"")), False
        found.append((Event(run, seq, ts, node, fact), whole))
    return found


def _wrong_texts(db: sqlite3.Connection, run: str, events: list[tuple[Event, bool]]) -> list[str]:
    """Derive what can be searched of a run, and its compact events, again and compare."""
    kept = search.stored(db, run)
    traced = dict(trace_of(db, run, 0))
    derived: dict[int, str | None] = {}
    compact: dict[int, str | None] = {}
    for event, whole in events:
        seq = event.seq
        if not whole or isinstance(event.fact, Unreadable):
            derived[seq], compact[seq] = kept.get(seq), traced.get(seq)
        else:
            derived[seq] = search.text(event.node, event.fact)
            compact[seq] = trace.encode(trace.compact(event))
    words = sorted(seq for seq in derived.keys() | kept.keys() if derived.get(seq) != kept.get(seq))
    short = sorted(seq for seq in compact.keys() | traced.keys() if compact.get(seq) != traced.get(seq))
    found = [f"search: the words of event {seq} differ from the event" for seq in words]
    return found + [f"trace: the short form of event {seq} differs from the event" for seq in short]


def _broken_blobs(db: sqlite3.Connection, records: list[hash_chain.Record]) -> list[str]:
    found = []
    for record in records:
        try:
            payload = json.loads(record.payload)
        except ValueError:  # `projection_problems` says so
            continue
        for sha256 in blobs.references(payload):
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
    records = [hash_chain.Record(*row) for row in rows]
    if not records:
        return [f"run {run} has no events"]
    return hash_chain.problems(records) + _broken_blobs(db, records)


def projection_problems(db: sqlite3.Connection, run: str) -> list[str]:
    """Derive the tables, words and compact events of a run again and compare them with what is stored."""
    events = _stored(db, run)
    strange = [
        f"event {event.seq}: {event.fact.sentence}"
        for event, _ in events
        if isinstance(event.fact, Unreadable)
    ]
    wanted = projections.fold(change for event, _ in events for change in projections.changes(event))
    found = projections.differences(wanted, projections.stored(db, run))
    return strange + found + _wrong_texts(db, run, events)
