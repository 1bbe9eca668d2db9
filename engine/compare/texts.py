"""A turn of a run as what is compared of it: the texts that were told, written and printed. Void cells do not count. Pure."""

from __future__ import annotations

from engine.events.kinds import VOID
from engine.events.record import CallRecord, NodeRecord, TurnRecord
from engine.prompt import output_text


def turns_of(node: NodeRecord) -> list[TurnRecord]:
    """The turns of a node, without those of which nothing but a draft can be read."""
    return [turn for turn in node.turns.values() if turn.started or turn.reply or turn.cells]


def prompt_of(turn: TurnRecord) -> str:
    """What the model was told since the turn before."""
    return "\n".join(f"{message.role}: {message.content}" for message in turn.messages)


def reply_of(turn: TurnRecord) -> str:
    """Its whole reply, or ""."""
    return turn.reply.text if turn.reply else ""


def cell_of(turn: TurnRecord) -> int | None:
    """The number of its last cell."""
    return turn.counted[-1].number if turn.counted else None


def code_of(turn: TurnRecord) -> str:
    """The code of its last cell, or ""."""
    return turn.counted[-1].started.code if turn.counted else ""


def output_of(turn: TurnRecord) -> str:
    """The text of the outputs of its cells, pictures named."""
    return output_text([output for cell in turn.counted for output in cell.outputs])


def calls_of(turn: TurnRecord) -> list[CallRecord]:
    """The calls of its cells."""
    return [call for cell in turn.counted for call in cell.calls.values()]


def end_of(turn: TurnRecord) -> str:
    """How its cell ended (also before it became void), "" without one."""
    ends = [end.status for cell in turn.cells for end in cell.ends if end.status != VOID]
    return ends[-1] if ends else ""


def came_to(call: CallRecord) -> tuple[tuple[str, ...], str | None]:
    """The answers to a call, and the error that ended it."""
    return (call.answered.answers, call.answered.error) if call.answered else ((), None)
