"""What the events of a run say, as a tree of nodes with their turns. Events that cannot be read are left out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

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
from engine.prompt import output_text
from engine.types import Json


@dataclass(slots=True)
class Call:
    """A call that a cell made: its prompts, answers and the nodes that gave them, in the same order."""

    number: int
    kind: str
    prompts: tuple[str, ...]
    children: tuple[str, ...]
    answers: tuple[str, ...] = ()
    error: str | None = None


@dataclass(slots=True)
class Turn:
    """One reply and what came of it. `prompt` is what the model was told since the turn before; `ended`: how the cell
    did, "" without one.
    """

    number: int
    prompt: str = ""
    reply: str = ""
    cell: int | None = None
    code: str = ""
    outputs: list[Json] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    ended: str = ""
    final: str = ""
    before: tuple[int | None, str, int, int] = (
        None,
        "",
        0,
        0,
    )  # cell, code, outputs, calls: without its last cell

    def begin(self, cell: int, code: str) -> None:
        """Its (next) cell is about to run."""
        self.before = self.cell, self.code, len(self.outputs), len(self.calls)
        self.cell, self.code = cell, code

    def leave(self) -> None:
        """Forget its last cell, which ran anew as the next one."""
        self.cell, self.code, outputs, calls = self.before
        del self.outputs[outputs:], self.calls[calls:]

    @property
    def output(self) -> str:
        """The text of the cell's outputs, pictures named."""
        return output_text(self.outputs)


@dataclass(slots=True)
class Node:
    """One node of the tree, its turns in order."""

    id: str
    started: NodeStarted
    turns: dict[int, Turn] = field(default_factory=dict)
    answer: str | None = None
    status: str = "running"

    def turn_of(self, cell: int) -> Turn | None:
        """The turn whose cell has this number."""
        return next((turn for turn in self.turns.values() if turn.cell == cell), None)


@dataclass(slots=True)
class Record:
    """One run: how it began and ended, and its nodes by id in the order they began."""

    run: str
    started: RunStarted
    nodes: dict[str, Node]
    ended: RunEnded | None = None


def record(events: Iterable[Event]) -> Record:
    """Fold the events of one run, in order. Raises ValueError when they do not begin with a readable beginning of a run."""
    found: Record | None = None
    for event in events:
        match event.fact:
            case RunStarted() as fact:
                found = Record(event.run, fact, {})
            case RunEnded() as fact if found is not None:
                found.ended = fact
            case RunResumed() as fact if found is not None:
                found.ended = None
                for node in (found.nodes[id] for id in fact.nodes if id in found.nodes):
                    node.answer, node.status = None, "running"
            case NodeStarted() as fact if found is not None:
                found.nodes[event.node] = Node(event.node, fact)
            case _ if found is not None and event.node in found.nodes:
                _take(found.nodes[event.node], event)
    if found is None:
        raise ValueError("the beginning of the run cannot be read")
    return found


def _take(node: Node, event: Event) -> None:
    match event.fact:
        case TurnStarted() as fact:
            told = "\n".join(f"{message.role}: {message.content}" for message in fact.messages)
            node.turns[fact.turn] = Turn(fact.turn, told)
        case ReplyWritten() as fact:
            node.turns.setdefault(fact.turn, Turn(fact.turn)).reply = fact.text
        case CellStarted() as fact:
            node.turns.setdefault(fact.turn, Turn(fact.turn)).begin(fact.cell, fact.code)
        case OutputWritten() as fact if turn_of := node.turn_of(fact.cell):
            turn_of.outputs.append(fact.output)
        case CellEnded(status=status) as fact if status == VOID:
            if turn_of := node.turn_of(fact.cell):
                turn_of.leave()
        case CellEnded() as fact if turn_of := node.turn_of(fact.cell):
            turn_of.ended = fact.status
            turn_of.final = (
                "" if fact.final is None or fact.flaw else str(fact.final.get("content", fact.final))
            )
        case CallMade() as fact if turn_of := node.turn_of(fact.cell):
            turn_of.calls.append(Call(fact.call, fact.kind, fact.prompts, fact.children))
        case CallAnswered() as fact if turn_of := node.turn_of(fact.cell):
            for call in turn_of.calls:
                if call.number == fact.call:
                    call.answers, call.error = fact.answers, fact.error
        case NodeEnded() as fact:
            node.answer, node.status = fact.answer, fact.status
