"""Mailboxes: many messages in one file, parted by lines that begin with `From `."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.documents.formats.child import Child, at_hand

# The sender is followed by a date, and the next line is a header: no sentence of a body looks like that.
FROM = re.compile(
    rb"^From [^\r\n]{0,200}?(?:\d\d?:\d\d|\b(?:19|20)\d\d\b)[^\r\n]{0,200}\r?\n(?=(?:>From [^\r\n]{0,400}\r?\n)?[!-9;-~]{1,80}:)",
    re.M,
)
QUOTED = re.compile(rb"^>(>*From )", re.M)


def is_mailbox(start: bytes) -> bool:
    """True when these bytes begin with the line before a message."""
    return FROM.match(start) is not None


def messages(data: bytes) -> Iterator[Child]:
    """The messages, called by their numbers from 1."""
    found = FROM.search(data)
    number = 0
    while found:
        number += 1
        following = _following(data, found.end())
        end = following.start() if following else len(data)
        message = QUOTED.sub(rb"\1", data[found.end() : end])
        yield Child(str(number), at_hand(message), called="message.eml")
        found = following


def _following(data: bytes, at: int) -> re.Match[bytes] | None:
    """The next line before a message; an empty line stands above it."""
    while found := FROM.search(data, at):
        before = data[max(0, found.start() - 3) : found.start()]
        if before.endswith((b"\n\n", b"\n\r\n")):
            return found
        at = found.end()
    return None
