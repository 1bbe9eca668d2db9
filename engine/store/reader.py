"""Reading what is stored, over read-only connections of its own: lists, trees, payloads with their large values."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from engine.errors import InputError, StoreError
from engine.store import collections, trials
from engine.store.database import blobs
from engine.store.database.database import connect, sentences
from engine.store.log import hash_chain as events
from engine.store.log import projections, search, trace
from engine.types import Event, Json

Row = dict[str, Any]


class Reader:
    """Thread-safe reading of one database. Every method sees what is committed when it starts."""

    def __init__(self, path: Path, busy_seconds: float):
        self._path = path
        self._busy_seconds = busy_seconds
        self._idle: list[sqlite3.Connection] = []
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the connections that are not in use."""
        with self._lock:
            while self._idle:
                self._idle.pop().close()

    def events(self, run: str, after: int = 0, *, resolve: bool = True) -> list[Event]:
        """Return the events of a run with a number above `after`, in order.

        Without `resolve`, images and texts above 64 KiB stay references ({"$blob": sha256, ...}, see `blob`).
        """
        with self._snapshot() as db:
            return _events(db, run, after, resolve=resolve)

    def blob(self, sha256: str) -> tuple[str, bytes]:
        """Return the MIME type and bytes of a large value. Raises InputError when there is none."""
        with self._snapshot() as db:
            row = db.execute("SELECT mime, data FROM blob WHERE sha256 = ?", (sha256,)).fetchone()
        if row is None:
            raise InputError(f"There is no stored value {sha256}; its run may have been deleted.")
        return row[0], row[1]

    def runs(self, corpus: str | None = None) -> list[Row]:
        """Return all runs, or those of one corpus, newest first. A run without an end has the status "running"."""
        with self._snapshot() as db:
            where, values = ("WHERE corpus = ?", (corpus,)) if corpus is not None else ("", ())
            found = db.execute(f"SELECT * FROM run {where} ORDER BY started DESC, run DESC", values)
            return [_run(db, row) for row in _dicts(found)]

    def run(self, name: str) -> Row:
        """Return the run with this id, or the only one whose id starts so. Raises InputError for none or several."""
        with self._snapshot() as db:
            return _run(db, _by_prefix(db, "run", name))

    def session(self, session: str) -> list[Row]:
        """Return the runs of a session, oldest first."""
        with self._snapshot() as db:
            found = db.execute("SELECT * FROM run WHERE session = ? ORDER BY started, run", (session,))
            return [_run(db, row) for row in _dicts(found)]

    def sessions(
        self, wanted: list[str] | None, corpus: str | None, limit: int
    ) -> list[tuple[str, list[Row]]]:
        """Return sessions by their latest run, newest first, with the main facts of their runs, oldest first.

        `wanted` names the only ones to return; with `corpus`, those that have a run on it or on another version of it.
        """
        columns = "run, question, answer, status, forced, corpus, corpus_name, model, started, seconds, follows, session"
        with self._snapshot() as db:
            names = db.execute(
                "SELECT session FROM run WHERE (?1 IS NULL OR session IN (SELECT value FROM json_each(?1))) "
                "AND (corpus IS NULL OR corpus NOT IN (SELECT corpus FROM version JOIN collection USING (collection) "
                "WHERE kind = 'bench')) "
                "AND (?2 IS NULL OR corpus = ?2 OR corpus IN (SELECT corpus FROM version WHERE collection IN "
                "(SELECT collection FROM version WHERE corpus = ?2))) GROUP BY session ORDER BY max(started) DESC, session DESC LIMIT ?3",
                (None if wanted is None else json.dumps(wanted), corpus, limit),
            ).fetchall()
            found: dict[str, list[Row]] = {name: [] for (name,) in names if name is not None}
            rows = db.execute(
                f"SELECT {columns} FROM run WHERE session IN (SELECT value FROM json_each(?)) ORDER BY started, run",
                (json.dumps([*found]),),
            )
            for row in _dicts(rows):
                found[row["session"]].append(_run(db, row))
            return list(found.items())

    def titles(self) -> dict[str, str]:
        """Return the titles that sessions were given, by session."""
        with self._snapshot() as db:
            return dict(db.execute("SELECT session, title FROM title").fetchall())

    def find(self, query: str, sessions: int) -> list[search.Hit]:
        """Return where a query stands in questions, answers, code and outputs; see `search.find`."""
        with self._snapshot() as db:
            return search.find(db, query, sessions)

    def node_events(
        self, run: str, node: str, upto: int | None = None, *, image: Callable[[str], Json] | None = None
    ) -> list[Event]:
        """Return the events of one node of a run in order, up to number `upto`.

        With `image`, what it makes of the sha256 of an image stands in its place.
        """
        with self._snapshot() as db:
            found = db.execute(
                "SELECT seq, ts, node, kind, payload FROM event WHERE run = ? AND node = ? AND seq <= ? ORDER BY seq",
                (run, node, 2**62 if upto is None else upto),
            ).fetchall()
            return [
                Event(run, seq, ts, node, kind, _payload(db, payload, True, image))
                for seq, ts, node, kind, payload in found
            ]

    def trace(self, run: str, after: int = 0) -> list[tuple[int, str]]:
        """Return number and compact form (JSON text, see `engine.store.log.trace`) of the events after number `after`."""
        with self._snapshot() as db:
            return _trace(db, run, after)

    def last(self, run: str) -> int:
        """Return the number of the last event of a run; 0 when there is no such run."""
        with self._snapshot() as db:
            return db.execute("SELECT coalesce(max(seq), 0) FROM event WHERE run = ?", (run,)).fetchone()[0]

    def nodes(self, run: str) -> list[Row]:
        """Return the nodes of a run in the order they began: what node_started and node_finished said."""
        return self._merged("node", run)

    def turns(self, run: str) -> list[Row]:
        """Return the turns of a run: messages, then text, code, usage; `draft` holds the text of one not finished."""
        return self._merged("turn", run)

    def cells(self, run: str) -> list[Row]:
        """Return the cells of a run: code, status, seconds, final, variables."""
        return self._merged("cell", run)

    def calls(self, run: str) -> list[Row]:
        """Return the sub-calls of a run: prompts or questions, children, answers, error."""
        return self._merged("call", run)

    def outputs(self, run: str) -> list[Row]:
        """Return the outputs of a run in order: node, cell, and `output` in Jupyter's format."""
        with self._snapshot() as db:
            found = db.execute(
                "SELECT output.*, event.ts, event.payload FROM output "
                "JOIN event ON event.run = output.run AND event.seq = output.seq WHERE output.run = ? "
                "ORDER BY output.seq",
                (run,),
            )
            return [{**_payload(db, row.pop("payload"), True), **row} for row in _dicts(found)]

    def corpora(self) -> list[Row]:
        """Return the corpora, newest first, each with the number of its runs, and its place; see `collections.of`."""
        with self._snapshot() as db:
            return [
                _corpus(db, row)
                for row in _dicts(db.execute("SELECT * FROM corpus ORDER BY created DESC, corpus"))
            ]

    def corpus(self, name: str) -> Row:
        """Return the corpus with this id, or the only one whose id starts so. Raises InputError."""
        with self._snapshot() as db:
            return _corpus(db, _by_prefix(db, "corpus", name))

    def latest_runs(self, corpora: list[str], limit: int) -> list[Row]:
        """Return run, session, question, status, started of the last runs over these corpora, newest first."""
        with self._snapshot() as db:
            found = db.execute(
                "SELECT run, session, question, status, started FROM run "
                "WHERE corpus IN (SELECT value FROM json_each(?)) ORDER BY started DESC, run DESC LIMIT ?",
                (json.dumps(corpora), limit),
            )
            return [_run(db, row) for row in _dicts(found)]

    def collections(self) -> list[Row]:
        """Return the collections, newest first, with their versions; see `collections.py`."""
        with self._snapshot() as db:
            return collections.stored(db)

    def series(self) -> list[Row]:
        """Return the series of bench results, the latest used first; see `trials.py`."""
        with self._snapshot() as db:
            return trials.series(db)

    def trials(self, series: str) -> list[Row]:
        """Return the results of a series, one for each question and method."""
        with self._snapshot() as db:
            return trials.stored(db, series)

    def trial_runs(self) -> set[str]:
        """Return the ids of the runs that the bench made."""
        with self._snapshot() as db:
            return {run for (run,) in db.execute("SELECT run FROM trial WHERE run IS NOT NULL")}

    def trial_cells(self, series: str) -> Row:
        """Return how the recursive runs of a series went; see `trials.cells`."""
        with self._snapshot() as db:
            return trials.cells(db, series)

    def was_deleted(self, kind: str, name: str) -> bool:
        """Say whether a run, corpus or collection of this id was deleted and has not come back."""
        with self._snapshot() as db:
            row = db.execute("SELECT 1 FROM deletion WHERE kind = ? AND id = ?", (kind, name)).fetchone()
            return row is not None

    def verify_chain(self, run: str) -> list[str]:
        """Check the hashes of a run's events and of its large values; an empty list means that all hold."""
        with self._snapshot() as db:
            rows = db.execute(
                "SELECT run, seq, ts, node, kind, payload, hash FROM event WHERE run = ? ORDER BY seq", (run,)
            )
            records = [events.Record(*row) for row in rows]
            if not records:
                return [f"run {run} has no events"]
            return events.problems(records) + _broken_blobs(db, records)

    def verify_projections(self, run: str) -> list[str]:
        """Derive the tables of a run from its events again and compare; an empty list means that they are equal."""
        with self._snapshot() as db:
            wanted = [
                change
                for event in _events(db, run, 0, resolve=False)
                for change in projections.changes(event)
            ]
            found = projections.differences(projections.fold(wanted), projections.stored(db, run))
            return found + _wrong_texts(db, run)

    def integrity(self) -> list[str]:
        """Let SQLite check the whole file; an empty list means that it is sound. Reads every page."""
        with self._snapshot() as db:
            found = [row[0] for row in db.execute("PRAGMA integrity_check")]
        return [] if found == ["ok"] else found

    def check(self) -> list[str]:
        """Check the whole database: the file, every chain, every projection. An empty list means that all hold."""
        found = self.integrity()
        for row in self.runs():
            found += [f"run {row['run']}: {problem}" for problem in self.verify_chain(row["run"])]
            found += [f"run {row['run']}: {problem}" for problem in self.verify_projections(row["run"])]
        return found

    def _merged(self, table: str, run: str) -> list[Row]:
        columns = projections.TABLES[table].columns
        pointers = [name for name in ("started_seq", "finished_seq") if name in columns]
        with self._snapshot() as db:
            found = _dicts(db.execute(f"SELECT * FROM {table} WHERE run = ? ORDER BY started_seq", (run,)))
            rows = []
            for row in found:
                draft = {"draft": _draft(db, run, row)} if table == "turn" else {}
                payloads = [_payload_at(db, run, row.pop(name)) for name in pointers]
                merged = {**row, **{name: value for payload in payloads for name, value in payload.items()}}
                rows.append({**merged, **draft})
            return rows

    @contextlib.contextmanager
    def _snapshot(self) -> Iterator[sqlite3.Connection]:
        with sentences(self._path):
            with self._lock:
                db = self._idle.pop() if self._idle else None
            db = db or connect(self._path, self._busy_seconds, read_only=True)
            try:
                db.execute("BEGIN")
                yield db
                db.execute("COMMIT")
            except BaseException:
                db.close()
                raise
            with self._lock:
                self._idle.append(db)


def _events(db: sqlite3.Connection, run: str, after: int, *, resolve: bool) -> list[Event]:
    found = db.execute(
        "SELECT seq, ts, node, kind, payload FROM event WHERE run = ? AND seq > ? ORDER BY seq",
        (run, after),
    )
    return [
        Event(run, seq, ts, node, kind, _payload(db, payload, resolve))
        for seq, ts, node, kind, payload in found
    ]


def _dicts(cursor: sqlite3.Cursor) -> list[Row]:
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def _by_prefix(db: sqlite3.Connection, table: str, name: str) -> Row:
    exact = _dicts(db.execute(f"SELECT * FROM {table} WHERE {table} = ?", (name,)))
    if exact:
        return exact[0]
    found = _dicts(
        db.execute(f"SELECT * FROM {table} WHERE substr({table}, 1, ?) = ? LIMIT 2", (len(name), name))
    )
    if not name or not found:
        raise InputError(f"There is no {table} {name!r}. List what is stored to see the names.")
    if len(found) > 1:
        raise InputError(f"More than one {table} starts with {name!r}. Give more of its name.")
    return found[0]


def _run(db: sqlite3.Connection, row: Row) -> Row:
    documents = {name for name, kind in projections.TABLES["run"].columns.items() if kind is projections.JSON}
    plain = {
        name: _payload(db, value, True) if name in documents and value else value
        for name, value in row.items()
    }
    forced = {"forced": bool(row["forced"])} if "forced" in row else {}
    return {**plain, "status": row["status"] or "running", **forced}


def _corpus(db: sqlite3.Connection, row: Row) -> Row:
    corpus = row["corpus"]
    runs = db.execute("SELECT count(*) FROM run WHERE corpus = ?", (corpus,)).fetchone()[0]
    found = {**json.loads(row["facts"]), "corpus": corpus, "created": row["created"], "runs": runs}
    return {**found, **collections.of(db, corpus)}


def _payload(
    db: sqlite3.Connection, text: str, resolve: bool, image: Callable[[str], Json] | None = None
) -> Json:
    value = json.loads(text)
    return blobs.join(value, lambda sha256: _blob(db, sha256), image) if resolve else value


def _draft(db: sqlite3.Connection, run: str, turn: Row) -> str | None:
    """What an unfinished turn had written by its last draft; None for one that is finished or wrote nothing."""
    last = turn.pop("draft_seq")
    if last is None:
        return None
    found = db.execute(
        "SELECT payload FROM event WHERE run = ? AND node = ? AND kind = 'draft' AND seq > ? AND seq <= ? ORDER BY seq",
        (run, turn["node"], turn["started_seq"] or 0, last),
    )
    text = ""
    for (payload,) in found:
        text = events.drafted(text, _payload(db, payload, True))
    return text


def _trace(db: sqlite3.Connection, run: str, after: int) -> list[tuple[int, str]]:
    return db.execute(
        "SELECT event.seq, trace.data FROM event JOIN trace ON trace.id = event.id "
        "WHERE event.run = ? AND event.seq > ? ORDER BY event.seq",
        (run, after),
    ).fetchall()


def _wrong_texts(db: sqlite3.Connection, run: str) -> list[str]:
    """Derive what can be searched of a run, and its compact events, again and compare."""
    kept = search.stored(db, run)
    traced = dict(_trace(db, run, 0))
    derived: dict[int, str | None] = {}
    compact: dict[int, str | None] = {}
    for seq, ts, node, kind, payload in db.execute(
        "SELECT seq, ts, node, kind, payload FROM event WHERE run = ?", (run,)
    ):
        try:
            whole = _payload(db, payload, True, lambda sha256: "")
            derived[seq] = search.text(node, kind, whole)
            compact[seq] = trace.encode(trace.compact(Event(run, seq, ts, node, kind, whole)))
        except StoreError:  # a value is missing, as `verify_chain` says
            derived[seq], compact[seq] = kept.get(seq), traced.get(seq)
    words = sorted(seq for seq in derived.keys() | kept.keys() if derived.get(seq) != kept.get(seq))
    short = sorted(seq for seq in compact.keys() | traced.keys() if compact.get(seq) != traced.get(seq))
    found = [f"search: the words of event {seq} differ from the event" for seq in words]
    return found + [f"trace: the short form of event {seq} differs from the event" for seq in short]


def _payload_at(db: sqlite3.Connection, run: str, seq: int | None) -> dict[str, Json]:
    row = db.execute("SELECT payload FROM event WHERE run = ? AND seq = ?", (run, seq)).fetchone()
    return _payload(db, row[0], True) if row else {}


def _blob(db: sqlite3.Connection, sha256: str) -> bytes:
    row = db.execute("SELECT data FROM blob WHERE sha256 = ?", (sha256,)).fetchone()
    if row is None:
        raise StoreError(
            f"The stored value {sha256} is missing from the database; the run cannot be shown in full."
        )
    return row[0]


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
