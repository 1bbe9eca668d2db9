"""Tries the shapes of `fills` in a session and says of each whether it was contained, and how far it got.

The bytes on the disk are read from outside while the cell runs: of the file system, where the caller says that the
folder has one on which nobody else writes (then nothing is hidden), else of the files that can be seen.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.kernel.host.host import CellResult, KernelHost, Worker, WorkerLimits
from tests.engine.kernel.host.fills import AGAIN, DISK_PRELUDE, FILE, MEMORY, NOT_FREED, SCRATCH, Fill

SECONDS = 300.0
LOOK_SECONDS = 0.002
PATHS = ("site-packages", "lib/python", "/engine/", "/usr/")  # of an installation; a model should see none
TEXT = {"kind": "text", "text": "The lease begins in May.\n" * 4}


@dataclass(frozen=True, slots=True)
class Tried:
    """How a try ended: `escaped` says what was not contained, "" for nothing; `most` is the most bytes on disk."""

    escaped: str
    most: int = 0


@dataclass
class _Session:
    worker: Worker
    said: list[str] = field(default_factory=list)

    def run(self, code: str) -> tuple[CellResult, str]:
        """Run a cell; returns its result and all that a model would read of it."""
        outputs: list[dict[str, Any]] = []
        result = self.worker.execute(code, on_call=lambda call: [], on_output=outputs.append, timeout=SECONDS)
        shown = [o.get("text") or (o.get("data") or {}).get("text/plain") or "" for o in outputs]
        traces = [line for o in outputs for line in o.get("traceback", ())]
        self.said.append("\n".join([*shown, *traces, *result.notes]))
        return result, self.said[-1]


@contextmanager
def session(host: KernelHost, limits: WorkerLimits) -> Iterator[_Session]:
    """Make a session that ends with the block."""
    with host.worker(None, TEXT, limits) as worker:
        yield _Session(worker)


def attempt(host: KernelHost, fill: Fill, *, alone: bool = False) -> Tried:
    """Try one shape once. `alone`: nobody else writes on the file system of the host's folder."""
    return fill_memory(host, fill) if fill.kind == "memory" else fill_disk(host, fill, alone=alone)


def fill_disk(host: KernelHost, fill: Fill, *, alone: bool = False) -> Tried:
    """Fill the disk; the session must stay below SCRATCH bytes, and keep its variables."""
    limits = WorkerLimits(scratch_bytes=SCRATCH, file_bytes=FILE)
    with session(host, limits) as cells:
        cells.run("mine = 6")
        with watched(cells.worker, alone) as most:
            first, _ = cells.run(f"{DISK_PRELUDE}\n{fill.code}")
            most()
            second, after = cells.run("over.wait(); mine * 7" if "left" in fill.kind else "mine * 7")
        problems = [
            (most() > SCRATCH, f"{most():,} bytes on the disk"),
            (first.status not in ("ok", "error"), f"the cell {first.status}"),
            ("42" not in after or second.status != "ok", f"the next cell said {after[-200:]!r}"),
            (
                any(path in said for said in cells.said for path in PATHS),
                "a path of the installation was shown",
            ),
        ]
    return Tried("; ".join(why for bad, why in problems if bad), most())


def fill_memory(host: KernelHost, fill: Fill) -> Tried:
    """Fill the memory; the session must go on or say that memory ran out, and have room once `x` is deleted."""
    with session(host, WorkerLimits(data_bytes=MEMORY)) as cells:
        first, said = cells.run(fill.code)
        second, after = cells.run("6 * 7")
        cells.run("for name in ('x', 'y'): globals().pop(name, None)")
        more = f"more = [bytearray(1 << 16) for _ in range({AGAIN >> 16})]"
        cells.run(f"{more}; del more")  # what `_` still held is let go of when this fails
        last, _ = cells.run(more)
        lost = first.status == "died" or second.restarted
        told = "memory" in said + after
        problems = [
            (first.status == "timeout", "the cell hung"),
            (second.status != "ok" or "42" not in after, f"the next cell said {after[-200:]!r}"),
            (
                not told and (lost or first.status == "error"),
                f"memory is not named: {(said + after)[-200:]!r}",
            ),
            (last.status != "ok" and fill.name not in NOT_FREED, f"no memory came back: {last.error}"),
            (
                any(path in words for words in cells.said for path in PATHS),
                "a path of the installation was shown",
            ),
        ]
    return Tried("; ".join(why for bad, why in problems if bad))


@contextmanager
def watched(worker: Worker, alone: bool) -> Iterator[Callable[[], int]]:
    """Measure what a worker has on the disk while the block runs; gives a function that looks once more and returns the most."""
    root = worker._process.folder.parent  # a session that ends takes its own folder along
    before = _used(root)
    most = 0
    done = threading.Event()

    def look() -> int:
        nonlocal most
        most = max(most, _used(root) - before if alone else _seen(worker))
        return most

    def keep_looking() -> None:
        while not done.wait(LOOK_SECONDS):
            look()

    thread = threading.Thread(target=keep_looking)
    thread.start()
    try:
        yield look
    finally:
        done.set()
        thread.join()


def _used(folder: Path) -> int:
    facts = os.statvfs(folder)
    return (facts.f_blocks - facts.f_bfree) * facts.f_frsize


def _seen(worker: Worker) -> int:
    """Bytes of the files in the scratch folder, and of those that are open and have no name."""
    process = worker._process
    blocks: dict[int, int] = {}
    for path in (*process.folder.rglob("*"), *Path(f"/proc/{process.pid}/fd").glob("*")):
        try:
            facts = path.stat()
        except OSError:
            continue
        if facts.st_dev == process.folder.stat().st_dev:
            blocks[facts.st_ino] = facts.st_blocks
    return 512 * sum(blocks.values())
