"""The one thread that makes llama.cpp compute: lets requests in, takes one step after the other."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from engine.llm.local.batch.batch import DONE, NO_PLACE, NO_ROOM, Emit, Pool
from engine.llm.local.batch.fair_queue import Waiting
from engine.llm.local.batch.job import Job
from engine.llm.local.context import Context
from engine.llm.local.text.token_log import Logs
from engine.types import Json

BEAT_SECONDS = 1.0  # how often the app hears that work goes on
TALLY = (
    *("steps", "compute_seconds", "preempted"),
    *("read_tokens", "read_seconds", "alone_tokens", "alone_seconds", "together_tokens", "together_seconds"),
)

PoolMaker = Callable[["Compute"], Pool]


class Compute:
    """Runs jobs in the pool that `make_pool` makes. `emit` gets the events of jobs as JSON values."""

    def __init__(self, logs: Logs, emit: Emit, make_pool: PoolMaker):
        self.emit = emit
        self._logs = logs
        self._arrived = threading.Condition()
        self._jobs: dict[int, Job] = {}
        self._waiting = Waiting()
        self._running: list[Job] = []  # those of the batch being evaluated
        self._forgotten: list[str] = []
        self._changed = False
        self._stopped = False
        self._beat = 0.0
        self.tally: dict[str, float] = dict.fromkeys(TALLY, 0)
        self._pool = make_pool(self)

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
                self._pool.context.abort()
            self._arrived.notify()

    def forget(self, conversation: str) -> None:
        """Give up what is kept for a conversation that has ended, and for those below it."""
        with self._arrived:
            self._forgotten.append(conversation)
            self._changed = True
            self._arrived.notify()

    def stop(self) -> None:
        """Let `run` return after its step."""
        with self._arrived:
            self._stopped = True
            self._arrived.notify()

    def close(self) -> None:
        """Free the memory of the pool, once `run` has returned."""
        self._pool.context.close()

    def refuse(self, job: Job, event: Json) -> None:
        """End a job that was expected and cannot be run."""
        self.finish(job, event)

    @property
    def context(self) -> Context:
        """The context in which it computes."""
        return self._pool.context

    @property
    def counts(self) -> Json:
        """Steps taken, seconds spent in llama.cpp, jobs that had to make room; tokens read, written by one reply
        alone and written by several together, each with the seconds that took; since the start.
        """
        return dict(self.tally)

    # --- the computing thread ---------------------------------------------------------------------------

    def run(self) -> None:
        """Work until the process ends."""
        while True:
            with self._arrived:
                self._arrived.wait_for(lambda: self._stopped or self._changed or self._pool.active)
            if self._stopped:
                return
            if self._changed:
                self._changed = False
                self._drop_cancelled()
                while self._forgotten:
                    self._pool.forget(self._forgotten.pop())
                self._admit()
            if self._pool.active:
                self._step()

    def finish(self, job: Job, event: Json) -> None:
        """Tell the app how a job ended, after its reply joined its conversation's log."""
        with self._arrived:
            self._jobs.pop(job.id, None)
            self._changed = True
        if job.key and job.sampled and job.prompt is not None and job.speech is not None:
            self._logs.add_reply(job.prompt, job.sampled, job.speech.text)
        self.emit(event)

    def _drop_cancelled(self) -> None:
        with self._arrived:
            gone = [job for job in self._waiting if job.cancelled]
            for job in gone:
                self._waiting.remove(job)
        for job in gone:
            job.free()
            text = job.speech.text if job.speech else ""
            self.finish(job, {"id": job.id, "reply": job.report(text, "cancelled")})
        self._pool.drop_cancelled()

    def _admit(self) -> None:
        """Let in all that may start, in turn. The first that finds no room keeps those after it waiting, but for
        nodes when only the places of sub-calls are taken.
        """
        with self._arrived:
            order = self._waiting.in_turn(self._pool.active)
        crowded = False
        for job in order:
            if crowded and not job.pinned:
                continue
            answer = self._pool.admit(job, self._waiting)
            if answer == NO_ROOM:
                return
            crowded = crowded or answer == NO_PLACE
            if answer == DONE:
                with self._arrived:
                    self._waiting.remove(job)

    def _step(self) -> None:
        jobs = self._pool.turn()
        reading = not all(job.writing for job in jobs)
        with self._arrived:
            self._running = list(jobs)
        started = time.monotonic()
        displaced = self._pool.step(jobs)
        now = time.monotonic()
        with self._arrived:
            self._running = []
        self.tally["steps"] += 1
        if displaced is not None:
            self.tally["preempted"] += 1
            self.submit(displaced)
        if reading and len(self._waiting):
            self._changed = True  # who waited for what is being read may start
        if now - self._beat > BEAT_SECONDS:
            self._beat = now
            self.emit({"beat": round(now - started, 3)})
