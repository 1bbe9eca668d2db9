"""The one thread that makes llama.cpp compute: lets requests in, takes one step after the other."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from engine.llm.job import Job
from engine.llm.pool import DONE, NO_ROOM, Emit, Pool
from engine.llm.token_log import Logs
from engine.llm.waiting import Waiting
from engine.types import Json

BEAT_SECONDS = 1.0  # how often the app hears that work goes on
TALLY = (
    *("steps", "compute_seconds", "preempted"),
    *("read_tokens", "read_seconds", "written_tokens", "write_seconds"),
)
IDLE_SECONDS = 60.0  # after which the memory of sub-calls is given back

PoolMaker = Callable[["Compute"], Pool]


class Compute:
    """Runs jobs in pools: `make_pool` makes that of nodes, `make_leaves`, if given, one for sub-calls when
    some come. `emit` gets the events of jobs as JSON values.
    """

    def __init__(self, logs: Logs, emit: Emit, make_pool: PoolMaker, make_leaves: PoolMaker | None = None):
        self.emit = emit
        self._logs = logs
        self._make_leaves = make_leaves
        self._arrived = threading.Condition()
        self._jobs: dict[int, Job] = {}
        self._waiting = Waiting()
        self._running: list[Job] = []  # those of the batch being evaluated
        self._changed = False
        self._stopped = False
        self._beat = 0.0
        self.tally: dict[str, float] = dict.fromkeys(TALLY, 0)
        self._spent: dict[Pool, float] = {}
        self._leaves: Pool | None = None
        self._nodes = make_pool(self)

    # --- from other threads -----------------------------------------------------------------------------

    def expect(self, job: Job) -> None:
        """Take note of a job whose prompt is still being made, so that it can be cancelled."""
        with self._arrived:
            self._jobs[job.id] = job

    def submit(self, job: Job) -> None:
        """Queue a job that has its prompt."""
        with self._arrived:
            self._jobs[job.id] = job
            self._waiting.add(job)
            self._changed = True
            self._arrived.notify()

    def cancel(self, job_id: int) -> None:
        """End a job at once if it waits, else within a step."""
        with self._arrived:
            job = self._jobs.get(job_id)
            if job is None:
                return
            job.cancelled = self._changed = True
            if self._running and all(job.cancelled for job in self._running):
                self._abort()
            self._arrived.notify()

    def stop(self) -> None:
        """Let `run` return after its step."""
        with self._arrived:
            self._stopped = True
            self._arrived.notify()

    def close(self) -> None:
        """Free the memory of all pools, once `run` has returned."""
        for pool in self._pools:
            pool.context.close()

    def refuse(self, job: Job, event: Json) -> None:
        """End a job that was expected and cannot be run."""
        self.finish(job, event)

    @property
    def counts(self) -> Json:
        """Steps taken, seconds spent in llama.cpp, jobs that had to make room, and tokens read and written with
        the seconds that took; since the start.
        """
        return dict(self.tally)

    # --- the computing thread ---------------------------------------------------------------------------

    def run(self) -> None:
        """Work until the process ends."""
        while True:
            with self._arrived:
                idle = not self._arrived.wait_for(self._has_work, IDLE_SECONDS if self._leaves else None)
            if self._stopped:
                return
            if idle:
                self._close_leaves()
                continue
            if self._changed:
                self._changed = False
                self._drop_cancelled()
                self._admit()
            if pool := self._next_pool():
                self._step(pool)

    def finish(self, job: Job, event: Json) -> None:
        """Tell the app how a job ended, after its reply joined its conversation's log."""
        with self._arrived:
            self._jobs.pop(job.id, None)
            self._changed = True
        if job.key and job.sampled and job.prompt is not None and job.speech is not None:
            self._logs.add_reply(job.prompt, job.sampled, job.speech.text)
        self.emit(event)

    def _has_work(self) -> bool:
        return bool(self._stopped or self._changed or any(pool.active for pool in self._pools))

    @property
    def _pools(self) -> list[Pool]:
        return [self._nodes, self._leaves] if self._leaves else [self._nodes]

    def _abort(self) -> None:
        for pool in self._pools:
            pool.context.abort()

    def _drop_cancelled(self) -> None:
        with self._arrived:
            gone = [job for job in self._waiting if job.cancelled]
            for job in gone:
                self._waiting.remove(job)
        for job in gone:
            text = job.speech.text if job.speech else ""
            self.finish(job, {"id": job.id, "reply": job.report(text, "cancelled")})
        for pool in self._pools:
            pool.drop_cancelled()

    def _admit(self) -> None:
        """Let in all that may start, in turn. The first that finds no room keeps those after it waiting."""
        full: set[Pool] = set()
        with self._arrived:
            order = self._waiting.in_turn(job for pool in self._pools for job in pool.active)
        for job in order:
            pool = self._pool_for(job)
            if pool in full:
                continue
            answer = pool.admit(job, order)
            if answer == DONE:
                with self._arrived:
                    self._waiting.remove(job)
                order = [other for other in order if other is not job]
            elif answer == NO_ROOM:
                full.add(pool)
            if len(full) == (2 if self._make_leaves else 1):
                break

    def _pool_for(self, job: Job) -> Pool:
        if job.pinned or self._make_leaves is None:
            return self._nodes
        if self._leaves is None:
            self._leaves = self._make_leaves(self)
        return self._leaves

    def _close_leaves(self) -> None:
        if self._leaves is not None and not self._leaves.active:
            self._leaves.context.close()
            self._spent.pop(self._leaves, None)
            self._leaves = None

    def _next_pool(self) -> Pool | None:
        """Return the pool with work that has had least of the time."""
        busy = [pool for pool in self._pools if pool.active]
        if not busy:
            return None
        least = min(self._spent.get(pool, 0.0) for pool in busy)
        for pool in self._pools:
            if pool not in busy:  # time in which it had nothing to do is not made up for
                self._spent[pool] = max(self._spent.get(pool, 0.0), least)
        return min(busy, key=lambda pool: self._spent.get(pool, 0.0))

    def _step(self, pool: Pool) -> None:
        reading = not all(job.writing for job in pool.active)
        with self._arrived:
            self._running = list(pool.active)
        started = time.monotonic()
        displaced = pool.step()
        now = time.monotonic()
        with self._arrived:
            self._running = []
        self._spent[pool] = self._spent.get(pool, 0.0) + now - started
        self.tally["steps"] += 1
        if displaced is not None:
            self.tally["preempted"] += 1
            self.submit(displaced)
        if reading and len(self._waiting):
            self._changed = True  # who waited for what is being read may start
        if now - self._beat > BEAT_SECONDS:
            self._beat = now
            self.emit({"beat": round(now - started, 3)})
