"""Text of web archives (MHTML): the saved page and its frames. Runs in the parser process only."""

from __future__ import annotations

import re
from email import message_from_bytes, policy

from engine.documents.formats.encodings import NotText, read
from engine.documents.formats.html import read_html
from engine.documents.formats.unreadable import Unreadable

MOST_PARTS = 5_000


def parse_mhtml(data: bytes) -> tuple[str, list[str]]:
    """Return the text of the pages in the archive, and notices. Raises Unreadable where there is none."""
    message = message_from_bytes(data, policy=policy.default)
    texts: list[str] = []
    notices: list[str] = []
    for number, part in enumerate(message.walk()):
        if number == MOST_PARTS:
            notices.append(f"only the first {MOST_PARTS:,} of its parts were read")
            break
        kind = part.get_content_type()
        if kind not in ("text/html", "text/plain", "application/xhtml+xml"):
            continue
        body = part.get_payload(decode=True)
        if not isinstance(body, bytes) or not body.strip():
            continue
        try:
            decoded = read(body, str(part.get_content_charset("") or ""))
        except NotText:
            continue
        page, told = read_html(decoded.text) if "html" in kind else (decoded.text, [])
        notices += [notice for notice in [*decoded.notices, *told] if notice not in notices]
        texts.append(page)
    text = "\n".join(filter(str.strip, texts))
    if not text.strip():
        raise Unreadable("this web archive holds no text")
    title = re.sub(r"\s+", " ", str(message.get("Subject", ""))).strip()
    return (f"{title}\n\n{text}" if title and title not in text[: 2 * len(title) + 200] else text), notices
