"""A run as a tree of nodes, folded from its events: what every format of export is made of. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from engine.errors import InputError
from engine.events import (
    CallAnswered,
    CallMade,
    CellEnded,
    CellStarted,
    DraftSaved,
    Event,
    NodeEnded,
    NodeStarted,
    Note,
    OutputWritten,
    ReplyWritten,
    RunEnded,
    RunResumed,
    RunStarted,
    TurnStarted,
    Unreadable,
)
from engine.types import Json, Message, Usage


@dataclass
class Call:
    """One call of a cell, of one or several prompts. `children` are the ids of the nodes that answered."""

    made: CallMade
    answered: CallAnswered | None = None


@dataclass
class Cell:
    """One cell. `ended` is None where the run broke off; `outputs` are in Jupyter's format."""

    started: CellStarted
    ended: CellEnded | None = None
    outputs: list[Json] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)

    @property
    def status(self) -> str:
        """How it ended, "running" where the run broke off."""
        return self.ended.status if self.ended else "running"

    @property
    def final(self) -> Json:
        """The final answer that was taken from it (`content`, `sources`, ...), or None."""
        return self.ended.final if self.ended and not self.ended.flaw else None


@dataclass
class Turn:
    """One turn. `messages` were given for it; `reply` is None where none was finished, `draft` what was written then."""

    number: int
    messages: tuple[Message, ...] = ()
    reply: ReplyWritten | None = None
    draft: str = ""
    began: float = 0.0
    ended: float = 0.0

    @property
    def anew(self) -> bool:
        """Whether its messages are the whole conversation: the first, and one whose older turns were left out."""
        return bool(self.messages) and self.messages[0].role == "system"

    @property
    def text(self) -> str:
        """What the model wrote."""
        return self.reply.text if self.reply else self.draft


@dataclass
class Node:
    """One node. `began` is Unix seconds; `notes` are (number of the event, sentence)."""

    id: str
    started: NodeStarted
    began: float
    ended: NodeEnded | None = None
    turns: dict[int, Turn] = field(default_factory=dict)
    cells: dict[int, Cell] = field(default_factory=dict)
    notes: list[tuple[int, str]] = field(default_factory=list)

    @property
    def status(self) -> str:
        """How it ended, "interrupted" where the run broke off."""
        return self.ended.status if self.ended else "interrupted"

    @property
    def answer(self) -> str | None:
        """Its answer, or None."""
        return self.ended.answer if self.ended else None

    @property
    def usage(self) -> Usage:
        """What its own replies cost."""
        return self.ended.usage if self.ended else Usage()

    def cells_of(self, turn: int) -> list[Cell]:
        """The cells that a turn led to."""
        return [cell for cell in self.cells.values() if cell.started.turn == turn]


@dataclass
class Record:
    """A whole run. `nodes` are in the order they began, by id; `began` is Unix seconds."""

    run: str
    started: RunStarted
    began: float
    ended: RunEnded | None
    nodes: dict[str, Node]
    problems: list[str]

    @property
    def root(self) -> Node:
        """The node of the question itself."""
        return self.nodes["0"]

    @property
    def status(self) -> str:
        """How it ended, "running" where its end is not recorded."""
        return self.ended.status if self.ended else "running"

    @property
    def answer(self) -> str | None:
        """Its answer, or None."""
        return self.ended.answer if self.ended else None

    @property
    def model_name(self) -> str:
        """The name of the model."""
        return str(self.started.model.get("name") or "unknown")

    def children(self, node: str) -> list[Node]:
        """The nodes right below one, in the order they began."""
        return [one for one in self.nodes.values() if one.started.parent == node]


def read_record(events: Iterable[Event]) -> Record:
    """Fold the events of one run, in order. Raises InputError where they hold no run or its root never began."""
    record: Record | None = None
    for event in events:
        if isinstance(event.fact, RunStarted):
            record = Record(event.run, event.fact, event.ts, None, {}, [])
        elif record is not None:
            _take(record, event)
    if record is None:
        raise InputError("There is no readable beginning of this run; `show` prints what is stored of it.")
    if "0" not in record.nodes:
        raise InputError(
            f"The run {record.run} ended before its first node began; there is nothing to export."
        )
    return record


def _take(record: Record, event: Event) -> None:
    node = record.nodes.get(event.node)
    match event.fact:
        case RunEnded() as fact:
            record.ended = fact
        case RunResumed() as fact:
            record.ended = None
            for open_again in (record.nodes[id] for id in fact.nodes if id in record.nodes):
                open_again.ended = None
        case NodeStarted() as fact:
            record.nodes[event.node] = Node(event.node, fact, event.ts)
        case Unreadable() as fact:
            record.problems.append(fact.sentence)
        case _ if node is not None:
            _take_of_node(node, event)


def _take_of_node(node: Node, event: Event) -> None:
    match event.fact:
        case NodeEnded() as fact:
            node.ended = fact
        case TurnStarted() as fact:
            node.turns[fact.turn] = Turn(fact.turn, fact.messages, began=event.ts, ended=event.ts)
        case DraftSaved() as fact:
            turn = node.turns.setdefault(fact.turn, Turn(fact.turn, began=event.ts))
            turn.draft, turn.ended = fact.onto(turn.draft), event.ts
        case ReplyWritten() as fact:
            turn = node.turns.setdefault(fact.turn, Turn(fact.turn, began=event.ts))
            turn.reply, turn.ended = fact, event.ts
        case CellStarted() as fact:
            node.cells[fact.cell] = Cell(fact)
        case OutputWritten() as fact if fact.cell in node.cells:
            node.cells[fact.cell].outputs.append(fact.output)
        case CellEnded() as fact if fact.cell in node.cells:
            node.cells[fact.cell].ended = fact
        case CallMade() as fact if fact.cell in node.cells:
            node.cells[fact.cell].calls.append(Call(fact))
        case CallAnswered() as fact if fact.cell in node.cells:
            for call in node.cells[fact.cell].calls:
                if call.made.call == fact.call:
                    call.answered = fact
        case Note() as fact:
            node.notes.append((event.seq, fact.text))
