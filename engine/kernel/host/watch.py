"""Watches workers from outside: threads that spin on after their cell, and files that grow too large.

What a worker writes is counted before it is written (`meter`); its files are measured here too, for there are
file systems that take more than was asked for.
"""

from __future__ import annotations

import threading
import time

from engine.kernel.host import scratch
from engine.kernel.host.process import Process

PERIOD_SECONDS = 0.25
IDLE_SECONDS = 1.0  # processor use of an idle worker is judged over this time
IDLE_SHARE = 0.15  # of one processor; a spinning thread on a crowded machine gets little more
IDLE_STRIKES = 2

SPINNING = "a thread that an earlier cell left behind kept the processor busy, so the session was ended"
TOO_MANY_FILES = "the files of the session took more of the disk than they may, so the session was ended"


class _Watched:
    """What is known of one worker's past."""

    def __init__(self, process: Process, scratch_bytes: int):
        self.process = process
        self.scratch_bytes = scratch_bytes
        self.since: float | None = None  # start of the present idle period (monotonic seconds)
        self.used = 0.0
        self.strikes = 0

    def check(self) -> None:
        process = self.process
        if scratch.usage(process.folder, self.scratch_bytes) > self.scratch_bytes:
            process.kill(TOO_MANY_FILES)
        if process.busy:
            self.since = None
            return
        now = time.monotonic()
        if self.since is None:
            self.since, self.used, self.strikes = now, process.processor_seconds(), 0
        elif now - self.since >= IDLE_SECONDS:
            used = process.processor_seconds()
            spinning = used - self.used > IDLE_SHARE * (now - self.since)
            self.strikes = self.strikes + 1 if spinning else 0
            self.since, self.used = now, used
            if self.strikes >= IDLE_STRIKES:
                process.kill(SPINNING)


class Watch:
    """A thread that looks at every worker a few times a second. It sleeps while there is none."""

    def __init__(self) -> None:
        self._watched: dict[Process, _Watched] = {}
        self._changed = threading.Condition()
        self._closed = False
        self._thread: threading.Thread | None = None

    def add(self, process: Process, scratch_bytes: int) -> None:
        """Watch a worker until it is removed or dead."""
        with self._changed:
            self._watched[process] = _Watched(process, scratch_bytes)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="kernel-watch", daemon=True)
                self._thread.start()
            self._changed.notify()

    def remove(self, process: Process) -> None:
        """Forget a worker."""
        with self._changed:
            self._watched.pop(process, None)

    def close(self) -> None:
        """End the thread."""
        with self._changed:
            self._closed = True
            self._watched.clear()
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._watched and not self._closed:
                    self._changed.wait()
                if self._closed:
                    return
                watched = list(self._watched.values())
            for one in watched:
                with self._changed:
                    if one.process not in self._watched:
                        continue
                    if one.process.alive:
                        one.check()
                    else:
                        del self._watched[one.process]
            time.sleep(PERIOD_SECONDS)
