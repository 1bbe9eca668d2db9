"""How the memory for tokens is laid out: cells, sequences, replies at once, and what may be kept outside."""

from __future__ import annotations

from engine.llm.cache import Cache
from engine.llm.compute import Compute
from engine.llm.gguf_facts import GgufFacts
from engine.llm.native import Native
from engine.llm.pace import Pace
from engine.llm.plan import COMPUTE_BYTES, MAX_SAVED, USABLE, Plan
from engine.llm.pool import Pool
from engine.llm.saves import Saves
from engine.llm.strict import StrictCache

WIDTH = 16  # replies written at once; more bring little on a CPU
SEQUENCES = 40  # those at work, and conversations that come back
MIN_EXACT, MAX_EXACT = 6, 24  # sequences of a model whose every sequence costs megabytes
KEPT = 3  # of them for conversations and shared starts


class Layout:
    """Makes the pool of a model within the free memory. `strict`: one reply at a time, see `engine.llm.strict`."""

    def __init__(
        self, native: Native, plan: Plan, facts: GgufFacts, threads: int, free: int, *, strict: bool
    ):
        self._native = native
        self._plan = plan
        self._threads = threads
        self._strict = strict
        self._state_bytes = facts.state_bytes
        self._left = int(free * USABLE) - facts.size - COMPUTE_BYTES - plan.pool * facts.kv_bytes
        self._saves = Saves(max(0, min(MAX_SAVED, self._left // 2)))

    def make(self, compute: Compute) -> Pool:
        """Make the pool in which `compute` works."""
        native = self._native
        sequences = 1 if self._strict else self._sequences()
        width = 1 if self._strict else max(1, min(WIDTH, sequences - KEPT if native.exact else WIDTH))
        flash = None if native.offloads else False  # slower for single sequences on a CPU
        context = native.context(self._plan.pool, sequences, self._threads, flash=flash)
        cache = (
            StrictCache(context, exact=native.exact, saves=self._saves)
            if self._strict
            else Cache(context, sequences, self._plan.pool, exact=native.exact, saves=self._saves)
        )
        return Pool(
            context,
            cache,
            Pace(self._threads, context.set_threads),
            exact=native.exact,
            width=width,
            window=self._plan.window,
            emit=compute.emit,
            finish=compute.finish,
            tally=compute.tally,
        )

    def _sequences(self) -> int:
        if not self._native.exact:
            return SEQUENCES
        affordable = max(0, self._left // 2) // max(1, self._state_bytes)
        return max(MIN_EXACT, min(MAX_EXACT, affordable))
