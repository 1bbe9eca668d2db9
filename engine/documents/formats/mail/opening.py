"""Tell whether some bytes are mail, and open it: one message, a mailbox of them, or a message of Outlook."""

from __future__ import annotations

import re

from engine.documents.formats.child import Opened
from engine.documents.formats.mail.names import COMMON, TELLING

HEAD = 32_000  # bytes in which headers are looked for
HEADER = re.compile(rb"([!-9;-~]+):[ \t]?[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*(?:\r?\n|\Z)")
MAIL = (".eml", ".emlx")
MAILBOXES = (".mbox", ".mbx")
NOT_MAIL = (".mht", ".mhtml", ".http", ".warc")
OUTLOOK = "__properties_version1.0".encode("utf-16-le")
TNEF = b"\x78\x9f\x3e\x22"


def open_mail(data: bytes, suffix: str) -> Opened | None:
    """What a mail or a mailbox holds, or None when it is something else."""
    from engine.documents.formats.mail import mbox

    if data.startswith(b"\xd0\xcf\x11\xe0") and (OUTLOOK in data or suffix == ".msg"):
        from engine.documents.formats.mail.outlook import open_outlook

        return open_outlook(data)
    if data.startswith(TNEF):
        from engine.documents.formats.mail.tnef import open_tnef

        return open_tnef(data)
    start = data[:HEAD].removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    if suffix == ".emlx" and (count := re.match(rb"\s*(\d{1,9})\s*\r?\n", start)):
        at = data.index(start[:64]) + count.end()
        data = data[at : at + int(count[1])]
        start = data[:HEAD]
    if mbox.is_mailbox(start, suffix in MAILBOXES):
        if suffix == ".eml":
            data = data[data.index(b"\n", data.index(b"From ")) + 1 :]
            start = data[:HEAD]
        else:
            return Opened("", "mbox", mbox.messages(data))
    if suffix not in NOT_MAIL and _is_message(start, suffix in MAIL):
        from engine.documents.formats.mail.message import open_message

        return open_message(data[data.index(start[:64]) :])
    return None


def _is_message(start: bytes, called: bool) -> bool:
    """True for headers that only mail has, or, when it is called so, for any of mail's."""
    names = set()
    at = 0
    while header := HEADER.match(start, at):
        names.add(header[1].lower())
        at = header.end()
    if called:
        return bool(names & (COMMON | TELLING))
    ends = start[at : at + 2] in (b"", b"\n", b"\r\n") or start[at : at + 1] in b"\r\n"
    return ends and len(names & COMMON) >= 2 and bool(names & TELLING)
