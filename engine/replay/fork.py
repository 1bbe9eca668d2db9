"""A fork: a new run that shares the beginning of a recorded one, and goes on from one of its cells.

What came before is executed again with the recorded answers, copied into the log of the new run, and not paid again.
At a node below the root, the cells above it run again up to the call that asked for it: the calls before, and the other
children of that call, are taken from the record; what comes after is new.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, replace
from typing import Any

from engine.documents.ingest import load_info
from engine.engine import Answer, Engine, Strategy
from engine.errors import CallRefused, InputError
from engine.events import (
    CallAnswered,
    CallMade,
    DraftSaved,
    Event,
    NodeStarted,
    Note,
    ReplyWritten,
    RunEnded,
    RunResumed,
    TurnStarted,
)
from engine.events.record import CallRecord, NodeRecord, RunRecord
from engine.kernel.cell import Call
from engine.replay.answers import RecordedAnswers, answers_of
from engine.replay.loading import load_record
from engine.replay.origin import corpus_of, earlier_of, is_small, piece_chars, text_problem
from engine.replay.places import ReplayError, begins_turn, call_of, cell_of, cells_before, highest, node_of
from engine.replay.restore import give_call, restore
from engine.reply import without_loop
from engine.run.calls import answer_call, make_node, run_child
from engine.run.loop import drive
from engine.run.node import Hooks, Node, Outcome, Run
from engine.run.session import NodeSession, Step
from engine.stop import Stop
from engine.types import Json, Settings, Usage

EDITED = "edited"  # how a reply ended that a person wrote


def fork(
    engine: Engine,
    run: str,
    cell: int,
    *,
    node: str = "0",
    code: str | None = None,
    question: str | None = None,
    changes: dict[str, Any] | None = None,
    hooks: Hooks | None = None,
    stop: Stop | None = None,
) -> Answer:
    """Fork a recorded run before a cell of a node: `code` runs in its place, or the model is asked anew.

    `question` is another question from there on; `changes` are other values of `engine.types.Settings`. Raises InputError
    for what is not there, ReplayError where the record or the documents do not allow it, and what `Engine.ask` raises.
    """
    record = load_record(engine.store, run)
    branch = Branch(record, node, cell, code, question)
    path = corpus_of(engine.store, record)
    if problem := text_problem(record, path):
        raise ReplayError(f"run {record.id} cannot be forked: {problem}.")
    return engine.ask(
        branch.question,
        load_info(path),
        settings_of(record, changes or {}),
        hooks=hooks,
        stop=stop,
        strategy=branch.strategy(),
        part=record.started.part,
    )


def settings_of(record: RunRecord, changes: dict[str, Any]) -> Settings:
    """The settings of a recorded run, some of them changed."""
    known = {field.name for field in fields(Settings)}
    recorded = {name: value for name, value in record.settings.items() if name in known}
    recorded["reply_tokens"] = record.settings.get("reply_tokens_set")
    return Settings(**recorded | changes)


class Branch:
    """Where a run is forked, and how the new one gets there. Raises InputError for a place that is not there."""

    def __init__(self, record: RunRecord, node: str, cell: int, code: str | None, question: str | None):
        self._record = record
        self._target = node_of(record, node)
        cell_of(self._target, cell)
        self._code = code
        question = question.strip() if question is not None else None
        if question == "":
            raise InputError(
                "the question of the fork is empty; write what you want to know, or leave it out"
            )
        if question is not None and self._target.started.parent is not None:
            raise InputError(
                "the question of a child cannot be changed; fork the root at the cell that asks the child"
            )
        if code is not None and not code.strip():
            raise InputError("the code of the fork is empty; write a cell, or leave it out to ask the model")
        self._cells: dict[str, int] = {node: cell}  # where each node on the way to the target goes on
        self._below: dict[str, NodeRecord] = {}
        self._answers: dict[str, RecordedAnswers] = {}
        one = self._target
        while (call := call_of(record, one)) is not None:
            parent = node_of(record, one.started.parent or "0")
            self._cells[parent.id] = call.made.cell
            self._below[parent.id] = one
            above = cell_of(parent, call.made.cell)
            self._answers[parent.id] = RecordedAnswers(parent.id, above, small=is_small(record))
            one = parent
        asked = record.question_at(node_of(record, "0"), self._cells["0"])
        self._new_question = question if question != asked else None
        self.question = question or asked

    def strategy(self) -> Strategy:
        """What the root of the new run does."""
        root = node_of(self._record, "0")
        forked: dict[str, Json] = {
            "run": self._record.id,
            "node": self._target.id,
            "cell": self._cells[self._target.id],
        }
        if (first := self._number(self._target)) != forked["cell"]:
            forked["first"] = first
        if questions := self._questions(root):
            forked["questions"] = questions

        def prepare(node: Node) -> None:
            node.earlier = earlier_of(self._record)
            node.piece_chars = piece_chars(self._record, root)

        carried = self._record.started.carried or ()
        notes = self._record.started.notes
        return Strategy(
            *(self._record.started.strategy, self._drive, prepare, forked),
            carried=carried,
            notes=lambda store, corpus: notes,
        )

    def _questions(self, root: NodeRecord) -> list[Json]:
        """From which cell on the root has which question; none where it has one all along."""
        at = self._number(root)
        before = (self._record.started.forked or {}).get("questions", [])
        kept = [[cell, question] for cell, question in before if cell <= at]
        if self._new_question is not None:
            kept = [one for one in kept if one[0] < at] or [[1, self._record.question_at(root, 1)]]
            kept.append([at, self._new_question])
        return kept if len(kept) > 1 else []

    def _number(self, node: NodeRecord) -> int:
        """Which cell of its node the new run goes on with: void ones before it are left behind."""
        return len(cells_before(node, self._cells[node.id])) + 1

    # --- the new run ------------------------------------------------------------------------------------

    def _drive(self, run: Run, root: Node) -> Outcome:
        self._copy(run, self._before("0"))
        return drive(NodeSession(run, root, self._answer), self._restore)

    def _restore(self, session: NodeSession) -> Step:
        """Bring a node on the way to where it goes on, and take the step from there."""
        node = node_of(self._record, session.node.id)
        at = self._cells[node.id]
        wanted = session.node.question
        restore(session, self._record, node, before=at)
        session.worker.question = wanted
        if node.id in self._below:
            return self._descend(session, node, at)
        if self._new_question is not None:
            session.conversation.amend(f"The question is another one from here on: {self._new_question}")
        return Step() if self._code is None else self._run_edited(session, self._code)

    def _run_edited(self, session: NodeSession, code: str) -> Step:
        run, id = session.run, session.node.id
        session.turn = session.free = session.turn + 1
        run.record(id, TurnStarted(session.turn, session.conversation.take_new()))
        text = f"```repl\n{code.strip(chr(10))}\n```"
        notes = ("this cell was written by a person",)
        run.record(id, ReplyWritten(session.turn, text, "", code, EDITED, None, Usage(), notes))
        return _told(session, _run(session, code), text)

    def _descend(self, session: NodeSession, node: NodeRecord, at: int) -> Step:
        """Run the recorded cell again that leads to the target; `_answer` answers its calls."""
        cell = cell_of(node, at)
        started, read = cell.started, cell.ended.readings if cell.ended else None
        session.turn = session.free = started.turn
        session.conversation.take_new()
        self._copy(session.run, self._turn(node, at))
        reply = node.replies.get(started.turn)
        step = _run(session, started.code, cell.ts, read)
        return _told(session, step, without_loop(reply.text) if reply else "")

    def _answer(self, session: NodeSession, cell: int, call: Call) -> Json:
        """Answer from the record up to the call that leads to the target; what comes after it is asked."""
        id = session.node.id
        answers = self._answers.get(id) if cell == self._cells.get(id) else None
        if answers is None:
            return answer_call(session, cell, call)
        found = answers.take(call)
        session.node.children = max(session.node.children, highest(found.made.children))
        session.run.record(id, found.made)
        if self._below[id].id in found.made.children:
            del self._answers[id]
            return self._go_below(session, found, call)
        for child in found.made.children:
            self._copy(session.run, self._subtree(child))
        give_call(session, self._record, found)
        if found.answered is None:
            raise ReplayError(f"call {call.number} of cell {cell} of node {id} has no answer in the record.")
        session.run.record(id, found.answered)
        if found.answered.error is not None:
            raise CallRefused(found.answered.error)
        return answers_of(found, call.arguments, small=is_small(self._record))

    def _go_below(self, session: NodeSession, found: CallRecord, call: Call) -> Json:
        """Answer the call that the target is below: its other children from the record, that one by going on there."""
        run, target = session.run, self._below[session.node.id]
        number = found.made.children.index(target.id)
        ref = (found.made.refs or (None,) * len(found.made.prompts))[number]
        below = session.node.stop.below()
        child = make_node(
            run, target.id, found.made.prompts[number], ref, below, depth=session.node.depth + 1
        )
        child.piece_chars = piece_chars(self._record, target)
        for other in found.made.children:
            if other != target.id:
                self._copy(run, self._subtree(other))
        give_call(session, self._record, replace(found, made=_without(found.made, number)))
        run.count_node()
        run.record(target.id, target.started)
        run.can_stop(target.id, below)
        self._copy(run, self._before(target.id))
        outcome = run_child(session, child, self._restore)
        said = outcome.answer if outcome.answer is not None else f"(no answer: {outcome.reason})"
        texts = [self._said(other) if other != target.id else said for other in found.made.children]
        if found.answered is not None and len(found.answered.answers) == len(texts):
            texts = [*found.answered.answers]
            texts[number] = said
        run.record(
            session.node.id,
            CallAnswered(
                found.made.cell, found.made.call, tuple(texts), (None,) * len(texts), 0.0, None, False
            ),
        )
        return texts

    def _said(self, child: str) -> str:
        node = self._record.nodes.get(child)
        if node is None or node.ended is None or node.ended.answer is None:
            raise ReplayError(
                f"node {child}, which was asked together with the target, did not end in the record."
            )
        return node.ended.answer

    # --- what is copied ---------------------------------------------------------------------------------

    def _copy(self, run: Run, events: Iterator[Event]) -> None:
        for event in events:
            match event.fact:
                case DraftSaved() | Note(level="stop" | "limit") | RunResumed() | RunEnded():
                    continue
                case NodeStarted():
                    run.count_node()
            run.record(event.node, event.fact)

    def _before(self, id: str) -> Iterator[Event]:
        """The events of a node, and of all that its cells asked for, before the turn where it goes on."""
        node = node_of(self._record, id)
        at = cell_of(node, self._cells[id])
        turn = at.started.turn
        first = next((seq for seq, fact in node.asked if fact.turn == turn), at.seq)
        end = first if begins_turn(node, at) else at.seq
        gone = [
            child
            for cell in cells_before(node, at.number)
            for call in cell.calls.values()
            for child in call.made.children
        ]
        for event in self._record.events:
            own = event.node == id and event.seq < end and not isinstance(event.fact, NodeStarted)
            if event.seq > 1 and (own or _is_below(event.node, gone)):
                yield event

    def _turn(self, node: NodeRecord, at: int) -> Iterator[Event]:
        """What was told and written before a cell in its turn."""
        cell = cell_of(node, at)
        for event in self._record.events:
            fact = event.fact
            if (
                event.node == node.id
                and event.seq < cell.seq
                and isinstance(fact, TurnStarted | ReplyWritten)
            ) and fact.turn == cell.started.turn:
                yield event

    def _subtree(self, id: str) -> Iterator[Event]:
        return (event for event in self._record.events if _is_below(event.node, (id,)))


def _is_below(node: str, tops: Sequence[str]) -> bool:
    return any(node == top or node.startswith(f"{top}.") for top in tops)


def _without(made: CallMade, number: int) -> CallMade:
    return replace(made, children=tuple(id for at, id in enumerate(made.children) if at != number))


def _run(session: NodeSession, code: str, clock: float | None = None, readings: Json = None) -> Step:
    """Run a cell that no model wrote just now: it is not drawn again, so an answer that rests on nothing is taken."""
    session.redraws.trusting = True
    try:
        return session.run_cell(code, clock, readings)
    finally:
        session.redraws.trusting = False


def _told(session: NodeSession, step: Step, said: str) -> Step:
    """Tell the model what a step led to, and count it, unless it ended the node."""
    if step.outcome is None:
        session.tell(said, step.shown, step.notes)
        session.count(step)
    return step
