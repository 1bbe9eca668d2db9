"""SIGINT in a worker: stops the running cell and nothing else."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any

from engine.kernel.worker.faults import CELL_PREFIX


class Interrupts:
    """The SIGINT handler of a worker, and the shield (`with interrupts:`) for stretches that must not tear.

    Within a shield an interrupt waits and is raised at its end. While a coroutine of the cell waits in the
    event loop, no line of the cell is on the stack; then `cancel` is called instead.
    """

    def __init__(self) -> None:
        self.running = False  # a cell is running
        self.cancel: Callable[[], Any] | None = None
        self.came = False  # an interrupt reached the running cell
        self._depth = 0
        self._pending = False

    def install(self) -> None:
        """Take SIGINT; done again before every cell, because a cell may have changed the handler."""
        signal.signal(signal.SIGINT, self._handle)

    def begin(self) -> None:
        """A cell starts."""
        self.install()
        self.came = self._pending = False
        self._depth = 0
        self.running = True

    def end(self) -> None:
        """The cell is over; later interrupts are ignored."""
        self.running = False
        self._pending = False

    def raise_later(self) -> None:
        """Interrupt the cell at the end of the present shield."""
        self._pending = True

    def __enter__(self) -> None:
        if threading.get_ident() == threading.main_thread().ident:
            self._depth += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if threading.get_ident() != threading.main_thread().ident:
            return
        self._depth = max(0, self._depth - 1)
        if self._depth == 0 and self._pending and self.running:
            self._pending = False
            self.came = True
            raise KeyboardInterrupt

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if not self.running:
            return
        if self._depth:
            self._pending = True
            return
        self.came = True
        if self.cancel is not None and not _in_cell(frame):
            self.cancel()
        else:
            raise KeyboardInterrupt


def _in_cell(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith(CELL_PREFIX):
            return True
        frame = frame.f_back
    return False
