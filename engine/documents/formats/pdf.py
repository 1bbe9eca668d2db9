"""Text of PDF files, page by page. Runs in the parser process only."""

from __future__ import annotations

import re

import pypdfium2
from pypdfium2 import raw

from engine.documents.formats.unreadable import Unreadable

SOFT_HYPHEN = re.compile(
    "[\ufffe\x02\u00ad](?:\r?\n)?"
)  # what PDFium gives for a hyphen at the end of a line


def parse_pdf(data: bytes) -> tuple[list[str], list[str]]:
    """Return the text of each page, and notices. Raises Unreadable with the reason when there is no text."""
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as problem:
        if getattr(problem, "err_code", None) == raw.FPDF_ERR_PASSWORD:
            raise Unreadable("this PDF is protected by a password") from problem
        raise Unreadable("this PDF is damaged and cannot be opened") from problem
    pages, failed = [], 0
    try:
        for number in range(len(document)):
            try:
                page = document[number]
                text = page.get_textpage()
                pages.append(SOFT_HYPHEN.sub("", text.get_text_range()).rstrip())
                text.close()
                page.close()
            except pypdfium2.PdfiumError:
                failed += 1
                pages.append("")
    finally:
        document.close()
    empty = sum(1 for page in pages if not page.strip())
    if empty == len(pages):
        raise Unreadable(f"no text in its {len(pages)} pages; it may hold only scanned images")
    notices = [f"{empty} of {len(pages)} pages hold no text; they may be scanned images"] if empty else []
    if failed:
        notices.append(f"{failed} pages could not be read")
    return pages, notices
