"""A page of a PDF as an image, with a stretch of its text highlighted. Runs in the parser process only."""

from __future__ import annotations

import ctypes
import io
import unicodedata
from itertools import takewhile

import numpy as np
import pypdfium2
from pypdfium2 import raw

from engine.documents.formats.pdf.document import open_pdf
from engine.documents.formats.pdf.wanted import Wanted
from engine.documents.formats.unreadable import Unreadable

NARROWEST, WIDEST, TALLEST = 200, 2400, 6000  # pixels
MARK = np.array([255, 226, 92], np.uint16)  # paper turns to this colour, ink stays dark
NEAR = 60  # letters on either side that tell one place of the same words from another
MOST = 400_000  # characters of one page

Box = tuple[int, int, int, int]  # left, top, right, bottom in pixels


def draw(data: bytes, wanted: Wanted) -> tuple[bytes, bool]:
    """The page as PNG, and whether the stretch was found on it. Raises Unreadable."""
    document = open_pdf(data)
    try:
        if document.get_formtype() != raw.FORMTYPE_NONE:
            document.init_forms()  # before any page is opened
        if not 0 < wanted.page <= len(document):
            raise Unreadable(f"there is no page {wanted.page} in it")
        page = document[wanted.page - 1]
        wide, high = page.get_size()
        width = max(NARROWEST, min(wanted.width, WIDEST))
        scale = min(width / max(wide, 1), TALLEST / max(high, 1))
        bitmap = page.render(scale=scale, may_draw_forms=True, rev_byteorder=True, prefer_bgrx=True)
        pixels = bitmap.to_numpy()
        boxes = _boxes(page, wanted, bitmap.width, bitmap.height)
        for left, top, right, bottom in boxes:
            part = pixels[top:bottom, left:right, :3]
            part[:] = (part.astype(np.uint16) * MARK // 255).astype(np.uint8)
        image = io.BytesIO()
        bitmap.to_pil().convert("RGB").save(image, "PNG")
        return image.getvalue(), bool(boxes)
    except pypdfium2.PdfiumError as problem:
        raise Unreadable("this page is damaged and cannot be drawn") from problem
    finally:
        document.close()


def _boxes(page: pypdfium2.PdfPage, wanted: Wanted, width: int, height: int) -> list[Box]:
    """Where the letters of the stretch stand, one box for letters side by side."""
    textpage = page.get_textpage()
    letters: list[str] = []
    places: list[int] = []  # the number of the character that each letter comes from
    for index in range(min(textpage.count_chars(), MOST)):
        for letter in _letters(chr(raw.FPDFText_GetUnicode(textpage.raw, index))):
            letters.append(letter)
            places.append(index)
    drawn = "".join(letters)
    found: list[int] = []
    for start, end in _stretches(wanted):
        words = _letters(wanted.text[start:end])
        before, after = _letters(wanted.text[:start]), _letters(wanted.text[end:])
        at = _place(drawn, words, before[-NEAR:], after[:NEAR]) if words else -1
        found += places[at : at + len(words)] if at >= 0 else []
    return _joined([_box(page, textpage, index, width, height) for index in dict.fromkeys(found)])


def _stretches(wanted: Wanted) -> list[tuple[int, int]]:
    """The whole stretch, or its lines where it has several: the page may have drawn them in another order."""
    start, end = max(0, wanted.start), min(wanted.end, len(wanted.text))
    found, at = [], start
    for line in wanted.text[start:end].splitlines(keepends=True):
        found.append((at, at + len(line)))
        at += len(line)
    return found


def _letters(text: str) -> str:
    """Only what a reader would spell, however it was drawn, divided at a line's end, or joined since."""
    folded = unicodedata.normalize("NFKD", text).casefold()
    return "".join(letter for letter in folded if letter.isalnum())


def _place(drawn: str, words: str, before: str, after: str) -> int:
    """Where these `words` stand among the letters as they were drawn; -1 where they do not, or that cannot be told.

    Of several places the one whose neighbours are most like those in the text: a page may be drawn in another order.
    """
    best, place, alike = -1, -1, False
    at = drawn.find(words)
    while at >= 0:
        end = at + len(words)
        agrees = _shared(drawn[max(0, at - NEAR) : at][::-1], before[::-1]) + _shared(
            drawn[end : end + NEAR], after
        )
        if agrees >= best:
            best, place, alike = agrees, at, agrees == best
        at = drawn.find(words, at + 1)
    return -1 if alike else place


def _shared(one: str, other: str) -> int:
    """How many letters two texts begin with alike."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _box(
    page: pypdfium2.PdfPage, textpage: pypdfium2.PdfTextPage, index: int, width: int, height: int
) -> Box:
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    raw.FPDFText_GetCharBox(textpage.raw, index, left, right, bottom, top)
    corners = []
    for x, y in ((left.value, top.value), (right.value, bottom.value)):
        across, down = ctypes.c_int(), ctypes.c_int()
        raw.FPDF_PageToDevice(page.raw, 0, 0, width, height, 0, x, y, across, down)
        corners.append((across.value, down.value))
    (a, b), (c, d) = corners
    return max(0, min(a, c) - 1), max(0, min(b, d) - 2), min(width, max(a, c) + 2), min(height, max(b, d) + 3)


def _joined(boxes: list[Box]) -> list[Box]:
    """Boxes of one line that touch become one, so that no stripe is coloured twice."""
    lines: list[Box] = []
    for box in boxes:
        last = lines[-1] if lines else None
        if (
            last
            and abs((last[1] + last[3]) - (box[1] + box[3])) < (last[3] - last[1])
            and box[0] - last[2] < 2 * (box[3] - box[1])
            and box[2] > last[0]
        ):
            lines[-1] = min(last[0], box[0]), min(last[1], box[1]), max(last[2], box[2]), max(last[3], box[3])
        else:
            lines.append(box)
    return [box for box in lines if box[0] < box[2] and box[1] < box[3]]
