"""Reading what is stored, over read-only connections of its own: lists, trees, payloads with their large values."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from engine.errors import InputError
from engine.events import Event
from engine.store import collections, trials
from engine.store.database import lists, notes
from engine.store.database.database import connect, sentences
from engine.store.kept import table as kept
from engine.store.log import projections, search
from engine.store.rows import (
    Row,
    by_prefix,
    corpus_of,
    dicts,
    draft_of,
    events_of,
    fact_of,
    payload_at,
    payload_of,
    run_of,
    trace_of,
)
from engine.store.verification import chain_problems, projection_problems
from engine.types import Json


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

    def events(self, run: str, after: int = 0) -> list[Event]:
        """Return the events of a run with a number above `after`, in order; those that cannot be read as Unreadable."""
        with self._snapshot() as db:
            return events_of(db, run, after)

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
            return [run_of(db, row) for row in dicts(found)]

    def run(self, name: str) -> Row:
        """Return the run with this id, or the only one whose id starts so. Raises InputError for none or several."""
        with self._snapshot() as db:
            return run_of(db, by_prefix(db, "run", name))

    def session(self, session: str) -> list[Row]:
        """Return the runs of a session, oldest first."""
        with self._snapshot() as db:
            found = db.execute("SELECT * FROM run WHERE session = ? ORDER BY started, run", (session,))
            return [run_of(db, row) for row in dicts(found)]

    def forks(self, run: str) -> list[Row]:
        """Return the runs that branched off a run, oldest first: {"run", "node", "cell"}, the place in the run."""
        with self._snapshot() as db:
            found = db.execute(
                "SELECT run, forked ->> 'node', forked ->> 'cell' FROM run WHERE forked ->> 'run' = ? ORDER BY started",
                (run,),
            )
            return [{"run": fork, "node": node, "cell": cell} for fork, node, cell in found]

    def sessions(
        self, wanted: list[str] | None, corpus: str | None, limit: int
    ) -> list[tuple[str, list[Row]]]:
        """Return sessions by their latest run, newest first, with the main facts of their runs, oldest first.

        `wanted` names the only ones to return; with `corpus`, those that have a run on it or on another version of it.
        """
        columns = "run, question, answer, status, forced, corpus, corpus_name, model, started, seconds, follows, session, forked"
        with self._snapshot() as db:
            names = db.execute(
                "SELECT session FROM run WHERE (?1 IS NULL OR session IN (SELECT value FROM json_each(?1))) "
                "AND (corpus IS NULL OR corpus NOT IN (SELECT corpus FROM version JOIN collection USING (collection) "
                "WHERE kind = 'bench')) AND run NOT IN (SELECT run FROM list_run) "
                "AND (?2 IS NULL OR corpus = ?2 OR corpus IN (SELECT corpus FROM version WHERE collection IN "
                "(SELECT collection FROM version WHERE corpus = ?2))) GROUP BY session ORDER BY max(started) DESC, session DESC LIMIT ?3",
                (None if wanted is None else json.dumps(wanted), corpus, limit),
            ).fetchall()
            found: dict[str, list[Row]] = {name: [] for (name,) in names if name is not None}
            rows = db.execute(
                f"SELECT {columns} FROM run WHERE session IN (SELECT value FROM json_each(?)) ORDER BY started, run",
                (json.dumps([*found]),),
            )
            for row in dicts(rows):
                found[row["session"]].append(run_of(db, row))
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
                Event(run, seq, ts, node, fact_of(db, kind, payload, image))
                for seq, ts, node, kind, payload in found
            ]

    def trace(self, run: str, after: int = 0) -> list[tuple[int, str]]:
        """Return number and compact form (JSON text, see `engine.store.log.trace`) of the events after number `after`."""
        with self._snapshot() as db:
            return trace_of(db, run, after)

    def last(self, run: str) -> int:
        """Return the number of the last event of a run; 0 when there is no such run."""
        with self._snapshot() as db:
            number: int
            (number,) = db.execute("SELECT coalesce(max(seq), 0) FROM event WHERE run = ?", (run,)).fetchone()
            return number

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
            return [{**payload_of(db, row.pop("payload")), **row} for row in dicts(found)]

    def corpora(self) -> list[Row]:
        """Return the corpora, newest first, each with the number of its runs, and its place; see `collections.of`."""
        with self._snapshot() as db:
            return [
                corpus_of(db, row)
                for row in dicts(db.execute("SELECT * FROM corpus ORDER BY created DESC, corpus"))
            ]

    def corpus(self, name: str) -> Row:
        """Return the corpus with this id, or the only one whose id starts so. Raises InputError."""
        with self._snapshot() as db:
            return corpus_of(db, by_prefix(db, "corpus", name))

    def latest_runs(self, corpora: list[str], limit: int) -> list[Row]:
        """Return run, session, question, status, started of the last runs over these corpora, newest first."""
        with self._snapshot() as db:
            found = db.execute(
                "SELECT run, session, question, status, started FROM run "
                "WHERE corpus IN (SELECT value FROM json_each(?)) ORDER BY started DESC, run DESC LIMIT ?",
                (json.dumps(corpora), limit),
            )
            return [run_of(db, row) for row in dicts(found)]

    def notes_on(self, corpus: str, document: int | None = None) -> list[Row]:
        """Return the notes of a corpus or of one document of it; see `engine/store/database/notes.py`."""
        with self._snapshot() as db:
            return notes.stored(db, corpus, document)

    def noted(self, corpus: str, model: str) -> tuple[list[str], dict[str, notes.Noted]]:
        """Return the texts of the documents of a corpus, and how far a model (its fingerprint) came with each."""
        with self._snapshot() as db:
            return notes.texts(db, corpus), notes.states(db, corpus, model)

    def asked_about(self, text: str, model: str, at: int) -> dict[str, int]:
        """Return the questions that a model was asked about the piece of a text at a character, each with its end."""
        with self._snapshot() as db:
            return notes.asked(db, text, model, at)

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

    def kept(self) -> list[Row]:
        """Return the kept questions, oldest first: run, question, corpus, corpus_name, accepted, created, results."""
        with self._snapshot() as db:
            found = []
            for row in kept.stored(db):
                run = run_of(db, by_prefix(db, "run", row["run"]))
                found.append({**row, **{name: run[name] for name in ("question", "corpus", "corpus_name")}})
            return found

    def question_lists(self) -> list[Row]:
        """Return the lists of questions, newest first; see `database/lists.py`."""
        with self._snapshot() as db:
            return lists.stored(db)

    def question_list(self, name: str) -> Row:
        """Return the list of questions with this id, or the only one whose id starts so. Raises InputError."""
        with self._snapshot() as db:
            return lists.stored(db, by_prefix(db, "list", name)["list"])[0]

    def list_rows(self, name: str) -> list[Row]:
        """Return the rows of a list in order: number, question, document, run, status, problem."""
        with self._snapshot() as db:
            return lists.rows(db, name)

    def was_deleted(self, kind: str, name: str) -> bool:
        """Say whether a run, corpus or collection of this id was deleted and has not come back."""
        with self._snapshot() as db:
            row = db.execute("SELECT 1 FROM deletion WHERE kind = ? AND id = ?", (kind, name)).fetchone()
            return row is not None

    def verify_chain(self, run: str) -> list[str]:
        """Check the hashes of a run's events and of its large values; an empty list means that all hold."""
        with self._snapshot() as db:
            return chain_problems(db, run)

    def verify_projections(self, run: str) -> list[str]:
        """Derive the tables of a run from its events again and compare; an empty list means that they are equal."""
        with self._snapshot() as db:
            return projection_problems(db, run)

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
            found = dicts(db.execute(f"SELECT * FROM {table} WHERE run = ? ORDER BY started_seq", (run,)))
            rows = []
            for row in found:
                draft = {"draft": draft_of(db, run, row)} if table == "turn" else {}
                payloads = [payload_at(db, run, row.pop(name)) for name in pointers]
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
