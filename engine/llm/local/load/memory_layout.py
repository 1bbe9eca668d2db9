"""How the memory for tokens is laid out: cells, sequences, replies at once, and what may be kept outside."""

from __future__ import annotations

from dataclasses import replace

from engine.llm.gguf.fit import Fit
from engine.llm.gguf.memory import sequences_for
from engine.llm.local.batch.batch import Pool
from engine.llm.local.batch.compute import Compute
from engine.llm.local.batch.pace import Pace
from engine.llm.local.cache.cache import Cache
from engine.llm.local.cache.saved_sequences import Saves
from engine.llm.local.cache.strict import StrictCache
from engine.llm.local.load.measured import Measured
from engine.llm.local.load.native import Native
from engine.llm.local.load.probe import PROMPT_TOKENS, ROWS, probe
from engine.llm.local.load.threads import candidates

TEXT = (
    "The river had been rising since the middle of the week, and by Friday the lower meadow was gone. "
    "Nobody in the village could remember such a spring. They carried chairs and books upstairs, counted the "
    "sheep twice, and wrote the height of the water on the wall of the mill, as their parents had done: "
    "2 metres and 14 centimetres, on the 9th of April. When it fell at last, the payment of the insurance "
    "took another six months, because clause 12 of the contract spoke of rain and not of rivers."
)


class Layout:
    """Makes the pool of a model as its fit says, and probes it. `strict`: one reply at a time, see
    `engine.llm.local.cache.strict`. `before`: what the model showed the last time; `loading`: seconds that it took so far.
    `measured` is there once the pool is.
    """

    def __init__(
        self,
        native: Native,
        fit: Fit,
        *,
        strict: bool,
        before: Measured | None = None,
        loading: float = 0.0,
    ):
        self._native = native
        self._fit = fit
        self._strict = strict
        self._before = before
        self._loading = loading
        self.measured: Measured | None = None

    def make(self, compute: Compute) -> Pool:
        """Make the pool in which `compute` works. Raises Unsound when the model does not compute."""
        fit = replace(self._fit, slots=1, flash=False) if self._strict else self._fit
        native, saves = self._native, Saves(fit.saved)
        count = 1 if self._strict else sequences_for(fit.slots, keeps_state=native.exact)
        context = native.context(fit, count)
        tokens = native.vocabulary.content(TEXT)
        self.measured = found = probe(
            context,
            (tokens * PROMPT_TOKENS)[:PROMPT_TOKENS],
            [fit.threads] if fit.threads_fixed else candidates(fit.threads),
            before=self._before,
            rows=min(ROWS, count, fit.slots),
            loading=self._loading,
        )
        return Pool(
            context,
            StrictCache(context, exact=native.exact, saves=saves)
            if self._strict
            else Cache(context, count, fit.pool, exact=native.exact, saves=saves),
            Pace(found.threads, fit.threads, context.set_threads),
            exact=native.exact,
            width=fit.slots,
            window=fit.window,
            emit=compute.emit,
            finish=compute.finish,
            tally=compute.tally,
        )
