"""Bytes of one file to normal text: what it is is decided by its content, its name only breaks ties.

Runs in the parser process only: everything here touches untrusted bytes.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from engine.documents.formats.child import Child, Opened
from engine.documents.formats.containers.opening import open_container
from engine.documents.formats.containers.zipped import open_zip
from engine.documents.formats.encodings import NotText, read
from engine.documents.formats.mail.opening import open_mail
from engine.documents.formats.office import opened as office
from engine.documents.formats.subtitles.cues import is_subtitles
from engine.documents.formats.subtitles.transcript import transcript
from engine.documents.formats.text import ini, json_text, terminal, xml
from engine.documents.formats.text.delimited import rows_on_lines
from engine.documents.formats.unreadable import Unreadable
from engine.grid import NONE, Grid

VERSION = 7  # raise it when the same bytes would give another text, or other headings

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
    (b"MSCF", "an archive (cab)"),
    (b"\x1f\x9d", "a compressed file (compress)"),
    (b"!BDN", "a data file of Outlook (PST or OST)"),
    (b"SQLite format 3\0", "a database (SQLite)"),
    (OLE, OLD_OFFICE),
    (b"ID3", "audio"),
    (b"OggS", "audio or video"),
    (b"fLaC", "audio"),
    (b"RIFF", "audio, video or an image"),
    (b"GGUF", "a model (GGUF)"),
    (b"PAR1", "a table (Parquet)"),
    (b"wOFF", "a font"),
    (b"wOF2", "a font"),
)
BEGINNINGS = tuple(magic for magic, _ in MAGIC)
DISC = 0x8001  # where an ISO 9660 image says that it is one
STILL = (b"heic", b"heix", b"heim", b"heis", b"mif1", b"avif")  # brands of the ISO base media format

RTF = re.compile(rb"\s*\{\\rtf")
HEADERS = re.compile(rb"(?i)\A\s*(?:[a-z-]+:[^\n]*\n(?:[ \t][^\n]*\n)*)+\r?\n")
SAVED_PAGE = re.compile(rb"(?im)^(?:from: <saved by|snapshot-content-location:)")
XML_DECLARATION = re.compile(r"\A\ufeff?\s*<\?xml\b[^>]*>\s*(?:<!--(?:[^-]|-(?!->))*-->\s*)*")


@dataclass(slots=True)
class Parsed:
    """Text of one file. `pages` are the character offsets where pages begin; empty without pages. `grid` says which
    cells the lines of a workbook come from.

    `children` are files within it, to be read once and in order; the text of an archive is empty.
    """

    text: str
    format: str
    pages: list[int] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    children: Iterable[Child] = ()
    grid: Grid = NONE


def parse(data: bytes, name: str) -> Parsed:
    """Turn the bytes of a file into text. Raises Unreadable with the reason when there is none."""
    if not data:
        raise Unreadable("it is empty")
    suffix = PurePosixPath(name).suffix.lower()
    saved_page = _is_saved_page(data, suffix)
    if opened := open_container(data, suffix) or (None if saved_page else open_mail(data, suffix)):
        return from_opened(opened)
    no_pdf: Unreadable | None = None
    if b"%PDF-" in data[:1024]:
        from engine.documents.formats.pdf.document import Damaged, parse_pdf

        try:
            pages, notices = parse_pdf(data)
            return _paged([normal(page) for page in pages], notices)
        except Damaged as problem:  # or a text that speaks of PDF
            if data.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"%PDF-"):
                raise
            no_pdf = problem
    if data[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        if document := office.parse_zip(data):
            return _from_office(document)
        if archive := open_zip(data, surely=True):
            return from_opened(archive)
    if data.startswith(OLE) and (old := office.parse_old(data)):
        return _from_office(old)
    if data.startswith(BEGINNINGS) and not _printable(data[:512]):
        kind = next(kind for magic, kind in MAGIC if data.startswith(magic))
        advice = "; save it as PDF, text or CSV and add that" if kind == OLD_OFFICE else ""
        raise Unreadable(f"it is {kind}, not text{advice}")
    if data[DISC : DISC + 5] == b"CD001":
        raise Unreadable("it is the image of a disc (ISO), not text; open it and add its files")
    if data.startswith(b"%!PS-"):
        raise Unreadable("it is PostScript, which draws pages, not text; make a PDF of it and add that")
    if data[4:8] == b"ftyp":
        kind = "an image (HEIC or AVIF)" if data[8:12] in STILL else "audio or video"
        raise Unreadable(f"it is {kind}, not text")
    if RTF.match(data):
        from engine.documents.formats.text import rtf

        text, notices = rtf.parse_rtf(data)
        return Parsed(normal(text), "rtf", notices=notices)
    if saved_page:
        from engine.documents.formats.text.mhtml import parse_mhtml

        text, notices = parse_mhtml(data)
        return Parsed(normal(text), "html", notices=notices)
    try:
        decoded = read(data)
    except NotText as problem:
        raise no_pdf or Unreadable(str(problem)) from problem
    text, notices = decoded.text, decoded.notices
    if _is_html(text, suffix):
        from engine.documents.formats.html import read_html

        text, told = read_html(text)
        if not text.strip():
            raise Unreadable("this web page holds no text")
        return Parsed(normal(text), "html", notices=notices + told)
    text = normal(text)
    if not text.strip():
        raise Unreadable("it holds only white space")
    if is_subtitles(text, suffix):
        text, told = transcript(text)
        return Parsed(normal(text), "subtitles", notices=notices + told)
    if json_text.is_json(text, suffix):
        return _json(text, suffix, notices)
    if xml.is_xml(text, suffix):
        return Parsed(normal(xml.readable(text)), "xml", notices=notices)
    if suffix == ".properties":
        text = normal(json_text.readable(text))
    text = terminal.shown(text)
    if suffix in (".log", ".txt", ""):
        text = normal(json_text.readable_in_lines(text))
    text = rows_on_lines(text, suffix)
    kind = {".md": "markdown", ".markdown": "markdown", ".csv": "csv", ".tsv": "csv"}.get(suffix, "text")
    if kind == "text" and ini.is_ini(text, suffix):
        kind = "ini"
    if suffix == ".pdf":
        notices.append("it is called .pdf but is plain text")
    return Parsed(text, kind, notices=notices)


def from_opened(opened: Opened) -> Parsed:
    """A file that holds others, in the form of all files."""
    return Parsed(normal(opened.text), opened.format, notices=opened.notices, children=opened.children)


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


def _from_office(opened: office.OfficeText) -> Parsed:
    if opened.pages:
        return _paged([normal(page) for page in opened.pages], opened.notices, opened.format)
    return Parsed(normal(opened.text), opened.format, notices=opened.notices, grid=opened.grid)


def _paged(pages: list[str], notices: list[str], kind: str = "pdf") -> Parsed:
    starts, at = [], 0
    for page in pages:
        starts.append(at)
        at += len(page) + 2
    return Parsed("\n\n".join(pages), kind, starts, notices)


def _printable(head: bytes) -> bool:
    """True when these bytes could begin a plain text, whatever their first letters."""
    return b"\0" not in head and all(b >= 32 or b in b"\t\n\r\f" for b in head) and head.isascii()


def _is_saved_page(data: bytes, suffix: str) -> bool:
    """Whether these bytes are a saved web page (MHTML): a browser says so in the headers, or the name does."""
    head = data[:8000]
    headers = HEADERS.match(head)
    if headers is None or b"mime-version" not in headers[0].lower():
        return False
    return suffix in (".mht", ".mhtml") or SAVED_PAGE.search(headers[0]) is not None


def _is_html(text: str, suffix: str) -> bool:
    head = XML_DECLARATION.sub("", text[:2000]).lstrip("\ufeff \t\r\n").lower()
    if head.startswith(("<!doctype html", "<html")):
        return True
    named = suffix in (".html", ".htm", ".xhtml")
    return (
        named
        and re.search(r"<(?:head|body|div|p|table|span|h[1-6]|a|ul|title|br)\b", text[:100_000], re.I)
        is not None
    )


def _json(text: str, suffix: str, notices: list[str]) -> Parsed:
    if suffix == ".ipynb":
        from engine.documents.formats.text.notebook import parse_notebook

        book = parse_notebook(text)
        if book is not None and book[0].strip():
            return Parsed(normal(book[0]), "notebook", notices=notices + book[1])
    laid_out = json_text.lay_out_json(text) if json_text.is_long_line(text) else text
    return Parsed(normal(json_text.readable(laid_out)), "json", notices=notices)
