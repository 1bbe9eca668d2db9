"""What Outlook sends to those who have none (winmail.dat, [MS-OXTNEF]): a body and attachments in one file."""

from __future__ import annotations

import re

from tnefparse import TNEF

from engine.documents.formats.child import Child, Opened, at_hand
from engine.documents.formats.mail.bodies import better, text_of_html
from engine.documents.formats.mail.charsets import to_text
from engine.documents.formats.unreadable import Unreadable


def open_tnef(data: bytes) -> Opened:
    """The body and the attachments. Raises Unreadable when it is damaged."""
    try:
        file = TNEF(data, do_checksum=False)
        children = []
        for number, attachment in enumerate(file.attachments, 1):
            name = str(attachment.long_filename() or attachment.name or "").strip("\0")
            name = re.sub(r"[/\\]+", "_", name).strip(". ") or f"attachment {number}"
            children.append(Child(name, at_hand(bytes(attachment.data or b"")), attached=True))
        plain, page = _text(getattr(file, "body", None)), _text(getattr(file, "htmlbody", None))
        rich = getattr(file, "rtfbody", None)
    except Exception as problem:  # the library fails in many ways on damaged files
        raise Unreadable("this file of Outlook (winmail.dat) is damaged and cannot be opened") from problem
    shown, told = text_of_html(page)
    body, said = better(plain, shown)
    if not body.strip() and rich:
        data = rich if isinstance(rich, bytes) else str(rich).encode("latin-1", "replace")
        children.insert(0, Child("message.rtf", at_hand(data), attached=True))
    notices = ([said] if said else []) + (told if body is shown else [])
    return Opened(f"{body.strip()}\n" if body.strip() else "", "mail", children, notices)


def _text(value: object) -> str:
    return to_text(value, "")[0] if isinstance(value, bytes) else str(value or "")
