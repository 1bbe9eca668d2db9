"""How the next token is drawn: a chain of llama.cpp's samplers, and a form that some replies must have."""

from __future__ import annotations

import copy
import ctypes
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from llama_cpp import llama_cpp as native

from engine.llm.local.context import CANDIDATE, Context
from engine.llm.local.sample.copying import Copier
from engine.llm.local.sample.holding import Holder
from engine.llm.local.text.tokens import Vocabulary
from engine.text.quoting import NOTHING
from engine.types import Sampling

ROOT = b"root"
TINY = 1e-9  # the least probability that is told from none
PENALIZED = 64  # tokens before the next one that the repeat penalty is on


class GrammarError(Exception):
    """llama.cpp does not accept a grammar."""


@dataclass(frozen=True, slots=True)
class Second:
    """The first token of a quote that is taken where the likeliest one turns out to be the beginning of NONE."""

    token: int
    log_probability: float
    copier: Copier  # as it is with this token


class Drawer:
    """Draws the tokens of one reply: greedily at temperature 0. A reply that copies holds to its `copier`, greedily.

    Where NONE is not allowed, a first token that NONE begins with is taken back if NONE is what it would become: what
    the model says if it must say something is not what happens to begin like NONE. Raises GrammarError.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        sampling: Sampling,
        grammar: str = "",
        copier: Copier | Holder | None = None,
    ):
        self._vocabulary = vocabulary
        self._grammar: Any = None
        self._copier = copier
        self._draws = sampling.temperature > 0 and isinstance(copier, Holder)
        self._begun = False
        self._second: Second | None = None  # while the reply may become NONE, which it may not be
        self.took_back = False  # whether the token drawn last stands in place of the one before
        self._scored = 0
        self._score = 0.0
        self._none = (
            list(vocabulary.none) if isinstance(copier, Copier) else []
        )  # as long as the reply may become it
        self._refuses = 0.0  # log-probability of its tokens so far
        self._says = 0.0  # log-probability that the reply is another
        self._markers = np.array(vocabulary.markers if grammar else [], np.int32)
        if grammar:
            self._grammar = native.llama_sampler_init_grammar(vocabulary.handle, grammar.encode(), ROOT)
            if not self._grammar:
                raise GrammarError("the form asked for the answer cannot be made into a grammar")
        self._chain = _chain(sampling, vocabulary.size)

    def draw(self, context: Context, row: int, *, constrained: bool) -> int | None:
        """Draw the token after row `row` of the last batch. `constrained`: the answer has begun; its form, once it
        holds, holds to the end.

        A token that is drawn freely is kept when the grammar allows it, which spares looking at the whole
        vocabulary. Returns None when the form allows nothing.
        """
        self._begun = self._begun or (constrained and (self._grammar is not None or self._copier is not None))
        self.took_back = False
        if self._second is not None and (instead := self._instead(self._second, context, row)) is not None:
            return instead
        token = self._drawn(context, row)
        if token is not None and (constrained or self._begun):
            self._scored += 1
            self._score += context.log_probability(row, token)
            if self._none:
                self._part_from_none(token, context, row)
        return token

    @property
    def undecided(self) -> bool:
        """Whether the token drawn last may be taken back."""
        return self._second is not None

    @property
    def copying(self) -> bool:
        """Whether what is written is a copy."""
        return isinstance(self._copier, Copier) and self._begun

    @property
    def quote(self) -> str | None:
        """What was copied, up to its last whole word; None for a reply that need not copy."""
        return None if self._copier is None else self._copier.text

    @property
    def confidence(self) -> float | None:
        """The mean log-probability of the answer's tokens so far, before any mask; None before the first.

        Of a reply that copies: the log-probability that it does not begin as NONE does, and the mean of its tokens given
        that. What a model would rather not say at all is then told from what it only cannot word.
        """
        sure = self._says + self._score / self._scored if self._scored else math.nan
        return round(sure, 6) if math.isfinite(sure) else None

    def _part_from_none(self, token: int, context: Context, row: int) -> None:
        """Note how likely NONE was when the reply becomes another; its tokens so far count given that."""
        none = self._none.pop(0)
        self._refuses += context.log_probability(row, none)
        if token != none:
            self._none = []
            self._says = _other_than(self._refuses)
            self._score = min(0.0, self._score - self._says)

    def _instead(self, second: Second, context: Context, row: int) -> int | None:
        """The token that stands in place of the first of NONE, where NONE would be written now; None where it stays."""
        self._second = None
        none = self._vocabulary.none[1]
        if int(context.logits(row).argmax()) != none:
            return None
        self._refuses += context.log_probability(row, none)
        self._none = []
        self._says = _other_than(self._refuses)
        self._scored, self._score = 1, min(0.0, second.log_probability - self._says)
        self._copier, self.took_back = second.copier, True
        return second.token

    def _copied(self, copier: Copier | Holder, context: Context, row: int) -> int | None:
        lexicon, logits = self._vocabulary.lexicon, context.logits(row)
        none = self._vocabulary.none
        if not isinstance(copier, Copier) or copier.begun or len(none) < 2 or copier.allows(NOTHING.encode()):
            return lexicon.choose(logits, copier, context.sample(self._chain, row) if self._draws else None)
        other = copy.copy(copier)
        token = lexicon.choose(logits, copier)
        if token == none[0]:
            rest = logits.copy()
            rest[token] = -np.inf
            instead = lexicon.choose(rest, other)
            if instead is not None and not self._vocabulary.is_end(instead):
                self._second = Second(instead, context.log_probability(row, instead), other)
        return token

    def _drawn(self, context: Context, row: int) -> int | None:
        if self._copier is not None and self._begun:
            return self._copied(self._copier, context, row)
        token = context.sample(self._chain, row)
        if self._grammar is None or not self._begun:
            return token
        if not self._allows(token):
            found = context.candidates(row)
            self._apply(self._grammar, found)
            found["logit"][self._markers] = -np.inf
            if not np.isfinite(found["logit"]).any():
                return None
            token = self._apply(self._chain, found)
            native.llama_sampler_accept(self._chain, token)
        if not self._vocabulary.is_end(token):
            native.llama_sampler_accept(self._grammar, token)
        return token

    def complete(self) -> bool:
        """Whether the grammar allows nothing more, so that the model need not be asked to end."""
        if not self._begun or self._grammar is None or not self._allows(self._vocabulary.eos):
            return False
        size = self._vocabulary.size
        rest = np.zeros(size, CANDIDATE)
        rest["id"] = np.arange(size, dtype=np.int32)
        self._apply(self._grammar, rest)
        rest["logit"][self._markers] = -np.inf
        return all(self._vocabulary.is_end(int(token)) for token in rest["id"][np.isfinite(rest["logit"])])

    def close(self) -> None:
        """Free what llama.cpp holds."""
        native.llama_sampler_free(self._chain)
        if self._grammar is not None:
            native.llama_sampler_free(self._grammar)
            self._grammar = None

    def _allows(self, token: int) -> bool:
        if token in self._markers:
            return False
        one = np.array([(token, 1.0, 0.0)], CANDIDATE)
        self._apply(self._grammar, one)
        return bool(np.isfinite(one["logit"][0]))

    @staticmethod
    def _apply(sampler: Any, candidates: np.ndarray) -> int:
        """Let a sampler change or choose among candidates, in place; returns the token chosen, or -1."""
        data = candidates.ctypes.data_as(ctypes.POINTER(native.llama_token_data))
        array = native.llama_token_data_array(data, len(candidates), -1, False)
        native.llama_sampler_apply(sampler, ctypes.byref(array))
        return int(array.data[array.selected].id) if array.selected >= 0 else -1


def _other_than(log_probability: float) -> float:
    """The log-probability of everything else."""
    return math.log(max(TINY, -math.expm1(log_probability)))


def _chain(sampling: Sampling, vocabulary: int) -> Any:
    """The samplers in the order of llama.cpp's own tools."""
    chain = native.llama_sampler_chain_init(native.llama_sampler_chain_default_params())
    samplers = []
    if sampling.penalty != 1:
        samplers.append(
            native.llama_sampler_init_penalties(vocabulary, PENALIZED, sampling.penalty, 0.0, 0.0)
        )
    if sampling.temperature <= 0:
        samplers.append(native.llama_sampler_init_greedy())
    else:
        if sampling.top_k > 0:
            samplers.append(native.llama_sampler_init_top_k(sampling.top_k))
        samplers.append(native.llama_sampler_init_top_p(sampling.top_p, 1))
        if sampling.min_p > 0:
            samplers.append(native.llama_sampler_init_min_p(sampling.min_p, 1))
        samplers.append(native.llama_sampler_init_temp(sampling.temperature))
        samplers.append(native.llama_sampler_init_dist(sampling.seed & 0xFFFFFFFF))
    for sampler in samplers:
        native.llama_sampler_chain_add(chain, sampler)
    return chain
