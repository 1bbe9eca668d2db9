"""Keeps a question with its accepted answer, and asks all kept ones again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from engine.compare.answers import holds
from engine.compare.comparison import Side, shared_sources, side_of
from engine.documents.ingest import load_info
from engine.engine import DIRECT, RECURSIVE, Engine
from engine.errors import InputError, TaprootError
from engine.events import RunStarted
from engine.events.record import RunRecord, record_of
from engine.replay import read_record
from engine.replay.fork import settings_of
from engine.run.node import Hooks
from engine.stop import Stop
from engine.store import Store
from engine.types import Json

WAYS = {way.name: way for way in (RECURSIVE, DIRECT)}  # in which a question can be asked again


@dataclass(frozen=True, slots=True)
class Checked:
    """A kept question asked again. `kept` is the run it was kept from, `run` the new one ("" when it could not be asked,
    `problem` says why). `right`: the answer is the accepted one; `was_right`: so it was the last time.

    `worse` says in what it got worse than the last time, "" when it did not. `lost` and `new` count sources.
    """

    kept: str
    run: str
    question: str
    accepted: str
    answer: str | None
    right: bool
    was_right: bool
    worse: str
    lost: int
    new: int
    missing: int
    calls: int
    tokens: int
    seconds: float
    calls_before: int
    tokens_before: int
    seconds_before: float
    model: str
    problem: str = ""

    def to_json(self) -> Json:
        """The object that `check --json` lists."""
        return asdict(self)


def keep(store: Store, name: str, accepted: str | None = None) -> Json:
    """Keep the question of a run with `accepted`, or with its own answer; return {"run", "question", "accepted"}.

    Raises InputError for an unknown run, one that was imported or is of the bench, one that follows another or was forked
    from such a one (its question cannot be asked alone), and one without an answer where none is given.
    """
    row = store.run(name)
    if row["strategy"] not in WAYS:
        raise InputError(
            f"The run {row['run']} cannot be kept: it did not come from asking a question here ({row['strategy']}), so it "
            "cannot be asked again. Ask its question about your documents, then keep that run."
        )
    first = store.node_events(row["run"], "0", 1)
    told = isinstance(first[0].fact, RunStarted) and first[0].fact.earlier if first else None
    if row["follows"] or told:  # a fork of a follow-up was told the same
        before = row["follows"] or (row["forked"] or {}).get("run")
        raise InputError(
            f"The run {row['run']} follows {before}, and its question may mean something only after that one. "
            "Ask it as a question of its own, then keep it."
        )
    answer = row["answer"] if accepted is None else accepted
    if answer is None or not answer.strip():
        raise InputError(f"The run {row['run']} has no answer. Say which one you accept with --answer TEXT.")
    store.keep(row["run"], answer.strip())
    return {"run": row["run"], "question": row["question"], "accepted": answer.strip()}


def check(
    engine: Engine,
    *,
    hooks: Hooks | None = None,
    stop: Stop | None = None,
    asking: Callable[[Json], None] = lambda row: None,
    only: Collection[str] | None = None,
) -> Iterator[Checked]:
    """Ask kept questions again with the engine's model, one after the other; each result is stored as it comes.

    `only`: the runs they were kept from; None: all. `asking` hears of each as `Store.kept` lists it, before it is asked. A question that cannot be asked any more counts as worse. Raises Cancelled on a stop.
    """
    stop = stop or Stop()
    for row in engine.store.kept():
        if only is not None and row["run"] not in only:
            continue
        stop.check()
        asking(row)
        events = engine.store.events(row["run"])
        if not events:  # another program deleted the run meanwhile, and with it what was kept
            continue
        before = side_of(record_of(events))
        last = row["results"][-1] if row["results"] else None
        was_right = bool(last["right"]) if last else holds(before.answer, row["accepted"])
        try:
            after = _ask_again(engine, row, read_record(events), hooks, stop)
        except TaprootError as error:
            stop.check()
            yield _unasked(row, before, was_right, engine.model.info.name, str(error))
            continue
        found = _judge(row, before, after, was_right)
        if after.status != "interrupted":
            engine.store.save_check(row["run"], after.run, _facts(found))
        stop.check()
        yield found


def _ask_again(engine: Engine, row: Json, kept: RunRecord, hooks: Hooks | None, stop: Stop) -> Side:
    """Ask as the kept run was asked: of the same documents, with the same limits, in the same way."""
    corpus = load_info(Path(engine.store.corpus(row["corpus"])["path"]))
    answer = engine.ask(
        row["question"],
        corpus,
        settings_of(kept, {}),
        hooks=hooks,
        stop=stop,
        strategy=WAYS[kept.started.strategy],
        part=kept.started.part,
    )
    return side_of(record_of(engine.store.events(answer.run)))


def _judge(row: Json, before: Side, after: Side, was_right: bool) -> Checked:
    right = holds(after.answer, row["accepted"])
    sources = shared_sources(before.sources, after.sources)
    missing = sum(source["status"] == "missing" for source in after.sources)
    worse = ""
    if was_right and not right:
        worse = "answer"
    elif missing > sum(source["status"] == "missing" for source in before.sources):
        worse = "sources that are not in the documents"
    elif before.sources and not after.sources:
        worse = "sources: none any more"
    return Checked(
        kept=row["run"],
        run=after.run,
        question=row["question"],
        accepted=row["accepted"],
        answer=after.answer,
        right=right,
        was_right=was_right,
        worse=worse,
        lost=len(sources["left"]),
        new=len(sources["right"]),
        missing=missing,
        calls=after.calls,
        tokens=after.tokens,
        seconds=after.seconds,
        calls_before=before.calls,
        tokens_before=before.tokens,
        seconds_before=before.seconds,
        model=after.model,
    )


def _unasked(row: Json, before: Side, was_right: bool, model: str, problem: str) -> Checked:
    nothing = Side(**{**asdict(before), "run": "", "answer": None, "sources": (), "model": model})
    found = _judge(row, before, nothing, was_right)
    costless = {"calls": 0, "tokens": 0, "seconds": 0.0}
    return Checked(**{**asdict(found), **costless, "worse": "it could not be asked", "problem": problem})


def _facts(found: Checked) -> Json:
    names = ("answer", "right", "worse", "lost", "new", "missing", "calls", "tokens", "seconds", "model")
    return {name: getattr(found, name) for name in names}
