"""How the app and a parser process talk: length-prefixed JSON headers, each followed by raw bytes."""

from __future__ import annotations

import json
import struct
from typing import BinaryIO

from engine.types import Json

LENGTH = struct.Struct("<I")
LARGEST_HEADER = 64 << 20  # bytes


class Broken(Exception):
    """The other side ended, or sent what is not a frame."""


def write(stream: BinaryIO, header: Json, *payloads: bytes) -> None:
    """Send a header and its bytes. The header must tell how many bytes follow."""
    encoded = json.dumps(header, separators=(",", ":")).encode()
    stream.write(LENGTH.pack(len(encoded)) + encoded)
    for payload in payloads:
        stream.write(payload)
    stream.flush()


def read_header(stream: BinaryIO) -> Json:
    """Receive one header. Raises Broken at the end of the stream or for anything malformed."""
    (size,) = LENGTH.unpack(read_bytes(stream, LENGTH.size))
    if size > LARGEST_HEADER:
        raise Broken(f"a header of {size:,} bytes")
    try:
        return json.loads(read_bytes(stream, size))
    except (ValueError, RecursionError) as problem:
        raise Broken("a header that is not JSON") from problem


def read_bytes(stream: BinaryIO, size: int) -> bytes:
    """Receive exactly `size` bytes. Raises Broken when the stream ends before."""
    data = stream.read(size)
    if data is None or len(data) < size:
        raise Broken("the stream ended")
    return data
