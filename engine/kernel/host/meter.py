"""Counts what workers write, before it is written: each call that may take room on the disk waits for a yes.

What was counted once is not given back when a file is deleted or overwritten, so a worker can never hold more
than its limit, whatever it hides, keeps open or does from several threads at once.
"""

from __future__ import annotations

import errno
import os
import select
import threading
from pathlib import Path

from engine import disk
from engine.kernel.cell import WorkerLimits
from engine.sandbox.linux import waiting
from engine.sandbox.linux.waiting import Waiting

MAX_FILES = 20_000  # of one worker, also those it deleted
BLOCK = 4096  # bytes; what nearly every file system gives out at once
NAME = BLOCK + 1024  # of a new file or folder: a block, and its line in the folder that holds it
MIB = 1 << 20


class Meter:
    """The account of one worker. `written` counts bytes: whole blocks of the disk, and a share for each name.

    `root` is a folder on the disk that the worker writes to, one that outlives the worker.
    """

    def __init__(self, root: Path, limits: WorkerLimits):
        self.written = 0
        self._root = root
        self._limits = limits
        self._refused = ""

    def admit(self, call: Waiting) -> int:
        """Count what a call may take. Returns 0, or the errno it has to fail with."""
        needed = self._needed(call)
        if not needed:
            return 0
        if self.written + needed > self._limits.scratch_bytes:
            self._refused = (
                f"Files of this session may hold {self._limits.scratch_bytes // MIB} MiB in all, also what was "
                "deleted, and that is used up: no more can be written. Keep values in variables."
            )
            return errno.EDQUOT
        if needed > disk.room(self._root):
            self._refused = "The disk of this computer is nearly full, so cells can write no files. Keep values in variables."
            return errno.ENOSPC
        self.written += needed
        return 0

    def _needed(self, call: Waiting) -> int:
        """The most bytes of disk that a call can take."""
        if call.name not in ("write", "pwrite64"):
            return max(NAME, self._limits.scratch_bytes // MAX_FILES)
        size = min(call.arguments[2], self._limits.file_bytes)
        if not size:
            return 0
        start = (
            call.arguments[3] if call.name == "pwrite64" else BLOCK - 1
        )  # unknown: it may begin at the end of one
        return ((start + size - 1) // BLOCK - start // BLOCK + 1) * BLOCK

    def take_refusal(self) -> str:
        """Return the sentence on what was refused since last asked, "" for nothing."""
        refused, self._refused = self._refused, ""
        return refused


class Meters:
    """A thread that answers the waiting calls of all workers."""

    def __init__(self) -> None:
        self._meters: dict[int, Meter] = {}
        self._lock = threading.Lock()
        self._stop = os.eventfd(0)
        self._poll = select.epoll()
        self._poll.register(self._stop, select.EPOLLIN)
        self._thread = threading.Thread(target=self._run, name="kernel-meters", daemon=True)
        self._thread.start()

    def add(self, listener: int, meter: Meter) -> None:
        """Answer the calls that wait on a listener until its process is gone; then the listener is closed."""
        with self._lock:
            self._meters[listener] = meter
            self._poll.register(listener, select.EPOLLIN)

    def close(self) -> None:
        """End the thread. Calls that still wait fail."""
        os.eventfd_write(self._stop, 1)
        self._thread.join()
        for descriptor in (*self._meters, self._stop):
            os.close(descriptor)
        self._poll.close()

    def _run(self) -> None:
        while True:
            for listener, event in self._poll.poll():
                if listener == self._stop:
                    return
                if event & select.EPOLLIN:
                    self._answer(listener)
                elif event & (select.EPOLLHUP | select.EPOLLERR):
                    self._poll.unregister(listener)
                    with self._lock:
                        del self._meters[listener]
                    os.close(listener)

    def _answer(self, listener: int) -> None:
        call = waiting.receive(listener)
        if call is not None:
            try:
                code = self._meters[listener].admit(call)
            except OSError:  # the disk cannot be asked; who waits has to be told something
                code = errno.EIO
            waiting.answer(listener, call, code)
