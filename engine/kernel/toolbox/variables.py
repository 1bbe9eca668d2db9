"""What a variable of a cell is, in a few words, and what a cell did to the variables, without running code of their classes.

The changes of a cell are {"added": [variable], "changed": [variable], "removed": [name]}; a variable is {"name", "type",
"size", "repr"}: the size in characters or items (None where it has none), and the head of its value.
"""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Iterable
from typing import Any

from engine.kernel.toolbox.replies import PieceAnswer
from engine.types import Json

SUMMARY_CHARS = 100
HEAD_CHARS = 80  # of a value that is shown
COMPARED_CHARS = 20_000  # of a value that tell whether it changed; what is inside beyond them does not
COMPARED_ITEMS = 2_000  # of one list, set or mapping
DEEPEST = 6
MOST = 60  # variables of each kind of change
WATCHED = 2_000  # variables, the oldest, whose changes are told: a cell may make a million
CURLY = ("{", "}")
CONTAINERS: dict[type, tuple[str, str]] = {
    list: ("[", "]"),
    tuple: ("(", ")"),
    set: CURLY,
    frozenset: CURLY,
    dict: CURLY,
}
PLAIN = (bool, int, float, complex, type(None))

Seen = dict[str, tuple[Any, ...]]  # by name, what tells whether a value is the same one


def summary(value: Any) -> str:
    """What a variable is, without running code of its class."""
    kind = type(value)
    if kind in PLAIN:
        text = repr(value) if kind is not int or abs(value) < 10**40 else "a large integer"
        return f"{kind.__name__} {text}"
    if kind is str:
        return f"str, {len(value):,} characters: {value[:40]!r}"[:SUMMARY_CHARS]
    if kind in CONTAINERS:
        return f"{kind.__name__} of {len(value):,}"
    if isinstance(value, str):
        kind = str if kind is PieceAnswer else kind
        return f"{kind.__name__}, {str.__len__(value):,} characters"
    return kind.__name__[:SUMMARY_CHARS]


def changes(before: Seen, own: Iterable[tuple[str, Any]]) -> tuple[dict[str, Json], Seen]:
    """What a cell did to the variables, and what is to be given as `before` after the next cell. `own`: oldest first."""
    after: Seen = {}
    found: dict[str, list[Json]] = {"added": [], "changed": [], "removed": []}
    for name, value in itertools.islice(own, WATCHED):
        after[name] = mark = _mark(value)
        if name not in before:
            found["added"].append(described(name, value))
        elif before[name] != mark:
            found["changed"].append(described(name, value))
    found["removed"] = [name[:SUMMARY_CHARS] for name in before if name not in after]
    return {kind: some[:MOST] for kind, some in found.items()}, after


def described(name: str, value: Any) -> dict[str, Json]:
    """One variable: name, type, size, and the head of its value."""
    kind = str if type(value) is PieceAnswer else type(value)
    text = "".join(_pieces(value, DEEPEST, [HEAD_CHARS + 1]))
    return {
        "name": name[:SUMMARY_CHARS],
        "type": kind.__name__[:SUMMARY_CHARS],
        "size": _size(value),
        "repr": text if len(text) <= HEAD_CHARS else f"{text[:HEAD_CHARS]}…",
    }


def _size(value: Any) -> int | None:
    if isinstance(value, str):
        return str.__len__(value)
    return len(value) if type(value) in CONTAINERS or type(value) in (bytes, bytearray) else None


def _mark(value: Any) -> tuple[Any, ...]:
    kind = type(value)
    if kind is str:
        return kind, len(value), hash(value)
    if kind in CONTAINERS:
        return kind, len(value), hash("".join(_pieces(value, DEEPEST, [COMPARED_CHARS])))
    if kind is int:
        return kind, value
    return kind, repr(value) if kind in PLAIN else _Same(value)


class _Same:
    """Equal for one and the same object only. Its number may be given to another once it is gone; a weak reference tells
    the two apart, keeps nothing alive and runs no code of the class.
    """

    def __init__(self, value: Any):
        self._id = id(value)
        try:
            self._ref: Any = weakref.ref(value)
        except TypeError:  # of some classes there are none
            self._ref = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and (self._id, self._ref is other._ref) == (other._id, True)

    __hash__ = None  # type: ignore[assignment]


def _pieces(value: Any, deep: int, left: list[int]) -> Iterable[str]:
    """The text of a value in pieces, until `left` characters are used up."""
    kind = type(value)
    if left[0] <= 0:
        return
    if kind in CONTAINERS and deep:
        opening, closing = CONTAINERS[kind]
        yield opening
        items = value.items() if kind is dict else value
        for number, item in enumerate(itertools.islice(items, COMPARED_ITEMS)):
            if left[0] <= 0:
                return
            yield ", " if number else ""
            if kind is dict:
                yield from _pieces(item[0], deep - 1, left)
                yield ": "
                item = item[1]
            yield from _pieces(item, deep - 1, left)
            left[0] -= 2
        yield closing
        return
    text = _word(value)[: left[0]]
    left[0] -= len(text)
    yield text


def _word(value: Any) -> str:
    kind = type(value)
    if kind is int:
        return repr(value) if abs(value) < 10**40 else "a large integer"
    if kind in PLAIN:
        return repr(value)
    if isinstance(value, str):
        return repr(str.__getitem__(value, slice(0, COMPARED_CHARS if kind is str else HEAD_CHARS)))
    if kind in CONTAINERS:
        return f"{kind.__name__} of {len(value):,}"
    return f"<{kind.__name__[:SUMMARY_CHARS]}>"
