"""Where cells run, seen from the app: a host keeps one zygote and makes sandboxed workers from it."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine import sandbox
from engine.errors import KernelError, SandboxError
from engine.kernel.cell import Call, CellResult, WorkerLimits
from engine.kernel.channel import OUT_OF_MEMORY, Channel
from engine.kernel.host import scratch
from engine.kernel.host.client import Worker
from engine.kernel.host.process import Process
from engine.kernel.host.watch import Watch
from engine.sandbox.spawn import ROOT, spawn
from engine.types import Json

if TYPE_CHECKING:
    from engine.kernel.host.meter import Meters

__all__ = ["Call", "CellResult", "KernelHost", "Worker", "WorkerLimits"]

START_SECONDS = 120.0  # the first start ever builds matplotlib's font list
REQUEST_SECONDS = 10.0
CRASHES = ("SIGABRT", "SIGSEGV", "SIGBUS", "SIGTRAP", "SIGILL")  # how native code ends that gets no memory
LAUNCH = (  # without debugpy the kernel is built 90 ms sooner and 8 MiB smaller
    "import sys; sys.path.insert(0, sys.argv[1]); sys.modules['debugpy'] = None; from engine.kernel.worker.zygote import main; "
    "main('preload' in sys.argv, 'unsafe-without-sandbox' in sys.argv)"
)


class KernelHost:
    """Makes workers. Thread-safe; a context manager; `close` ends all its workers.

    `scratch` is a folder for the workers' files. `preload` imports numpy and matplotlib once for all workers.
    `unsafe_without_sandbox` runs cells with all rights of this user: only for the controls of the attack
    suite, which must show that the attacks work where nothing stops them.
    """

    def __init__(self, scratch: Path, *, preload: bool = True, unsafe_without_sandbox: bool = False):
        self._root = scratch
        self._folder = scratch / f"{os.getpid()}-{secrets.token_hex(4)}"
        self._preload = preload
        self._unsafe = unsafe_without_sandbox
        self._lock = threading.RLock()
        self._zygote: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._ready = False
        self._closed = False
        self._made = 0
        self._read = sandbox.default_read_paths()
        self._watch = Watch()
        self._meters: Meters | None = None

    # --- life -------------------------------------------------------------------------------------------

    @property
    def level(self) -> sandbox.Level:
        """The sandbox of this machine."""
        return sandbox.level()

    def start(self) -> None:
        """Start the zygote and return at once; the first worker waits for it. Raises SandboxError.

        May be called again; does nothing while the zygote runs.
        """
        with self._lock:
            if self._closed:
                raise KernelError("this kernel host is closed; make a new one")
            if self._zygote is not None:
                return
            found = self.level
            if not self._unsafe and not found.available:
                raise SandboxError(f"Cells cannot run here: {found.detail}")
            if not sys.platform.startswith("linux"):
                raise SandboxError(
                    f"Cells cannot run on {sys.platform} yet: workers are forked on Linux only."
                )
            self._sweep()
            home = self._folder / "zygote"
            home.mkdir(parents=True, mode=0o700, exist_ok=True)
            (self._root / "matplotlib").mkdir(exist_ok=True)
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            words = ["preload"] * self._preload + ["unsafe-without-sandbox"] * self._unsafe
            with theirs, (self._folder / "zygote.log").open("wb") as log:
                self._zygote = spawn(
                    ["-c", LAUNCH, str(ROOT), *words],
                    variables=("TZ", "LD_LIBRARY_PATH"),
                    settings=self._environment(home),
                    stdin=theirs.fileno(),
                    stdout=log,
                    stderr=log,
                    folder=home,
                )
            self._control = ours
            self._ready = False

    def _environment(self, home: Path) -> dict[str, str]:
        """What the zygote's environment says, whatever the app's does."""
        return {
            "PATH": "/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "HOME": str(home),
            "TMPDIR": str(home),
            "IPYTHONDIR": str(home / "ipython"),
            "MPLCONFIGDIR": str(self._root.absolute() / "matplotlib"),
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
            "PYTHONHASHSEED": "0",  # the same cells give the same results when they are run again
            "PYTHONUTF8": "1",
        }

    def _sweep(self) -> None:
        """Remove the folders of hosts that died without closing."""
        self._root.mkdir(parents=True, exist_ok=True)
        for folder in self._root.iterdir():
            pid = folder.name.partition("-")[0]
            if pid.isdigit() and not Path(f"/proc/{pid}").exists():
                scratch.remove(folder)

    def close(self) -> None:
        """End all workers and the zygote, and remove their files."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            self._watch.close()
            self._stop_zygote()
            if self._meters is not None:
                self._meters.close()
            if self._folder.exists():
                scratch.remove(self._folder)

    def _stop_zygote(self) -> None:
        """Close the control socket, upon which the zygote ends and the kernel kills its workers."""
        if self._zygote is None or self._control is None:
            return
        self._control.close()
        if not self._ready:
            self._zygote.kill()  # it may still be importing; it has no workers yet
        try:
            self._zygote.wait(2.0)
        except subprocess.TimeoutExpired:
            self._zygote.kill()
            self._zygote.wait()
        self._zygote = self._control = None

    def __enter__(self) -> KernelHost:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    # --- workers ----------------------------------------------------------------------------------------

    def worker(
        self,
        corpus: Path | None,
        ref: dict[str, Json],
        limits: WorkerLimits | None = None,
        question: str = "",
        earlier: Sequence[tuple[str, str]] = (),
        notes: str | None = None,
    ) -> Worker:
        """Make a worker whose `context` is what `ref` names in the corpus folder `corpus`.

        Its cells find the question in `question`, so that they can use its words without retyping them, and the
        questions and answers that it follows in `earlier`, oldest first. `notes` are those of the documents, as
        `engine.corpus.noted.notes.freeze` gives them.

        Returns when cells can run. Raises SandboxError or KernelError.
        """
        return Worker(self, corpus, ref, limits or WorkerLimits(), question, earlier, notes)

    def fork(self, corpus: Path | None, limits: WorkerLimits) -> Process:
        """Fork one process for a Worker; it waits for its first frame."""
        self.start()
        with self._lock:
            self._made += 1
            folder = self._folder / f"worker-{self._made}"
        folder.mkdir(mode=0o700)
        ours, theirs = socket.socketpair()
        out, into = os.pipe()
        try:
            reply, fds = self._request(
                {
                    "op": "fork",
                    "scratch": str(folder.absolute()),
                    "policy": None if self._unsafe else self._policy(corpus, folder, limits),
                },
                [theirs.fileno(), into],
            )
        except BaseException:
            ours.close()
            os.close(out)
            scratch.remove(folder)
            raise
        finally:
            theirs.close()
            os.close(into)
        return Process(reply["pid"], fds[0], Channel(ours), out, folder, limits.data_bytes)

    def _policy(self, corpus: Path | None, folder: Path, limits: WorkerLimits) -> dict[str, Json]:
        own = () if corpus is None else (corpus.absolute(),)
        mapped = sum(file.stat().st_size for file in own[0].rglob("*") if file.is_file()) if own else 0
        policy = sandbox.Policy(
            read=(*self._read, *own),
            write=folder.absolute(),
            data_bytes=limits.data_bytes,
            address_bytes=limits.address_bytes + mapped,
            file_bytes=limits.file_bytes,
            open_files=limits.open_files,
            cpu_seconds=limits.cpu_seconds,
            metered=True,
        )
        return asdict(policy) | {"read": [str(path) for path in policy.read], "write": str(policy.write)}

    def meter(self, process: Process, listener: int | None, limits: WorkerLimits) -> None:
        """Count what a worker writes, before it is written. None, where nothing waits to be counted, is left alone."""
        if listener is not None:
            from engine.kernel.host.meter import Meter, Meters  # they need Linux, as workers do

            with self._lock:
                self._meters = self._meters or Meters()
                process.meter = Meter(self._folder, limits)
                self._meters.add(listener, process.meter)

    def watch(self, process: Process, limits: WorkerLimits) -> None:
        """Keep an eye on a worker's files, and on its processor time while no cell runs."""
        self._watch.add(process, limits.scratch_bytes)

    def forget(self, process: Process) -> None:
        """Stop watching a worker."""
        self._watch.remove(process)

    def cause_of_death(self, process: Process) -> str:
        """Say in words how a worker ended."""
        try:
            reply, _ = self._request({"op": "status", "pid": process.pid}, [])
            code, grown = reply["exit"], reply["grown"]
        except KernelError:
            code, grown = None, 0
        if code is None:
            return "the session ended unexpectedly"
        if code == OUT_OF_MEMORY:
            return f"memory ran out: the session took all of its {process.memory >> 20:,} MiB"
        if code >= 0:
            return f"the session ended itself (exit code {code})"
        name = signal.Signals(-code).name
        if name in CRASHES and grown > process.memory // 2:
            return f"the session crashed in native code ({name}), most likely because memory ran out"
        reasons = {
            "SIGKILL": "the session was killed, most likely because memory ran out",
            "SIGXCPU": "the session used up its processor time",
            "SIGSEGV": "the session crashed in native code (SIGSEGV), or recursed without end",
            "SIGSYS": "the session tried something that the sandbox forbids",
        }
        return reasons.get(name, f"the session was ended by {name}")

    # --- the zygote -------------------------------------------------------------------------------------

    def _request(self, message: dict[str, Json], fds: list[int]) -> tuple[Any, list[int]]:
        """Ask the zygote; a dead one is started again, once."""
        with self._lock:
            for attempt in (1, 2):
                try:
                    self._await_ready()
                    assert self._control is not None
                    self._control.settimeout(REQUEST_SECONDS)
                    socket.send_fds(self._control, [json.dumps(message).encode()], fds)
                    return self._reply()
                except (OSError, EOFError) as error:
                    self._stop_zygote()
                    if attempt == 2 or self._closed:
                        raise KernelError(f"the zygote does not answer ({error}); {self._log()}") from None
                    self.start()
            raise AssertionError

    def _await_ready(self) -> None:
        if self._ready:
            return
        if self._control is None:
            raise EOFError("it is not running")
        self._control.settimeout(START_SECONDS)
        hello, _ = self._reply()
        if hello["threads"] != 1:
            self._stop_zygote()
            raise KernelError(f"the zygote has {hello['threads']} threads; workers must be forked from one")
        self._ready = True

    def _reply(self) -> tuple[Any, list[int]]:
        assert self._control is not None
        data, fds, _, _ = socket.recv_fds(self._control, 1 << 16, 1)
        if not data:
            raise EOFError("it ended")
        return json.loads(data), fds

    def _log(self) -> str:
        path = self._folder / "zygote.log"
        tail = path.read_text(errors="replace")[-500:].strip() if path.exists() else ""
        return f"its last words: {tail}" if tail else "it said nothing"
