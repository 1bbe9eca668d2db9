"""How the app and its processes talk: frames of JSON with their length before them, never pickle.

A frame is a 4-byte big-endian length and that many bytes of UTF-8 JSON; raw bytes may follow it, which the JSON counts.
The kernel speaks the same over a socket (`engine.kernel.channel`), where the other side is believed in nothing.
"""

from __future__ import annotations

import json
import struct
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import IO, BinaryIO

from engine.types import Json

LENGTH = struct.Struct("!I")
LARGEST = 512 << 20  # bytes of one frame; a corpus of 64 MB escaped
LARGEST_HEADER = 64 << 20  # bytes of one that raw bytes follow


class Broken(ValueError):
    """The other side ended, or sent what is not a frame."""


class Writer:
    """Writes whole frames from any thread."""

    def __init__(self, stream: IO[bytes]):
        self._stream = stream
        self._lock = threading.Lock()

    def send(self, value: Json) -> None:
        """Write one frame. Raises OSError when the other side is gone or the writer closed."""
        with self._lock:
            if self._stream.closed:
                raise BrokenPipeError("the writer was closed")
            write(self._stream, value)

    def close(self) -> None:
        """Close the stream. What the other side was too dead to take is dropped."""
        with self._lock, suppress(OSError):
            self._stream.close()


def write(stream: IO[bytes], value: Json, *payloads: bytes) -> None:
    """Send a frame and the raw bytes that belong to it. The frame must tell how many follow."""
    encoded = json.dumps(value, separators=(",", ":")).encode("ascii")
    stream.write(LENGTH.pack(len(encoded)) + encoded)
    for payload in payloads:
        stream.write(payload)
    stream.flush()


def received(stream: IO[bytes]) -> Iterator[Json]:
    """Yield frames until the stream ends. Raises Broken for anything malformed."""
    while len(length := stream.read(LENGTH.size)) == LENGTH.size:
        size = _size(length, LARGEST)
        body = stream.read(size)
        if len(body) < size:
            return
        yield _decoded(body)


def read_header(stream: BinaryIO) -> Json:
    """Receive one frame. Raises Broken at the end of the stream or for anything malformed."""
    return _decoded(read_bytes(stream, _size(read_bytes(stream, LENGTH.size), LARGEST_HEADER)))


def read_bytes(stream: BinaryIO, size: int) -> bytes:
    """Receive exactly `size` bytes. Raises Broken when the stream ends before."""
    data = stream.read(size)
    if data is None or len(data) < size:
        raise Broken("the stream ended")
    return data


def _size(length: bytes, largest: int) -> int:
    size: int = LENGTH.unpack(length)[0]
    if size > largest:
        raise Broken(f"a frame of {size:,} bytes")
    return size


def _decoded(body: bytes) -> Json:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as problem:
        raise Broken("a frame that is not JSON") from problem
