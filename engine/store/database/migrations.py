"""The shape of the database, as steps that only ever grow. A released step is never edited.

event      append-only; everything else about a run can be derived from it (triggers refuse UPDATE and DELETE)
run, node, turn, cell, output, call      projections of events, see projections.py
trace      the compact form of each event, see trace.py; its row numbers are those of `event`
search     the words of questions, answers, code and outputs, see search.py; its row numbers are those of `event`
title      what a person called a session (a first run and its follow-ups); goes with the last run of the session
blob       large values by sha256; blob_use says which runs refer to them
corpus     what was ingested; its text lies in the folder corpora/<id>, not here
collection, version    what a person sees of corpora, see collections.py
kept, result     questions kept as checks and what asking them again came to, see kept/table.py
series, trial    results of the bench, see trials.py
list, list_row, list_run   lists of questions, see database/lists.py
corpus_text, noted, note   what a model noted of documents, see database/notes.py
heartbeat  the last sign of life of each process that owns runs
deletion   what was deleted and when, without content; opens the delete trigger of its runs
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable

from engine.events import Event, read
from engine.store import trials
from engine.store.database import blobs, lists, notes
from engine.store.kept import table as kept
from engine.store.log import search, trace
from engine.unused import without

with without("pandas"):  # sqlite_utils would import it, to name the type of its dates
    from sqlite_utils import Database, Migrations

APPLICATION_ID = 0x54415052  # "TAPR" in the header of the file
migrations = Migrations("taproot")


@migrations()
def m001_events_and_projections(db: Database) -> None:
    """Create everything of the first release."""
    for statement in FIRST:
        db.conn.execute(statement)
    db.conn.execute(f"PRAGMA application_id = {APPLICATION_ID}")


@migrations()
def m002_sessions_and_search(db: Database) -> None:
    """Sessions with titles, search over all runs, and the events of one node found without reading the others."""
    for statement in SECOND:
        db.conn.execute(statement)

    rows = db.conn.execute(
        "SELECT id, node, kind, payload FROM event WHERE kind IN (SELECT value FROM json_each(?))",
        (json.dumps([*search.KINDS]),),
    )
    for id, node, kind, payload in rows:
        search.add(db.conn, id, search.text(node, read(kind, blobs.join(json.loads(payload), _load(db)))))


@migrations()
def m003_collections(db: Database) -> None:
    """Collections with versions: a folder keeps its name while its content changes."""
    for statement in THIRD:
        db.conn.execute(statement)


@migrations()
def m004_trace(db: Database) -> None:
    """The compact form of every event, so that a large run is shown without reading all of it."""
    # Rows are only ever added at the end, so none is moved, and a deleted one leaves no copy on another page.
    db.conn.execute("CREATE TABLE trace (id INTEGER PRIMARY KEY, data TEXT NOT NULL) STRICT")
    rows = db.conn.execute("SELECT id, run, seq, ts, node, kind, payload FROM event")
    for id, run, seq, ts, node, kind, payload in rows:
        event = Event(run, seq, ts, node, read(kind, blobs.join(json.loads(payload), _load(db))))
        compact = trace.encode(trace.compact(event))
        db.conn.execute("INSERT INTO trace (id, data) VALUES (?, ?)", (id, compact))


@migrations()
def m005_bench(db: Database) -> None:
    """Results of the bench."""
    for statement in trials.TABLES:
        db.conn.execute(statement)


@migrations()
def m006_forced_answers(db: Database) -> None:
    """Whether an answer was asked for at a limit, and the passages that stand in for a missing one."""
    db.conn.execute("ALTER TABLE run ADD COLUMN forced INTEGER")
    db.conn.execute("ALTER TABLE run ADD COLUMN passages TEXT")


@migrations()
def m007_agreement(db: Database) -> None:
    """Whether an answer agrees with its sources; unknown of the runs before."""
    db.conn.execute("ALTER TABLE run ADD COLUMN agreement TEXT")


@migrations()
def m008_forks(db: Database) -> None:
    """The place where a run branched off another one."""
    db.conn.execute("ALTER TABLE run ADD COLUMN forked TEXT")


@migrations()
def m009_lists(db: Database) -> None:
    """Lists of questions."""
    for statement in lists.TABLES:
        db.conn.execute(statement)


@migrations()
def m010_kept_questions(db: Database) -> None:
    """Questions kept as checks, and what asking them again came to."""
    for statement in kept.TABLES:
        db.conn.execute(statement)


@migrations()
def m011_notes(db: Database) -> None:
    """What a model noted of documents."""
    for statement in notes.TABLES:
        db.conn.execute(statement)


def _load(db: Database) -> Callable[[str], bytes]:
    """A function that gives the bytes of a large value; none where it is missing, as `check` will say."""

    def load(sha256: str) -> bytes:
        row = db.conn.execute("SELECT data FROM blob WHERE sha256 = ?", (sha256,)).fetchone()
        return bytes(row[0]) if row else b""

    return load


def known() -> list[str]:
    """Names of all steps that this version of Taproot knows, in order."""
    return [step.name for step in migrations._migrations]


def applied(connection: sqlite3.Connection) -> list[str]:
    """Names of the steps that a database has been through. Reads only."""
    return [step.name for step in migrations.applied(Database(connection, execute_plugins=False))]


def apply(connection: sqlite3.Connection) -> None:
    """Apply the missing steps. Belongs in one transaction, so that a failing step leaves nothing behind."""
    migrations.apply(Database(connection, execute_plugins=False))


FIRST = (
    """CREATE TABLE event (
        id INTEGER PRIMARY KEY, run TEXT NOT NULL, seq INTEGER NOT NULL, ts REAL NOT NULL, node TEXT NOT NULL,
        kind TEXT NOT NULL, payload TEXT NOT NULL, hash TEXT NOT NULL, UNIQUE (run, seq)) STRICT""",
    """CREATE TABLE run (
        run TEXT PRIMARY KEY, question TEXT, corpus TEXT, corpus_name TEXT, model TEXT, settings TEXT, owner TEXT,
        strategy TEXT, started REAL, status TEXT, answer TEXT, sources TEXT, coverage TEXT, usage TEXT, seconds REAL,
        nodes INTEGER, reason TEXT, finished REAL) STRICT""",
    "CREATE INDEX run_by_corpus ON run (corpus)",
    """CREATE TABLE node (
        run TEXT NOT NULL, node TEXT NOT NULL, parent TEXT, kind TEXT, depth INTEGER, cell INTEGER, call INTEGER,
        "index" INTEGER, status TEXT, seconds REAL, started REAL, finished REAL, started_seq INTEGER,
        finished_seq INTEGER, PRIMARY KEY (run, node)) STRICT""",
    """CREATE TABLE turn (
        run TEXT NOT NULL, node TEXT NOT NULL, turn INTEGER NOT NULL, finish TEXT, started REAL, finished REAL,
        started_seq INTEGER, draft_seq INTEGER, finished_seq INTEGER, PRIMARY KEY (run, node, turn)) STRICT""",
    """CREATE TABLE cell (
        run TEXT NOT NULL, node TEXT NOT NULL, cell INTEGER NOT NULL, turn INTEGER, status TEXT, seconds REAL,
        started REAL, finished REAL, started_seq INTEGER, finished_seq INTEGER,
        PRIMARY KEY (run, node, cell)) STRICT""",
    """CREATE TABLE output (
        run TEXT NOT NULL, seq INTEGER NOT NULL, node TEXT, cell INTEGER, type TEXT, PRIMARY KEY (run, seq)) STRICT""",
    """CREATE TABLE call (
        run TEXT NOT NULL, node TEXT NOT NULL, cell INTEGER NOT NULL, call INTEGER NOT NULL, kind TEXT, seconds REAL,
        error TEXT, started REAL, finished REAL, started_seq INTEGER, finished_seq INTEGER,
        PRIMARY KEY (run, node, cell, call)) STRICT""",
    "CREATE TABLE blob (sha256 TEXT PRIMARY KEY, mime TEXT NOT NULL, data BLOB NOT NULL) STRICT",
    """CREATE TABLE blob_use (
        run TEXT NOT NULL, sha256 TEXT NOT NULL, PRIMARY KEY (run, sha256)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX blob_use_by_blob ON blob_use (sha256)",
    """CREATE TABLE corpus (
        corpus TEXT PRIMARY KEY, name TEXT, created REAL NOT NULL, facts TEXT NOT NULL) STRICT""",
    "CREATE TABLE heartbeat (owner TEXT PRIMARY KEY, ts REAL NOT NULL) STRICT",
    """CREATE TABLE deletion (
        kind TEXT NOT NULL, id TEXT NOT NULL, ts REAL NOT NULL, erased INTEGER NOT NULL,
        PRIMARY KEY (kind, id)) STRICT""",
    """CREATE TRIGGER event_is_never_changed BEFORE UPDATE ON event
        BEGIN SELECT RAISE(ABORT, 'events are append-only'); END""",
    """CREATE TRIGGER event_is_only_deleted_with_its_run BEFORE DELETE ON event
        WHEN NOT EXISTS (SELECT 1 FROM deletion WHERE kind = 'run' AND id = old.run)
        BEGIN SELECT RAISE(ABORT, 'events are append-only'); END""",
)

SECOND = (
    "ALTER TABLE run ADD COLUMN session TEXT",
    "ALTER TABLE run ADD COLUMN follows TEXT",
    "UPDATE run SET session = run",
    "CREATE INDEX run_by_session ON run (session)",
    "CREATE INDEX event_by_node ON event (run, node, seq)",
    "CREATE TABLE title (session TEXT PRIMARY KEY, title TEXT NOT NULL) STRICT",
    search.TABLE,
)

THIRD = (
    """CREATE TABLE collection (
        collection TEXT PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, sources TEXT NOT NULL,
        created REAL NOT NULL) STRICT""",
    """CREATE TABLE version (
        collection TEXT NOT NULL, number INTEGER NOT NULL, corpus TEXT NOT NULL, added REAL NOT NULL, changes TEXT,
        PRIMARY KEY (collection, number)) STRICT""",
    "CREATE INDEX version_by_corpus ON version (corpus)",
)
