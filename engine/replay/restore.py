"""A session brought to where a recorded one was: its worker, its conversation, its counts, its evidence."""

from __future__ import annotations

from engine import prompt
from engine.events.record import CallRecord, CellRecord, NodeRecord, RunRecord
from engine.prompt import Conversation
from engine.replay.execution import Executed, compare_node, execute_again
from engine.replay.origin import open_worker
from engine.replay.places import ReplayError, begins_turn, cell_of, cells_before, highest
from engine.reply import without_loop
from engine.run.session import NO_OUTPUT, NodeSession
from engine.types import Message


def restore(
    session: NodeSession, record: RunRecord, node: NodeRecord, before: int | None = None
) -> list[Executed]:
    """Bring a session with a fresh worker to where the recorded node was before cell `before` (None: at its end).

    Its worker has run the cells, its conversation ends with what the model was told before the reply that held the cell,
    and the turns so far count against no limit. A note says where a cell gave something else this time.
    Raises ReplayError where the record does not hold what is needed.
    """
    done = execute_again(session.worker, record, node, before, stop=session.node.stop)
    note_differences(session, record, node, done)
    own = session.node
    cells = cells_before(node, before)
    own.codes = [cell.started.code for cell in cells]
    own.variables = tuple(name for name, _ in done[-1].ran.variables) if done else ()
    own.children = highest(id for cell in cells for call in cell.calls.values() for id in call.made.children)
    session.turn = session.free = last_turn(node, before)
    session.conversation = conversation_of(node, before) or session.conversation
    _tell_of_last(session, node, done, before)
    give_evidence(session, record, done)
    return done


def last_turn(node: NodeRecord, before: int | None) -> int:
    """The number of the last turn before that of a cell; None: of the node."""
    if before is None:
        return node.last_turn
    cell = cell_of(node, before)
    return cell.started.turn - 1 if begins_turn(node, cell) else cell.started.turn


def conversation_of(node: NodeRecord, before: int | None) -> Conversation | None:
    """What the model had been told when the turn of a cell began (None: the last one); None where nothing was asked yet.

    The messages of that turn count as not recorded, so that who goes on records them.
    """
    wanted = None if before is None else cell_of(node, before).started.turn
    turns = [(seq, fact) for seq, fact in node.asked if wanted is None or fact.turn <= wanted]
    if not turns:
        return None
    opening: tuple[Message, Message] | None = None
    exchanges: list[tuple[Message, Message]] = []
    said, turn = "", 0
    for _, fact in turns:
        messages = fact.messages
        if (
            messages and messages[0].role == "system"
        ):  # the first turn, or all that was left after a compaction
            opening = messages[0], messages[1]
            rest = messages[2:]
            exchanges = [*zip(rest[::2], rest[1::2], strict=False)]
        elif messages and turn != fact.turn:
            told = messages[0].content if messages[0].role == "assistant" else said  # an earlier draw
            exchanges.append((Message("assistant", told), messages[-1]))
        elif messages and exchanges:  # asked for again after an overflow
            exchanges[-1] = (exchanges[-1][0], messages[-1])
        turn = fact.turn
        reply = node.replies.get(turn)
        said = without_loop(reply.text) if reply else ""
    if opening is None:
        raise ReplayError(f"the record of node {node.id} does not hold its first messages.")
    conversation = Conversation.restored(opening, exchanges)
    conversation.forget(len(turns[-1][1].messages))
    return conversation


def _tell_of_last(session: NodeSession, node: NodeRecord, done: list[Executed], before: int | None) -> None:
    """Tell the model what the last reply led to, where the record ends before it was told."""
    turn = session.turn
    asked = [
        fact.turn
        for _, fact in node.asked
        if before is None or fact.turn <= cell_of(node, before).started.turn
    ]
    reply = node.replies.get(turn)
    if reply is None or (asked and max(asked) > turn):
        return
    session.conversation.take_new()
    shown = "\n".join(shown_of(session, one) for one in done if one.cell.started.turn == turn)
    session.tell(without_loop(reply.text), shown or NO_OUTPUT, tuple(reply.notes))


def shown_of(session: NodeSession, executed: Executed) -> str:
    """What the model was shown of the output of a cell."""
    text = prompt.output_text(executed.cell.outputs)
    return prompt.clip(text, prompt.output_chars(session.run.model.info))


def note_differences(session: NodeSession, record: RunRecord, node: NodeRecord, done: list[Executed]) -> None:
    if problem := next((one.problem for one in done if one.problem), ""):
        raise ReplayError(f"run {record.id} cannot go on from there: {problem}.")
    path = session.run.corpus_path

    def again(ahead: float) -> list[Executed]:
        last = done[-1].cell.number + 1
        with open_worker(session.run.kernels, path, record, node) as worker:
            return execute_again(worker, record, node, last, ahead=ahead, stop=session.node.stop)

    for found in compare_node(record, node, done, again):
        for said in found.differences:
            session.note(
                f"cell {found.cell} gave something else when it was executed again: {said}", "warning"
            )


def give_evidence(session: NodeSession, record: RunRecord, done: list[Executed]) -> None:
    """Let what was shown and answered in the recorded cells count as sources of the answer to come."""
    evidence = session.run.evidence
    for one in done:
        if one.result is not None:
            evidence.searched(one.result.searched)
            evidence.shown(shown_of(session, one), one.result.spans)
        session.count_repeat(one.cell.number, one.cell.started.code, shown_of(session, one) or NO_OUTPUT)
        for call in one.cell.calls.values():
            give_call(session, record, call)


def give_call(session: NodeSession, record: RunRecord, call: CallRecord) -> None:
    """Let the prompts, answers and sources of one recorded call, and of all below it, count as evidence."""
    evidence = session.run.evidence
    answers = call.answered.answers if call.answered else ()
    spans = call.made.spans or ((),) * len(call.made.prompts)
    if call.made.kind == "llm":
        for text, answer, claimed in zip(call.made.prompts, answers, spans, strict=False):
            evidence.shown(text, claimed)
            evidence.answered(answer, claimed)
    for id in call.made.children:
        child = record.nodes.get(id)
        for cell in child.cells if child else ():
            give_cell(session, record, cell)


def give_cell(session: NodeSession, record: RunRecord, cell: CellRecord) -> None:
    for call in cell.calls.values():
        give_call(session, record, call)
    final = cell.ended.final if cell.ended else None
    if final is not None:
        session.run.evidence.sourced(tuple((d, start, end) for d, start, end in final["sources"]))
