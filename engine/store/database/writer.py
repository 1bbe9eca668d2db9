"""One thread that owns the writing connection. Work queued close together shares one commit.

Every piece of work is a function of the connection, run inside a transaction. `submit` returns a Future that is done
after the commit, or holds what went wrong: it is always resolved, also when the thread itself fails.
"""

from __future__ import annotations

import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

from engine.errors import StoreError
from engine.store.database.database import transaction

Result = TypeVar("Result")
Work = Callable[[sqlite3.Connection], Result]
When = Literal["now", "soon", "alone"]
LARGEST_BATCH = 512  # pieces of work in one commit


@dataclass(slots=True)
class _Job(Generic[Result]):
    work: Work[Result]
    when: When
    after: Callable[[Result], None] | None
    future: Future[Result] = field(default_factory=Future)


class Writer:
    """Runs work on its own connection, made by `open_connection` in its own thread.

    `tick` runs about every `tick_seconds`, in a transaction of its own; `idle` after it, outside of one, when nothing is
    queued. `group_seconds` is how long work that is wanted "soon" may wait for company.
    """

    def __init__(
        self,
        open_connection: Callable[[], sqlite3.Connection],
        *,
        tick: Work[object],
        idle: Work[object] = lambda db: None,
        tick_seconds: float = 5.0,
        group_seconds: float = 0.05,
    ):
        self._open_connection = open_connection
        self._tick, self._idle = tick, idle
        self._tick_seconds = tick_seconds
        self._group_seconds = group_seconds
        self._jobs: queue.Queue[_Job[Any] | None] = queue.Queue()
        self._lock = threading.Lock()
        self._ended: str | None = None
        self._in_hand: list[_Job[Any]] = []
        self._thread = threading.Thread(target=self._main, name="store-writer", daemon=True)
        self._thread.start()

    def submit(
        self, work: Work[Result], when: When = "now", after: Callable[[Result], None] | None = None
    ) -> Future[Result]:
        """Queue work. "now": commit with whatever waits; "soon": within `group_seconds`; "alone": by itself and
        outside a transaction. Raises StoreError when the writer has ended.

        `after` gets the result in the writer's thread, after the commit and in the order of the work; it must
        be quick and must not raise.
        """
        job = _Job(work, when, after)
        with self._lock:
            if self._ended is None and not self._thread.is_alive():  # the process was forked
                self._ended = "The store belongs to another process; open it again in this one."
            if self._ended is not None:
                raise StoreError(self._ended)
            self._jobs.put(job)
        return job.future

    def is_wanted(self) -> bool:
        """Say whether work is queued."""
        return not self._jobs.empty()

    def close(self) -> None:
        """Commit what is queued and end the thread. May be called more than once."""
        with self._lock:
            if self._ended is None:
                self._ended = "The store is closed; open it again."
                self._jobs.put(None)
        self._thread.join()

    def _main(self) -> None:
        try:
            db = self._open_connection()
            try:
                self._loop(db)
            finally:
                db.close()
        except BaseException as error:
            self._fail(error)

    def _loop(self, db: sqlite3.Connection) -> None:
        next_tick = time.monotonic() + self._tick_seconds
        while True:
            # Asked before the queue, so that a store that is always busy beats as well.
            if (wait := next_tick - time.monotonic()) <= 0:
                self._run_tick(db)
                next_tick = time.monotonic() + self._tick_seconds
                continue
            try:
                job = self._jobs.get(timeout=wait)
            except queue.Empty:
                continue
            if job is None:
                return
            batch, after, ending = self._gather(job)
            self._in_hand = [*batch, after] if after else batch
            if batch:
                self._commit(db, batch)
            if after:
                self._run_alone(db, after)
            if ending:
                return

    def _gather(self, first: _Job[Any]) -> tuple[list[_Job[Any]], _Job[Any] | None, bool]:
        """Collect what may share a commit with `first`: the batch, work that must follow alone, whether to end."""
        batch: list[_Job[Any]] = []
        deadline = time.monotonic() + self._group_seconds
        job: _Job[Any] | None = first
        while job is not None:
            if job.when == "alone":
                return batch, job, False
            batch.append(job)
            if job.when == "now":
                deadline = 0.0
            if len(batch) == LARGEST_BATCH:
                return batch, None, False
            try:
                wait = deadline - time.monotonic()
                job = self._jobs.get(timeout=wait) if wait > 0 else self._jobs.get_nowait()
            except queue.Empty:
                return batch, None, False
        return batch, None, True

    def _commit(self, db: sqlite3.Connection, batch: list[_Job[Any]]) -> None:
        try:
            with transaction(db):
                results = [job.work(db) for job in batch]
        except Exception as error:
            # A failing disk fails everyone; a piece of work that is wrong by itself must not take others with it.
            if len(batch) == 1 or (
                isinstance(error, sqlite3.Error) and not isinstance(error, sqlite3.IntegrityError)
            ):
                for job in batch:
                    job.future.set_exception(error)
            else:
                for job in batch:
                    self._commit(db, [job])
        else:
            for job, result in zip(batch, results, strict=True):
                if job.after is not None:
                    job.after(result)
                job.future.set_result(result)

    def _run_alone(self, db: sqlite3.Connection, job: _Job[Any]) -> None:
        try:
            result = job.work(db)
        except Exception as error:
            job.future.set_exception(error)
        else:
            job.future.set_result(result)

    def _run_tick(self, db: sqlite3.Connection) -> None:
        try:
            with transaction(db):
                self._tick(db)
            if not self.is_wanted():
                self._idle(db)
        except sqlite3.Error:
            pass  # a missed heartbeat does no harm; a lasting failure shows at the next append

    def _fail(self, error: BaseException) -> None:
        with self._lock:
            self._ended = f"The store cannot write any more ({error}); restart Taproot."
            waiting = [job for job in self._in_hand if not job.future.done()]
            while not self._jobs.empty():
                if job := self._jobs.get():
                    waiting.append(job)
            for job in waiting:
                job.future.set_exception(StoreError(self._ended))
