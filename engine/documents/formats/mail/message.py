"""One message (RFC 5322 with MIME): headers and body as text, everything attached as children."""

from __future__ import annotations

import base64
import binascii
import mimetypes
import quopri
import re
from dataclasses import dataclass, field
from email.generator import BytesGenerator
from email.message import Message
from email.parser import BytesParser
from functools import partial
from io import BytesIO

from engine.documents.formats.child import Child, Opened, at_hand, refused
from engine.documents.formats.mail.bodies import better, laid_out, text_of_html, unflowed
from engine.documents.formats.mail.charsets import POLICY, header_text, to_text

SHOWN = ("From", "Sender", "Reply-To", "To", "Cc", "Bcc", "Date", "Subject")
BODIES = ("plain", "html", "enriched", "richtext", "markdown", "rfc822-headers")
MESSAGES = ("rfc822", "news", "global")
REPORTS = ("delivery-status", "disposition-notification", "feedback-report", "global-delivery-status")
ENCRYPTED = {"pgp-encrypted": "PGP"}
UNREAD = {
    "pgp-signature": "it is the signature of the message, which was not checked",
    "pkcs7-signature": "it is the signature of the message, which was not checked",
    "pkcs7-mime": "it is encrypted or signed as a whole (S/MIME) and cannot be opened",
    "external-body": "it was not sent along; the message only says where it is",
    "partial": "it is a piece of a message that was sent in several",
}
UNSAFE = re.compile(r"[/\\]+")
UU = re.compile(r"^begin [0-7]{3,4} (\S[^\n]{0,200})\n((?:[ -`][^\n]{0,90}\n)+)end[ \t]*$", re.M)


@dataclass(slots=True)
class _Gathered:
    """What parts gave: bodies in their order with whether they were HTML, things attached with their names."""

    bodies: list[tuple[str, bool]] = field(default_factory=list)
    children: list[Child] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    of_pages: list[str] = field(default_factory=list)  # notices that count where the HTML is taken

    def text(self) -> str:
        return "\n\n".join(body.strip("\r\n") for body, _ in self.bodies if body.strip())

    def add(self, other: _Gathered) -> None:
        self.bodies += other.bodies
        self.children += other.children
        self.notices += [notice for notice in other.notices if notice not in self.notices]
        self.of_pages += [notice for notice in other.of_pages if notice not in self.of_pages]


def open_message(data: bytes) -> Opened:
    """A message with all it holds. Never fails: what is wrong with it is told in the notices."""
    message: Message = BytesParser(policy=POLICY).parsebytes(data)
    gathered = _gather(message, top=True)
    charset = _charset(message)
    headers = [
        (name, "; ".join(header_text(value, charset) for value in message.get_all(name, [])))
        for name in SHOWN
    ]
    text = laid_out(headers, gathered.text(), [child.name for child in gathered.children])
    if any("InvalidBase64" in type(d).__name__ for part in message.walk() for d in part.defects):
        gathered.notices.append("a part of it is damaged (base64)")
    return Opened(text, "mail", gathered.children, gathered.notices + gathered.of_pages)


def _gather(part: Message, top: bool = False) -> _Gathered:
    gathered = _Gathered()
    main, sub = part.get_content_maintype(), part.get_content_subtype().removeprefix("x-")
    if main == "multipart" and part.is_multipart():
        parts = [p for p in part.get_payload() if isinstance(p, Message)]
        if sub == "alternative":
            return _alternative(parts)
        if sub == "encrypted":
            gathered.notices.append("it is encrypted, and only its headers can be read")
            locked = "it is encrypted and cannot be opened"
            gathered.children = [Child(_name(p), refused(locked)) for p in parts[1:] or parts]
            return gathered
        for inner in parts:
            gathered.add(_gather(inner))
        return gathered
    if main == "message" and sub in REPORTS:
        gathered.bodies.append((_report(part), False))
        return gathered
    if main == "message" and sub in MESSAGES:
        data = _nested(part)
        name = _message_name(part, data)
        gathered.children.append(Child(name, at_hand(data), attached=True, called="message.eml"))
        return gathered
    attached = part.get_content_disposition() == "attachment" or (_named(part) and not top)
    if main == "text" and sub in BODIES and not attached:
        return _body(part, sub)
    if main == "multipart":
        gathered.notices.append("its parts cannot be told apart; it was read as one text")
        return _body(part, "plain", gathered)
    reason = UNREAD.get(sub) if main in ("application", "message") else None
    read = refused(reason) if reason else partial(_decoded, part)
    gathered.children.append(Child(_name(part), read, attached=True))
    return gathered


def _alternative(parts: list[Message]) -> _Gathered:
    """Forms of one text: the best of them; what hangs on any of them is kept."""
    gathered = _Gathered()
    plain, page = "", ""
    of_page: list[str] = []
    for part in parts:
        if part.get_content_subtype() == "x-amp-html":
            continue
        found = _gather(part)
        text = found.text()
        if any(html for _, html in found.bodies):
            of_page = of_page if page else found.of_pages
            page = page or text
        else:
            plain = plain or text
        found.bodies, found.of_pages = [], []
        gathered.add(found)
    chosen, said = better(plain, page)
    gathered.bodies.append((chosen, bool(chosen) and chosen is page))
    gathered.of_pages = of_page if chosen is page else []
    if said:
        gathered.notices.append(said)
    return gathered


def _body(part: Message, sub: str, gathered: _Gathered | None = None) -> _Gathered:
    gathered = gathered or _Gathered()
    text, wrong = to_text(_payload(part), str(part.get_content_charset("") or ""))
    if wrong:
        gathered.notices.append(wrong)
    if sub == "html":
        page, gathered.of_pages = text_of_html(text)
        gathered.bodies.append((page, True))
        return gathered
    if str(part.get_param("format", "")).lower() == "flowed":
        text = unflowed(text, str(part.get_param("delsp", "")).lower() == "yes")

    def lift(found: re.Match[str]) -> str:
        try:
            data = b"".join(binascii.a2b_uu(line) for line in found[2].encode("latin-1").splitlines())
        except (binascii.Error, UnicodeError):
            return found[0]
        gathered.children.append(Child(_safe(found[1].strip()), at_hand(data), attached=True))
        return ""

    text = text.replace("\r\n", "\n")
    gathered.bodies.append((UU.sub(lift, text) if "\nend" in text else text, False))
    return gathered


def _charset(message: Message) -> str:
    """The charset that the first part that names one is in."""
    names = (str(part.get_content_charset("") or "") for part in message.walk())
    return next((name for name in names if name and name != "us-ascii"), "")


def _decoded(part: Message, most: int) -> bytes:
    return at_hand(_payload(part))(most)


def _payload(part: Message) -> bytes:
    """The bytes of a part, with its transfer encoding undone."""
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _nested(part: Message) -> bytes:
    """The bytes of a message in a message, which some senders encode although they must not."""
    payload = part.get_payload()
    inner = payload[0] if isinstance(payload, list) and payload else None
    if not isinstance(inner, Message):
        return _payload(part)
    how = str(part.get("Content-Transfer-Encoding", "")).strip().lower()
    if how in ("base64", "quoted-printable") and not inner.keys():
        raw = str(inner.get_payload()).encode("ascii", "surrogateescape")
        try:
            return base64.b64decode(raw) if how == "base64" else quopri.decodestring(raw)
        except (binascii.Error, ValueError):
            return raw
    stream = BytesIO()
    BytesGenerator(stream, mangle_from_=False, maxheaderlen=0, policy=POLICY).flatten(inner)
    return stream.getvalue()


def _report(part: Message) -> str:
    """The groups of lines of a report on the delivery of a message."""
    payload = part.get_payload()
    if not isinstance(payload, list):
        return to_text(_payload(part), "")[0]
    groups = [inner for inner in payload if isinstance(inner, Message)]
    return "\n\n".join(
        "\n".join(f"{name}: {header_text(value)}" for name, value in group.items()) for group in groups
    )


def _named(part: Message) -> str:
    try:
        return header_text(part.get_filename() or "")
    except (ValueError, TypeError, LookupError):
        return ""


def _name(part: Message) -> str:
    """The name of something attached; one made of its type where it has none."""
    if name := _named(part):
        return _safe(name)
    ending = mimetypes.guess_extension(part.get_content_type()) or ""
    return f"attachment{ending}"


def _message_name(part: Message, data: bytes) -> str:
    if name := _named(part):
        return _safe(name)
    head: Message = BytesParser(policy=POLICY).parsebytes(data, headersonly=True)
    return f"{_safe(header_text(head.get('Subject', '')))[:80].strip() or 'message'}.eml"


def _safe(name: str) -> str:
    """A name of one part: what would be a folder in it is none."""
    return UNSAFE.sub("_", name).strip(". ") or "attachment"
