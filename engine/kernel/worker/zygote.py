"""The zygote: a clean process that has everything imported and the kernel built, and forks workers on request.

It never runs a cell and never sees a document. One thread, a scrubbed environment, and it ends with its host.
Control messages are single datagrams of JSON on descriptor 0, with descriptors attached.
"""

from __future__ import annotations

import gc
import io
import json
import os
import resource
import signal
import socket
import time
from functools import partial
from pathlib import Path
from typing import Any

from engine.errors import SandboxError
from engine.kernel.channel import OUT_OF_MEMORY, ChannelFull
from engine.kernel.worker.inprocess import CellKernel
from engine.kernel.worker.worker import serve, settle
from engine.sandbox import Policy, confine
from engine.sandbox.child import die_with_parent

MESSAGE_BYTES = 1 << 16


def main(preload: bool, unsafe_without_sandbox: bool) -> None:
    """Prepare, then serve fork requests until the host is gone."""
    began = time.monotonic()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with_parent()
    control = socket.socket(fileno=os.dup(0))
    kernel = _prepare(preload)
    threads = sum(1 for _ in Path("/proc/self/task").iterdir())
    _tell(control, {"ready": True, "threads": threads, "seconds": time.monotonic() - began})
    workers = Workers()
    while True:
        data, fds, _, _ = socket.recv_fds(control, MESSAGE_BYTES, 2)
        if not data:
            return
        request = json.loads(data)
        workers.reap()
        if request["op"] == "status":
            code, grown = workers.end_of(request["pid"])
            _tell(control, {"exit": code, "grown": grown})
            continue
        pid = _fork(kernel, control, request, fds, unsafe_without_sandbox)
        workers.begin(pid)
        for fd in fds:
            os.close(fd)
        handle = os.pidfd_open(pid)
        _tell(control, {"pid": pid}, [handle])
        os.close(handle)


def _prepare(preload: bool) -> CellKernel:
    """Import what cells commonly use and build the kernel; then freeze the heap, so that forks share it."""
    kernel = CellKernel()
    if preload:
        import matplotlib.pyplot
        import numpy.random  # noqa: F401  # numpy loads it late

        kernel.shell.enable_matplotlib("inline")
        figure = matplotlib.pyplot.figure()
        figure.gca().set_title("loads the renderer and the PNG writer")
        figure.savefig(io.BytesIO(), format="png")
        matplotlib.pyplot.close("all")
    gc.collect()
    gc.freeze()
    return kernel


def _fork(kernel: CellKernel, control: socket.socket, request: Any, fds: list[int], unsafe: bool) -> int:
    """Fork one worker; returns its pid in the zygote and never returns in the worker."""
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        control.detach()
        scratch = Path(request["scratch"])
        settle(fds[0], fds[1], scratch)
        policy = None if request["policy"] is None else _policy(request["policy"])
        serve(kernel, partial(_confine, policy, unsafe), scratch)
        code = 0
    except ConnectionError:
        code = 0
    except (MemoryError, ChannelFull):
        code = OUT_OF_MEMORY
    except BaseException as error:
        os.write(2, f"the worker failed: {type(error).__name__}\n".encode())  # a model reads this: no paths
    finally:
        os._exit(code)


def _confine(policy: Policy | None, unsafe: bool) -> int | None:
    if policy is not None:
        return confine(policy)
    if not unsafe:
        raise SandboxError("a worker was asked for without a sandbox policy")
    return None


def _policy(fields: dict[str, Any]) -> Policy:
    return Policy(**fields | {"read": tuple(map(Path, fields["read"])), "write": Path(fields["write"])})


class Workers:
    """How the children of this process ended, and what memory each held at first. A number is used again in time."""

    def __init__(self) -> None:
        self._first: dict[int, int] = {}  # bytes
        self._ended: dict[int, tuple[int, int]] = {}

    def begin(self, pid: int) -> None:
        """A worker was forked; what is known of an earlier one with its number is forgotten."""
        self._ended.pop(pid, None)
        self._first[pid] = _resident(pid)

    def reap(self) -> None:
        """Collect the exit codes of dead workers (negative: killed by that signal), and the bytes that each grew by."""
        while True:
            try:
                pid, status, used = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            grown = (used.ru_maxrss << 10) - self._first.pop(pid, 0)
            self._ended[pid] = os.waitstatus_to_exitcode(status), grown

    def end_of(self, pid: int) -> tuple[int | None, int]:
        """Exit code of a worker and the bytes it grew by; None and 0 for one that does not end within half a second."""
        deadline = time.monotonic() + 0.5
        while pid not in self._ended and time.monotonic() < deadline:
            time.sleep(0.002)
            self.reap()
        return self._ended.pop(pid, (None, 0))


def _resident(pid: int) -> int:
    """Bytes of memory that a process holds now; none when it is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()
    except (OSError, IndexError):
        return 0


def _tell(control: socket.socket, message: dict[str, Any], fds: list[int] | None = None) -> None:
    socket.send_fds(control, [json.dumps(message).encode()], fds or [])
