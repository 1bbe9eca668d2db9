"""How every process with walls is started: the kernel's zygote, parsers, models, clients of a server, downloads.

Each has a process group of its own, so that Ctrl-C in a terminal is for the app alone; standard input, output and
error, and no other descriptor; of the environment what is named and nothing else. What such a process does first is in
`engine.sandbox.child`. The walls it puts around itself are `engine.sandbox.confine` and `engine.sandbox.egress`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from queue import SimpleQueue
from typing import IO

import engine

ROOT = Path(engine.__file__).parent.parent
COMMON = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "LD_LIBRARY_PATH")  # variables that any of them may see
HOMELY = (*COMMON, "HOME", "TMPDIR", "TEMP")  # and those that may know whose they are

_Start = Callable[[], "subprocess.Popen[bytes]"]


def spawn(
    words: Sequence[str],
    *,
    variables: Collection[str] = COMMON,
    prefixes: tuple[str, ...] = (),
    settings: Mapping[str, str] | None = None,
    stdin: int | IO[bytes] = subprocess.PIPE,
    stdout: int | IO[bytes] = subprocess.PIPE,
    stderr: int | IO[bytes] = subprocess.DEVNULL,
    folder: Path = ROOT,
) -> subprocess.Popen[bytes]:
    """Start this Python with `words` ("-m", a module and its arguments, say) in `folder`. Raises OSError.

    `variables` of our environment are handed on, those that begin with one of `prefixes`, and `settings` over them;
    started in Taproot's own folder, it finds Taproot's modules there. The packages of the user are never found.
    """
    environment = {
        name: value
        for name, value in os.environ.items()
        if name in variables or (prefixes and name.startswith(prefixes))
    }
    if folder == ROOT:
        environment["PYTHONPATH"] = str(ROOT)
    return _starter.start(
        lambda: subprocess.Popen(
            [sys.executable, "-s", "-P", *words],
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            cwd=folder,
            env={**environment, **(settings or {})},
            start_new_session=True,
        )
    )


class _Starter:
    """The one thread that starts them, for Linux ends a process with the thread that started it (`die_with_parent`)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self, start: _Start) -> subprocess.Popen[bytes]:
        started: Future[subprocess.Popen[bytes]] = Future()
        with self._lock:
            if self._thread is None or not self._thread.is_alive():  # never begun, or left behind by a fork
                self._orders: SimpleQueue[tuple[_Start, Future[subprocess.Popen[bytes]]]] = SimpleQueue()
                self._thread = threading.Thread(target=self._run, name="starter", daemon=True)
                self._thread.start()
            self._orders.put((start, started))
        return started.result()

    def _run(self) -> None:
        while True:
            start, started = self._orders.get()
            try:
                started.set_result(start())
            except BaseException as problem:
                started.set_exception(problem)


_starter = _Starter()
