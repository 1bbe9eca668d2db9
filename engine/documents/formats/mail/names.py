"""Names of the headers of mail."""

from __future__ import annotations

# Names that only mail has; a page or a note may begin with "From:" and "Subject:" as well.
TELLING = frozenset(
    b"message-id received return-path mime-version delivered-to content-transfer-encoding dkim-signature x-mailer "
    b"x-originating-ip x-gm-thrid x-mozilla-status references in-reply-to".split()
)
COMMON = frozenset(b"from to subject date cc bcc sender reply-to content-type".split())
