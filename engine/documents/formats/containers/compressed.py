"""Compressed files (gzip, bzip2, xz, zstd): one file within, or a TAR archive, which is read on the way."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Iterator
from typing import IO, cast

from engine.documents.formats.child import Child, Opened, drained
from engine.documents.formats.containers import tar
from engine.documents.formats.unreadable import Unreadable

MAGIC = {b"\x1f\x8b\x08": "gzip", b"BZh": "bzip2", b"\xfd7zXZ\0": "xz", b"\x28\xb5\x2f\xfd": "zstd"}
BZIP2 = (b"1AY&SY", b"\x17\x72\x45\x38\x50\x90")  # what follows `BZh` and a digit
UNPACKED = 1 << 30  # bytes of a compressed archive that are looked at, skipped members included
DAMAGED = (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError)


def kind(data: bytes) -> str:
    """How these bytes are compressed, or ""."""
    found = next((name for magic, name in MAGIC.items() if data.startswith(magic)), "")
    return "" if found == "bzip2" and not data[4:].startswith(BZIP2) else found


def open_compressed(data: bytes) -> Opened:
    """What is in it. Raises Unreadable when it cannot be unpacked."""
    name = kind(data)
    try:
        stream = _unpacked(name, data)
        head = stream.read(512)
        stream.seek(0)
    except DAMAGED as problem:
        raise Unreadable(f"this compressed file ({name}) is damaged and cannot be opened") from problem
    if tar.is_tar(head):
        return Opened("", "tar", tar.members(cast(IO[bytes], _Bounded(stream, UNPACKED))))

    def read(most: int) -> bytes:
        try:
            return drained(stream, most)
        except DAMAGED as problem:
            raise Unreadable(f"this compressed file ({name}) is damaged and cannot be opened") from problem

    def children() -> Iterator[Child]:
        yield Child("", read)

    return Opened("", name, children())


def _unpacked(name: str, data: bytes) -> IO[bytes]:
    file = io.BytesIO(data)
    if name == "gzip":
        return cast(IO[bytes], gzip.GzipFile(fileobj=file))
    if name == "bzip2":
        return cast(IO[bytes], bz2.BZ2File(file))
    if name == "xz":
        return cast(IO[bytes], lzma.LZMAFile(file))
    try:
        from backports import zstd
    except ImportError:
        raise Unreadable("it is a compressed file (zstd), not text") from None
    return cast(IO[bytes], zstd.ZstdFile(file))


class _Bounded:
    """A stream that ends with Unreadable after so many bytes."""

    def __init__(self, stream: IO[bytes], most: int):
        self._stream, self._left = stream, most

    def read(self, size: int = -1) -> bytes:
        piece = self._stream.read(size)
        self._left -= len(piece)
        if self._left < 0:
            raise Unreadable(f"unpacked it is larger than {UNPACKED >> 20:,} MB; the rest of it was not read")
        return piece
