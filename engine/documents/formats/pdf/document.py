"""Text of PDF files, page by page. Runs in the parser process only."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from itertools import islice

import pypdfium2
from pypdfium2 import raw

from engine.documents.formats import passwords
from engine.documents.formats.pdf import scans
from engine.documents.formats.pdf.forms import fill_in
from engine.documents.formats.pdf.glyphs import read_page
from engine.documents.formats.pdf.hyphens import Joiner
from engine.documents.formats.pdf.layout import lines_of
from engine.documents.formats.properties import property_line
from engine.documents.formats.unreadable import Unreadable

NAMED = 12  # page numbers that a notice lists
SECONDS = 40.0  # after which the other pages of a long file are read as they were drawn, which is fast
PATHS = 5_000  # drawn things of a page that are looked at for lines
STAMP = 60  # letters on a page that is an image, such as its number: still a page to read as an image
FEW = 6  # segments of a page that cannot stand in columns
LEVEL, THIN = 10, 3.0  # a level line is so many times as wide as high, and lower than this (points)
XFA = (raw.FORMTYPE_XFA_FULL, raw.FORMTYPE_XFA_FOREGROUND)


class Damaged(Unreadable):
    """Nothing in it can be opened; it may be no PDF at all."""


@dataclass(slots=True)
class _Found:
    """What reading the pages gave; numbers are those of pages, from 1."""

    pages: list[list[str]] = field(default_factory=list)
    empty: list[int] = field(default_factory=list)
    images: list[int] = field(default_factory=list)  # of the empty ones
    failed: list[int] = field(default_factory=list)
    from_images: list[int] = field(default_factory=list)
    why: str = ""  # not all images were read
    begun: float = field(default_factory=time.monotonic)
    as_drawn: int = 0  # the first page that was read in the order in which it was drawn


def parse_pdf(data: bytes) -> tuple[list[str], list[str]]:
    """Return the text of each page, and notices. Raises Unreadable with the reason when there is no text."""
    document = open_pdf(data)
    try:
        if document.get_formtype() != raw.FORMTYPE_NONE:
            document.init_forms()
        found = _read(document)
        notices = _notices(document, found)
        properties = _properties(document)
    finally:
        document.close()
    joiner = Joiner(found.pages)
    pages = ["\n".join(lines).rstrip() for lines in joiner.across([joiner.join(p) for p in found.pages])]
    if properties:
        pages[-1] = f"{pages[-1]}\n\n{properties}".lstrip("\n")
    return pages, notices


def open_pdf(data: bytes) -> pypdfium2.PdfDocument:
    """Open a file, with a password that is known where it needs one. Raises Unreadable, or its Damaged."""
    for password in passwords.candidates():
        try:
            return pypdfium2.PdfDocument(data, password=password or None)
        except pypdfium2.PdfiumError as problem:
            if getattr(problem, "err_code", None) != raw.FPDF_ERR_PASSWORD:
                raise Damaged("this PDF is damaged and cannot be opened") from problem
    raise Unreadable(passwords.why_locked("this PDF"))


def _read(document: pypdfium2.PdfDocument) -> _Found:
    found, reader = _Found(), scans.Reader()
    try:
        for number in range(1, len(document) + 1):
            try:
                found.pages.append(_page(document, number, found, reader))
            except pypdfium2.PdfiumError:
                found.failed.append(number)
                found.empty.append(number)
                found.pages.append([])
    finally:
        reader.close()
    found.why = reader.why
    if len(found.empty) == len(found.pages):
        why = f", and {found.why}" if found.images and found.why else ""
        raise Unreadable(f"no text in its {len(found.pages)} pages; it may hold only scanned images{why}")
    return found


def _page(document: pypdfium2.PdfDocument, number: int, found: _Found, reader: scans.Reader) -> list[str]:
    page = document[number - 1]
    try:
        textpage = page.get_textpage()
        if time.monotonic() - found.begun > SECONDS:
            found.as_drawn = found.as_drawn or number
            lines: list[str] = textpage.get_text_range().replace("\ufffe", "-\n").splitlines()
            textpage.close()
            found.empty += [] if any(line.strip() for line in lines) else [number]
            return lines
        content = read_page(textpage)
        textpage.close()
        remarks = fill_in(document, page, content)
        rules = _rules(page) if len(content.segments) > FEW and not content.turns else []
        lines = [*lines_of(content.segments, rules), *content.aside, *remarks]
        lines = lines if any(line.strip() for line in lines) else []
        few = sum(len("".join(line.split())) for line in lines) < STAMP
        if not few or not (scans.filled(page) if lines else scans.drawn(page)):
            found.empty += [] if lines else [number]
            return lines
        read = [line for line in reader.read(page) if line not in lines]
        if read:
            found.from_images.append(number)
        else:
            found.empty += [] if lines else [number]
            found.images.append(number)
        return lines + read
    finally:
        page.close()


def _rules(page: pypdfium2.PdfPage) -> list[tuple[float, float, float]]:
    """The level lines drawn on a page: (left, right, height), y downwards."""
    rules = []
    for item in islice(page.get_objects(filter=[raw.FPDF_PAGEOBJ_PATH], max_depth=3), PATHS):
        left, bottom, right, top = item.get_bounds()
        if right - left > LEVEL * (top - bottom) and top - bottom < THIN:
            rules.append((left, right, -(top + bottom) / 2))
        elif top - bottom >= THIN and right - left > THIN:  # a box around a cell, or behind a row
            rules += [(left, right, -top), (left, right, -bottom)]
    return rules


def _notices(document: pypdfium2.PdfDocument, found: _Found) -> list[str]:
    count, notices = len(found.pages), []
    if found.empty:
        notices.append(f"{len(found.empty)} of {count} pages hold no text; they may be scanned images")
    if found.images:
        why = f"; {found.why}" if found.why else ""
        notices.append(f"{_named(found.images)} an image whose words, if it has any, were not read{why}")
    if found.from_images:
        notices.append(
            f"{_named(found.from_images)} an image; the words were read by tesseract and may be wrong"
        )
    if found.as_drawn:
        notices.append(f"its pages from {found.as_drawn} on were read in the order in which they were drawn")
    if found.failed:
        notices.append(f"{len(found.failed)} pages could not be read")
    if document.get_formtype() in XFA:
        notices.append("it is an XFA form; values that are kept only there could not be read")
    attached = document.count_attachments()
    if attached:
        names = ", ".join(document.get_attachment(i).get_name() for i in range(min(attached, NAMED)))
        notices.append(f"{attached} files attached to it were not read: {names}")
    return notices


def _named(numbers: list[int]) -> str:
    listed = ", ".join(map(str, numbers[:NAMED])) + (" and more" if len(numbers) > NAMED else "")
    return f"page {listed} is" if len(numbers) == 1 else f"each of the pages {listed} is"


def _properties(document: pypdfium2.PdfDocument) -> str:
    said = document.get_metadata_dict(skip_empty=True)
    return property_line(
        {name.lower(): said.get(name, "") for name in ("Title", "Author", "Subject", "Keywords")},
        {"created": said.get("CreationDate", ""), "changed": said.get("ModDate", "")},
    )
