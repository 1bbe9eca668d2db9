"""Mailboxes: many messages in one file, parted by lines that begin with `From `."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.documents.formats.child import Child, at_hand
from engine.documents.formats.mail.names import COMMON, TELLING

# The sender is followed by a date, and the next line is a header.
FROM = re.compile(
    rb"^From [^\r\n]{0,200}?(?:\d\d?:\d\d|\b(?:19|20)\d\d\b)[^\r\n]{0,200}\r?\n(?=(?:>From [^\r\n]{0,400}\r?\n)?([!-9;-~]{1,80}):)",
    re.M,
)
DAY = rb"(?:[A-Z][a-z]{2} {1,3}\d\d?|\d\d? {1,3}[A-Z][a-z]{2})"
WRITTEN_BY_MAIL = re.compile(
    rb"From (?:[^\r\n]{0,200} )?(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? {1,3}"
    + DAY
    + rb"[^\r\n]{0,40} \d\d?:\d\d[^\r\n]{0,40}"
)
MORE = frozenset(
    b"status x-status envelope-to authentication-results user-agent organization message-context importance".split()
)
FAMILIES = (b"x-", b"resent-", b"list-", b"arc-", b"received-", b"dkim-", b"content-")
QUOTED = re.compile(rb"^>(>*From )", re.M)


def is_mailbox(start: bytes, called: bool = False) -> bool:
    """True when these bytes begin with the line before a message; `called` by a name that only mailboxes have."""
    found = FROM.match(start)
    return found is not None and (called or _surely(found))


def _surely(found: re.Match[bytes]) -> bool:
    """Whether no sentence looks like this: a mail program wrote the date, or the header below is one of mail."""
    name = found[1].lower()
    return (
        name in COMMON | TELLING | MORE or name.startswith(FAMILIES) or bool(WRITTEN_BY_MAIL.match(found[0]))
    )


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
        if before.endswith((b"\n\n", b"\n\r\n")) and _surely(found):
            return found
        at = found.end()
    return None
