"""What a bench measures: suites, methods, lengths and how many questions of each. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from engine.bench.methods import method
from engine.bench.suites.suites import BLOCK, LEXICAL, SUITES
from engine.errors import InputError

LENGTHS = (0.5, 1.0, 4.0, 16.0, 64.0, 256.0, 1000.0)  # windows of the model
MOST_SEMANTIC = 20.0  # windows; every line of these suites needs a call, so longer ones take for ever
MOST_QUESTIONS = 1000


@dataclass(frozen=True, slots=True)
class Row:
    """What one figure is about: `windows` is the length of the text in windows of the model."""

    suite: str
    windows: float
    method: str


@dataclass(frozen=True, slots=True)
class Plan:
    """`questions` of each row, as far as they take no more than `row_seconds`, but one at the least."""

    suites: tuple[str, ...] = ("needle", "documents", "count")
    methods: tuple[str, ...] = ("direct", "retrieval", "compaction", "rlm")
    lengths: tuple[float, ...] = LENGTHS
    questions: int = 20
    row_seconds: float = 600.0
    seed: int = 0

    def rows(self) -> list[Row]:
        """All rows, suite by suite and short texts first; the semantic suites end at 20 windows."""
        return [
            Row(suite, windows, name)
            for suite in self.suites
            for windows in sorted(self.lengths)
            if suite in LEXICAL or windows <= MOST_SEMANTIC
            for name in self.methods
        ]


QUICK = Plan(suites=("needle", "count"), lengths=(0.5, 1.0, 4.0, 16.0), questions=8, row_seconds=8.0)


def check(plan: Plan) -> Plan:
    """Return a plan that can be run. Raises InputError that names what is wrong with it."""
    for suite in plan.suites:
        if suite not in SUITES:
            raise InputError(f"there is no suite {suite!r}; there are {', '.join(SUITES)}")
    for name in plan.methods:
        method(name)
    if not plan.suites or not plan.methods or not plan.lengths:
        raise InputError("a bench needs at least one suite, one method and one length")
    for windows in plan.lengths:
        if not 0.1 <= windows <= 1000:
            raise InputError(f"a length has to be from 0.1 to 1000 windows of the model, not {windows:g}")
    if not 1 <= plan.questions <= MOST_QUESTIONS:
        raise InputError(f"questions have to be from 1 to {MOST_QUESTIONS:,}, not {plan.questions:,}")
    if not plan.rows():
        raise InputError(f"semantic suites go up to {MOST_SEMANTIC:g} windows; choose a shorter length")
    return plan


def blocks(questions: int) -> int:
    """How many blocks of questions that takes."""
    return -(-questions // BLOCK)
