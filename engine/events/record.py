"""The record of a run: its events as a tree of nodes, with the turns, cells and calls of each. Pure.

Each part holds the facts that tell of it. Whoever executes a run again, lets it go on, compares, checks or exports it reads
this record. A turn that was asked for again, a leaf that began again and a cell that ran anew (it is void then) are as the
last events say; `asked`, `replies` and `cells` of a node keep what was before.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import dropwhile

from engine.events.event import Event, Unreadable
from engine.events.kinds import (
    VOID,
    CallAnswered,
    CallMade,
    CellEnded,
    CellStarted,
    DraftSaved,
    NodeEnded,
    NodeStarted,
    Note,
    OutputWritten,
    ReplyWritten,
    RunEnded,
    RunResumed,
    RunStarted,
    TurnStarted,
)
from engine.types import Json, Message, Usage


@dataclass(slots=True)
class CallRecord:
    """One call of a cell, of one or several prompts, and what it came to (None where the record ends before)."""

    made: CallMade
    answered: CallAnswered | None = None


@dataclass(slots=True)
class CellRecord:
    """One cell: its code, outputs in Jupyter's format, calls by number, and how it ended, again where it became void.

    `seq` is the number of the event that began it, `ts` the time that it found, in Unix seconds: that of the void cell that
    it ran anew for, if it did.
    """

    started: CellStarted
    seq: int
    ts: float
    outputs: list[Json] = field(default_factory=list)
    calls: dict[int, CallRecord] = field(default_factory=dict)
    ends: list[CellEnded] = field(default_factory=list)

    @property
    def number(self) -> int:
        """The number of the cell in its node, from 1."""
        return self.started.cell

    @property
    def ended(self) -> CellEnded | None:
        """How it ended; None where the record does not say."""
        return self.ends[-1] if self.ends else None

    @property
    def status(self) -> str:
        """How it ended, "running" where the record does not say."""
        return self.ends[-1].status if self.ends else "running"

    @property
    def void(self) -> bool:
        """Whether it was under way when its run was interrupted; the run was resumed, and it ran anew as the next cell."""
        return self.status == VOID

    def leave(self) -> None:
        """Make it void, as an event has said."""
        self.ends.append(CellEnded(self.number, VOID, 0.0, None, (), 0))

    @property
    def final(self) -> Json:
        """The final answer that was taken from it (`content`, `sources`, ...), or None."""
        return self.ended.final if self.ended and not self.ended.flaw else None


@dataclass(slots=True)
class TurnRecord:
    """One turn, since it was last asked for: what was told, written and run. `began` and `ended` are Unix seconds.

    `started` and `reply` are None where the record does not hold them; `draft` is what was written so far.
    """

    number: int
    began: float
    ended: float
    started: TurnStarted | None = None
    reply: ReplyWritten | None = None
    draft: str = ""
    cells: list[CellRecord] = field(default_factory=list)

    @property
    def messages(self) -> tuple[Message, ...]:
        """What was told for it."""
        return self.started.messages if self.started else ()

    @property
    def anew(self) -> bool:
        """Whether its messages are the whole conversation: the first, and one whose older turns were left out."""
        return bool(self.messages) and self.messages[0].role == "system"

    @property
    def redrawn(self) -> bool:
        """Whether the reply before it was not told of: this one was drawn in its place, or was told of an earlier draw."""
        return not self.messages or self.messages[0].role == "assistant"

    @property
    def text(self) -> str:
        """What the model wrote."""
        return self.reply.text if self.reply else self.draft

    @property
    def counted(self) -> list[CellRecord]:
        """Its cells without those that are void."""
        return [cell for cell in self.cells if not cell.void]


@dataclass(slots=True)
class NodeRecord:
    """One node. `began` is Unix seconds, `turns` are by number.

    In order: `asked`, (number of the event, fact) each time that a reply was asked for; `replies`, the last of each turn;
    `cells`; `notes`.
    """

    id: str
    started: NodeStarted
    began: float
    ended: NodeEnded | None = None
    turns: dict[int, TurnRecord] = field(default_factory=dict)
    asked: list[tuple[int, TurnStarted]] = field(default_factory=list)
    replies: dict[int, ReplyWritten] = field(default_factory=dict)
    cells: list[CellRecord] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    @property
    def status(self) -> str:
        """How it ended, "interrupted" where the record does not say."""
        return self.ended.status if self.ended else "interrupted"

    @property
    def answer(self) -> str | None:
        """Its answer, or None."""
        return self.ended.answer if self.ended else None

    @property
    def usage(self) -> Usage:
        """What its own replies cost."""
        return self.ended.usage if self.ended else Usage()

    @property
    def counted(self) -> list[CellRecord]:
        """Its cells without those that are void."""
        return [cell for cell in self.cells if not cell.void]

    @property
    def last_turn(self) -> int:
        """The number of its last turn; 0 where nothing was asked yet."""
        return max((fact.turn for _, fact in self.asked), default=0)


@dataclass(slots=True)
class RunRecord:
    """One run: how it began (`began`: Unix seconds) and ended, how it was resumed, and its nodes by id in the order they
    began. `events` is all of it.

    `carried` are the records of the runs whose variables its root found, oldest first (`engine.replay.loading` reads them).
    """

    id: str
    started: RunStarted
    began: float
    events: list[Event]
    nodes: dict[str, NodeRecord] = field(default_factory=dict)
    resumed: list[RunResumed] = field(default_factory=list)
    ended: RunEnded | None = None
    carried: tuple[RunRecord, ...] = ()

    @property
    def root(self) -> NodeRecord:
        """The node of the question itself. Raises KeyError where it never began."""
        return self.nodes["0"]

    @property
    def status(self) -> str:
        """How it ended, "running" where the record does not say."""
        return self.ended.status if self.ended else "running"

    @property
    def answer(self) -> str | None:
        """Its answer, or None."""
        return self.ended.answer if self.ended else None

    @property
    def settings(self) -> dict[str, Json]:
        """Its settings now: it may have been resumed with others."""
        return self.resumed[-1].settings if self.resumed else self.started.settings

    @property
    def model(self) -> dict[str, Json]:
        """Its model now: it may have been resumed with another."""
        return self.resumed[-1].model if self.resumed else self.started.model

    @property
    def model_name(self) -> str:
        """The name of the model; of several, where the run went on with another one, all in order."""
        models = [self.started.model, *(fact.model for fact in self.resumed)]
        names = [str(model.get("name") or "unknown") for model in models]
        return ", then ".join(
            name for name, before in zip(names, [None, *names], strict=False) if name != before
        )

    @property
    def problems(self) -> list[str]:
        """A sentence for each event that cannot be read."""
        return [event.fact.sentence for event in self.events if isinstance(event.fact, Unreadable)]

    def sessions(self) -> list[NodeRecord]:
        """The nodes that ran cells: the root and the children that had any."""
        return [node for node in self.nodes.values() if node.cells]

    def children(self, node: str) -> list[NodeRecord]:
        """The nodes right below one, in the order they began."""
        return [one for one in self.nodes.values() if one.started.parent == node]

    def question_at(self, node: NodeRecord, cell: int) -> str:
        """The question that a cell of a node finds: a fork may have changed that of the root at one of its cells."""
        changed = (self.started.forked or {}).get("questions", ()) if node.started.parent is None else ()
        found = [question for first, question in changed if first <= cell]
        return found[-1] if found else node.started.question


def record_of(events: Iterable[Event]) -> RunRecord:
    """Fold the events of one run, in order. Raises ValueError where its beginning is not among them, or cannot be read.

    What comes before that beginning is left out, and so is what tells of a node or a cell that did not begin.
    """
    found = [*dropwhile(lambda event: not isinstance(event.fact, RunStarted), events)]
    first = found[0].fact if found else None
    if not isinstance(first, RunStarted):
        raise ValueError("the beginning of the run cannot be read")
    run = RunRecord(found[0].run, first, found[0].ts, found)
    for event in found[1:]:
        _take(run, event)
    return run


def _take(run: RunRecord, event: Event) -> None:
    node = run.nodes.get(event.node)
    match event.fact:
        case RunEnded() as fact:
            run.ended = fact
        case RunResumed() as fact:
            run.ended = None
            run.resumed.append(fact)
            for open_again in (run.nodes[id] for id in fact.nodes if id in run.nodes):
                open_again.ended = None
        case NodeStarted() as fact if node is None:
            run.nodes[event.node] = NodeRecord(event.node, fact, event.ts)
        case _ if node is not None:
            _take_of_node(node, event)


def _take_of_node(node: NodeRecord, event: Event) -> None:
    match event.fact:
        case (
            NodeStarted() as fact
        ):  # again: the run was resumed, and the prompt of a sub-call is another one now
            node.started, node.began, node.ended, node.turns, node.notes = fact, event.ts, None, {}, []
        case NodeEnded() as fact:
            node.ended = fact
        case TurnStarted() as fact:
            node.asked.append((event.seq, fact))
            node.turns[fact.turn] = TurnRecord(fact.turn, event.ts, event.ts, fact)
        case DraftSaved() as fact:
            turn = _turn(node, fact.turn, event.ts)
            turn.draft, turn.ended = fact.onto(turn.draft), event.ts
        case ReplyWritten() as fact:
            turn = _turn(node, fact.turn, event.ts)
            turn.reply, turn.ended = fact, event.ts
            node.replies[fact.turn] = fact
        case CellStarted() as fact:
            last = node.cells[-1] if node.cells else None
            anew = last is not None and last.void and last.started == replace(fact, cell=last.number)
            cell = CellRecord(fact, event.seq, last.ts if last and anew else event.ts)
            node.cells.append(cell)
            _turn(node, fact.turn, event.ts).cells.append(cell)
        case Note() as fact:
            node.notes.append(fact)
        case OutputWritten() | CellEnded() | CallMade() | CallAnswered() as fact:
            found = next((one for one in reversed(node.cells) if one.number == fact.cell), None)
            if found is not None:
                _take_of_cell(found, fact)


def _turn(node: NodeRecord, number: int, ts: float) -> TurnRecord:
    """A turn of a node; a new one where the event that began it cannot be read."""
    return node.turns.setdefault(number, TurnRecord(number, ts, ts))


def _take_of_cell(cell: CellRecord, fact: OutputWritten | CellEnded | CallMade | CallAnswered) -> None:
    match fact:
        case OutputWritten():
            cell.outputs.append(fact.output)
        case CellEnded():
            cell.ends.append(fact)
        case CallMade():
            cell.calls[fact.call] = CallRecord(fact)
        case CallAnswered():
            if fact.call in cell.calls:
                cell.calls[fact.call].answered = fact
