"""Members of 7z archives. They come all at once, so that a limit on all of them together is set before."""

from __future__ import annotations

import io
import lzma
import zlib
from collections.abc import Iterator

import py7zr
from py7zr.exceptions import ArchiveError, PasswordRequired
from py7zr.io import Py7zBytesIO, Py7zIO, WriterFactory

from engine.documents.formats.child import Child, Opened, at_hand, refused, too_large
from engine.documents.formats.unreadable import Unreadable

TOGETHER = 256 << 20  # bytes of all members
LOCKED = "it is protected by a password"
DAMAGED = (ArchiveError, OSError, EOFError, ValueError, TypeError, KeyError, IndexError, zlib.error,
           lzma.LZMAError, RuntimeError, AttributeError, AssertionError)  # fmt: skip


class _Kept(WriterFactory):
    """What was unpacked, by name. Two members of one name: the second replaces the first."""

    def __init__(self) -> None:
        self.members: dict[str, Py7zBytesIO] = {}

    def create(self, filename: str) -> Py7zIO:
        self.members[filename] = Py7zBytesIO(filename, TOGETHER)
        return self.members[filename]


def open_seven_zip(data: bytes) -> Opened:
    """The members of an archive. Raises Unreadable when it cannot be opened; an empty password is tried."""
    password = None
    try:
        try:
            archive = py7zr.SevenZipFile(io.BytesIO(data))
        except PasswordRequired:
            password = ""
            archive = py7zr.SevenZipFile(io.BytesIO(data), password=password)
        locked = archive.needs_password()
        listed = archive.list()
    except DAMAGED as problem:
        said = LOCKED if password is not None else "this archive (7z) is damaged and cannot be opened"
        raise Unreadable(said) from problem
    wanted: list[str] = []
    left = TOGETHER
    for member in listed:
        if member.is_file and member.uncompressed <= left:
            wanted.append(member.filename)
            left -= member.uncompressed
    return Opened("", "7z", _members(data, listed, wanted, locked))


def _members(data: bytes, listed: list[py7zr.FileInfo], wanted: list[str], locked: bool) -> Iterator[Child]:
    kept, reason = _Kept(), ""
    try:
        with py7zr.SevenZipFile(
            io.BytesIO(data), password="" if locked else None, max_extract_size=4 * TOGETHER
        ) as archive:
            archive.extract(targets=wanted, factory=kept)
    except DAMAGED:
        reason = LOCKED if locked else "it is damaged in the archive"
    for member in listed:
        name = member.filename
        if member.is_directory:
            continue
        if member.is_symlink:
            yield Child(name, refused("it is a link, which is not followed"))
        elif name not in wanted:
            yield Child(name, refused(too_large(TOGETHER)))
        else:
            found = kept.members[name].read() if name in kept.members else b""
            whole = len(found) == member.uncompressed and (not reason or not locked)
            yield Child(name, at_hand(found) if whole else refused(reason or "it is damaged in the archive"))
