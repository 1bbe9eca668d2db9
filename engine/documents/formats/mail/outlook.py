"""Messages of Outlook (.msg, [MS-OXMSG]): properties in a compound file, messages within messages included."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import olefile
from compressed_rtf import decompress

from engine.documents.formats.child import Child, Opened, at_hand, refused
from engine.documents.formats.mail.bodies import better, laid_out, text_of_html
from engine.documents.formats.mail.charsets import to_text
from engine.documents.formats.unreadable import Unreadable

PROPERTIES = "__properties_version1.0"
ATTACHMENT, RECIPIENT = "__attach_version1.0_", "__recip_version1.0_"
SUBJECT, SENDER, SENDER_MAIL, SENDER_SMTP, FOR, FOR_MAIL, FOR_SMTP = (
    0x0037, 0x0C1A, 0x0C1F, 0x5D01, 0x0042, 0x0065, 0x5D02,
)  # fmt: skip
BODY, HTML, RTF, SENT, DELIVERED, CODEPAGE, BODY_CODEPAGE = (
    0x1000,
    0x1013,
    0x1009,
    0x0039,
    0x0E06,
    0x3FFD,
    0x3FDE,
)
NAME, MAIL, SMTP, KIND = 0x3001, 0x3003, 0x39FE, 0x0C15
DATA, METHOD, LONG_NAME, SHORT_NAME = 0x3701, 0x3705, 0x3707, 0x3704
KINDS = {1: "To", 2: "Cc", 3: "Bcc"}
EMBEDDED = 5  # method of an attachment that is a message
HEAD_OF_PROPERTIES = {"": 32, "message": 24, "other": 8}  # bytes before the first property
CODEPAGES = {65001: "utf-8", 65000: "utf-7", 20127: "", 28591: "iso-8859-1", 20866: "koi8-r", 50220: "iso-2022-jp",
             51932: "euc-jp", 51949: "euc-kr", 1200: "utf-16-le", 54936: "gb18030", 21866: "koi8-u"}  # fmt: skip


def open_outlook(data: bytes) -> Opened | None:
    """A message with all it holds, None for another compound file. Raises Unreadable when it is damaged."""
    try:
        file = olefile.OleFileIO(io.BytesIO(data))
        if not file.exists(PROPERTIES):
            return None
        return _Storage(file, (), "").message()
    except (OSError, ValueError, IndexError, KeyError, TypeError, RecursionError) as problem:
        raise Unreadable("this message of Outlook is damaged and cannot be opened") from problem


class _Storage:
    """One storage of properties: a message, a recipient or an attachment."""

    def __init__(self, file: olefile.OleFileIO, path: tuple[str, ...], kind: str, codepage: int = 0):
        self._file, self._path = file, path
        entries = {entry[len(path)] for entry in file.listdir(storages=True) if entry[: len(path)] == [*path]
                   and len(entry) > len(path)}  # fmt: skip
        self._entries = {name.lower(): name for name in entries}
        raw = self._stream(PROPERTIES) or b""
        start = HEAD_OF_PROPERTIES[kind]
        rows = [raw[at : at + 16] for at in range(start, len(raw) - 15, 16)]
        self._fixed = {int.from_bytes(row[2:4], "little"): row[8:16] for row in rows}
        self._codepage = self.number(CODEPAGE) or codepage

    def message(self) -> Opened:
        headers = [("From", self._sender()), *self._recipients(), ("Date", self._date()),
                   ("Subject", self.text(SUBJECT))]  # fmt: skip
        markup = self.text(HTML) or to_text(self.binary(HTML), self._charset(self.number(BODY_CODEPAGE)))[0]
        page, told = text_of_html(markup)
        body, said = better(self.text(BODY), page)
        children = self._attachments()
        if not body.strip() and (rich := self.binary(RTF)):
            children.insert(0, Child("message.rtf", _rich(rich), attached=True))
        text = laid_out(headers, body, [child.name for child in children])
        return Opened(text, "mail", children, ([said] if said else []) + (told if body is page else []))

    def text(self, tag: int) -> str:
        """A property that is text, "" where there is none."""
        if (wide := self._stream(f"__substg1.0_{tag:04X}001F")) is not None:
            return wide.decode("utf-16-le", "replace").rstrip("\0")
        narrow = self._stream(f"__substg1.0_{tag:04X}001E")
        return to_text(narrow, self._charset(self._codepage))[0].rstrip("\0") if narrow else ""

    def binary(self, tag: int) -> bytes:
        """A property that is bytes, none where there are none."""
        return self._stream(f"__substg1.0_{tag:04X}0102") or b""

    def number(self, tag: int) -> int:
        """A property that is a number, 0 where there is none."""
        return int.from_bytes(self._fixed.get(tag, b"")[:4], "little")

    def _stream(self, name: str) -> bytes | None:
        found = self._entries.get(name.lower())
        path = [*self._path, found or ""]
        if found is None or self._file.get_type(path) != olefile.STGTY_STREAM:
            return None
        return bytes(self._file.openstream(path).read())

    @staticmethod
    def _charset(codepage: int) -> str:
        return CODEPAGES.get(codepage, f"cp{codepage}" if codepage else "")

    def _sender(self) -> str:
        name = self.text(FOR) or self.text(SENDER)
        return _address(name, self.text(FOR_SMTP) or self.text(SENDER_SMTP) or self.text(FOR_MAIL)
                        or self.text(SENDER_MAIL))  # fmt: skip

    def _date(self) -> str:
        ticks = int.from_bytes(self._fixed.get(SENT) or self._fixed.get(DELIVERED) or b"", "little")
        if not ticks:
            return ""
        try:
            at = datetime(1601, 1, 1, tzinfo=UTC) + timedelta(microseconds=ticks // 10)
        except OverflowError:
            return ""
        return at.strftime("%Y-%m-%d %H:%M UTC")

    def _recipients(self) -> list[tuple[str, str]]:
        found: dict[str, list[str]] = {kind: [] for kind in KINDS.values()}
        for name in self._below(RECIPIENT):
            one = _Storage(self._file, (*self._path, name), "other", self._codepage)
            address = _address(one.text(NAME), one.text(SMTP) or one.text(MAIL))
            found[KINDS.get(one.number(KIND) & 0xF, "To")].append(address)
        return [(kind, ", ".join(filter(None, people))) for kind, people in found.items()]

    def _below(self, prefix: str) -> list[str]:
        return sorted(name for low, name in self._entries.items() if low.startswith(prefix))

    def _attachments(self) -> list[Child]:
        children = []
        for storage in self._below(ATTACHMENT):
            path = (*self._path, storage)
            one = _Storage(self._file, path, "other", self._codepage)
            name = one.text(LONG_NAME) or one.text(SHORT_NAME) or one.text(NAME)
            name = re.sub(r"[/\\]+", "_", name).strip(". \0") or "attachment"
            if one.number(METHOD) == EMBEDDED:
                inner = (*path, f"__substg1.0_{DATA:04X}000D")
                name = name if name.lower().endswith(".msg") else f"{name}.msg"
                opened = self._embedded(inner)
                children.append(Child(name, at_hand(b""), opened=opened, attached=True))
            elif (content := one._stream(f"__substg1.0_{DATA:04X}0102")) is not None:
                children.append(Child(name, at_hand(content), attached=True))
            else:
                said = "it is an object of another program, or only a link to a file"
                children.append(Child(name, refused(said)))
        return children

    def _embedded(self, path: tuple[str, ...]) -> Callable[[], Opened]:
        def opened() -> Opened:
            if not self._file.exists([*path, PROPERTIES]):
                raise Unreadable("this message of Outlook is damaged and cannot be opened")
            return _Storage(self._file, path, "message", self._codepage).message()

        return opened


def _rich(data: bytes) -> Callable[[int], bytes]:
    def read(most: int) -> bytes:
        try:
            return at_hand(bytes(decompress(data)))(most)
        except (ValueError, IndexError, TypeError) as problem:
            raise Unreadable("its formatted text (RTF) is damaged") from problem

    return read


def _address(name: str, mail: str) -> str:
    """A person with the address, where it is one of the internet."""
    if "@" not in mail or mail == name:
        return name or mail
    return f"{name} <{mail}>" if name else mail
