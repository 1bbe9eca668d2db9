"""Bytes of one file to normal text: what it is is decided by its content, its name only breaks ties.

Runs in the parser process only: everything here touches untrusted bytes.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from engine.documents.formats.encodings import NotText, decode
from engine.documents.formats.office.opened import Opened, parse_old, parse_zip
from engine.documents.formats.unreadable import Unreadable

VERSION = 2  # raise it when the same bytes would give another text
SINGLE_LINE_JSON = 300  # characters from which JSON on one line is laid out over lines

OLE = b"\xd0\xcf\x11\xe0"
OLD_OFFICE = "an old Office file"
MAGIC = (
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"\xca\xfe\xba\xbe", "a program"),
    (b"\xcf\xfa\xed\xfe", "a program"),
    (b"\x89PNG\r\n", "an image (PNG)"),
    (b"\xff\xd8\xff", "an image (JPEG)"),
    (b"GIF8", "an image (GIF)"),
    (b"II*\0", "an image (TIFF)"),
    (b"MM\0*", "an image (TIFF)"),
    (b"BM", "an image (BMP)"),
    (b"\x1f\x8b", "a compressed file (gzip)"),
    (b"BZh", "a compressed file (bzip2)"),
    (b"\xfd7zXZ", "a compressed file (xz)"),
    (b"\x28\xb5\x2f\xfd", "a compressed file (zstd)"),
    (b"7z\xbc\xaf", "an archive (7z)"),
    (b"Rar!", "an archive (rar)"),
    (b"SQLite format 3\0", "a database (SQLite)"),
    (OLE, OLD_OFFICE),
    (b"ID3", "audio"),
    (b"OggS", "audio or video"),
    (b"fLaC", "audio"),
    (b"RIFF", "audio, video or an image"),
    (b"GGUF", "a model (GGUF)"),
    (b"wOFF", "a font"),
    (b"wOF2", "a font"),
)


@dataclass(slots=True)
class Parsed:
    """Text of one file. `pages` are the character offsets where pages begin; empty without pages."""

    text: str
    format: str
    pages: list[int] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


def parse(data: bytes, name: str) -> Parsed:
    """Turn the bytes of a file into text. Raises Unreadable with the reason when there is none."""
    if not data:
        raise Unreadable("it is empty")
    if b"%PDF-" in data[:1024]:
        from engine.documents.formats.pdf.document import parse_pdf

        pages, notices = parse_pdf(data)
        return _paged([normal(page) for page in pages], notices)
    if data[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        opened = parse_zip(data)
        if opened is None:
            raise Unreadable("it is an archive (zip); unpack it and add the folder")
        return _opened(opened)
    if data.startswith(OLE):
        old = parse_old(data)
        if old is not None:
            return _opened(old)
    suffix = PurePosixPath(name).suffix.lower()
    for magic, kind in MAGIC:
        if data.startswith(magic) and not _printable(data[:512]):
            advice = "; save it as PDF, text or CSV and add that" if kind == OLD_OFFICE else ""
            raise Unreadable(f"it is {kind}, not text{advice}")
    try:
        text, encoding = decode(data)
    except NotText as problem:
        raise Unreadable(str(problem)) from problem
    notices = [f"some bytes are not valid {encoding[:-1]}"] if encoding.endswith("?") else []
    if _is_html(text, suffix):
        from engine.documents.formats.html import parse_html

        parsed = Parsed(normal(parse_html(text)), "html", notices=notices)
        if not parsed.text.strip():
            raise Unreadable("this web page holds no text")
        return parsed
    text = normal(text)
    if not text.strip():
        raise Unreadable("it holds only white space")
    if _is_json(text, suffix):
        return Parsed(lay_out_json(text), "json", notices=notices)
    kind = {".md": "markdown", ".markdown": "markdown", ".csv": "csv", ".json": "json"}.get(suffix, "text")
    if suffix == ".pdf":
        notices.append("it is called .pdf but is plain text")
    return Parsed(text, kind, notices=notices)


def normal(text: str) -> str:
    """The stored form: NFC, line ends as LF, no byte-order mark, NULs and lone surrogates replaced."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    text = text.removeprefix("\ufeff")
    return text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)


def _opened(opened: Opened) -> Parsed:
    if opened.pages:
        return _paged([normal(page) for page in opened.pages], opened.notices, opened.format)
    return Parsed(normal(opened.text), opened.format, notices=opened.notices)


def _paged(pages: list[str], notices: list[str], kind: str = "pdf") -> Parsed:
    starts, at = [], 0
    for page in pages:
        starts.append(at)
        at += len(page) + 2
    return Parsed("\n\n".join(pages), kind, starts, notices)


def _printable(head: bytes) -> bool:
    """True when these bytes could begin a plain text, whatever their first letters."""
    return b"\0" not in head and all(b >= 32 or b in b"\t\n\r\f" for b in head) and head.isascii()


def _is_html(text: str, suffix: str) -> bool:
    head = text[:2000].lstrip("\ufeff \t\r\n").lower()
    if head.startswith(("<!doctype html", "<html")):
        return True
    named = suffix in (".html", ".htm", ".xhtml")
    return (
        named
        and re.search(r"<(?:head|body|div|p|table|span|h[1-6]|a|ul|title|br)\b", text[:100_000], re.I)
        is not None
    )


def _is_json(text: str, suffix: str) -> bool:
    stripped = text.strip()
    if len(stripped) < SINGLE_LINE_JSON or "\n" in stripped or stripped[0] not in "[{":
        return False
    if suffix not in (".json", ".txt", ""):
        return False
    try:
        json.loads(stripped)
    except (ValueError, RecursionError):
        return False
    return True


def lay_out_json(text: str) -> str:
    """Break JSON on one line into lines, changing nothing but white space between its parts."""
    parts: list[str] = []
    depth = 0
    for token in re.findall(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s"\[\]{},:]+', text):
        if token in "[{":
            depth += 1
            parts += [token, "\n" + " " * min(depth, 40)]
        elif token in "]}":
            depth -= 1
            if parts[-1].startswith("\n") and parts[-2] in "[{":
                parts[-1] = token
            else:
                parts += ["\n" + " " * min(depth, 40), token]
        elif token == ",":
            parts += [",", "\n" + " " * min(depth, 40)]
        else:
            parts.append(": " if token == ":" else token)
    return "".join(parts) + "\n"
