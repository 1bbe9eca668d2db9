"""What was under way where the record of a run ends: its open nodes, and what is known of the sub-calls they began. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from engine.events import Note
from engine.events.record import CallRecord, CellRecord, NodeRecord, RunRecord
from engine.llm.base import Reply
from engine.replay.origin import piece_chars
from engine.replay.places import highest
from engine.run.node import STOPPED
from engine.run.session import Asked, Begun, BegunCalls, NodeSession, Step, asked_of

Restore = Callable[[NodeSession, RunRecord, NodeRecord], Step]


def open_nodes(record: RunRecord) -> tuple[str, ...]:
    """The nodes that go on when the run does: the root, and all below it that was under way."""
    found: list[str] = []
    todo = [record.nodes["0"]] if "0" in record.nodes else []
    while todo:
        node = todo.pop()
        found.append(node.id)
        for _, child in _begun(record, node):
            begun = known_of(record, child)
            if begun.answer is None and child.started.kind == "llm":
                found.append(child.id)
            elif begun.answer is None:
                todo.append(child)
    return tuple(found)


def under_way(node: NodeRecord) -> CellRecord | None:
    """The cell in which the record of a node ends: the model was not told of it, and it has no end, or was stopped."""
    cell = node.cells[-1] if node.cells else None
    if cell is None or cell.void or cell.started.turn < node.last_turn:
        return None
    return cell if cell.ended is None or cell.ended.status == "interrupted" else None


def begun_calls(record: RunRecord, node: NodeRecord, restore: Restore) -> BegunCalls:
    """What the cells of a node asked without being told the answers; `restore` brings a child to where it was."""
    calls = BegunCalls()
    for asked, child in _begun(record, node):
        calls.add(asked, known_of(record, child, restore))
    for cell in node.cells:
        for call in cell.calls.values():
            if (
                cell is not under_way(node)
                and not cell.void
                and call.answered is not None
                and call.answered.error is not None
            ):
                for asked, child in _children(record, call):
                    if child.ended is not None and child.ended.status == "answered":
                        calls.add(asked, known_of(record, child))
    return calls


def known_of(record: RunRecord, node: NodeRecord, restore: Restore | None = None) -> Begun:
    """What is known of one child or leaf that a cell had asked for."""
    asked, leaf, ended = node.started.question, node.started.kind == "llm", node.ended
    reply = node.turns[1].reply if leaf and 1 in node.turns else None
    confidence = reply.confidence if reply else None
    if ended is not None and ended.status == "answered":
        return Begun(node.id, asked, leaf, ended.answer or "", confidence)
    if ended is not None and _stopped_alone(record, node.id):
        return Begun(node.id, asked, leaf, f"(no answer: {STOPPED})", stopped=True)
    if not leaf and ended is not None and ended.status == "failed" and not _of_the_run(record, ended.reason):
        return Begun(node.id, asked, leaf, f"(no answer: {ended.reason})", stopped=True)
    if reply is not None and reply.finish != "cancelled":
        whole = Reply(reply.text, reply.finish, reply.usage, confidence=reply.confidence)  # type: ignore[arg-type]
        return Begun(node.id, asked, leaf, confidence=confidence, reply=whole)
    if leaf or restore is None:
        return Begun(node.id, asked, leaf)
    go_on = restore
    return Begun(
        node.id,
        asked,
        leaf,
        restore=lambda session: go_on(session, record, node),
        piece_chars=piece_chars(record, node),
    )


def _begun(record: RunRecord, node: NodeRecord) -> Iterator[tuple[Asked, NodeRecord]]:
    """Each child of the cells of a node that run anew, once, with what it was asked for."""
    seen: set[str] = set()
    last = under_way(node)
    for cell in node.cells:
        for call in cell.calls.values() if cell.void or cell is last else ():
            for asked, child in _children(record, call):
                if child.id not in seen and not _told(node, child.id):
                    yield asked, child
                seen.add(child.id)


def _children(record: RunRecord, call: CallRecord) -> Iterator[tuple[Asked, NodeRecord]]:
    """The children of a call that had begun, with what each was asked for."""
    made = call.made
    asked = asked_of(made.kind, made.prompts, made.quotes if made.kind == "llm" else made.refs)
    for one, id in zip(asked, made.children, strict=False):
        if id in record.nodes:
            yield one, record.nodes[id]


def _told(node: NodeRecord, child: str) -> bool:
    """Whether a cell that counts was given the answer of a child."""
    return any(
        child in call.made.children and call.answered is not None and call.answered.error is None
        for cell in node.cells
        if not cell.void and cell is not under_way(node)
        for call in cell.calls.values()
    )


def _stopped_alone(record: RunRecord, node: str) -> bool:
    return any(
        event.node == node and isinstance(event.fact, Note) and event.fact.level == "stop"
        for event in record.events
    )


def _of_the_run(record: RunRecord, reason: str | None) -> bool:
    """Whether a child failed for what ended the whole run."""
    return record.ended is not None and record.ended.reason == reason


def last_child(record: RunRecord, node: NodeRecord) -> int:
    """The highest number of a child that began, or that a cell which counts gave away."""
    ids = [one.id for one in record.nodes.values() if one.started.parent == node.id]
    for cell in node.cells:
        for call in cell.calls.values() if not cell.void else ():
            ids += call.made.children
    return highest(ids)


def cells_of_turn(node: NodeRecord, turn: int) -> list[CellRecord]:
    """The cells of one turn, without those that are void and ran anew."""
    cells = [cell for cell in node.cells if cell.started.turn == turn]
    return [cell for cell in cells if not cell.void or cell is cells[-1]]
