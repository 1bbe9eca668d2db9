"""What was entered in the fields of a PDF form, and comments: neither is among the characters of the page."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator

import pypdfium2
from pypdfium2 import raw

from engine.documents.formats.pdf.glyphs import Page, Segment

HIDDEN = 0x02 | 0x20  # flags of an annotation that no reader shows
MOST = 20_000  # annotations of a page
TEXT_LIKE = (raw.FPDF_FORMFIELD_TEXTFIELD, raw.FPDF_FORMFIELD_COMBOBOX, raw.FPDF_FORMFIELD_LISTBOX)
BOXES = (raw.FPDF_FORMFIELD_CHECKBOX, raw.FPDF_FORMFIELD_RADIOBUTTON)
REMARKS = (
    raw.FPDF_ANNOT_TEXT,
    raw.FPDF_ANNOT_HIGHLIGHT,
    raw.FPDF_ANNOT_UNDERLINE,
    raw.FPDF_ANNOT_STRIKEOUT,
    raw.FPDF_ANNOT_SQUIGGLY,
    raw.FPDF_ANNOT_CARET,
)


def fill_in(document: pypdfium2.PdfDocument, page: pypdfium2.PdfPage, found: Page) -> list[str]:
    """Put the values of form fields into `found` where they stand, and return lines with the comments of the page."""
    remarks = []
    for index in range(min(raw.FPDFPage_GetAnnotCount(page.raw), MOST)):
        annotation = raw.FPDFPage_GetAnnot(page.raw, index)
        if not annotation:
            continue
        try:
            if raw.FPDFAnnot_GetFlags(annotation) & HIDDEN:
                continue
            kind = raw.FPDFAnnot_GetSubtype(annotation)
            if kind == raw.FPDF_ANNOT_WIDGET and document.formenv:
                _field(document.formenv.raw, annotation, found)
            elif kind == raw.FPDF_ANNOT_FREETEXT:
                _place(annotation, _said(annotation, b"Contents"), found)
            elif kind in REMARKS and (text := _said(annotation, b"Contents")):
                author = _said(annotation, b"T")
                remarks.append(f"[comment{' by ' + author if author else ''}] {text}")
        finally:
            raw.FPDFPage_CloseAnnot(annotation)
    return remarks


def _field(form: object, annotation: object, found: Page) -> None:
    kind = raw.FPDFAnnot_GetFormFieldType(form, annotation)
    if kind in TEXT_LIKE:
        value = _wide(raw.FPDFAnnot_GetFormFieldValue, form, annotation)
        _place(annotation, value, found, _label(form, annotation))
    elif kind in BOXES:
        mark = "[x]" if raw.FPDFAnnot_IsChecked(form, annotation) else "[ ]"
        export = _wide(raw.FPDFAnnot_GetFormFieldExportValue, form, annotation)
        name = _label(form, annotation)
        if kind == raw.FPDF_FORMFIELD_RADIOBUTTON and export:
            name = f"{name} {export}".strip()
        _place(annotation, mark, found, name, after=True)


def _label(form: object, annotation: object) -> str:
    """The name of a field as shown to people, else the last part of its own."""
    shown = _wide(raw.FPDFAnnot_GetFormFieldAlternateName, form, annotation)
    return shown or _wide(raw.FPDFAnnot_GetFormFieldName, form, annotation).split(".")[-1]


def _place(annotation: object, text: str, found: Page, name: str = "", after: bool = False) -> None:
    box = raw.FS_RECTF()
    if not text.strip() or not raw.FPDFAnnot_GetRect(annotation, ctypes.byref(box)):
        return
    lines = [line.strip() for line in text.replace("\r", "\n").split("\n") if line.strip()]
    for number, segment in enumerate(_lines(lines, box, found)):
        beside = any(abs(s.middle - segment.middle) < 0.6 * segment.height for s in found.segments)
        if name and number == 0 and not beside:
            segment.text = f"{segment.text} {name}" if after else f"{name}: {segment.text}"
        found.segments.append(segment)


def _lines(lines: list[str], box: raw.FS_RECTF, found: Page) -> Iterator[Segment]:
    """One segment for each line that was entered, from the top of its box to the bottom."""
    top, bottom = max(box.top, box.bottom), min(box.top, box.bottom)
    step = (top - bottom) / len(lines)
    for number, line in enumerate(lines):
        upper = top - number * step
        yield found.placed(line, box.left, upper - step, box.right, upper)


def _wide(ask: object, form: object, annotation: object) -> str:
    """A text that PDFium writes as UTF-16 into room it first asks for (bytes, with a NUL at the end)."""
    size = ask(form, annotation, None, 0)  # type: ignore[operator]
    if size <= 2:
        return ""
    room = (ctypes.c_ushort * (size // 2 + 1))()
    ask(form, annotation, room, size)  # type: ignore[operator]
    return bytes(room)[: size - 2].decode("utf-16-le", "replace").strip()


def _said(annotation: object, key: bytes) -> str:
    size = raw.FPDFAnnot_GetStringValue(annotation, key, None, 0)
    if size <= 2:
        return ""
    room = (ctypes.c_ushort * (size // 2 + 1))()
    raw.FPDFAnnot_GetStringValue(annotation, key, room, size)
    return " ".join(bytes(room)[: size - 2].decode("utf-16-le", "replace").split())
