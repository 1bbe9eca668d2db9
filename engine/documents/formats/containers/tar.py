"""Members of TAR archives, plain or from a stream that is unpacked on the way."""

from __future__ import annotations

import io
import lzma
import tarfile
import zlib
from collections.abc import Iterator
from typing import IO, Self, cast

from engine.documents.formats.child import Child, Opened, drained, refused
from engine.documents.formats.unreadable import Unreadable

DAMAGED = (tarfile.TarError, OSError, EOFError, ValueError, zlib.error, lzma.LZMAError)


def is_tar(head: bytes) -> bool:
    """True when these 512 bytes are the header of a member: their sum is written in them."""
    try:
        tarfile.TarInfo.frombuf(head, "utf-8", "surrogateescape")
    except (tarfile.HeaderError, ValueError):
        return False
    return True


class _Archive(tarfile.TarFile):
    """An archive that knows whether it was read to its end, which a block of zeros marks."""

    ended = False


class _Member(tarfile.TarInfo):
    @classmethod
    def fromtarfile(cls, tarfile_: tarfile.TarFile) -> Self:
        try:
            return super().fromtarfile(tarfile_)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]
            cast(_Archive, tarfile_).ended = True
            raise


def open_tar(data: bytes) -> Opened:
    """The members of an archive."""
    return Opened("", "tar", members(io.BytesIO(data)))


def members(stream: IO[bytes]) -> Iterator[Child]:
    """The members one after the other; each must be read before the next is asked for."""
    try:
        with _Archive.open(fileobj=stream, mode="r|", tarinfo=_Member) as archive:
            for member in archive:
                if member.isdir():
                    continue
                if member.issym() or member.islnk():
                    read = refused(f"it is a link to {_plain(member.linkname)}, which is not followed")
                elif not member.isfile():
                    read = refused("it is not a regular file")
                else:
                    read = _Reader(archive, member).read
                yield Child(_plain(member.name), read)
            if not archive.ended:
                raise tarfile.ReadError("a damaged header, or no end")
    except DAMAGED as problem:
        raise Unreadable("this archive (tar) is damaged; what came before the damage was read") from problem


class _Reader:
    def __init__(self, archive: tarfile.TarFile, member: tarfile.TarInfo):
        self._archive, self._member = archive, member

    def read(self, most: int) -> bytes:
        try:
            stream = self._archive.extractfile(self._member)
            return drained(stream, most) if stream else b""
        except DAMAGED as problem:
            raise Unreadable("it is damaged in the archive") from problem


def _plain(name: str) -> str:
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
