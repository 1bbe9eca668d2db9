"""Members of ZIP archives. Zipped documents (Word, Excel, EPUB ...) are not archives and are left to others."""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import IO, Any

from engine.documents.formats import passwords
from engine.documents.formats.child import Child, Opened, drained, refused
from engine.documents.formats.unreadable import Unreadable

DOCUMENTS = (
    "[Content_Types].xml", "word/", "xl/", "ppt/", "META-INF/container.xml", "content.xml", "mimetype",
    "Index/Document.iwa", "Index.zip", "Index/Presentation.iwa", "Index/Tables/",
)  # fmt: skip
AES = 99  # the compression that such a locked member claims
ENCRYPTED, UTF8 = 1, 0x800  # flags of a member
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, KeyError)


class _Empty(bytes):
    """The empty password. `zipfile` takes one that is false for none at all."""

    def __bool__(self) -> bool:
        return True


def open_zip(data: bytes, *, surely: bool = False) -> Opened | None:
    """The members of a ZIP archive, None for what may be a zipped document, unless it is `surely` none.

    Raises Unreadable when it cannot be opened.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (*DAMAGED, NotImplementedError) as problem:
        raise Unreadable("this zipped file is damaged and cannot be opened") from problem
    if not surely and any(name.startswith(DOCUMENTS) for name in archive.namelist()):
        return None
    opened = Opened("", "zip")
    opened.children = _members(archive)
    return opened


def _members(archive: zipfile.ZipFile) -> Iterator[Child]:
    aes = cache(partial(_aes, archive))
    for number, member in enumerate(archive.infolist()):
        if member.is_dir():
            continue
        if stat.S_ISLNK(member.external_attr >> 16):
            yield Child(_name(member), refused("it is a link, which is not followed"))
        else:
            yield Child(_name(member), _reader(archive, aes, number, member))


def _reader(
    archive: zipfile.ZipFile, aes: Callable[[], Any], number: int, member: zipfile.ZipInfo
) -> Callable[[int], bytes]:
    def read(most: int) -> bytes:
        try:
            with archive.open(member) as stream:
                return drained(stream, most)
        except NotImplementedError as problem:
            raise Unreadable("it is compressed in a way not known here") from problem
        except DAMAGED as problem:
            raise Unreadable("it is damaged in the archive") from problem

    def locked(password: bytes) -> IO[bytes]:
        if member.compress_type != AES:
            return archive.open(member, pwd=password or _Empty())
        stream: IO[bytes] = aes().open(aes().infolist()[number], pwd=password or _Empty())
        return stream

    def unlock(most: int) -> bytes:
        for password in passwords.candidates():
            for encoded in dict.fromkeys((password.encode(), password.encode("cp437", "replace"))):
                try:
                    with locked(encoded) as stream:
                        return drained(stream, most)
                except (*DAMAGED, RuntimeError, NotImplementedError):
                    continue  # what a wrong password gives may look damaged only
        raise Unreadable(passwords.why_locked())

    return unlock if member.flag_bits & ENCRYPTED else read


def _aes(archive: zipfile.ZipFile) -> Any:
    """The same archive as the library for AES opens it."""
    import pyzipper

    return pyzipper.AESZipFile(archive.fp)


def _name(member: zipfile.ZipInfo) -> str:
    """The name of a member: many programs write UTF-8 and do not say so."""
    if member.flag_bits & UTF8 or member.filename.isascii():
        return member.filename
    try:
        return member.filename.encode("cp437").decode("utf-8")
    except UnicodeError:
        return member.filename
