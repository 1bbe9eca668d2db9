"""Which way a question goes: directly when the text is small and the bench of this very model says that is better."""

from __future__ import annotations

from engine.bench.bench import series_of
from engine.bench.results import better_directly, rows
from engine.documents.ingest import CorpusInfo
from engine.engine import RECURSIVE, Engine, Strategy
from engine.errors import ModelError
from engine.resume.carrying import following
from engine.run.direct import answer_directly
from engine.run.node import Node, Outcome, Run
from engine.stop import Stop

SEED = 0  # of the series that counts


def route(
    engine: Engine, corpus: CorpusInfo, follows: str | None = None, stop: Stop | None = None
) -> Strategy:
    """The strategy for a question about all of a corpus: recursive, unless results are stored that speak against it.

    A follow-up is recursive: only then is the model given what was asked before, and its cells the variables. A run that goes directly has a
    note that says why. Returns "recursive" while there is no model, so that asking says so. Raises Cancelled on a stop
    while the cells of the run before are executed again.
    """
    try:
        info = engine.model.info
    except ModelError:
        return RECURSIVE
    series = series_of(info, SEED)
    if follows is not None:
        return following(engine, corpus, follows, stop)
    facts = next((row for row in engine.store.series() if row["series"] == series), None)
    if facts is None:
        return RECURSIVE
    windows = corpus.chars / (facts["chars_per_token"] * info.n_ctx)
    found = better_directly(rows(engine.store.trials(series), info.n_ctx), windows)
    if found is None:
        return RECURSIVE
    direct, rlm = found["direct"], found["rlm"]
    why = (
        f"read directly: the text fills {windows:.2g} windows, and at {direct['windows']:g} the bench found this model "
        f"right in {direct['accuracy']:.0%} of {direct['n']} questions so, and in {rlm['accuracy']:.0%} of {rlm['n']} "
        "recursively"
    )

    def drive(run: Run, root: Node) -> Outcome:
        run.note(root.id, why)
        return answer_directly(run, root)

    return Strategy("direct", drive)
