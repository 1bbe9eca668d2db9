"""How much memory a model takes: pure arithmetic over the facts of a file.

Measured against llama.cpp (`python -m tests.benchmarks.fit`); its own buffers follow these rules:
- The cache is resident from the start: window x cells of the attention layers, in F16 (exact).
- A processor that can repack quantized matrices keeps a second copy of them; the first stays mapped from the file,
  where the system may drop it again.
- The compute buffer is reserved for the widest step: `batch` rows of the vocabulary, or, without flash attention,
  `batch` rows of the window for every head. It becomes resident only as far as a step really goes.
"""

from __future__ import annotations

import platform
from dataclasses import dataclass

from engine.llm.gguf.facts import GgufFacts

GIB = 1 << 30
MIB = 1 << 20
STEP = 256  # llama.cpp rounds windows up to it
BATCHES = (512, 128)  # tokens of one step; the smaller where memory is short
BATCH = BATCHES[0]
MIN_SLOTS = 3  # where every conversation costs megabytes (hybrid models)
RESIDENT = 40  # conversations kept beside each other where they only share the cache
POOL = 2  # windows kept for all conversations together
PROCESS = 48 * MIB  # Python, numpy and the libraries of llama.cpp
TOKEN_BYTES = 250  # what the vocabulary takes per token
GPU_CONTEXT = 400 * MIB  # what a driver takes for itself once a process computes on a GPU
CACHE_BLOCK = 32  # values that share a scale in an 8-bit cache
CACHE_BYTES = {"f16": 1.0, "q8_0": 34 / 64}  # against F16
# Types of which llama.cpp keeps repacked copies on a processor (ggml-cpu/repack.cpp).
_REPACKED = {"x86": {2, 10, 12, 20}, "arm": {2, 8, 12, 13, 14, 20}}


@dataclass(frozen=True, slots=True)
class Need:
    """What a loaded model takes, in bytes. `ram` and `gpu` are what it cannot do without.

    `mapped`: weights read from the file as they are used; `repacked`: their copies in another order;
    `cache`: the conversations; `state`: of recurrent layers; `buffers`: reserved for one step;
    `process`: Python, libraries, vocabulary.
    """

    mapped: int
    repacked: int
    droppable: int
    cache: int
    state: int
    buffers: int
    process: int
    gpu: int = 0

    @property
    def ram(self) -> int:
        """Without the weights of which a repacked copy is used."""
        return self.resident - self.droppable + self.buffers

    @property
    def resident(self) -> int:
        """What the system shows for the process right after loading (RSS): all but the buffers of a step."""
        return self.mapped + self.repacked + self.cache + self.state + self.process


def estimate(
    facts: GgufFacts,
    window: int,
    *,
    pool: int | None = None,
    gpu_layers: int = 0,
    cache_type: str = "f16",
    flash: bool = False,
    batch: int = BATCH,
    sequences: int = MIN_SLOTS * 2,
    extra: int = 0,
    processor: str | None = None,
) -> Need:
    """Estimate the memory of a model. `pool`: tokens kept in memory, twice the window when None.

    `flash`: flash attention is on (it always is on a GPU and with an 8-bit cache). `sequences`: conversations
    that have a recurrent state. `extra`: bytes of adapters. `processor`: "x86" or "arm", this machine's when None.
    """
    pool = -(-(pool or window * POOL) // STEP) * STEP
    weights = facts.weights
    moved = min(gpu_layers, facts.layers) / facts.layers
    whole = gpu_layers >= facts.layers
    kept = facts.size - round(weights.blocks * moved) - (weights.output if whole else 0)
    repacked = 0 if whole else round(_repacked(weights.matrices, processor) * (1 - moved))
    cache = round(facts.kv_bytes * pool * CACHE_BYTES[cache_type])
    state = facts.state_bytes * sequences
    buffers = _buffers(
        facts, pool, flash=flash or gpu_layers > 0 or cache_type != "f16", batch=min(batch, pool)
    )
    on_gpu = 0
    if gpu_layers:
        head = weights.embedding if weights.tied else weights.output
        on_gpu = (
            round((weights.blocks + cache + state) * moved) + (head if whole else 0) + buffers + GPU_CONTEXT
        )
    return Need(
        mapped=kept,
        repacked=repacked,
        droppable=min(repacked, kept),
        cache=round(cache * (1 - moved)),
        state=round(state * (1 - moved)),
        buffers=buffers // 4 if whole else buffers,
        process=PROCESS + extra + facts.vocabulary * TOKEN_BYTES,
        gpu=on_gpu,
    )


def cache_types(facts: GgufFacts) -> tuple[str, ...]:
    """The types in which llama.cpp can keep a model's cache, best first."""
    whole = all(length % CACHE_BLOCK == 0 for length in facts.head_lengths)
    return tuple(CACHE_BYTES) if whole else ("f16",)


def sequences_for(slots: int, *, keeps_state: bool) -> int:
    """Conversations kept in llama.cpp's memory for so many replies at once: those at work and some that come back.

    `keeps_state`: each costs megabytes, as in hybrid and recurrent models.
    """
    return slots + max(MIN_SLOTS, slots // 2) if keeps_state else max(RESIDENT, 2 * slots)


def gib(size: float) -> str:
    """A size as a person reads it: 4.7 GiB, 312 MiB."""
    return f"{size / GIB:.1f} GiB" if size >= GIB else f"{max(1, round(size / MIB))} MiB"


def pool_of(facts: GgufFacts, window: int) -> int:
    """Tokens kept for all conversations. Some models change their position scaling beyond the original window."""
    pool = window * POOL
    return facts.n_ctx_original if window <= facts.n_ctx_original < pool else pool


def _repacked(matrices: tuple[tuple[int, int], ...], processor: str | None) -> int:
    if processor is None:
        processor = "arm" if platform.machine().lower() in ("arm64", "aarch64") else "x86"
    return sum(size for kind, size in matrices if kind in _REPACKED[processor])


def _buffers(facts: GgufFacts, pool: int, *, flash: bool, batch: int) -> int:
    """The compute buffer: rows of the vocabulary or of the attention, whichever is wider, beside the layer's own."""
    row = 4 * batch
    attention = row * pool + 3 * row * facts.width
    if not flash:
        attention += row * facts.heads * pool
    return max(row * facts.vocabulary, attention) + 2 * row * facts.width
