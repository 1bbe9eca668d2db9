"""A follow-up finds the variables of the run before: the cells of that run's root are executed again, without the model.

It is tried once before the run begins, in a session of its own and within `MOST_SECONDS`, so that the model is told at the
start what is there; then it is done again in the session of the run.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from engine.documents.ingest import CorpusInfo
from engine.documents.seal import written_seal
from engine.engine import RECURSIVE, Engine, Strategy
from engine.errors import Cancelled, TaprootError
from engine.events.record import NodeRecord, RunRecord
from engine.replay.execution import Executed, execute_carried
from engine.replay.loading import load_record
from engine.replay.origin import open_worker
from engine.replay.places import node_of
from engine.run.calls import answer_call
from engine.run.loop import drive
from engine.run.node import Node, Outcome, Run
from engine.run.session import NodeSession, Step
from engine.stop import Stop

MOST_SECONDS = 20.0  # that the cells of the runs before may take
MOST_NAMES = 20  # variables that a model is told of


@dataclass(frozen=True, slots=True)
class Carried:
    """What came of the cells of earlier runs: these variables are there again (name, summary), those are not."""

    records: tuple[RunRecord, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()
    lost: tuple[str, ...] = ()
    problem: str = ""

    @property
    def sentence(self) -> str:
        """The note of the run; "" where there is nothing to say."""
        if self.problem:
            return f"variables of the run before could not be restored: {self.problem}"
        there = ", ".join(name for name, _ in self.variables)
        parts = [f"variables of the run before were restored: {there}"] if there else []
        if self.lost:
            parts.append(f"{'not restored' if parts else 'variables of the run before were not restored'}: ")
            parts[-1] += ", ".join(self.lost)
        return "; ".join(parts)


def following(engine: Engine, corpus: CorpusInfo, follows: str, stop: Stop | None = None) -> Strategy:
    """The strategy of a question that follows a run: recursive, and its root finds the variables of that run's root.

    Only where that run read the same text. Raises InputError for an unknown run, Cancelled on a stop.
    """
    found = _tried(engine, corpus, follows, stop or Stop())
    if not found.sentence:
        return RECURSIVE

    def prepare(root: Node) -> None:
        root.variables_before = found.variables[:MOST_NAMES]
        root.lost_before = found.lost[:MOST_NAMES]

    def work(run: Run, root: Node) -> Outcome:
        run.note("0", found.sentence, "warning" if found.problem or found.lost else "info")
        session = NodeSession(run, root, answer_call)
        return drive(session, lambda one: carry(one, found.records))

    carried = tuple(record.id for record in found.records)
    if not carried:
        return Strategy("recursive", work, prepare)
    notes = found.records[-1].started.notes  # its cells found these
    return Strategy("recursive", work, prepare, carried=carried, notes=lambda store, corpus: notes)


def carry(session: NodeSession, records: Sequence[RunRecord]) -> Step:
    """Execute the cells of earlier runs in the fresh worker of a session. Raises Cancelled on a stop."""
    done = execute_carried(session.worker, records, stop=session.node.stop)
    session.worker.question = session.node.question
    session.worker.piece_chars = session.node.piece_chars
    session.node.variables = tuple(name for name, _ in done[-1].ran.variables) if done else ()
    return Step()


def known_before(record: RunRecord) -> tuple[tuple[str, str], ...]:
    """The variables (name, summary) that a recorded run found from those before it, as far as a model is told of them."""
    return tuple(_variables(record.carried[-1]).items())[:MOST_NAMES] if record.carried else ()


def _tried(engine: Engine, corpus: CorpusInfo, follows: str, stop: Stop) -> Carried:
    store = engine.store
    row = store.run(follows)
    if row["corpus"] != corpus.id or row["strategy"] != "recursive":
        return Carried()
    try:
        last = load_record(store, follows)
        records = (*last.carried, last)
        cells = [cell for record in records for cell in _root(record).counted]
        if not cells or last.started.part is not None:
            return Carried()
        if last.started.seal not in (None, written_seal(corpus.path)):
            return Carried(problem="the text of the documents is not the same any more")
        seconds = sum(cell.ended.seconds for cell in cells if cell.ended)
        if seconds > MOST_SECONDS:
            return Carried(
                problem=f"its cells took {seconds:.0f} seconds, and at most {MOST_SECONDS:.0f} are spent"
            )
        return _executed(engine, corpus, records, stop)
    except Cancelled:
        raise
    except TaprootError as problem:
        return Carried(problem=str(problem).rstrip("."))


def _executed(engine: Engine, corpus: CorpusInfo, records: tuple[RunRecord, ...], stop: Stop) -> Carried:
    """Execute the cells in a session that is thrown away, and compare the variables with the recorded ones."""
    limit = stop.below()
    timer = threading.Timer(MOST_SECONDS, limit.request)
    timer.daemon = True
    timer.start()
    first = records[0]
    try:
        with open_worker(engine.kernels, corpus.path, first, _root(first)) as worker:
            done = execute_carried(worker, records, stop=limit)
    except Cancelled:
        stop.check()
        return Carried(problem=f"its cells take more than {MOST_SECONDS:.0f} seconds now")
    finally:
        timer.cancel()
    if problem := next((one.problem for one in done if one.problem), ""):
        return Carried(problem=problem)
    now = {name: summary for name, summary in done[-1].ran.variables} if done else {}
    then = _variables(records[-1]) or _variables_of(done)
    kept = tuple((name, now[name]) for name in then if now.get(name) == then[name])
    return Carried(records, kept, tuple(name for name in then if now.get(name) != then[name]))


def _root(record: RunRecord) -> NodeRecord:
    return node_of(record, "0")


def _variables(record: RunRecord) -> dict[str, str]:
    """The variables that the record holds for the end of a root."""
    ended = [cell.ended for cell in _root(record).counted if cell.ended]
    return dict(ended[-1].variables) if ended else {}


def _variables_of(done: list[Executed]) -> dict[str, str]:
    return dict(done[-1].cell.ended.variables) if done and done[-1].cell.ended else {}
