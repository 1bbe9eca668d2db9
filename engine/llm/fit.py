"""Will this model fit this machine, and how: pure arithmetic over the facts of a file and the free memory.

    need = estimate(facts, window=8192)                 # bytes by purpose
    fit = choose(facts, room)                           # window, cache, layers on the GPU, or why not

Measured against llama.cpp (`python -m tests.benchmarks.fit`); its own buffers follow these rules:
- The cache is resident from the start: window x cells of the attention layers, in F16 (exact).
- A processor that can repack quantized matrices keeps a second copy of them; the first stays mapped from the file,
  where the system may drop it again.
- The compute buffer is reserved for the widest step: `batch` rows of the vocabulary, or, without flash attention,
  `batch` rows of the window for every head. It becomes resident only as far as a step really goes.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator
from dataclasses import dataclass

from engine.llm.gguf_facts import GgufFacts

GIB = 1 << 30
MIB = 1 << 20
DEFAULT_WINDOW = 8192
SMALLER = (6144, 4096, 3072, 2048)  # tried in turn; instructions alone take several hundred tokens
GOOD_WINDOW = 4096  # below it a run is cramped: then rather the processor than the GPU
STEP = 256  # llama.cpp rounds windows up to it
BATCH = 512
SLOTS = 8
POOL = 2  # windows kept for all conversations together
USABLE = 0.9  # share of the free memory that a model may take: what else runs also grows
PROCESS = 48 * MIB  # Python, numpy and the libraries of llama.cpp
TOKEN_BYTES = 250  # what the vocabulary takes per token
GPU_CONTEXT = 400 * MIB  # what a driver takes for itself once a process computes on a GPU
CACHE_BYTES = {"f16": 1.0, "q8_0": 34 / 64}  # against F16
# Types of which llama.cpp keeps repacked copies on a processor (ggml-cpu/repack.cpp).
_REPACKED = {"x86": {2, 10, 12, 20}, "arm": {2, 8, 12, 13, 14, 20}}


@dataclass(frozen=True, slots=True)
class Room:
    """Free memory in bytes: of the machine, and of the GPU that llama.cpp can use (0: none, or no build for it).

    `shared`: the GPU uses the machine's memory (Apple, integrated ones).
    """

    ram: int
    gpu: int = 0
    shared: bool = False


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


@dataclass(frozen=True, slots=True)
class Fit:
    """How to load a model. `ok` False: it does not fit, and `problem` says what would.

    `window`: tokens of one request; `pool`: tokens kept for all; `gpu_layers`: blocks on the GPU; `tight`: it
    fits with less than it could use. `notices` are sentences for a person.
    """

    ok: bool
    window: int
    pool: int
    gpu_layers: int
    cache_type: str
    need: Need
    tight: bool = False
    problem: str = ""
    notices: tuple[str, ...] = ()


def estimate(
    facts: GgufFacts,
    window: int,
    *,
    pool: int | None = None,
    gpu_layers: int = 0,
    cache_type: str = "f16",
    flash: bool = False,
    batch: int = BATCH,
    slots: int = SLOTS,
    processor: str | None = None,
) -> Need:
    """Estimate the memory of a model. `pool`: tokens kept in memory, twice the window when None.

    `flash`: flash attention is on. `processor`: "x86" or "arm", this machine's when None.
    """
    pool = -(-(pool or window * POOL) // STEP) * STEP
    weights = facts.weights
    moved = min(gpu_layers, facts.layers) / facts.layers
    whole = gpu_layers >= facts.layers
    kept = facts.size - round(weights.blocks * moved) - (weights.output if whole else 0)
    repacked = 0 if whole else round(_repacked(weights.matrices, processor) * (1 - moved))
    cache = round(facts.kv_bytes * pool * CACHE_BYTES[cache_type])
    state = facts.state_bytes * slots
    buffers = _buffers(facts, pool, flash=flash or gpu_layers > 0, batch=batch)
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
        process=PROCESS + facts.vocabulary * TOKEN_BYTES,
        gpu=on_gpu,
    )


def choose(
    facts: GgufFacts,
    room: Room,
    *,
    wanted: int | None = None,
    cache_types: tuple[str, ...] = ("f16", "q8_0"),
    processor: str | None = None,
) -> Fit:
    """Choose window, layers on the GPU and cache for a model.

    `wanted`: the window a person asked for, in tokens. `cache_types`: those that may be used on a GPU. The whole model goes to the GPU when it fits there with a
    useful window, else as many layers as fit; a quantized cache is taken only on a GPU, where it costs little.
    """
    ceiling = min(wanted or DEFAULT_WINDOW, facts.n_ctx_train)
    notices = []
    if wanted is not None and wanted > facts.n_ctx_train:
        notices.append(
            f"This model was trained for {facts.n_ctx_train:,} tokens; its window is that, not {wanted:,}."
        )
    windows = _windows(ceiling) if wanted is None else [ceiling]
    for window, pool, layers, cache_type in _ways(facts, room, windows, cache_types):
        need = estimate(
            facts, window, pool=pool, gpu_layers=layers, cache_type=cache_type, processor=processor
        )
        if _fits(need, room):
            break
    else:
        window = windows[-1]
        need = estimate(facts, window, pool=window, processor=processor)
        problem = _refusal(facts, need, room, window, asked=wanted is not None)
        return Fit(False, window, window, 0, "f16", need, problem=problem)
    if window < ceiling:
        notices.append(f"The window is {window:,} tokens, because more does not fit the free memory.")
    if 0 < layers < facts.layers:
        notices.append(
            f"{layers} of {facts.layers} layers fit the GPU's memory; the others run on the processor."
        )
    if cache_type != "f16":
        notices.append("The cache is kept in 8 bits, so that the model fits the GPU's memory.")
    tight = pool < pool_of(facts, window)
    return Fit(True, window, pool, layers, cache_type, need, tight=tight, notices=tuple(notices))


def largest(room: Room) -> int:
    """How large a model file may be, in bytes, to fit with a small window: what to look for instead."""
    free = max(room.ram, 0 if room.shared else room.gpu)
    return max(0, int((free * USABLE - PROCESS - 400 * MIB) / 1.15))


def gib(size: float) -> str:
    """A size as a person reads it: 4.7 GiB, 312 MiB."""
    return f"{size / GIB:.1f} GiB" if size >= GIB else f"{max(1, round(size / MIB))} MiB"


def _windows(ceiling: int) -> list[int]:
    """The windows to try, largest first."""
    return sorted({ceiling, *(window for window in SMALLER if window < ceiling)}, reverse=True)


def pool_of(facts: GgufFacts, window: int) -> int:
    """Tokens kept for all conversations. Some models change their position scaling beyond the original window."""
    pool = window * POOL
    return facts.n_ctx_original if window <= facts.n_ctx_original < pool else pool


def _ways(
    facts: GgufFacts, room: Room, windows: list[int], cache_types: tuple[str, ...]
) -> Iterator[tuple[int, int, int, str]]:
    """(window, pool, layers on the GPU, cache type), best first: speed before size, but no cramped window."""
    good = [window for window in windows if window >= min(GOOD_WINDOW, windows[0])]
    for some in (good, [window for window in windows if window not in good]):
        for layers, cache_type in _placements(facts, room, cache_types):
            for window in some:
                for pool in (pool_of(facts, window), window):
                    yield window, pool, layers, cache_type


def _placements(facts: GgufFacts, room: Room, cache_types: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """Layers on the GPU and cache type, best first."""
    if room.gpu:
        for cache_type in cache_types:
            yield facts.layers, cache_type
        for eighths in () if room.shared else range(7, 0, -1):
            yield max(1, facts.layers * eighths // 8), "f16"
    yield 0, "f16"


def _fits(need: Need, room: Room) -> bool:
    if room.shared:
        return need.ram + need.gpu <= room.ram * USABLE
    return need.ram <= room.ram * USABLE and need.gpu <= room.gpu * USABLE


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


def _refusal(facts: GgufFacts, need: Need, room: Room, window: int, *, asked: bool) -> str:
    free = f"{gib(room.ram)} of memory are free" + (f" and {gib(room.gpu)} on the GPU" if room.gpu else "")
    smaller = choose(facts, room) if asked else None
    if smaller is not None and smaller.ok:
        return (
            f"{facts.name} with a window of {window:,} tokens needs {gib(need.ram)}, and {free}. "
            f"A window of {smaller.window:,} tokens fits."
        )
    fitting = largest(room)
    hint = f"A model file of up to {fitting / 1e9:.1f} GB fits" if fitting > 10**8 else "Close other programs"
    return (
        f"{facts.name} needs {gib(need.ram)} even with a window of {window:,} tokens, and {free}. "
        f"{hint}; a smaller quantization or a smaller model helps."
    )
