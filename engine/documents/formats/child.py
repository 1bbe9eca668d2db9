"""A file within a file, as a format hands it to whoever reads it on: a member of an archive, an attachment."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import IO

from engine.documents.formats.unreadable import Unreadable

CHUNK = 1 << 20


@dataclass(slots=True)
class Opened:
    """What was found in a file that holds others: its own text, if it has some, and them.

    `children` may be read only once; `notices` are complete when that is done.
    """

    text: str
    format: str
    children: Iterable[Child] = ()
    notices: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Child:
    """`name` is its path below the file that holds it; "" means that it takes the place of that file.

    `read(most)` gives its bytes and raises Unreadable with the reason when there are none, or more than `most`.
    `opened` gives instead what was found in it, where it is no file by itself. `attached`: the same bytes at
    another place are the same document. `called` is a name that tells its kind, where `name` tells none.
    """

    name: str
    read: Callable[[int], bytes]
    opened: Callable[[], Opened] | None = None
    attached: bool = False
    called: str = ""


def at_hand(data: bytes) -> Callable[[int], bytes]:
    """Bytes that are there already, as `Child.read` wants them."""

    def read(most: int) -> bytes:
        if len(data) > most:
            raise Unreadable(too_large(most))
        return data

    return read


def refused(reason: str) -> Callable[[int], bytes]:
    """A child without bytes, as `Child.read` wants it."""

    def read(most: int) -> bytes:
        raise Unreadable(reason)

    return read


def too_large(most: int) -> str:
    """Why a child of more than `most` bytes is not read."""
    if most < CHUNK:
        return "the file that holds it has given as many bytes as one file may"
    return f"unpacked it is larger than {most >> 20:,} MB, which is what one file may still give"


def drained(stream: IO[bytes], most: int) -> bytes:
    """All bytes of a stream. Raises Unreadable as soon as they are more than `most`."""
    parts: list[bytes] = []
    left = most
    while piece := stream.read(min(CHUNK, left + 1)):
        left -= len(piece)
        if left < 0:
            raise Unreadable(too_large(most))
        parts.append(piece)
    return b"".join(parts)
