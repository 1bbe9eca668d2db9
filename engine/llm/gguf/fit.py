"""Will this model fit this machine, and how: the facts of a file against the free memory. Pure.

fit = choose(facts, room, Wish(window=16384))       # window, cache, layers on the GPU, or why not
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.errors import InputError
from engine.llm.gguf.facts import GgufFacts
from engine.llm.gguf.memory import (
    BATCH,
    BATCHES,
    CACHE_BLOCK,
    CACHE_BYTES,
    MIB,
    MIN_SLOTS,
    PROCESS,
    Need,
    cache_types,
    estimate,
    gib,
    pool_of,
    sequences_for,
)
from engine.types import Json

DEFAULT_WINDOW = 8192
MIN_BATCH = 128  # strict mode reads in blocks of it
MAX_SLOTS = 128  # llama.cpp takes 256 sequences
SMALLER = (6144, 4096, 3072, 2048)  # tried in turn; instructions alone take several hundred tokens
GOOD_WINDOW = 4096  # below it a run is cramped: then rather the processor than the GPU
SLOTS = 16  # replies written at once; more bring little on a processor
MAX_SAVED = 4 << 30  # bytes of conversations kept outside llama.cpp's memory
USABLE = 0.9  # share of the free memory that a model may take: what else runs also grows


@dataclass(frozen=True, slots=True)
class Room:
    """Free memory in bytes: of the machine, and of the GPU that llama.cpp can use (0: none, or no build for it).

    `shared`: the GPU uses the machine's memory (Apple, integrated ones). `offloads`: llama.cpp can use a GPU, also
    one whose memory nobody tells. `threads`: of the processor that may compute.
    """

    ram: int
    gpu: int = 0
    shared: bool = False
    offloads: bool = False
    threads: int = 1


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person asked for; None leaves it to `choose`.

    `window`: tokens of one request; `gpu_layers`: blocks on the GPU; `threads`: of the processor; `cache_type`: f16
    or q8_0; `batch`: tokens of one step; `slots`: replies written at once. Raises InputError for what cannot be.
    """

    window: int | None = None
    gpu_layers: int | None = None
    threads: int | None = None
    cache_type: str | None = None
    batch: int | None = None
    slots: int | None = None

    def __post_init__(self) -> None:
        for name, least, most in (
            ("window", 256, 1 << 31),
            ("gpu_layers", 0, 10_000),
            ("threads", 1, 1024),
            ("batch", MIN_BATCH, 4096),
            ("slots", 1, MAX_SLOTS),
        ):
            value = getattr(self, name)
            if value is not None and not least <= value <= most:
                raise InputError(
                    f"{name.replace('_', ' ')} has to be from {least:,} to {most:,}, not {value:,}"
                )
        if self.cache_type is not None and self.cache_type not in CACHE_BYTES:
            raise InputError(f"cache type has to be {' or '.join(CACHE_BYTES)}, not {self.cache_type!r}")

    @property
    def given(self) -> bool:
        """Whether anything was asked for that decides how much memory is needed."""
        return any(
            value is not None
            for value in (self.window, self.gpu_layers, self.cache_type, self.batch, self.slots)
        )


@dataclass(frozen=True, slots=True)
class Fit:
    """How to load a model. `ok` False: it does not fit, and `problem` says what would.

    `window`: tokens of one request; `pool`: tokens kept for all; `gpu_layers`: blocks on the GPU; `batch`: tokens of
    one step; `slots`: replies written at once; `threads`: of the processor at most, exactly so many when
    `threads_fixed`; `saved`: bytes of conversations kept
    outside llama.cpp's memory; `flash`: flash attention, slower for one long conversation on a processor, and with
    it the last bits of a reply depend on what else is in the memory. `tight`: it fits with less than it could use. `notices` are sentences for a person.
    """

    ok: bool
    window: int
    pool: int
    gpu_layers: int
    cache_type: str
    need: Need
    batch: int = BATCH
    slots: int = SLOTS
    threads: int = 1
    threads_fixed: bool = False
    saved: int = 0
    flash: bool = False
    tight: bool = False
    problem: str = ""
    notices: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, value: Json) -> Fit:
        """Take back what `engine.types.to_json` made of a fit."""
        return cls(**{**value, "need": Need(**value["need"]), "notices": tuple(value["notices"])})


def choose(
    facts: GgufFacts,
    room: Room,
    wish: Wish | None = None,
    *,
    extra: int = 0,
    processor: str | None = None,
) -> Fit:
    """Choose window, layers on the GPU, cache, batch and slots for a model.

    What `wish` holds is taken or refused, never changed, but for a window beyond the model's training. The whole
    model goes to the GPU when it fits there with a useful window, else as many layers as fit; a quantized cache is
    taken only on a GPU, where it costs little. `extra`: bytes of adapters.
    """
    wish = wish or Wish()
    ceiling = min(wish.window or DEFAULT_WINDOW, facts.n_ctx_train)
    notices = []
    if wish.window is not None and wish.window > facts.n_ctx_train:
        notices.append(
            f"This model was trained for {facts.n_ctx_train:,} tokens; its window is that, not {wish.window:,}."
        )
    if wish.gpu_layers and not (room.gpu or room.offloads):
        notices.append("There is no GPU that llama.cpp can use here, so every layer runs on the processor.")
    windows = _windows(ceiling) if wish.window is None else [ceiling]
    slots = wish.slots or (MIN_SLOTS if facts.state_bytes else SLOTS)
    threads = wish.threads or room.threads
    if wish.cache_type not in (None, *cache_types(facts)):
        need = estimate(facts, ceiling, processor=processor)
        problem = (
            f"The cache of {facts.name} cannot be kept as {wish.cache_type}, because its heads of "
            f"{facts.head_lengths[0]} values are no multiple of {CACHE_BLOCK}. Leave the cache type out."
        )
        return Fit(False, ceiling, ceiling, 0, "f16", need, problem=problem)
    for window, pool, layers, cache_type, batch in _ways(facts, room, windows, wish):
        need = estimate(
            facts,
            window,
            pool=pool,
            gpu_layers=layers,
            cache_type=cache_type,
            batch=batch,
            sequences=sequences_for(slots, keeps_state=True),
            extra=extra,
            processor=processor,
        )
        if _fits(need, room):
            break
    else:
        window = windows[-1]
        need = estimate(
            facts,
            window,
            pool=window,
            batch=wish.batch or BATCHES[-1],
            extra=extra,
            processor=processor,
        )
        problem = _refusal(facts, need, room, window, wish)
        batch = wish.batch or BATCHES[-1]
        return Fit(False, window, window, 0, "f16", need, batch, slots, threads, problem=problem)
    if window < ceiling:
        notices.append(f"The window is {window:,} tokens, because more does not fit the free memory.")
    if 0 < layers < facts.layers and wish.gpu_layers is None:
        notices.append(
            f"{layers} of {facts.layers} layers fit the GPU's memory; the others run on the processor."
        )
    if cache_type != "f16" and wish.cache_type is None:
        notices.append("The cache is kept in 8 bits, so that the model fits the GPU's memory.")
    left = max(0, int(room.ram * USABLE) - need.ram)
    if facts.state_bytes and wish.slots is None:
        most = left // 2 // facts.state_bytes
        slots = next(
            n for n in range(SLOTS, 0, -1) if n <= MIN_SLOTS or sequences_for(n, keeps_state=True) <= most
        )
    return Fit(
        True,
        window,
        pool,
        layers,
        cache_type,
        need,
        batch,
        slots,
        threads,
        threads_fixed=wish.threads is not None,
        saved=min(MAX_SAVED, left // 2),
        flash=layers > 0 or cache_type != "f16",
        tight=pool < pool_of(facts, window),
        notices=tuple(notices),
    )


def largest(room: Room) -> int:
    """How large a model file may be, in bytes, to fit with a small window: what to look for instead."""
    free = max(room.ram, 0 if room.shared else room.gpu)
    return max(0, int((free * USABLE - PROCESS - 400 * MIB) / 1.15))


def _windows(ceiling: int) -> list[int]:
    """The windows to try, largest first."""
    return sorted({ceiling, *(window for window in SMALLER if window < ceiling)}, reverse=True)


def _ways(
    facts: GgufFacts, room: Room, windows: list[int], wish: Wish
) -> Iterator[tuple[int, int, int, str, int]]:
    """(window, pool, layers on the GPU, cache type, batch), best first: speed before size, no cramped window."""
    batches = BATCHES if wish.batch is None else (wish.batch,)
    good = [window for window in windows if window >= min(GOOD_WINDOW, windows[0])]
    for some in (good, [window for window in windows if window not in good]):
        for layers, cache_type in _placements(facts, room, wish):
            for window in some:
                for batch in batches if window == some[-1] else batches[:1]:
                    for pool in (pool_of(facts, window), window):
                        yield window, pool, layers, cache_type, batch


def _placements(facts: GgufFacts, room: Room, wish: Wish) -> Iterator[tuple[int, str]]:
    """Layers on the GPU and cache type, best first."""
    usual = wish.cache_type or "f16"
    if wish.gpu_layers is not None:
        usable = room.gpu or room.offloads
        yield (min(wish.gpu_layers, facts.layers) if usable else 0), usual
        return
    if room.gpu:
        for cache_type in cache_types(facts) if wish.cache_type is None else (usual,):
            yield facts.layers, cache_type
        for eighths in () if room.shared else range(7, 0, -1):
            yield max(1, facts.layers * eighths // 8), usual
    yield 0, usual


def _fits(need: Need, room: Room) -> bool:
    if room.shared:
        return need.ram + need.gpu <= room.ram * USABLE
    unknown = room.offloads and not room.gpu  # then who asked for layers on the GPU knows
    return need.ram <= room.ram * USABLE and (unknown or need.gpu <= room.gpu * USABLE)


def _refusal(facts: GgufFacts, need: Need, room: Room, window: int, wish: Wish) -> str:
    free = f"{gib(room.ram)} of memory are free" + (f" and {gib(room.gpu)} on the GPU" if room.gpu else "")
    fitting = choose(facts, room) if wish.given else None
    if fitting is not None and fitting.ok:
        asked = [f"a window of {window:,} tokens"]
        asked += [f"{wish.gpu_layers} layers on the GPU"] if wish.gpu_layers else []
        layers = f" with {fitting.gpu_layers} layers on the GPU" if wish.gpu_layers else ""
        return (
            f"{facts.name} with {' and '.join(asked)} needs {gib(need.ram)}, and {free}. "
            f"A window of {fitting.window:,} tokens{layers} fits."
        )
    largest_file = largest(room)
    hint = (
        f"A model file of up to {largest_file / 1e9:.1f} GB fits"
        if largest_file > 10**8
        else "Close other programs"
    )
    return (
        f"{facts.name} needs {gib(need.ram)} even with a window of {window:,} tokens, and {free}. "
        f"{hint}; a smaller quantization or a smaller model helps."
    )
