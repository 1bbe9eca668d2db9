"""The record of a run as what can be executed again: nodes, their cells, and the answers of their calls. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from engine.errors import InputError
from engine.events import (
    CallAnswered,
    CallMade,
    CellEnded,
    CellStarted,
    Event,
    NodeEnded,
    NodeStarted,
    OutputWritten,
    ReplyWritten,
    RunEnded,
    RunResumed,
    RunStarted,
    TurnStarted,
)
from engine.events.kinds import VOID
from engine.types import Json


class ReplayError(InputError):
    """A recorded run cannot be executed again as asked. The message says why and what to do."""


@dataclass
class CallRecord:
    """One call of a cell: what it asked, and what it came to (None where the record ends before)."""

    made: CallMade
    answered: CallAnswered | None = None


@dataclass
class CellRecord:
    """One cell: its code, outputs in Jupyter's format, calls by number, and how it ended (None: the record does not say).

    `seq` is the number of the event that began it, `ts` the time that it found, in Unix seconds: that of the void cell that
    it ran anew for, if it did.
    """

    started: CellStarted
    seq: int
    ts: float
    outputs: list[Json] = field(default_factory=list)
    calls: dict[int, CallRecord] = field(default_factory=dict)
    ended: CellEnded | None = None

    @property
    def void(self) -> bool:
        """Whether it was under way when its run was interrupted; the run was resumed, and it ran anew as the next cell."""
        return self.ended is not None and self.ended.status == VOID

    def leave(self) -> None:
        """Make it void, as an event has said."""
        self.ended = CellEnded(self.number, VOID, 0.0, None, (), 0)

    @property
    def number(self) -> int:
        """The number of the cell in its node, from 1."""
        return self.started.cell


@dataclass
class NodeRecord:
    """One node with all its turns and cells in order; of turns (number of event, fact)."""

    id: str
    started: NodeStarted
    turns: list[tuple[int, TurnStarted]] = field(default_factory=list)
    replies: dict[int, ReplyWritten] = field(default_factory=dict)
    cells: list[CellRecord] = field(default_factory=list)
    ended: NodeEnded | None = None

    @property
    def counted(self) -> list[CellRecord]:
        """Its cells without those that are void."""
        return [cell for cell in self.cells if not cell.void]

    def begins_turn(self, cell: CellRecord) -> bool:
        """Whether a cell is the first of its turn; one that ran anew is what the void ones before it were."""
        return not any(
            one.started.turn == cell.started.turn and one.number < cell.number for one in self.counted
        )

    def before(self, number: int | None) -> list[CellRecord]:
        """The cells that a run has which goes on in place of a cell: those before it, but not the void ones that it, or
        the cell that ran for it, took the place of. None: all. Raises ReplayError when there is no such cell.
        """
        if number is None:
            return self.cells
        cell = self.cell(number)
        turn = cell.started.turn if self.begins_turn(cell) else None
        return [one for one in self.cells if one.number < number and one.started.turn != turn]

    @property
    def last_turn(self) -> int:
        """The number of its last turn; 0 where nothing was asked yet."""
        return max((fact.turn for _, fact in self.turns), default=0)

    def under_way(self) -> CellRecord | None:
        """The cell in which the record ends: the model was not told of it, and it has no end, or was stopped."""
        cell = self.cells[-1] if self.cells else None
        if cell is None or cell.void or cell.started.turn < self.last_turn:
            return None
        return cell if cell.ended is None or cell.ended.status == "interrupted" else None

    def cell(self, number: int) -> CellRecord:
        """The cell with a number. Raises ReplayError when there is none."""
        for cell in self.cells:
            if cell.number == number:
                return cell
        held = f"cells 1 to {len(self.cells)}" if self.cells else "no cells"
        raise ReplayError(f"node {self.id} has no cell {number}; it holds {held}.")

    def calls(self) -> Iterator[CallRecord]:
        """All calls of its cells in order."""
        for cell in self.cells:
            yield from cell.calls.values()


@dataclass
class RunRecord:
    """One run: how it began and ended, and its nodes by id in the order they began. `events` is all of it.

    `settings` and `model` are those that it has now: it may have been resumed with others. `carried` are the runs whose
    variables its root found, oldest first (`engine.replay.loading` reads them).
    """

    id: str
    started: RunStarted
    events: list[Event]
    nodes: dict[str, NodeRecord] = field(default_factory=dict)
    ended: RunEnded | None = None
    settings: dict[str, Json] = field(default_factory=dict)
    model: dict[str, Json] = field(default_factory=dict)
    carried: tuple[RunRecord, ...] = ()

    def node(self, id: str) -> NodeRecord:
        """The node with an id. Raises ReplayError when there is none."""
        if id not in self.nodes:
            raise ReplayError(f"run {self.id} has no node {id!r}; `show` lists its nodes.")
        return self.nodes[id]

    def sessions(self) -> list[NodeRecord]:
        """The nodes that ran cells: the root and the children that had any."""
        return [node for node in self.nodes.values() if node.cells]

    def origin(self, node: NodeRecord) -> CallRecord | None:
        """The call that asked for a node; None for the root. Raises ReplayError where the record does not hold it."""
        started = node.started
        if started.parent is None:
            return None
        parent = self.nodes.get(started.parent)
        for cell in parent.cells if parent else ():
            if cell.number == started.cell and started.call in cell.calls:
                return cell.calls[started.call]
        raise ReplayError(f"the record does not hold the call that asked for node {node.id}.")


def highest(children: Iterable[str]) -> int:
    """The highest number of some children of one node; 0 of none."""
    return max((int(id.rpartition(".")[2]) for id in children), default=0)


def read_record(events: Iterable[Event]) -> RunRecord:
    """Sort the events of one run. Raises ReplayError when they do not begin as a run does."""
    events = list(events)
    if not events or not isinstance(events[0].fact, RunStarted):
        raise ReplayError("the record of this run does not say how it began, so it cannot be executed again.")
    first = events[0].fact
    run = RunRecord(events[0].run, first, events, settings=first.settings, model=first.model)
    for event in events[1:]:
        match event.fact:
            case RunEnded() as fact:
                run.ended = fact
            case RunResumed() as fact:
                _resume(run, fact)
            case NodeStarted() as fact:
                run.nodes.setdefault(event.node, NodeRecord(event.node, fact))
            case _:
                if node := run.nodes.get(event.node):
                    _add(node, event)
    return run


def _resume(run: RunRecord, fact: RunResumed) -> None:
    run.ended, run.settings, run.model = None, fact.settings, fact.model
    for node in (run.nodes[id] for id in fact.nodes if id in run.nodes):
        node.ended = None


def _add(node: NodeRecord, event: Event) -> None:
    match event.fact:
        case TurnStarted() as fact:
            node.turns.append((event.seq, fact))
        case ReplyWritten() as fact:
            node.replies[fact.turn] = fact
        case CellStarted() as fact:
            last = node.cells[-1] if node.cells else None
            anew = last is not None and last.void and last.started == replace(fact, cell=last.number)
            node.cells.append(CellRecord(fact, event.seq, last.ts if last and anew else event.ts))
        case NodeEnded() as fact:
            node.ended = fact
        case OutputWritten() | CellEnded() | CallMade() | CallAnswered() as fact:
            cell = next((one for one in reversed(node.cells) if one.number == fact.cell), None)
            if cell is not None:
                _add_to_cell(cell, fact)


def _add_to_cell(cell: CellRecord, fact: OutputWritten | CellEnded | CallMade | CallAnswered) -> None:
    match fact:
        case OutputWritten(output=output):
            cell.outputs.append(output)
        case CellEnded():
            cell.ended = fact
        case CallMade():
            cell.calls[fact.call] = CallRecord(fact)
        case CallAnswered():
            if fact.call in cell.calls:
                cell.calls[fact.call].answered = fact
