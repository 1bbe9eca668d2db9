"""Work that takes a while, in threads: what is going on, how far it is, and a way to stop it.

A job tells its progress to whoever follows, at most a few times a second, and stays in the list for a while after
its end, so that a page that is reloaded still shows what became of it.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import Literal

from app.errors import NotFound
from engine.documents.writing.builder import Progress
from engine.errors import Cancelled, LockedError, TaprootError
from engine.types import Json

TELL_SECONDS = 0.2
ETA_AFTER_SECONDS = 2.0
KEPT_SECONDS = 3600.0
SHOWN_PROBLEMS = 200
AT_ONCE = 2

State = Literal["waiting", "looking", "reading", "done", "failed", "stopped"]
OVER = ("done", "failed", "stopped")


@dataclass(slots=True)
class Job:
    """One job as followers see it. Sizes in bytes, times in Unix seconds, `eta` in seconds or None.

    `problems` are the first files that could not be read, as {"path", "reason"}; `problem_count` counts all.
    `message` is the sentence at the end; `result` what came of it. `locked`: it failed for want of a password.
    """

    job: str
    kind: str
    name: str
    card: str | None = None
    state: State = "waiting"
    files: int = 0
    files_total: int = 0
    bytes: int = 0
    bytes_total: int = 0
    current: str = ""
    eta: float | None = None
    problems: list[dict[str, str]] = field(default_factory=list)
    problem_count: int = 0
    message: str = ""
    result: Json = None
    locked: bool = False
    started: float = field(default_factory=time.time)
    finished: float | None = None


@dataclass(slots=True)
class Control:
    """What the work of a job gets: tell progress, and ask whether to stop."""

    job: Job
    stop: threading.Event
    tell: Callable[[Job], None]
    _since: float = field(default_factory=time.monotonic)
    _told: float = 0.0

    def begin(self) -> None:
        """Raise Cancelled when it was stopped while it waited for its turn."""
        if self.stop.is_set():
            raise Cancelled("Stopped before it began; nothing was changed.")

    def progress(self, now: Progress) -> None:
        """Note how far the reading is."""
        job = self.job
        if job.state != "reading":
            job.state, self._since = "reading", time.monotonic()
        job.files, job.files_total = now.files, now.files_total
        job.bytes, job.bytes_total, job.current = now.bytes, now.bytes_total, now.reading or now.name
        if now.reason:
            job.problem_count += 1
            if len(job.problems) < SHOWN_PROBLEMS:
                job.problems.append({"path": now.name, "reason": now.reason})
        passed = time.monotonic() - self._since
        if now.bytes and passed > ETA_AFTER_SECONDS:
            job.eta = round(passed * (now.bytes_total - now.bytes) / now.bytes, 1)
        if time.monotonic() - self._told > TELL_SECONDS:
            self._told = time.monotonic()
            self.tell(job)


Work = Callable[[Control], tuple[str, Json]]  # gives the sentence and the result of a job


class Jobs:
    """Runs jobs, two at a time, in the order they came. `tell` is called with a job whenever it changed."""

    def __init__(self, tell: Callable[[Job], None]):
        self._tell = tell
        self._jobs: dict[str, Job] = {}
        self._stops: dict[str, threading.Event] = {}
        self._locked: dict[str, Work] = {}  # what may succeed with a password
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="library")

    def start(self, kind: str, name: str, work: Work, *, card: str | None = None) -> Job:
        """Queue `work`; it returns the sentence and the result of the job, or raises TaprootError."""
        job, stop = Job(secrets.token_hex(6), kind, name, card), threading.Event()
        with self._lock:
            self._forget_old()
            self._jobs[job.job], self._stops[job.job] = job, stop
        self._tell(job)
        self._pool.submit(self._run, Control(job, stop, self._tell), work)
        return job

    def again(self, name: str) -> Job:
        """Begin anew what failed for want of a password; the failed job is forgotten. Raises NotFound."""
        job = self.get(name)
        with self._lock:
            work = self._locked.pop(name, None)
        if work is None:
            raise NotFound("This work did not fail for want of a password; add its folder again.")
        self.stop(name)
        return self.start(job.kind, job.name, work, card=job.card)

    def list(self) -> list[Json]:
        """All jobs that go on, and those that ended lately, oldest first."""
        with self._lock:
            return [asdict(job) for job in self._jobs.values()]

    def get(self, name: str) -> Job:
        """One job. Raises NotFound."""
        with self._lock:
            if name not in self._jobs:
                raise NotFound("This work is over and forgotten; the library shows what came of it.")
            return self._jobs[name]

    def stop(self, name: str) -> Job:
        """Stop a job, or forget one that is over."""
        job = self.get(name)
        with self._lock:
            self._stops[name].set()
            if job.state in OVER:
                del self._jobs[name], self._stops[name]
                self._locked.pop(name, None)
        return job

    def busy(self, card: str) -> bool:
        """Whether a job works on this card."""
        with self._lock:
            return any(job.card == card and job.state not in OVER for job in self._jobs.values())

    def of(self, card: str, kind: str) -> Job | None:
        """The newest job of a kind that works on a card, or did lately; None where there is none."""
        with self._lock:
            found = [job for job in self._jobs.values() if job.card == card and job.kind == kind]
        return found[-1] if found else None

    def wait(self, name: str, seconds: float = 60.0) -> Job:
        """Wait for the end of a job and return it; for tests and the command line."""
        deadline = time.monotonic() + seconds
        while self.get(name).state not in OVER and time.monotonic() < deadline:
            time.sleep(0.01)
        return self.get(name)

    def close(self) -> None:
        """Stop everything and wait."""
        with self._lock:
            for stop in self._stops.values():
                stop.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _run(self, control: Control, work: Work) -> None:
        job = control.job
        state: State = "done"
        try:
            job.state = "looking"
            self._tell(job)
            job.message, job.result = work(control)
        except Cancelled as problem:
            state, job.message = "stopped", str(problem)
        except TaprootError as problem:
            state, job.message, job.locked = "failed", str(problem), isinstance(problem, LockedError)
        except Exception as problem:  # a defect of ours must not leave a job that never ends
            state, job.message = "failed", f"Taproot made a mistake ({type(problem).__name__})."
        if job.locked:
            with self._lock:
                self._locked[job.job] = work
        job.eta, job.finished = None, time.time()
        job.state = state
        self._tell(job)

    def _forget_old(self) -> None:
        old = [
            name
            for name, job in self._jobs.items()
            if job.state in OVER and (job.finished or 0) < time.time() - KEPT_SECONDS
        ]
        for name in old:
            del self._jobs[name], self._stops[name]
            self._locked.pop(name, None)
