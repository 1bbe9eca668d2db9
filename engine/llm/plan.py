"""How large a window fits this machine: pure arithmetic over the facts of a file and the free memory."""

from __future__ import annotations

from dataclasses import dataclass

from engine.errors import ModelError
from engine.llm.gguf_facts import GgufFacts

DEFAULT_WINDOW = 8192
MIN_WINDOW = 512
STEP = 256
COMPUTE_BYTES = 300 << 20  # llama.cpp's own buffers and Python
MAX_SAVED = 4 << 30  # bytes of conversations kept outside llama.cpp's memory
USABLE = 0.8  # share of the free memory that one model may take


@dataclass(frozen=True, slots=True)
class Plan:
    """`window`: tokens one request may take. `pool`: tokens kept in memory for all conversations together."""

    window: int
    pool: int
    notices: tuple[str, ...] = ()


def plan_window(facts: GgufFacts, wanted: int | None, free_bytes: int) -> Plan:
    """Choose window and pool. The cache is resident from the start, so it must fit beside the weights.

    `wanted`: the window asked for, in tokens, or None for the default. The pool is up to twice the window, so
    that the documents read by sub-calls do not push the conversation that asked out of memory. Raises
    ModelError when the window asked for cannot fit.
    """
    notices = []
    window = min(facts.n_ctx_train, wanted or DEFAULT_WINDOW)
    if wanted is not None and wanted > facts.n_ctx_train:
        notices.append(
            f"This model was trained for {facts.n_ctx_train:,} tokens; its window is that, not {wanted:,}."
        )
    room = int(free_bytes * USABLE) - facts.size - COMPUTE_BYTES
    if room < 0:
        notices.append(
            f"The model takes {facts.size / 2**30:.1f} GiB and {free_bytes / 2**30:.1f} GiB of memory are free; "
            "it will be slow or fail. A smaller model or quantization helps."
        )
    if wanted is not None and window * facts.kv_bytes > free_bytes:
        raise ModelError(
            f"A window of {window:,} tokens takes {window * facts.kv_bytes / 2**30:.1f} GiB of memory and "
            f"{free_bytes / 2**30:.1f} GiB are free. Choose a smaller window."
        )
    affordable = max(MIN_WINDOW, room // facts.kv_bytes) if facts.kv_bytes else 2 * window
    if wanted is None and affordable < window:
        window = max(MIN_WINDOW, affordable // STEP * STEP)
        notices.append(f"The window is {window:,} tokens, because more does not fit the free memory.")
    pool = max(window, min(2 * window, affordable))
    if window <= facts.n_ctx_original < pool:
        # Some models change their position scaling for good once the pool exceeds the original window.
        pool = facts.n_ctx_original
    return Plan(window, pool, tuple(notices))
