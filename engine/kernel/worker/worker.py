"""One worker: a forked process that confines itself and then runs the cells of one node. Untrusted from there.

Frames from the host: start {context reference, limits, notes}, cell {number, code, clock, readings, question, piece_chars},
answer {answers, known | refused | stop}.
Frames to the host: ready, failed {message}, output {output}, call {number, name, arguments}, done {...}.
"""

from __future__ import annotations

import builtins
import fcntl
import gc
import os
import random
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine import corpus as corpora
from engine.kernel.cell import Answered
from engine.kernel.channel import Channel, ChannelFull
from engine.kernel.toolbox.final import CellDone
from engine.kernel.toolbox.toolbox import Toolbox
from engine.kernel.worker import chance, clock
from engine.kernel.worker.faults import report
from engine.kernel.worker.inprocess import CellKernel
from engine.kernel.worker.interrupts import Interrupts
from engine.kernel.worker.outputs import Outputs, Stream
from engine.kernel.worker.reserve import Reserve, full
from engine.sandbox.child import die_with_parent
from engine.types import Json

CHANNEL_FD = 3
MAX_FROM_HOST = 1 << 30  # bytes; the host is trusted
CORPUS_FILES = "corpus"


def settle(sock: int, pipe: int, scratch: Path) -> None:
    """Leave everything behind that belongs to the zygote: session, descriptors, environment, folder."""
    os.setsid()
    die_with_parent()
    high = [fcntl.fcntl(fd, fcntl.F_DUPFD, 64) for fd in (os.open(os.devnull, os.O_RDONLY), pipe, pipe, sock)]
    for target, fd in enumerate(high):
        os.dup2(fd, target, inheritable=False)
    os.closerange(CHANNEL_FD + 1, os.sysconf("SC_OPEN_MAX"))
    os.umask(0o077)
    Path("/proc/self/oom_score_adj").write_text("1000")
    for name in ("HOME", "TMPDIR", "IPYTHONDIR", "MPLCONFIGDIR", "XDG_CACHE_HOME"):
        os.environ[name] = str(scratch)
    tempfile.tempdir = str(scratch)
    os.chdir(scratch)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


def serve(kernel: CellKernel, confine: Callable[[], int | None], scratch: Path) -> None:
    """Confine this process, hand over the descriptor on which its writes wait, and run cells until the host is gone."""
    channel = Channel(socket.socket(fileno=CHANNEL_FD), MAX_FROM_HOST)
    try:
        listener = confine()
    except Exception as error:
        channel.hand_over(None)
        _fail(channel, error)
        return
    channel.hand_over(listener)
    try:
        start: Any = channel.receive()
        worker = _Worker(kernel, channel, scratch, start)
    except Exception as error:
        _fail(channel, error)
        return
    channel.send({"op": "ready"})
    while True:
        frame: Any = channel.receive()
        code, readings = frame["code"], frame["readings"]
        clock.begin(code, kernel.shell.user_global_ns, frame["clock"], readings)
        chance.begin(code, readings)
        worker.run(frame["number"], code, frame["question"], frame["piece_chars"])


def _fail(channel: Channel, error: Exception) -> None:
    channel.send({"op": "failed", "kind": type(error).__name__, "message": str(error)})


class _Worker:
    """State of a worker between its cells."""

    def __init__(self, kernel: CellKernel, channel: Channel, scratch: Path, start: dict[str, Any]):
        self._kernel = kernel
        self._channel = channel
        self._scratch = scratch
        self._interrupts = Interrupts()
        self._calling = threading.RLock()
        self._calls = 0
        self._outputs = Outputs(self._send_output, start["output_chars"])
        self._stdout = Stream(self._outputs, "stdout", self._interrupts)
        self._stderr = Stream(self._outputs, "stderr", self._interrupts)
        self._reserve = Reserve()
        kernel.attach(self._outputs, self._interrupts, self._reserve, self._stdout, self._stderr)
        corpus = corpora.Corpus.open(Path(start["corpus"]), start["notes"]) if start["corpus"] else None
        self._corpus = corpus
        self._claims = corpus.claims if corpus is not None else lambda text: []
        self._shown: list[str] = []
        self._builtins = dict(vars(builtins))
        self._toolbox = Toolbox(
            self._ask,
            kernel.shell.user_ns,
            corpora.resolve(start["ref"], corpus),
            corpora.reference,
            self._claims,
            start["piece_chars"],
            start["question"],
            start["earlier"],
        )
        threading.excepthook = self._thread_failed
        sys.unraisablehook = self._finalizer_failed
        random.seed(0)  # the same cells give the same results when they are run again
        if "numpy" in sys.modules:
            sys.modules["numpy"].random.seed(0)

    def _thread_failed(self, problem: Any) -> None:
        """Show the error of a thread of a cell. FINAL there is none."""
        if not isinstance(problem.exc_value, CellDone):
            self._complain("a thread ended with an error", problem.exc_value)

    def _finalizer_failed(self, problem: Any) -> None:
        self._complain("an error was ignored", problem.exc_value)

    def _complain(self, what: str, error: BaseException) -> None:
        try:
            lines = report(error, self._kernel.shell.user_ns)["traceback"]
            self._stderr.write("\n".join([f"[{what}]", *lines, ""]))
        except MemoryError:
            pass

    def run(self, number: int, code: str, question: str, piece_chars: int) -> None:
        """Run one cell and tell the host how it ended."""
        toolbox, kernel, interrupts = self._toolbox, self._kernel, self._interrupts
        vars(builtins).update(self._builtins)
        os.chdir(self._scratch)
        sys.stdout, sys.stderr = self._stdout, self._stderr
        sys.setrecursionlimit(3000)
        toolbox.begin(question, piece_chars)
        self._calls = 0
        self._shown.clear()
        self._outputs.begin()
        kernel.error = None
        variables: list[list[str]] = []
        changes: dict[str, Json] | None = None
        try:
            try:
                interrupts.begin()
                kernel.run(code, number)
                toolbox.end(ok=kernel.error is None)
                variables, changes = toolbox.variables(), toolbox.changes()
            finally:
                interrupts.end()
        except (KeyboardInterrupt, MemoryError) as error:  # it came in the last moment
            interrupts.end()
            kernel.failed(error)
        self._look_at_memory()
        with self._calling:  # a thread of the cell may still wait for an answer
            dropped = self._outputs.end()
            self._channel.send(
                {
                    "op": "done",
                    "number": number,
                    "error": kernel.error,
                    "final": toolbox.final,
                    "variables": variables,
                    "changes": changes,
                    "readings": clock.taken() | chance.taken(),
                    "spans": self._spans(),
                    "searched": self._searched(),
                    "dropped": dropped,
                    "notes": toolbox.notes,
                }
            )
            self._shown.clear()

    def _look_at_memory(self) -> None:
        """Where little memory is left for the next cell, let go of what can be missed; say so if that is not enough."""
        ran_out = self._kernel.error is not None and self._kernel.error["ename"] == "MemoryError"
        if self._reserve.is_whole() and not ran_out:
            return
        self._kernel.forget_results()
        gc.collect()
        if not self._reserve.is_whole():
            self._toolbox.notes.append(full(self._toolbox.own_variables()))

    def _spans(self) -> list[list[int]]:
        """The pieces of documents that seem to stand in what the cell showed; none where memory is too short to look."""
        try:
            return self._claims("\n".join(self._shown))
        except MemoryError:
            return []

    def _searched(self) -> Json:
        """The documents that cells searched so far, as ranges [first, last); None for all of them."""
        if self._corpus is None:
            return []
        view = self._corpus.view(tuple(sorted(self._corpus.tracker.searched)))
        return corpora.reference(view)["documents"]

    def _send_output(self, output: dict[str, Json]) -> None:
        text = output.get("text") or output.get("data", {}).get("text/plain", "")
        self._shown += (
            [text, text.replace("\\n", "\n")] if "\\n" in text else [text]
        )  # as a repr writes line ends
        with self._interrupts:
            self._channel.send({"op": "output", "output": output})

    def _ask(self, name: str, arguments: dict[str, Json]) -> list[Answered]:
        """Make a call and wait for the host's answer."""
        self._outputs.flush()
        with self._calling, self._interrupts:
            if not self._interrupts.running:
                raise RuntimeError("sub-calls can only be made while a cell runs")
            number = self._calls + 1
            self._channel.send({"op": "call", "number": number, "name": name, "arguments": arguments})
            self._calls = number
            try:
                frame: Any = self._channel.receive()
            except ChannelFull:
                raise MemoryError("there is no memory for the answers of this call") from None
            if frame.get("stop"):
                self._interrupts.raise_later()
                raise RuntimeError("the run was stopped")
        if frame.get("refused") is not None:
            raise RuntimeError(frame["refused"])
        return [
            Answered(text, confidence, quoted=quoted)
            for text, (confidence, quoted) in zip(frame["answers"], frame["known"], strict=True)
        ]
