"""The logits that llama.cpp computes, in a process of its own: quantised weights have crashed it.

`python -m tests.engine.llm.gguf.logits OUT.npy MODEL.gguf [ADAPTER.gguf]`
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

TOKENS = [5, 17, 42, 7, 99, 3, 64, 28]
WINDOW = 256


def compute(model: Path, adapters: list[Path]) -> np.ndarray:
    """Logits after each of TOKENS, one row for each, of `model` with `adapters` on top."""
    from llama_cpp import llama_cpp as native

    from engine.llm.gguf.facts import read_facts
    from engine.llm.gguf.fit import Room, Wish, choose
    from engine.llm.local.load.load_options import SafeMode
    from engine.llm.local.load.native import Native
    from engine.types import AdapterInfo

    facts = read_facts(model)
    loaded = Native(
        facts,
        gpu_layers=0,
        adapters=[(path, AdapterInfo(path.stem, str(path), 1.0, "")) for path in adapters],
        mode=SafeMode.PLAIN_BUFFERS,
        on_progress=lambda _: None,
    )
    context = loaded.context(choose(facts, Room(8 << 30), Wish(window=WINDOW, threads=1)), 1)
    rows = []
    for token in TOKENS:
        batch = native.llama_batch_get_one((native.llama_token * 1)(token), 1)
        assert native.llama_decode(context._handle, batch) == 0
        found = native.llama_get_logits_ith(context._handle, -1)
        rows.append(np.ctypeslib.as_array(found, (facts.vocabulary,)).copy())
    return np.array(rows)


if __name__ == "__main__":
    np.save(sys.argv[1], compute(Path(sys.argv[2]), [Path(name) for name in sys.argv[3:]]))
