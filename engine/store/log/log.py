"""What is done inside a write transaction: append an event with its projections, beat, mark dead owners' runs."""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from dataclasses import dataclass

from engine.errors import InputError, StoreError
from engine.events import KINDS, Event, Fact, RunEnded, RunResumed, RunStarted
from engine.store import owner
from engine.store.database import blobs
from engine.store.log import hash_chain, projections, search, trace
from engine.store.log.hash_chain import canonical


@dataclass(frozen=True, slots=True)
class Prepared:
    """An event ready to be stored: large values taken out, its canonical JSON text, and what can be searched."""

    node: str
    fact: Fact
    text: str
    large: list[blobs.Blob]
    words: str | None
    brief: trace.Compact


def prepare(node: str, fact: Fact) -> Prepared:
    """Do for an event what needs no database, so that the thread of the writer need not do it.

    Raises ValueError or TypeError for what is not JSON or not of its type, StoreError for what is nested too deeply.
    """
    if fact.KIND not in KINDS:
        raise ValueError(f"{type(fact).__name__} is no kind of fact that is written")
    try:
        stored, large = blobs.split(fact.to_payload())
        return Prepared(
            node, fact, canonical(stored), large, search.text(node, fact), trace.brief(node, fact)
        )
    except RecursionError as error:
        raise StoreError("A value is nested too deeply to be stored.") from error


def append(db: sqlite3.Connection, run: str, prepared: Prepared) -> tuple[int, float]:
    """Add one event to the chain of `run`; return its number and time.

    The head of the chain is read under the write lock, so processes that write at the same time cannot collide.
    """
    last = db.execute(
        "SELECT seq, hash FROM event WHERE run = ? ORDER BY seq DESC LIMIT 1", (run,)
    ).fetchone()
    if last is None and not isinstance(prepared.fact, RunStarted):
        raise StoreError(f"There is no run {run} to add to; it may have been deleted.")
    seq, previous = (last[0] + 1, last[1]) if last else (1, hash_chain.GENESIS)
    record = insert(db, previous, run, seq, time.time(), prepared)
    return seq, record.ts


def insert(
    db: sqlite3.Connection, previous: str, run: str, seq: int, ts: float, prepared: Prepared
) -> hash_chain.Record:
    """Write the event that follows the hash `previous`, with all that is derived from it."""
    record = hash_chain.link(previous, run, seq, ts, prepared.node, prepared.fact.KIND, prepared.text)
    added = db.execute(
        "INSERT INTO event (run, seq, ts, node, kind, payload, hash) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (run, seq, ts, record.node, record.kind, record.payload, record.hash),
    )
    blobs.save(db, run, prepared.large)
    search.add(db, added.lastrowid or 0, prepared.words)
    compact = trace.encode(trace.stamp(prepared.brief, run, seq, ts))
    db.execute("INSERT INTO trace (id, data) VALUES (?, ?)", (added.lastrowid, compact))
    projections.apply(db, projections.changes(Event(run, seq, ts, prepared.node, prepared.fact)))
    return record


def begin(db: sqlite3.Connection, prepared: Prepared, me: owner.Owner) -> tuple[str, float]:
    """Start a run of this process; return its new id, such as 20261122-111509-4f2a (UTC, then chance), and time."""
    beat(db, me)
    run = new_id(db)
    _, ts = append(db, run, prepared)
    return run, ts


def new_id(db: sqlite3.Connection) -> str:
    """An id that no run has or had."""
    while True:
        run = f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(2)}"
        taken = db.execute(
            "SELECT 1 FROM run WHERE run = ? UNION SELECT 1 FROM deletion WHERE id = ?", (run, run)
        ).fetchone()
        if not taken:
            return run


def add_runs(db: sqlite3.Connection, runs: list[list[tuple[float, Prepared]]]) -> list[str]:
    """Add whole runs with the times that their events had elsewhere; return their new ids."""
    ids = []
    for events in runs:
        run, last = new_id(db), hash_chain.GENESIS
        for seq, (ts, prepared) in enumerate(events, 1):
            last = insert(db, last, run, seq, ts, prepared).hash
        ids.append(run)
    return ids


def resume(
    db: sqlite3.Connection, run: str, last: int, prepared: Prepared, me: owner.Owner
) -> tuple[int, float]:
    """Let a run of which `last` is the last event go on in this process; return number and time of the event.

    Raises InputError, and writes nothing, when it goes on already, has an answer, or is not what it was read as.
    """
    row = db.execute("SELECT status, answer FROM run WHERE run = ?", (run,)).fetchone()
    if row is None:
        raise InputError(f"There is no run {run!r}; it may have been deleted.")
    if row[0] is None:
        raise InputError(f"The run {run} is still going on. Wait for its end, or stop it first.")
    if row[0] == "answered" or row[1] is not None:
        raise InputError(f"The run {run} has an answer. Ask a new question that follows it instead.")
    found = db.execute("SELECT max(seq) FROM event WHERE run = ?", (run,)).fetchone()[0]
    if found != last or not isinstance(prepared.fact, RunResumed):
        raise InputError(f"The run {run} was changed meanwhile. Look at it again.")
    beat(db, me)
    return append(db, run, prepared)


def beat(db: sqlite3.Connection, me: owner.Owner) -> None:
    """Leave a sign of life of this process."""
    db.execute(
        "INSERT INTO heartbeat (owner, ts) VALUES (?, ?) ON CONFLICT (owner) DO UPDATE SET ts = excluded.ts",
        (canonical(owner.to_json(me)), time.time()),
    )


def tick(db: sqlite3.Connection, me: owner.Owner) -> None:
    """What a store does every few seconds: beat while this process has unfinished runs, mark those of dead owners."""
    mine = canonical(owner.to_json(me))
    if db.execute("SELECT 1 FROM run WHERE status IS NULL AND owner = ?", (mine,)).fetchone():
        beat(db, me)
    mark_interrupted(db)


def live_runs(db: sqlite3.Connection, *, corpus: str | None = None, run: str | None = None) -> list[str]:
    """Return the unfinished runs whose owner is alive, all or those of one corpus or one id."""
    return [found for found, alive in _unfinished(db) if alive and _matches(db, found, corpus, run)]


def mark_interrupted(db: sqlite3.Connection) -> list[str]:
    """Finish the runs whose owner died as interrupted; return them. Runs of living processes are left alone."""
    dead = [run for run, alive in _unfinished(db) if not alive]
    for run in dead:
        nodes = db.execute("SELECT count(*) FROM node WHERE run = ?", (run,)).fetchone()[0]
        ending = RunEnded(
            status="interrupted",
            answer=None,
            sources=(),
            coverage=None,
            usage=None,
            seconds=_worked(db, run),
            nodes=nodes,
            reason="The program that ran it ended before the run did.",
            forced=False,
            passages=(),
            agreement=None,
        )
        append(db, run, prepare("0", ending))
    db.execute("DELETE FROM heartbeat WHERE owner NOT IN (SELECT owner FROM run WHERE status IS NULL)")
    return dead


def _worked(db: sqlite3.Connection, run: str) -> float:
    """The seconds that a run was at work: those before it was resumed last, by its end then, and those since."""
    first, last = db.execute("SELECT min(ts), max(ts) FROM event WHERE run = ?", (run,)).fetchone()
    resumed = db.execute(
        "SELECT seq, ts FROM event WHERE run = ? AND kind = ? ORDER BY seq DESC LIMIT 1",
        (run, RunResumed.KIND),
    ).fetchone()
    before = 0.0
    if resumed is not None:
        first = resumed[1]
        ended = db.execute(
            "SELECT payload FROM event WHERE run = ? AND seq = ?", (run, resumed[0] - 1)
        ).fetchone()
        before = float(json.loads(ended[0]).get("seconds") or 0)
    return round(before + float(last) - float(first), 3)


def _unfinished(db: sqlite3.Connection) -> list[tuple[str, bool]]:
    rows = db.execute(
        "SELECT run.run, run.owner, heartbeat.ts FROM run LEFT JOIN heartbeat ON heartbeat.owner = run.owner "
        "WHERE run.status IS NULL ORDER BY run.run"
    ).fetchall()
    return [(run, owner.is_alive(json.loads(text) if text else None, beat)) for run, text, beat in rows]


def _matches(db: sqlite3.Connection, run: str, corpus: str | None, only: str | None) -> bool:
    if only is not None:
        return run == only
    return corpus is None or bool(
        db.execute("SELECT 1 FROM run WHERE run = ? AND corpus = ?", (run, corpus)).fetchone()
    )


def save_corpus(db: sqlite3.Connection, corpus: str, name: str | None, facts: str) -> None:
    """Add or replace a corpus; `facts` is canonical JSON. An older deletion of the same id no longer counts."""
    db.execute(
        "INSERT INTO corpus (corpus, name, created, facts) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (corpus) DO UPDATE SET name = excluded.name, facts = excluded.facts",
        (corpus, name, time.time(), facts),
    )
    db.execute("DELETE FROM deletion WHERE kind = 'corpus' AND id = ?", (corpus,))


def name_session(db: sqlite3.Connection, session: str, title: str) -> None:
    """Set or (with "") remove the title of a session. Raises InputError when it has no run."""
    if not db.execute("SELECT 1 FROM run WHERE session = ?", (session,)).fetchone():
        raise InputError(f"There is no session {session!r}; it may have been deleted.")
    db.execute("DELETE FROM title WHERE session = ?", (session,))
    if title:
        db.execute("INSERT INTO title (session, title) VALUES (?, ?)", (session, title))
