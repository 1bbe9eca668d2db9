"""This machine as models see it: memory measured now, GPUs some seconds ago at most, and what loading may take."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import psutil

from engine.llm.base import Model
from engine.llm.gguf.fit import Room
from engine.llm.machine import hardware

FRESH_SECONDS = 5.0  # how long what is known of the GPUs counts as fresh


class MachineNow:
    """Thread-safe. `build` is what llama-cpp-python was built for, None until somebody has looked."""

    def __init__(self) -> None:
        self.build: hardware.Build | None = None
        self._lock = threading.Lock()
        self._known: tuple[float, hardware.Machine] | None = None

    def look(self) -> hardware.Machine:
        """The machine, with the memory that is free now."""
        with self._lock:
            known = self._known
        if known is None or time.monotonic() - known[0] > FRESH_SECONDS:
            known = (time.monotonic(), hardware.machine())
            with self._lock:
                self._known = known
        return replace(known[1], free=psutil.virtual_memory().available)

    def room(self, given_back: int) -> Room:
        """What a model may take, where unloading another gives back so many bytes."""
        built = self.build or hardware.Build("", ("CPU",), gpu=False)
        return hardware.room(self.look(), built, given_back=given_back)

    def memory_of(self, model: Model | None) -> int:
        """Bytes that unloading a model would give back; what a run still uses does not count."""
        pid = getattr(model, "pid", None) if model is not None else None
        try:
            return int(psutil.Process(pid).memory_info().rss) if pid else 0
        except psutil.Error:
            return 0
