"""Paths in JSON that is stored as it was written: `$.ships[2].name`, and back to the characters. Pure.

Of several values one after the other (JSON lines) the later roots are `$#2`, `$#3`; of members with the same key in one
object the later are `.name~2`. What lies deeper than DEEPEST has the path of what holds it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

DEEPEST = 100
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"?|[\[\]{},:]|[^\s"\[\]{},:]+', re.S)
PLAIN = re.compile(r"[A-Za-z_]\w*")


@dataclass(slots=True)
class _Open:
    """A container that is being read: its path, where it begins, what comes next in it."""

    path: str
    start: int
    array: bool
    number: int = 0
    key: str = ""
    keys: dict[str, int] = field(default_factory=dict)


def parts(text: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, path) of every value as it ends; that of a member begins with its key."""
    stack: list[_Open] = []
    roots, deeper = 0, 0
    begins = -1  # where the key of the member stands
    for found in TOKEN.finditer(text):
        token, (start, end) = found[0], found.span()
        if deeper:
            deeper += (token in "[{") - (token in "]}")
            continue
        if token in "[{" and len(stack) == DEEPEST:
            deeper = 1
            continue
        top = stack[-1] if stack else None
        if token == ",":
            if top:
                top.number, top.key, begins = top.number + 1, "", -1
        elif token == ":":
            continue
        elif token in "]}":
            if stack:
                done = stack.pop()
                yield done.start, end, done.path
        elif top and not top.array and not top.key and token[0] == '"':
            seen = top.keys[token] = top.keys.get(token, 0) + 1
            name = f".{token[1:-1]}" if PLAIN.fullmatch(token[1:-1]) else f"[{token}]"
            top.key, begins = name + (f"~{seen}" if seen > 1 else ""), start
        else:
            if top is None:
                roots += 1
                path = "$" if roots == 1 else f"$#{roots}"
            else:
                path = top.path + (f"[{top.number}]" if top.array else top.key)
            start, begins = (begins if begins >= 0 else start), -1
            if token in "[{":
                stack.append(_Open(path, start, token == "["))
            else:
                yield start, end, path
    while stack:
        done = stack.pop()
        yield done.start, len(text), done.path


def path_at(text: str, at: int) -> str:
    """The path of the smallest value, or member of an object, that holds character `at`; "" outside of all."""
    return next((path for start, end, path in parts(text) if start <= at < end), "")


def part_at(text: str, path: str) -> tuple[int, int] | None:
    """The characters [start, end) of the value or member with this path, None where there is none."""
    return next(((start, end) for start, end, found in parts(text) if found == path), None)
