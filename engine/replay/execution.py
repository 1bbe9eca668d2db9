"""The cells of one recorded node, executed again in order in a fresh worker, with the recorded answers of their calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.errors import Cancelled
from engine.events.record import CellRecord, NodeRecord, RunRecord
from engine.kernel.cell import CellResult
from engine.kernel.host.host import KernelHost, Worker
from engine.replay.answers import CutHere, RecordedAnswers
from engine.replay.comparison import Comparison, Ran, compare
from engine.replay.origin import is_small, open_worker, piece_chars
from engine.replay.places import ReplayError, node_of
from engine.stop import Stop
from engine.types import Json

Told = Callable[[], None]  # is called after each cell

LEAST_SECONDS = 60.0  # that a cell may take now, whatever it took then
PATIENCE = 20  # times as long as it took then
PROBES = 2  # further executions of a node whose cells gave something else
OTHER_DAY = 1_000_003.7  # seconds that the clock of each probe is ahead


@dataclass
class Executed:
    """One cell as it went this time. `problem` says which call the record does not hold, "" where it holds all."""

    cell: CellRecord
    ran: Ran
    result: CellResult | None
    problem: str = ""


def execute_again(
    worker: Worker,
    record: RunRecord,
    node: NodeRecord,
    before: int | None = None,
    *,
    ahead: float = 0.0,
    stop: Stop | None = None,
    told: Told = lambda: None,
) -> list[Executed]:
    """Run the recorded cells of a node in a worker that has run none, up to the cell `before` (None: all of them).

    What the root of the record was given by earlier runs is executed before. The worker is then in the state after them, and can go on. The clock of each cell is that of the record, `ahead` by
    some seconds. Ends at a cell whose call the record does not hold: what comes after it has no meaning.
    Raises Cancelled on a stop.
    """
    if node.started.parent is None:
        execute_carried(worker, record.carried, ahead=ahead, stop=stop, told=told)
    return _execute_cells(worker, record, node, before, ahead, stop, told)


def execute_carried(
    worker: Worker,
    records: Sequence[RunRecord],
    *,
    ahead: float = 0.0,
    stop: Stop | None = None,
    told: Told = lambda: None,
) -> list[Executed]:
    """Run all root cells of some records, one after the other, as `execute_again` does; returns those of all."""
    done: list[Executed] = []
    for record in records:
        done += _execute_cells(worker, record, node_of(record, "0"), None, ahead, stop, told)
    return done


def _execute_cells(
    worker: Worker,
    record: RunRecord,
    node: NodeRecord,
    before: int | None,
    ahead: float,
    stop: Stop | None,
    told: Told,
) -> list[Executed]:
    small = is_small(record)
    worker.piece_chars = piece_chars(record, node)
    done: list[Executed] = []
    for cell in node.cells:
        if before is not None and cell.number >= before:
            break
        if stop is not None:
            stop.check()
        if cell.void:
            continue
        worker.question = record.question_at(node, cell.number)
        answers = RecordedAnswers(node.id, cell, small=small)
        executed = _execute(worker, cell, answers, ahead, stop)
        done.append(executed)
        told()
        if executed.problem:
            break
        ended = cell.ended
        if ended is not None and ended.status == "died" and executed.ran.status != "died":
            worker.lose()
    return done


def _execute(
    worker: Worker, cell: CellRecord, answers: RecordedAnswers, ahead: float, stop: Stop | None
) -> Executed:
    outputs: list[Json] = []
    recorded = cell.ended.seconds if cell.ended else 0.0
    cut = cell.ended is not None and cell.ended.status in ("timeout", "interrupted")
    result: CellResult | None = None
    try:
        result = worker.execute(
            cell.started.code,
            on_call=answers,
            on_output=outputs.append,
            timeout=max(recorded, 0.1) if cut else max(LEAST_SECONDS, PATIENCE * recorded),
            cancel=stop.event if stop else None,
            clock=cell.ts + ahead,
            readings=cell.ended.readings if cell.ended and not ahead else None,
        )
    except (CutHere, ReplayError):
        pass
    if stop is not None and stop.event.is_set():
        raise Cancelled("stopped")
    problem = answers.missing
    if not problem and not cut and cell.ended is not None and (rest := answers.rest()):
        problem = f"call {rest[0]} of cell {cell.number} is in the record, and was not made this time"
    if result is None:
        return Executed(cell, Ran(outputs, "interrupted", None, (), 0.0), None, problem)
    return Executed(
        cell, Ran(outputs, result.status, result.final, result.variables, result.seconds), result, problem
    )


def compare_node(
    record: RunRecord,
    node: NodeRecord,
    done: Sequence[Executed],
    again: Callable[[float], Sequence[Executed]],
) -> list[Comparison]:
    """Compare what was executed with the record. `again` executes the same cells once more, its clock ahead by some
    seconds; it is asked only where something differs.
    """
    found = [_compared(node, one, []) for one in done]
    probes: list[Sequence[Executed]] = []
    while len(probes) < PROBES and any(
        c.differences and not e.problem for c, e in zip(found, done, strict=True)
    ):
        probes.append(again(OTHER_DAY * (len(probes) + 1)))
        found = [
            _compared(node, one, [probe[at].ran for probe in probes if at < len(probe)])
            for at, one in enumerate(done)
        ]
    return found


def _compared(node: NodeRecord, executed: Executed, probes: Sequence[Ran]) -> Comparison:
    cell = executed.cell
    codes = "\n".join(one.started.code for one in node.cells if one.number <= cell.number)
    seconds = executed.ran.seconds
    if cell.ended is None:
        return Comparison(node.id, cell.number, ("the record ends within this cell",), (), seconds)
    recorded = recorded_run(cell)
    if executed.problem:
        return Comparison(node.id, cell.number, (), (executed.problem,), seconds, recorded.seconds)
    reasons, differences = compare(recorded, executed.ran, codes, probes)
    return Comparison(node.id, cell.number, reasons, differences, seconds, recorded.seconds)


def recorded_run(cell: CellRecord) -> Ran:
    """What the record says that a cell gave."""
    if cell.ended is None:
        return Ran(cell.outputs, "interrupted", None, (), 0.0)
    ended = cell.ended
    return Ran(cell.outputs, ended.status, ended.final, ended.variables, ended.seconds)


def replay_node(
    kernels: KernelHost,
    path: Path,
    record: RunRecord,
    node: NodeRecord,
    stop: Stop | None = None,
    told: Told = lambda: None,
) -> list[Comparison]:
    """Execute all cells of a node again in a fresh worker and compare. `path`: the folder of its corpus.

    `told` is called after each cell, but not while cells that gave something else are executed once more.

    Raises ReplayError where the record does not say what the node worked on, KernelError, SandboxError, Cancelled.
    """

    def run(ahead: float, told: Told = lambda: None) -> list[Executed]:
        with open_worker(kernels, path, record, node) as worker:
            return execute_again(worker, record, node, ahead=ahead, stop=stop, told=told)

    return compare_node(record, node, run(0.0, told), run)
