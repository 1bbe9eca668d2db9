"""Members of 7z archives. They come all at once, so that a limit on all of them together is set before."""

from __future__ import annotations

import io
import lzma
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

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


@dataclass(slots=True)
class _Unpacked:
    """What one password gave: the list, the names that were to be unpacked, the members, and what went wrong, if anything."""

    listed: list[py7zr.FileInfo]
    wanted: list[str]
    kept: _Kept
    reason: str = ""

    def bytes_of(self, member: py7zr.FileInfo) -> bytes | None:
        """The whole of a member, None where it did not come out."""
        if member.filename not in self.kept.members:
            return None
        found = self.kept.members[member.filename].read()
        return found if len(found) == member.uncompressed else None


def open_seven_zip(data: bytes) -> Opened:
    """The members of an archive. Raises Unreadable when it cannot be opened."""
    if not _is_locked(data):
        try:
            return Opened("", "7z", _members(_unpacked(data, None)))
        except DAMAGED as problem:
            raise Unreadable("this archive (7z) is damaged and cannot be opened") from problem
    best: _Unpacked | None = None
    for password in passwords.candidates():
        try:
            found = _unpacked(data, password)
        except DAMAGED:
            continue  # not even the list
        if not found.reason:
            return Opened("", "7z", _members(found))
        best = best or found
    if best is None:
        raise Unreadable(passwords.why_locked())
    return Opened("", "7z", _members(best))


def _is_locked(data: bytes) -> bool:
    try:
        with py7zr.SevenZipFile(io.BytesIO(data)) as archive:
            return bool(archive.needs_password())
    except PasswordRequired:
        return True
    except DAMAGED:
        return False  # opening it again says what is wrong


def _unpacked(data: bytes, password: str | None) -> _Unpacked:
    """Unpack all members that there is room for. Raises one of DAMAGED when not even their list opens."""
    limit = 4 * TOGETHER
    with py7zr.SevenZipFile(io.BytesIO(data), password=password, max_extract_size=limit) as archive:
        found = _Unpacked(archive.list(), [], _Kept())
        left = TOGETHER
        for member in found.listed:
            if member.is_file and member.uncompressed <= left:
                found.wanted.append(member.filename)
                left -= member.uncompressed
        try:
            archive.extract(targets=found.wanted, factory=found.kept)
        except DAMAGED:
            found.reason = "it is damaged in the archive" if password is None else passwords.why_locked()
            if password is not None:
                found.kept = _Kept()  # what a wrong password gives is no text
    return found


def _members(found: _Unpacked) -> Iterator[Child]:
    for member in found.listed:
        name = member.filename
        if member.is_directory:
            continue
        if member.is_symlink:
            yield Child(name, refused("it is a link, which is not followed"))
        elif name not in found.wanted:
            yield Child(name, refused(too_large(TOGETHER)))
        else:
            data = found.bytes_of(member)
            damaged = found.reason or "it is damaged in the archive"
            yield Child(name, refused(damaged) if data is None else at_hand(data))
