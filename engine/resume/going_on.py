"""A node that goes on: its worker, conversation and evidence as they were, then what its last reply still asked for."""

from __future__ import annotations

from dataclasses import replace

from engine import prompt
from engine.events import CellEnded, NodeEnded
from engine.events.kinds import VOID
from engine.events.record import NodeRecord, RunRecord
from engine.replay.execution import Executed, execute_again
from engine.replay.places import ReplayError
from engine.replay.restore import conversation_of, give_call, give_evidence, note_differences, shown_of
from engine.reply import parse, without_loop
from engine.resume.open_nodes import begun_calls, cells_of_turn, last_child, under_way
from engine.run.loop import act_on
from engine.run.session import NO_OUTPUT, NodeSession, Step, outcome_of
from engine.types import Usage

LOST = (
    "The Python session was restored up to cell {cell} only; variables of later cells may be missing. Look with "
    "SHOW_VARS() before you use them."
)


def go_on(session: NodeSession, record: RunRecord, node: NodeRecord) -> Step:
    """Bring a session with a fresh worker to where the record of its node ends, and do what its last reply still asks.

    A turn whose reply is recorded is not asked again, and neither is a sub-call that was answered; a cell that was under
    way runs anew as the next cell. Turns count against the limit from here on. Raises what a cell raises on a stop.
    """
    own = session.node
    if (cell := under_way(node)) is not None:
        session.run.record(own.id, CellEnded(cell.number, VOID, 0.0, None, (), 0))
        cell.leave()
    session.begun = begun_calls(record, node, go_on)
    done = execute_again(session.worker, record, node, stop=own.stop)
    session.worker.question = own.question  # a fork may have asked another one first
    own.codes = [cell.started.code for cell in node.cells]
    own.variables = tuple(name for name, _ in done[-1].ran.variables) if done else ()
    own.children = last_child(record, node)
    own.usage = sum((reply.usage for reply in node.replies.values()), Usage())
    lost = _note_what_differs(session, record, node, done)
    give_evidence(session, record, done)
    for cell in node.cells:
        for call in cell.calls.values() if cell.void else ():
            if call.made.kind == "rlm":
                give_call(session, record, call)
    turn = node.last_turn
    reply = node.replies.get(turn)
    session.conversation = conversation_of(node, None) or session.conversation
    session.turn = turn if reply else max(0, turn - 1)
    session.free = max(0, turn - 1)
    if reply is None:
        _tell(session, lost, record)
        return Step()
    session.conversation.take_new()  # what that turn was told is recorded
    said = without_loop(reply.text)
    parsed = parse(said)
    ran = _cell_of_turn(session, node, done, turn, bool(parsed.code))
    if ran is not None and sum(not cell.void for cell in cells_of_turn(node, turn)) > 1:
        parsed = replace(parsed, final=None)  # it was looked up already
    step = act_on(session, said, parsed, reply.finish, ran)
    _close_rest(session)
    if step.outcome is None:
        _tell(session, lost, record)
    return step


def _cell_of_turn(
    session: NodeSession, node: NodeRecord, done: list[Executed], turn: int, has_code: bool
) -> Step | None:
    """What the cell of a turn led to: as recorded, or by running it anew where it was under way; None: none began."""
    cells = cells_of_turn(node, turn)
    if not cells or not has_code:
        return None
    if cells[0].void:
        read = next((end.readings for end in cells[0].ends if end.readings), None)
        return session.run_cell(cells[0].started.code, clock=cells[0].ts, readings=read)
    last = [cell for cell in cells if not cell.void][-1]
    ended = last.ended
    assert ended is not None  # else it is void
    flaw = ended.flaw or ""
    outcome = None if flaw else outcome_of(ended.final, last.number)
    if outcome is not None and outcome.answer is not None:
        flaw = session.flaw_of(outcome.answer)
    if outcome is not None and not flaw:
        return Step(outcome)
    notes = (prompt.RESTARTED,) if ended.status == "died" else ()
    if flaw:
        notes = (*notes, prompt.no_answer(flaw))
    shown = "\n".join(shown_of(session, one) for one in done if one.cell.started.turn == turn)
    return Step(None, shown or NO_OUTPUT, notes, ok=ended.status == "ok", flaw=flaw)


def _note_what_differs(
    session: NodeSession, record: RunRecord, node: NodeRecord, done: list[Executed]
) -> str:
    """Say what is not as it was; returns a line for the model where variables may be missing, or ""."""
    try:
        note_differences(session, record, node, done)
    except ReplayError as problem:
        session.note(f"variables could not be restored in whole: {problem}", "warning")
        return LOST.format(cell=done[-1].cell.number - 1)
    return ""


def _tell(session: NodeSession, lost: str, record: RunRecord) -> None:
    """Tell the model what is new since it was asked last: raised limits, lost variables."""
    raised = record.ended is not None and record.ended.status == "unanswered"
    for line in (lost, prompt.GO_ON if raised else ""):
        if line:
            session.node.told.append(line)
            session.conversation.amend(line)


def _close_rest(session: NodeSession) -> None:
    """Commit that what was under way and was not asked for again has no answer."""
    for one in session.begun.rest():
        session.run.record(
            one.id, NodeEnded("stopped", None, Usage(), 0.0, "the cell did not ask for it again")
        )
