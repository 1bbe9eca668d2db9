"""Which office format a zipped or an old file is, and its text. Runs in the parser process only."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass, field

from engine.documents.formats import passwords
from engine.documents.formats.office.package import DAMAGE, Package
from engine.documents.formats.unreadable import Unreadable
from engine.grid import NONE, Grid

NAMES = {
    "": "zipped file",
    "docx": "Word document",
    "pptx": "PowerPoint file",
    "xlsx": "Excel workbook",
    "xlsb": "Excel workbook",
    "xls": "Excel workbook",
    "ods": "OpenDocument workbook",
    "odt": "OpenDocument text",
    "odp": "OpenDocument presentation",
    "epub": "e-book",
}
STREAMS = ("EncryptedPackage", "WordDocument", "PowerPoint Document", "Workbook", "__properties_version1.0")
OF_EXCEL = "VelvetSweatshop"  # what Excel itself takes for a workbook without a password
OLE = b"\xd0\xcf\x11\xe0"


@dataclass(slots=True)
class OfficeText:
    """Text of an office file. `pages` are the texts of slides, where it has such; `text` is then empty. `grid` says which
    cells the lines of a workbook come from.
    """

    text: str
    format: str
    notices: list[str] = field(default_factory=list)
    pages: list[str] = field(default_factory=list)
    grid: Grid = NONE


def parse_zip(data: bytes) -> OfficeText | None:
    """Return the text of a zipped office file; None for anything else that is zipped. Raises Unreadable."""
    kind = ""
    try:
        package = Package(data)
        kind = _kind(package)
        return _parsed(kind, package, data) if kind else None
    except RecursionError as problem:
        raise Unreadable("its parts are nested too deeply") from problem
    except (*DAMAGE, zipfile.LargeZipFile) as problem:
        raise Unreadable(f"this {NAMES[kind]} is damaged and cannot be opened") from problem


def _kind(package: Package) -> str:
    if _main(package).startswith("word/"):
        return "docx"
    for part, kind in (
        ("word/document.xml", "docx"),
        ("ppt/presentation.xml", "pptx"),
        ("xl/workbook.xml", "xlsx"),
        ("xl/workbook.bin", "xlsb"),
    ):
        if part in package:
            return kind
    mime = package.read("mimetype")[:200].decode("latin-1").strip() if "mimetype" in package else ""
    if mime == "application/epub+zip" or (
        "META-INF/container.xml" in package and "content.xml" not in package
    ):
        return "epub"
    if "content.xml" in package or ("encrypted-package" in package and "opendocument" in mime):
        return "ods" if "spreadsheet" in mime else "odp" if "presentation" in mime else "odt"
    if any(name.startswith(("Index/", "Index.zip")) for name in package.names):
        raise Unreadable("it is an Apple iWork file (Pages, Numbers, Keynote); export it as PDF and add that")
    return ""


def _main(package: Package) -> str:
    """The part that the others belong to; some programs give it another name than Word does."""
    try:
        related = package.relations("").values()
    except DAMAGE:
        related = {}.values()
    return next((name for kind, name in related if kind == "officeDocument" and name in package), "")


def _parsed(kind: str, package: Package, data: bytes) -> OfficeText:
    opened = OfficeText("", kind)
    if kind.startswith("od") and package.locked():
        from engine.documents.formats.locked_odf import unlocked

        data = unlocked(package)
        package = Package(data)
    if kind == "docx":
        from engine.documents.formats.office.word import parse_word

        opened.text, opened.notices = parse_word(package, _main(package) or "word/document.xml")
    elif kind == "pptx":
        from engine.documents.formats.office.slides import parse_slides

        opened.pages, opened.notices = parse_slides(package)
    elif kind in ("xlsx", "xlsb", "ods"):
        from engine.documents.formats.office import opendocument
        from engine.documents.formats.office.sheets import Locked, parse_workbook

        try:
            opened.text, opened.notices, opened.grid = parse_workbook(data, package, NAMES[kind])
        except Locked:
            raise
        except Unreadable:  # Calamine does not know every program's way to write one
            opened.text = opendocument.parse_tables(package) if kind == "ods" else ""
            if not opened.text:
                raise
        line = opendocument.properties(package) if kind == "ods" else package.properties()
        if opened.text and line:
            opened.text += f"\n{line}\n"
    elif kind == "epub":
        from engine.documents.formats.office.epub import parse_epub

        opened.text, opened.notices = parse_epub(package)
    else:
        from engine.documents.formats.office.opendocument import parse_opendocument

        texts, opened.notices, slides = parse_opendocument(package)
        opened.text, opened.pages = ("", texts) if slides else (f"{texts[0]}\n", [])
    if not (opened.text.strip() or "".join(opened.pages).strip()):
        raise Unreadable(f"this {NAMES[kind]} holds no text")
    return opened


def parse_old(data: bytes) -> OfficeText | None:
    """Return the text of an old workbook, or of what a password of nothing locks; None for any other old file.

    Raises Unreadable with the reason for an old Word or PowerPoint file, and one that needs a password.
    """
    names = _streams(data)
    if "EncryptedPackage" in names:
        return parse_zip(_unlocked(data))
    if names & {"Workbook", "Book"}:
        from engine.documents.formats.office.sheets import Locked, parse_workbook

        try:
            text, notices, grid = parse_workbook(data, kind=NAMES["xls"])
        except Locked:
            text, notices, grid = parse_workbook(_unlocked(data), kind=NAMES["xls"])
        if not text.strip():
            raise Unreadable(f"this {NAMES['xls']} holds no text")
        return OfficeText(text, "xls", notices, grid=grid)
    if "WordDocument" in names:
        raise Unreadable("it is an old Word file (.doc); save it as .docx or PDF and add that")
    if "PowerPoint Document" in names:
        raise Unreadable("it is an old PowerPoint file (.ppt); save it as .pptx or PDF and add that")
    return None


def _streams(data: bytes) -> set[str]:
    """The names of what an old file holds; of a damaged one those that can be seen in its bytes."""
    import olefile

    try:
        with olefile.OleFileIO(io.BytesIO(data)) as old:
            return {"/".join(path) for path in old.listdir()}
    except (OSError, ValueError, IndexError, TypeError, AttributeError, RecursionError):
        return {name for name in STREAMS if name.encode("utf-16-le") in data}


def _unlocked(data: bytes) -> bytes:
    """The file without its lock. Raises Unreadable where that takes a password that is not known."""
    import msoffcrypto
    from msoffcrypto.exceptions import DecryptionError, FileFormatError, InvalidKeyError, ParseError

    for password in (*passwords.candidates(), OF_EXCEL):
        opened = io.BytesIO()
        try:
            locked = msoffcrypto.OfficeFile(io.BytesIO(data))
            locked.load_key(password=password)
            locked.decrypt(opened)
        except InvalidKeyError:
            continue
        except (DecryptionError, FileFormatError, ParseError, OSError, ValueError, KeyError, TypeError):
            continue
        except Exception as problem:
            raise Unreadable(passwords.why_locked()) from problem
        if opened.getvalue():
            return opened.getvalue()
    raise Unreadable(passwords.why_locked())
