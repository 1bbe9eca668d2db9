"""Tell which kind of archive some bytes are, and open it. The name decides nothing."""

from __future__ import annotations

from engine.documents.formats.child import Opened
from engine.documents.formats.containers import compressed, tar
from engine.documents.formats.unreadable import Unreadable

ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK00PK\x03\x04")
SEVEN_ZIP = b"7z\xbc\xaf\x27\x1c"
PLAIN = (".tar",)


def open_container(data: bytes, suffix: str) -> Opened | None:
    """What an archive or a compressed file holds, or None when it is something else.

    Raises Unreadable when it cannot be opened.
    """
    if data.startswith(ZIP):
        from engine.documents.formats.containers import zipped

        return zipped.open_zip(data)
    if data.startswith(SEVEN_ZIP):
        from engine.documents.formats.containers import seven_zip

        return seven_zip.open_seven_zip(data)
    if compressed.kind(data):
        return compressed.open_compressed(data)
    if tar.is_tar(data[:512]):
        return tar.open_tar(data)
    if suffix in PLAIN and b"\0" in data[:512]:
        raise Unreadable("this archive (tar) is damaged and cannot be opened")
    return None
