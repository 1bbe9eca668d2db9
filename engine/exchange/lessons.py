"""Runs as lessons for training a model: chat messages, one conversation for each node that answered (several where
older turns were left out of it). Pure.

    {"messages": [{"role", "content", "weight"}, ...], "run", "node", "kind", "model", "status", "agreement"}

`weight` is 1 for what is to be learnt and 0 for what was given, as OpenAI and others read it. Learnt are the model's own
turns, but for those whose cell failed or whose answer was not taken: they are context for the turn that repaired them.
Only answered runs make lessons, and of them only nodes that answered: not those that were asked at a limit, and not runs
of which the sources do not bear the answer out (agreement "absent").
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from engine.events.record import NodeRecord, RunRecord, TurnRecord
from engine.types import Json


def lessons(record: RunRecord) -> str:
    """The lessons of a run as JSON lines; "" where it is no example to follow, see `unfit`."""
    if unfit(record):
        return ""
    return "".join(json.dumps(lesson, ensure_ascii=False) + "\n" for lesson in _conversations(record))


def unfit(record: RunRecord) -> str:
    """Why a run makes no lessons, as the end of a sentence about it; "" where it does."""
    ended = record.ended
    if ended is None or ended.status != "answered":
        return "has no answer"
    if ended.forced:
        return "was asked for its answer at a limit"
    if ended.agreement and ended.agreement.get("status") == "absent":
        return "has an answer that its sources do not bear out"
    return ""


def _conversations(record: RunRecord) -> Iterator[Json]:
    agreement = record.ended.agreement if record.ended else None
    for node in record.nodes.values():
        if node.status != "answered":
            continue
        for messages in _parts(node):
            if any(message["weight"] for message in messages):
                yield {
                    "messages": messages,
                    **{"run": record.id, "node": node.id, "kind": node.started.kind},
                    **{"model": record.model_name, "status": record.status},
                    "agreement": agreement["status"] if agreement else None,
                }


def _parts(node: NodeRecord) -> Iterator[list[Json]]:
    """The conversation of a node, each message with its weight; in parts where older turns were left out of it."""
    messages: list[Json] = []
    for turn in node.turns.values():
        if turn.anew and messages:
            yield messages
            messages = []
        if messages and turn.redrawn:
            messages.pop()  # this reply, or the one it was told of, stands in its place
        messages += [{"role": given.role, "content": given.content, "weight": 0} for given in turn.messages]
        if turn.reply is None:
            break  # what came after it is not known to follow it
        messages.append({"role": "assistant", "content": turn.reply.text, "weight": int(_good(node, turn))})
    yield messages


def _good(node: NodeRecord, turn: TurnRecord) -> bool:
    cells = turn.counted
    return all(cell.status == "ok" and not (cell.ended and cell.ended.flaw) for cell in cells) and bool(
        cells or node.started.kind == "llm" or turn.number == max(node.turns)
    )
