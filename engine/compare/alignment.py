"""Which turns, calls and nodes of two runs belong together: by their place among the calls, and by what they hold. Pure."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import TypeVar

from engine.compare.texts import calls_of, code_of, reply_of, turns_of
from engine.events.record import CallRecord, NodeRecord, RunRecord, TurnRecord

T = TypeVar("T")
Pair = tuple[T | None, T | None]


def align(left: Sequence[T], right: Sequence[T], key: Callable[[T], Hashable]) -> list[Pair[T]]:
    """Pair what is equal by `key`, in order; what stands between two such pairs is paired by its place."""
    pairs: list[Pair[T]] = []
    matcher = SequenceMatcher(None, [*map(key, left)], [*map(key, right)], autojunk=False)
    for _, a, b, c, d in matcher.get_opcodes():
        pairs += list(zip(left[a:b], right[c:d], strict=False))
        shorter = min(b - a, d - c)
        pairs += [(one, None) for one in left[a + shorter : b]] + [
            (None, one) for one in right[c + shorter : d]
        ]
    return pairs


def turns(left: NodeRecord, right: NodeRecord) -> list[Pair[TurnRecord]]:
    """The turns of two nodes that belong together, by their cells, or their replies where they have none."""
    return align(
        turns_of(left),
        turns_of(right),
        lambda turn: (code_of(turn) or reply_of(turn)).strip(),
    )


def calls(left: TurnRecord | None, right: TurnRecord | None) -> list[Pair[CallRecord]]:
    """The calls of two turns that belong together."""
    return align(
        calls_of(left) if left else [],
        calls_of(right) if right else [],
        lambda call: (call.made.kind, call.made.prompts),
    )


def children(
    left: RunRecord, right: RunRecord, mine: CallRecord | None, theirs: CallRecord | None
) -> Iterator[Pair[NodeRecord]]:
    """The nodes that answered two calls: those asked the same about the same first, the others by their place."""

    def nodes(record: RunRecord, call: CallRecord | None) -> list[NodeRecord]:
        return [record.nodes[name] for name in (call.made.children if call else ()) if name in record.nodes]

    yield from align(
        nodes(left, mine),
        nodes(right, theirs),
        lambda node: (node.started.kind, node.started.question, node.started.context),
    )
