"""The model process with faults that real processors and drivers have. The name of the file says which: `NAME.FAULT-MODE.gguf`
has the FAULT in every mode before MODE. Faults: `crash` (at the first step), `nan`, `later` (a crash in the middle of a reply).
"""

from __future__ import annotations

import ctypes
import math
from pathlib import Path

import numpy as np

from engine.llm.local import process
from engine.llm.local.process import Server
from engine.sandbox.frames import Writer
from engine.types import Json

LATER = 30  # steps after the model is loaded until one of fault `later` crashes


class Faulty(Server):
    """Puts the fault into llama.cpp's context before the model is loaded."""

    def __init__(self, order: Json, writer: Writer):
        from engine.llm.local.context import Context

        steps = -math.inf  # before it is loaded a slow machine tries more than a quick one
        fault, _, mode = Path(order["path"]).stem.rpartition(".")[2].partition("-")
        if mode and order["mode"] < int(mode):
            decode, logits = Context.decode, Context.logits

            def faulty_decode(self, parts, adapters=0):
                nonlocal steps
                steps += 1
                if fault == "crash" or (fault == "later" and steps > LATER):
                    ctypes.string_at(0)
                return decode(self, parts, adapters)

            def faulty_logits(self, row):
                return np.full_like(logits(self, row), np.nan) if fault == "nan" else logits(self, row)

            Context.decode, Context.logits = faulty_decode, faulty_logits  # type: ignore[method-assign]
        super().__init__(order, writer)
        steps = 0


if __name__ == "__main__":
    process.Server = Faulty  # type: ignore[misc]
    process.main()
