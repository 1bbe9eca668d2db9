"""Let a run that ended without an answer go on: is it possible, with which limits, and the run of it."""

from __future__ import annotations

from engine import corpus as corpora
from engine.documents.ingest import load_info
from engine.engine import Answer, Engine, Strategy
from engine.errors import InputError
from engine.events import Event, RunResumed
from engine.exchange.incoming.facts import STRATEGY as IMPORTED
from engine.replay import ReplayError, RunRecord, corpus_of, text_problem
from engine.replay.fork import settings_of
from engine.replay.loading import load_record
from engine.replay.origin import earlier_of, piece_chars
from engine.resume.carrying import carry, known_before
from engine.resume.going_on import go_on
from engine.resume.open_nodes import open_nodes
from engine.run.calls import answer_call, describe
from engine.run.direct import answer_directly
from engine.run.loop import drive
from engine.run.node import Hooks, Node, Outcome, Run
from engine.run.session import NodeSession
from engine.stop import Stop
from engine.store import Store
from engine.types import Json, Settings, Usage, to_json

STRATEGIES = ("recursive", "direct")


def check(store: Store, name: str) -> RunRecord:
    """The record of a run that can go on. Raises InputError as `resume` does."""
    row = store.run(name)
    if reason := may_go_on(row):
        raise InputError(reason)
    record = load_record(store, row["run"])
    if record.started.forked is not None and not _fork_began(record):
        raise ReplayError(
            f"run {record.id} ended before it did anything of its own; fork run {record.started.forked['run']} again."
        )
    path = corpus_of(store, record)
    if problem := text_problem(record, path):
        raise ReplayError(f"run {record.id} cannot go on: {problem}.")
    return record


def resume(
    engine: Engine,
    name: str,
    *,
    seconds: float | None = None,
    depth: int | None = None,
    hooks: Hooks | None = None,
    stop: Stop | None = None,
) -> Answer:
    """Let a run go on from its last committed event, and return what became of it. `name`: its id or a unique beginning.

    Its limits (turns, calls, tokens, seconds) count anew; `seconds` and `depth` change two of them. The same run goes on: a
    `RunResumed` follows its end. Raises InputError, with the store as it was, for a run that is not known, goes on already,
    has an answer, or whose documents are not there any more or were changed; else as `Engine.ask`.
    """
    store = engine.store
    record = check(store, name)
    corpus = load_info(corpus_of(store, record))
    settings = _settings(record, seconds, depth)
    nodes = open_nodes(record)

    def begin(run: Run) -> Event:
        if missing := _other_data(run, record):
            raise ReplayError(missing)
        event = store.resume_run(
            record.id,
            record.events[-1].seq,
            RunResumed(
                model=to_json(run.model.info),
                settings=run.recorded_settings,
                nodes=nodes,
                owner=None,
            ),
        )
        run.nodes = len(record.nodes)
        run.ledger.carry(_used(record), record.ended.seconds if record.ended else 0.0)
        return event

    def work(run: Run, root: Node) -> Outcome:
        node = record.nodes.get("0")
        if (before := record.model).get("fingerprint") != run.model.info.fingerprint:
            run.note("0", f"it goes on with {run.model.info.name}; until here it was {before.get('name')}")
        if record.started.strategy == "direct":
            return answer_directly(run, root, node.turns if node else None)
        session = NodeSession(run, root, answer_call)
        if node is None:
            return drive(session, lambda one: carry(one, record.carried))
        return drive(session, lambda one: go_on(one, record, node))

    def prepare(root: Node) -> None:
        root.earlier = earlier_of(record)
        root.variables_before = known_before(record)  # told where it was asked nothing yet
        if node := record.nodes.get("0"):
            root.piece_chars = piece_chars(record, node)

    strategy = Strategy(
        *(record.started.strategy, work, prepare, record.started.forked, begin),
        notes=lambda store, corpus: record.started.notes,
    )
    return engine.ask(
        record.started.question,
        corpus,
        settings,
        hooks=hooks,
        stop=stop,
        strategy=strategy,
        part=record.started.part,
    )


def may_go_on(row: dict[str, Json]) -> str:
    """Why a run cannot go on, by its row, or ""."""
    run, status = row["run"], row["status"]
    if status == "running":
        return f"The run {run} is still going on. Wait for its end, or stop it first."
    if status == "answered" or row.get("answer") is not None:
        return f"The run {run} has an answer. Ask a new question that follows it instead."
    if row["strategy"] == IMPORTED:
        return f"The run {run} was imported from a log, and only the program that made it could let it go on."
    if row["strategy"] not in STRATEGIES:
        return f"The run {run} is one of the bench ({row['strategy']}); `bench` goes on where it stopped."
    return ""


def _settings(record: RunRecord, seconds: float | None, depth: int | None) -> Settings:
    wished = {"max_seconds": seconds, "depth": depth}
    return settings_of(record, {name: value for name, value in wished.items() if value is not None})


def _fork_began(record: RunRecord) -> bool:
    """Whether a fork has all that it shares with the run it comes from: then it did something of its own."""
    place: dict[str, Json] = record.started.forked or {}
    node = record.nodes.get(str(place.get("node")))
    if node is None:
        return False
    last = node.cells[-1] if node.cells else None
    return node.last_turn > (last.started.turn if last else 0) or (
        last is not None and last.number >= (place.get("first") or place["cell"])
    )


def _other_data(run: Run, record: RunRecord) -> str:
    """Why the data of the root is not what the record says, or ""."""
    root = record.nodes.get("0")
    if root is None or record.started.part is not None:
        return ""
    found = describe(corpora.resolve(corpora.whole(run.corpus), run.corpus))
    if found == root.started.context:
        return ""
    return (
        f"run {record.id} worked on {root.started.context}, and its record does not say which part that was."
    )


def _used(record: RunRecord) -> Usage:
    replies = (reply for node in record.nodes.values() for reply in node.replies.values())
    return sum((reply.usage for reply in replies), Usage())
