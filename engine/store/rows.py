"""Stored rows as plain values: as dicts, found by the start of a name, with their large values in place."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from typing import Any

from engine.errors import InputError, StoreError
from engine.events import DraftSaved, Event, Fact, Unreadable, read
from engine.store import collections
from engine.store.database import blobs
from engine.store.log import projections
from engine.types import Json

Row = dict[str, Any]


def events_of(db: sqlite3.Connection, run: str, after: int) -> list[Event]:
    found = db.execute(
        "SELECT seq, ts, node, kind, payload FROM event WHERE run = ? AND seq > ? ORDER BY seq",
        (run, after),
    )
    return [Event(run, seq, ts, node, fact_of(db, kind, payload)) for seq, ts, node, kind, payload in found]


def dicts(cursor: sqlite3.Cursor) -> list[Row]:
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def by_prefix(db: sqlite3.Connection, table: str, name: str) -> Row:
    exact = dicts(db.execute(f"SELECT * FROM {table} WHERE {table} = ?", (name,)))
    if exact:
        return exact[0]
    found = dicts(
        db.execute(f"SELECT * FROM {table} WHERE substr({table}, 1, ?) = ? LIMIT 2", (len(name), name))
    )
    if not name or not found:
        raise InputError(f"There is no {table} {name!r}. List what is stored to see the names.")
    if len(found) > 1:
        raise InputError(f"More than one {table} starts with {name!r}. Give more of its name.")
    return found[0]


def run_of(db: sqlite3.Connection, row: Row) -> Row:
    documents = {name for name, kind in projections.TABLES["run"].columns.items() if kind is projections.JSON}
    plain = {
        name: payload_of(db, value) if name in documents and value else value for name, value in row.items()
    }
    forced = {"forced": bool(row["forced"])} if "forced" in row else {}
    return {**plain, "status": row["status"] or "running", **forced}


def corpus_of(db: sqlite3.Connection, row: Row) -> Row:
    corpus = row["corpus"]
    runs = db.execute("SELECT count(*) FROM run WHERE corpus = ?", (corpus,)).fetchone()[0]
    found = {**json.loads(row["facts"]), "corpus": corpus, "created": row["created"], "runs": runs}
    return {**found, **collections.of(db, corpus)}


def payload_of(db: sqlite3.Connection, text: str, image: Callable[[str], Json] | None = None) -> Json:
    return blobs.join(json.loads(text), lambda sha256: blob_of(db, sha256), image)


def fact_of(db: sqlite3.Connection, kind: str, text: str, image: Callable[[str], Json] | None = None) -> Fact:
    """The fact of a stored event; Unreadable where the text is no JSON."""
    try:
        payload = payload_of(db, text, image)
    except (ValueError, KeyError, TypeError):  # somebody edited it
        return Unreadable(kind, {}, "its payload is no JSON that Taproot wrote")
    return read(kind, payload)


def draft_of(db: sqlite3.Connection, run: str, turn: Row) -> str | None:
    """What an unfinished turn had written by its last draft; None for one that is finished or wrote nothing."""
    last = turn.pop("draft_seq")
    if last is None:
        return None
    found = db.execute(
        "SELECT payload FROM event WHERE run = ? AND node = ? AND kind = ? AND seq > ? AND seq <= ? ORDER BY seq",
        (run, turn["node"], DraftSaved.KIND, turn["started_seq"] or 0, last),
    )
    text = ""
    for (payload,) in found:
        match read(DraftSaved.KIND, payload_of(db, payload)):
            case DraftSaved() as draft:
                text = draft.onto(text)
    return text


def trace_of(db: sqlite3.Connection, run: str, after: int) -> list[tuple[int, str]]:
    return db.execute(
        "SELECT event.seq, trace.data FROM event JOIN trace ON trace.id = event.id "
        "WHERE event.run = ? AND event.seq > ? ORDER BY event.seq",
        (run, after),
    ).fetchall()


def payload_at(db: sqlite3.Connection, run: str, seq: int | None) -> dict[str, Json]:
    row = db.execute("SELECT kind, payload FROM event WHERE run = ? AND seq = ?", (run, seq)).fetchone()
    return read(row[0], payload_of(db, row[1])).to_payload() if row else {}


def blob_of(db: sqlite3.Connection, sha256: str) -> bytes:
    row = db.execute("SELECT data FROM blob WHERE sha256 = ?", (sha256,)).fetchone()
    if row is None:
        raise StoreError(
            f"The stored value {sha256} is missing from the database; the run cannot be shown in full."
        )
    data: bytes = row[0]
    return data
