"""The store: one data folder, its writer and its readers behind one object."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any

from engine.corpus.archive import INDEX
from engine.corpus.noted.texts import text_hashes
from engine.errors import StoreError
from engine.events import DraftSaved, Event, Fact, OutputWritten, RunResumed, RunStarted
from engine.store import collections, delete, owner, trials
from engine.store.database import compact, database, lists, notes
from engine.store.database.writer import Result, When, Work, Writer
from engine.store.kept import table as kept
from engine.store.log import log, sweep
from engine.store.log.hash_chain import canonical
from engine.store.reader import Reader
from engine.store.rows import Row
from engine.types import Json

GROUPED = (DraftSaved, OutputWritten)  # may share a commit up to 50 ms later; all others wait for theirs


class Store(Reader):
    """The data folder of one person: runs, corpora, and everything that happened. Thread-safe.

    Several processes may have the same folder open; each is the owner of the runs it begins. Opening marks the runs
    of owners that died as interrupted, and so does a check every few seconds. `busy_seconds` is how long a write
    waits for another program. Raises StoreError when the folder or its database cannot be used.
    """

    def __init__(self, data_dir: Path, *, busy_seconds: float = 15.0):
        self.folder = Path(data_dir).absolute()
        self._owner = owner.this_process()
        self._lost: dict[str, StoreError] = {}
        self._lost_lock = threading.Lock()
        self._watchers: list[Callable[[Event], None]] = []
        self._deleting: set[object] = set()  # deletions of this store that are under way
        super().__init__(database.prepare(self.folder, busy_seconds), busy_seconds)
        self._writer = Writer(
            partial(database.connect, self._path, busy_seconds),
            tick=lambda db: log.tick(db, self._owner),
            idle=self._finish_others,
        )
        try:
            self._write(log.mark_interrupted)
            self._write(partial(collections.settle, folder=self.folder / delete.CORPORA))
            self._write(lambda db: delete.finish(db, self.folder), "alone")
        except BaseException:
            self.close()
            raise

    @property
    def corpora_dir(self) -> Path:
        """Return the folder that holds one folder per corpus; it is made if needed."""
        folder = self.folder / delete.CORPORA
        folder.mkdir(mode=0o700, exist_ok=True)
        return folder

    def new_run(self, started: RunStarted) -> str:
        """Begin a run of this process and return its id once committed. `owner` is filled in."""
        owned = replace(started, owner=owner.to_json(self._owner))
        prepared = log.prepare("0", owned)

        def announce(begun: tuple[str, float]) -> None:
            self._announce(Event(begun[0], 1, begun[1], "0", owned))

        return self._write(lambda db: log.begin(db, prepared, self._owner), after=announce)[0]

    def add_runs(self, runs: Sequence[Sequence[tuple[float, str, Fact]]]) -> list[str]:
        """Add whole runs that ended elsewhere, all in one transaction; return their new ids.

        Each is a sequence of (Unix seconds, node, fact) that begins with its RunStarted and holds its RunEnded.
        """
        prepared = [[(ts, log.prepare(node, fact)) for ts, node, fact in run] for run in runs]
        return self._write(partial(log.add_runs, runs=prepared))

    def resume_run(self, run: str, last: int, resumed: RunResumed) -> Event:
        """Let an ended run go on in this process; `last` is the number of its last event, `owner` is filled in.

        Raises InputError when it goes on already, has an answer, or has other events by now; nothing is written then.
        """
        owned = replace(resumed, owner=owner.to_json(self._owner))
        prepared = log.prepare("0", owned)

        def announce(place: tuple[int, float]) -> None:
            self._announce(Event(run, *place, "0", owned))

        work = partial(log.resume, run=run, last=last, prepared=prepared, me=self._owner)
        seq, ts = self._write(work, after=announce)
        return Event(run, seq, ts, "0", owned)

    def append(self, run: str, node: str, fact: Fact) -> Event:
        """Add an event to a run; return it after its commit.

        Drafts and outputs return at once and are committed within 50 ms, in order; their `seq` is 0, and if that
        commit fails, the next append to the run raises. Raises StoreError; then nothing of this event was written.
        """
        with self._lost_lock:
            lost = self._lost.pop(run, None)
        if lost is not None:
            raise StoreError(f"Outputs of the run {run} could not be stored. {lost}")
        work = partial(log.append, run=run, prepared=log.prepare(node, fact))

        def announce(place: tuple[int, float]) -> None:
            self._announce(Event(run, *place, node, fact))

        if isinstance(fact, GROUPED):
            self._writer.submit(work, "soon", announce).add_done_callback(partial(self._remember, run))
            return Event(run, 0, time.time(), node, fact)
        seq, ts = self._write(work, after=announce)
        return Event(run, seq, ts, node, fact)

    def watch(self, watcher: Callable[[Event], None]) -> None:
        """Tell `watcher` each event that this process commits, from now on, in order and before `append` returns.

        It is called in the thread that writes, so it must be quick; what it raises is lost.
        """
        self._watchers.append(watcher)

    def flush(self) -> None:
        """Return when all that was appended so far is committed."""
        self._write(lambda db: None)

    def heartbeat(self) -> None:
        """Leave a sign of life now. The store does so by itself every few seconds while a run of it lasts."""
        self._write(lambda db: log.beat(db, self._owner))

    def mark_interrupted(self, *, copied: bool = False) -> list[str]:
        """Finish the runs whose owner died as interrupted, or all where this is a copy; return their ids."""
        return self._write(partial(log.mark_interrupted, copied=copied))

    def save_corpus(self, row: dict[str, Json]) -> None:
        """Add or replace a corpus. `row` needs "id"; "name" and all other JSON values in it are kept as they are."""
        facts = canonical(row)
        self._write(lambda db: log.save_corpus(db, row["id"], row.get("name"), facts))
        self._know(row)

    def delete_run(self, name: str) -> Row:
        """Delete a run by its id or unique prefix; return a receipt.

        The receipt holds the ids of `runs` and `corpora`, the number of events and the last hash of each run (`heads`),
        counts of `events`, `blobs`, `folders`, `backups` and kept questions (`checks`), the `bytes` freed, the time (`deleted`, Unix seconds), `erased`
        (no byte is left in our files), `notices`, `quoted_by`: runs that stay and were told of what was deleted, because
        they follow it or were forked, and `asked_in`: lists and series of the bench that hold its question. Raises InputError while the run is running.
        """
        run = self.run(name)["run"]
        return self._delete(lambda db: delete.take_run(db, run))

    def delete_corpus(self, name: str) -> Row:
        """Delete a corpus, its folder and all its runs; return a receipt as `delete_run` does."""
        corpus = self.corpus(name)["corpus"]
        return self._delete(lambda db: delete.take_corpus(db, corpus))

    def save_version(self, row: Row, corpus: Row, changes: Json) -> int:
        """Add or replace a corpus as `save_corpus` does, as the newest version of a collection; return its number.

        `row` has the `kind`, `name` and `sources` of the collection, and its id as `collection`.
        """
        facts = canonical(corpus)

        def work(db: sqlite3.Connection) -> int:
            log.save_corpus(db, corpus["id"], corpus.get("name"), facts)
            return collections.save_version(db, row, corpus["id"], changes)

        number = self._write(work)
        self._know(corpus)
        return number

    def adopt(self) -> int:
        """Give every corpus without a collection one; return how many there were."""
        return self._write(collections.adopt)

    def new_collection(self) -> str:
        """Return an id that no collection has or had."""
        return self._write(collections.new_id)

    def rename_collection(self, collection: str, name: str) -> None:
        """Give a collection another name. Raises InputError when there is none."""
        self._write(partial(collections.rename, collection=collection, name=name))

    def delete_collection(self, collection: str) -> Row:
        """Delete a collection, its corpora, their runs and its uploaded files; return a receipt as `delete_run` does.

        Corpora that another collection shares are `kept`. Raises InputError while a run reads one of them.
        """
        return self._delete(partial(delete.take_collection, collection=collection))

    def drop_unused(self, corpus: str) -> bool:
        """Delete the text of an older version that no run used; say whether it was so."""
        gone, noted = self._write(partial(delete.take_unused, corpus=corpus))
        if gone:
            self._write(lambda db: delete.erase_unused(db, self.folder, corpus), "alone")
        if noted:  # words of its documents
            self._write(compact.compact, "alone")
        return gone

    def name_session(self, session: str, title: str) -> None:
        """Give a session a title in place of its first question; "" takes it away. Raises InputError."""
        self._write(partial(log.name_session, session=session, title=title))

    def delete_session(self, session: str) -> Row:
        """Delete all runs of a session; return a receipt as `delete_run` does. Raises InputError while one runs."""
        return self._delete(lambda db: delete.take_session(db, session))

    def keep(self, run: str, accepted: str) -> None:
        """Keep the question of a run with its accepted answer, or change that answer."""
        self._write(partial(kept.keep, run=run, accepted=accepted))

    def drop_kept(self, run: str) -> None:
        """Keep a question no longer; its runs stay. Raises InputError when it is not kept."""
        self._write(partial(kept.drop, run=run))

    def save_check(self, name: str, run: str, facts: Row) -> None:
        """Add what asking the question kept from the run `name` again came to, in the run `run`."""
        self._write(partial(kept.save_result, kept=name, run=run, facts=facts))

    def save_series(self, series: str, facts: Row) -> None:
        """Add a series of bench results, or renew its facts."""
        self._write(partial(trials.save_series, series=series, facts=facts))

    def save_trial(self, row: Row) -> None:
        """Add the result of one question of the bench; see `engine.store.trials`."""
        self._write(partial(trials.save, row=row))

    def delete_series(self, series: str) -> None:
        """Delete results of the bench; their runs and texts are those of collections, see `delete_collection`."""
        self._write(partial(trials.remove, name=series))

    def new_list(self, corpus: str, facts: Row, rows: Sequence[lists.Asked]) -> str:
        """Add a list of questions, each with the number of its document or None; return its id."""
        return self._write(partial(lists.save, corpus=corpus, facts=facts, rows=rows))

    def attach_row(self, name: str, number: int, run: str | None, problem: str | None = None) -> bool:
        """Give a row of a list its run, or the reason why it could not be asked; False where another run has it."""
        return self._write(partial(lists.attach, name=name, number=number, run=run, problem=problem))

    def delete_list(self, name: str) -> Row:
        """Delete a list by its id or unique prefix with all its runs; return a receipt as `delete_run` does."""
        return self._delete(partial(delete.take_list, name=self.question_list(name)["list"]))

    def know_texts(self) -> None:
        """Learn which text each document of all corpora has, so that notes are found for it, and go with the last of them.

        Reads the texts of those corpora that came before the first note; one that is damaged is left out.
        """
        with self._snapshot() as db:
            unknown = notes.unknown(db)
        for row in self.corpora():
            if row["corpus"] in unknown:
                self._register(row["corpus"], Path(row.get("path") or self.corpora_dir / row["corpus"]))

    def save_notes(
        self,
        text: str,
        model: tuple[str, str],
        rows: Sequence[notes.Asked],
        state: notes.Noted,
        *,
        tokens: int = 0,
        seconds: float = 0.0,
    ) -> bool:
        """Add what a model (fingerprint, name) noted of a text, and how far it is; see `engine/store/database/notes.py`.

        False where no corpus has the text any more.
        """
        return self._write(
            partial(
                notes.save, text=text, model=model, rows=rows, state=state, tokens=tokens, seconds=seconds
            )
        )

    def _know(self, corpus: dict[str, Json]) -> None:
        """Learn the texts of a corpus that was just stored, where there are notes."""
        with self._snapshot() as db:
            wanted = notes.is_used(db) and not notes.texts(db, corpus["id"])
        if wanted:
            self._register(corpus["id"], Path(corpus.get("path") or self.corpora_dir / corpus["id"]))

    def _register(self, corpus: str, path: Path) -> None:
        if not (path / INDEX).is_file():
            return
        try:
            texts = text_hashes(path)
        except StoreError:  # it is damaged, as whoever opens it is told; others may have notes
            return
        self._write(partial(notes.register, corpus=corpus, texts=texts))

    def close(self) -> None:
        """Commit what is queued and let go of the database. May be called more than once."""
        # The reader first: only the last connection empties and removes the log, and a reading one cannot.
        super().close()
        self._writer.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _delete(self, take: Work[Row]) -> Row:
        mine = object()
        self._deleting.add(mine)
        try:
            return self._take(take)
        finally:
            self._deleting.discard(mine)

    def _finish_others(self, db: sqlite3.Connection) -> None:
        """Complete what others left; a deletion of ours does that itself, and its receipt says what it did."""
        if not self._deleting:
            delete.finish(db, self.folder, self._writer.is_wanted)

    def _take(self, take: Work[Row]) -> Row:
        used = self._write(compact.used_bytes)
        receipt = {**self._write(take), "blobs": 0, "deleted": time.time()}
        more = True
        while more:  # each step is a piece of work of its own, so that others can write between them
            swept = self._write(sweep.step)
            receipt["blobs"] += swept.blobs
            more = swept.more
        freed = used - self._write(compact.used_bytes)
        while self._write(compact.shrink):
            pass
        erased = self._write(lambda db: delete.erase(db, self.folder), "alone")
        return {**receipt, **erased, "bytes": max(0, freed) + erased["bytes"]}

    def _write(
        self, work: Work[Result], when: When = "now", after: Callable[[Result], None] | None = None
    ) -> Result:
        with database.sentences(self._path):
            return self._writer.submit(work, when, after).result()

    def _announce(self, event: Event) -> None:
        for watcher in self._watchers:
            with contextlib.suppress(
                Exception
            ):  # it is committed; a defect of a watcher must not stop the log
                watcher(event)

    def _remember(self, run: str, done: Future[Any]) -> None:
        error = done.exception()
        if error is None:
            return
        if isinstance(error, sqlite3.Error | OSError):
            error = database.explain(error, self._path)
        with self._lost_lock:
            self._lost[run] = error if isinstance(error, StoreError) else StoreError(str(error))
