"""Places in a record that somebody names, or that it must hold: its nodes, cells and calls. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from engine.errors import InputError
from engine.events.record import CallRecord, CellRecord, NodeRecord, RunRecord


class ReplayError(InputError):
    """A recorded run cannot be executed again as asked. The message says why and what to do."""


def node_of(record: RunRecord, id: str) -> NodeRecord:
    """The node with an id. Raises ReplayError when there is none."""
    if id not in record.nodes:
        raise ReplayError(f"run {record.id} has no node {id!r}; `show` lists its nodes.")
    return record.nodes[id]


def cell_of(node: NodeRecord, number: int) -> CellRecord:
    """The cell with a number. Raises ReplayError when there is none."""
    for cell in node.cells:
        if cell.number == number:
            return cell
    held = f"cells 1 to {len(node.cells)}" if node.cells else "no cells"
    raise ReplayError(f"node {node.id} has no cell {number}; it holds {held}.")


def call_of(record: RunRecord, node: NodeRecord) -> CallRecord | None:
    """The call that asked for a node; None for the root. Raises ReplayError where the record does not hold it."""
    started = node.started
    if started.parent is None:
        return None
    parent = record.nodes.get(started.parent)
    for cell in parent.cells if parent else ():
        if cell.number == started.cell and started.call in cell.calls:
            return cell.calls[started.call]
    raise ReplayError(f"the record does not hold the call that asked for node {node.id}.")


def begins_turn(node: NodeRecord, cell: CellRecord) -> bool:
    """Whether a cell is the first of its turn; one that ran anew is what the void ones before it were."""
    return not any(one.started.turn == cell.started.turn and one.number < cell.number for one in node.counted)


def cells_before(node: NodeRecord, number: int | None) -> list[CellRecord]:
    """The cells that a run has which goes on in place of a cell: those before it, but not the void ones that it, or
    the cell that ran for it, took the place of. None: all. Raises ReplayError when there is no such cell.
    """
    if number is None:
        return node.cells
    cell = cell_of(node, number)
    turn = cell.started.turn if begins_turn(node, cell) else None
    return [one for one in node.cells if one.number < number and one.started.turn != turn]


def highest(children: Iterable[str]) -> int:
    """The highest number of some children of one node; 0 of none."""
    return max((int(id.rpartition(".")[2]) for id in children), default=0)
