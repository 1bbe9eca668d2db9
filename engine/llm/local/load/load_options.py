"""How much of llama.cpp a model is loaded with: all that is fast, or less where its process stopped with it.

A model begins in the USUAL mode. When its process dies, or computes what is no number, it is started again in the
next mode that changes anything for it; `engine.llm.local.load.probe_records` remembers the one that worked.
"""

from __future__ import annotations

from enum import IntEnum

from engine.llm.gguf.facts import GgufFacts
from engine.llm.gguf.fit import Fit

FLOATS = {0, 1, 30}  # ggml's types F32, F16 and BF16: no buffer type repacks them


class SafeMode(IntEnum):
    """Each leaves out what the ones before it leave out, too."""

    EVERYTHING = 0  # also what is known to be faulty
    USUAL = 1  # without AMX
    PLAIN_BUFFERS = 2  # without repacked weights
    NO_FLASH = 3  # without flash attention, and so with a cache in F16
    NO_GPU = 4

    @property
    def switched_off(self) -> str:
        """What was left out last, for a sentence; "" for the usual mode and the one above it."""
        return {
            SafeMode.PLAIN_BUFFERS: "repacked weights (llama.cpp's extra buffer types)",
            SafeMode.NO_FLASH: "flash attention",
            SafeMode.NO_GPU: "the GPU",
        }.get(self, "")


def safer(mode: SafeMode, facts: GgufFacts, fit: Fit) -> SafeMode | None:
    """Return the next mode in which this model would be loaded differently; None when there is none."""
    quantised = any(kind not in FLOATS for kind, _ in facts.weights.matrices)
    changes = {
        SafeMode.USUAL: quantised,
        SafeMode.PLAIN_BUFFERS: quantised,
        SafeMode.NO_FLASH: fit.flash or fit.cache_type != "f16",
        SafeMode.NO_GPU: fit.gpu_layers > 0,
    }
    return next((later for later in SafeMode if later > mode and changes.get(later)), None)
