"""Which turns, calls and nodes of two runs belong together: by their place among the calls, and by what they hold. Pure."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import TypeVar

from engine.compare.record import Call, Node, Record, Turn

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


def turns(left: Node, right: Node) -> list[Pair[Turn]]:
    """The turns of two nodes that belong together, by their cells, or their replies where they have none."""
    return align(
        [*left.turns.values()], [*right.turns.values()], lambda turn: (turn.code or turn.reply).strip()
    )


def calls(left: Turn | None, right: Turn | None) -> list[Pair[Call]]:
    """The calls of two turns that belong together."""
    return align(
        left.calls if left else [], right.calls if right else [], lambda call: (call.kind, call.prompts)
    )


def children(left: Record, right: Record, mine: Call | None, theirs: Call | None) -> Iterator[Pair[Node]]:
    """The nodes that answered two calls: those asked the same about the same first, the others by their place."""

    def nodes(record: Record, call: Call | None) -> list[Node]:
        return [record.nodes[name] for name in (call.children if call else ()) if name in record.nodes]

    yield from align(
        nodes(left, mine),
        nodes(right, theirs),
        lambda node: (node.started.kind, node.started.question, node.started.context),
    )
