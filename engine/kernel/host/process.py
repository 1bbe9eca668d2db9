"""One worker process as the host holds it: channel, pid handle, output pipe, scratch folder. Signals and death."""

from __future__ import annotations

import os
import select
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import KernelError, SandboxError
from engine.kernel.channel import Channel, ChannelClosed
from engine.kernel.host import scratch
from engine.types import Json

if TYPE_CHECKING:
    from engine.kernel.host.meter import Meter

PIPE_BYTES = 64 << 10  # of the raw descriptors 1 and 2 that are kept per cell
DEATH_SECONDS = 5.0


class Process:
    """A live or dead worker. `pidfd` names it until it is closed, so that no signal can hit a stranger.

    `memory` is what it may take, in bytes.

    `busy` is True while a cell runs; `doom` says why the host killed it, "" if it did not.
    """

    def __init__(self, pid: int, pidfd: int, channel: Channel, pipe: int, folder: Path, memory: int):
        self.pid = pid
        self.pidfd = pidfd
        self.channel = channel
        self.pipe = pipe
        self.folder = folder
        self.memory = memory
        self.busy = False
        self.doom = ""
        self.meter: Meter | None = None  # counts what it writes
        self._piped = 0
        self._closed = False
        self._naming = threading.RLock()  # while a signal is sent, `pidfd` names this worker

    def greet(
        self, start: dict[str, Json], seconds: float, adopt: Callable[[Process, int | None], None]
    ) -> None:
        """Send the first frame and wait until cells can run. Raises SandboxError or KernelError.

        `adopt` gets the descriptor on which the worker's writes wait, as soon as it is confined; None for none.
        """
        try:
            self.channel.send({"op": "start", **start}, seconds)
        except ChannelClosed:
            if not self._gone(DEATH_SECONDS):  # its end of the channel goes just before it does
                raise
            # it could not confine itself and ended already; what it said is read now
        adopt(self, self.channel.take_over(seconds))
        reply = self.channel.receive(seconds)
        if isinstance(reply, dict) and reply.get("op") == "ready":
            return
        if not isinstance(reply, dict):
            raise KernelError(
                f"a worker was not ready within {seconds:.0f} s; try again, or close other programs"
            )
        message = str(reply.get("message"))
        if reply.get("kind") == "SandboxError":
            raise SandboxError(message)
        raise KernelError(f"a worker could not prepare its documents ({reply.get('kind')}): {message}")

    def wait_input(self, seconds: float) -> None:
        """Wait until the worker has sent something, or died."""
        poll = select.poll()
        poll.register(self.channel.fileno(), select.POLLIN)
        poll.register(self.pipe, select.POLLIN)
        poll.poll(seconds * 1000)

    def begin_cell(self) -> None:
        """A cell starts: what it writes to descriptors 1 and 2 is counted anew."""
        self._piped = 0
        self.busy = True

    def raw_output(self) -> str:
        """What the worker wrote to descriptors 1 and 2 since last asked, up to PIPE_BYTES in a cell."""
        poll = select.poll()
        poll.register(self.pipe, select.POLLIN)
        if not poll.poll(0):
            return ""
        data = os.read(self.pipe, 1 << 16)
        kept = data[: max(0, PIPE_BYTES - self._piped)]
        self._piped += len(data)
        return kept.decode("utf-8", "replace")

    def signal(self, number: int) -> None:
        """Send a signal; a dead worker takes none."""
        with self._naming:
            if self._closed:
                return
            try:
                signal.pidfd_send_signal(self.pidfd, number)
            except (ProcessLookupError, OSError):
                pass

    def kill(self, reason: str) -> None:
        """Kill the worker; `reason` is kept for whoever notices."""
        self.doom = self.doom or reason
        self.signal(signal.SIGKILL)

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        with self._naming:
            return not (self._closed or self._gone(0))

    def _gone(self, seconds: float) -> bool:
        poll = select.poll()
        poll.register(self.pidfd, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def processor_seconds(self) -> float:
        """User and system time used so far."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        """Kill the process, wait for its end, and remove its folder. May be called twice."""
        if self._closed:
            return
        self.kill("it was closed")
        self._gone(DEATH_SECONDS)
        with self._naming:
            if self._closed:  # by another thread meanwhile
                return
            self._closed = True
            os.close(self.pidfd)
        self.channel.close()
        os.close(self.pipe)
        scratch.remove(self.folder)
