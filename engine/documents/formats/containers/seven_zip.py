"""Members of 7z archives. They come all at once, so that a limit on all of them together is set before."""

from __future__ import annotations

import io
import lzma
import zlib
from collections.abc import Iterator

import py7zr
from py7zr.exceptions import ArchiveError, PasswordRequired
from py7zr.io import Py7zBytesIO, Py7zIO, WriterFactory

from engine.documents.formats import passwords
from engine.documents.formats.child import Child, Opened, at_hand, refused, too_large
from engine.documents.formats.unreadable import Unreadable

TOGETHER = 256 << 20  # bytes of all members
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
    """The members of an archive. Raises Unreadable when it cannot be opened."""
    password = _password(data)
    try:
        archive = py7zr.SevenZipFile(io.BytesIO(data), password=password)
        listed = archive.list()
    except DAMAGED as problem:
        raise Unreadable("this archive (7z) is damaged and cannot be opened") from problem
    wanted: list[str] = []
    left = TOGETHER
    for member in listed:
        if member.is_file and member.uncompressed <= left:
            wanted.append(member.filename)
            left -= member.uncompressed
    return Opened("", "7z", _members(data, listed, wanted, password))


def _password(data: bytes) -> str | None:
    """The password that opens the list of an archive or, where that is open, its first member; None for no lock.

    Where none opens the members, the empty one. Raises Unreadable when none opens the list.
    """
    listed = True
    try:
        with py7zr.SevenZipFile(io.BytesIO(data)) as archive:
            if not archive.needs_password():
                return None
    except PasswordRequired:
        listed = False
    except DAMAGED:
        return None  # opening it again says what is wrong
    for password in passwords.candidates():
        try:
            with py7zr.SevenZipFile(
                io.BytesIO(data), password=password, max_extract_size=4 * TOGETHER
            ) as archive:
                first = next(
                    (m.filename for m in archive.list() if m.is_file and m.uncompressed <= TOGETHER), ""
                )
                kept = _Kept()
                archive.extract(targets=[first], factory=kept)
                if not first or first in kept.members:
                    return password
        except DAMAGED:
            continue
    if not listed:
        raise Unreadable(passwords.why_locked())
    return ""


def _members(
    data: bytes, listed: list[py7zr.FileInfo], wanted: list[str], password: str | None
) -> Iterator[Child]:
    kept, reason, locked = _Kept(), "", password is not None
    try:
        with py7zr.SevenZipFile(
            io.BytesIO(data), password=password, max_extract_size=4 * TOGETHER
        ) as archive:
            archive.extract(targets=wanted, factory=kept)
    except DAMAGED:
        reason = passwords.why_locked() if locked else "it is damaged in the archive"
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
