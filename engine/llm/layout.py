"""How the memory for tokens is laid out: cells, sequences, replies at once, and what may be kept outside."""

from __future__ import annotations

from dataclasses import replace

from engine.llm.cache import Cache
from engine.llm.compute import Compute
from engine.llm.fit import Fit, sequences_for
from engine.llm.native import Native
from engine.llm.pace import Pace
from engine.llm.pool import Pool
from engine.llm.saves import Saves
from engine.llm.strict import StrictCache


class Layout:
    """Makes the pool of a model as its fit says. `strict`: one reply at a time, see `engine.llm.strict`."""

    def __init__(self, native: Native, fit: Fit, *, strict: bool):
        self._native = native
        self._fit = fit
        self._strict = strict

    def make(self, compute: Compute) -> Pool:
        """Make the pool in which `compute` works."""
        fit = replace(self._fit, slots=1, flash=False) if self._strict else self._fit
        native, saves = self._native, Saves(fit.saved)
        count = 1 if self._strict else sequences_for(fit.slots, keeps_state=native.exact)
        context = native.context(fit, count)
        return Pool(
            context,
            StrictCache(context, exact=native.exact, saves=saves)
            if self._strict
            else Cache(context, count, fit.pool, exact=native.exact, saves=saves),
            Pace(fit.threads, context.set_threads),
            exact=native.exact,
            width=fit.slots,
            window=fit.window,
            emit=compute.emit,
            finish=compute.finish,
            tally=compute.tally,
        )
