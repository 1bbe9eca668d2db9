"""Text of Word documents (.docx). Other zipped formats are named and refused. Runs in the parser process only."""

from __future__ import annotations

import io
import re
import zipfile
from xml.etree import ElementTree

from engine.documents.formats.unreadable import Unreadable

LARGEST = 256 << 20  # bytes of the unpacked text part
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
REFUSED = (
    ("xl/", "it is an Excel workbook; save it as CSV and add that"),
    ("ppt/", "it is a PowerPoint file; save it as PDF and add that"),
    ("META-INF/container.xml", "it is an e-book (EPUB); save it as HTML or text and add that"),
    ("content.xml", "it is an OpenDocument file; save it as PDF or text and add that"),
)


def parse_zip(data: bytes) -> str:
    """Return the text of a .docx file. Raises Unreadable for anything else that is zipped."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            if "word/document.xml" not in names:
                for part, reason in REFUSED:
                    if any(name.startswith(part) for name in names):
                        raise Unreadable(reason)
                raise Unreadable("it is an archive (zip); unpack it and add the folder")
            if archive.getinfo("word/document.xml").file_size > LARGEST:
                raise Unreadable("its text is larger than 256 MB")
            with archive.open("word/document.xml") as file:
                text = _paragraphs(file.read(LARGEST + 1))
    except (
        zipfile.BadZipFile,
        ElementTree.ParseError,
        NotImplementedError,
        RuntimeError,
        EOFError,
        ValueError,
    ) as e:
        raise Unreadable("this zipped file is damaged and cannot be opened") from e
    if not text.strip():
        raise Unreadable("this Word document holds no text")
    return text


def _paragraphs(xml: bytes) -> str:
    if b"<!DOCTYPE" in xml[:4096] or b"<!ENTITY" in xml[:4096]:
        raise ValueError("a document type does not belong in a .docx")
    lines: list[str] = []
    for block in ElementTree.fromstring(xml).iter():
        if block.tag == W + "tr":
            cells = ["".join(_run(p) for p in cell.iter(W + "p")) for cell in block.iter(W + "tc")]
            lines.append(" | ".join(cells))
            for paragraph in [*block.iter(W + "p")]:
                paragraph.clear()  # it is in the row; not again
        elif block.tag == W + "p":
            text = _run(block)
            style = block.find(f"{W}pPr/{W}pStyle")
            level = (
                re.fullmatch(r"[Hh]eading ?([1-6])", style.get(W + "val", "")) if style is not None else None
            )
            lines.append(f"{'#' * int(level[1])} {text}" if level and text else text)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


def _run(paragraph: ElementTree.Element) -> str:
    parts = {W + "tab": "\t", W + "br": "\n", W + "cr": "\n"}
    return "".join((e.text or "") if e.tag == W + "t" else parts.get(e.tag, "") for e in paragraph.iter())
