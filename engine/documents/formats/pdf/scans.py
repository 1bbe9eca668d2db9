"""Words in the images of a PDF, by the tesseract library where it is installed. In this process: no program is started."""

from __future__ import annotations

import ctypes
import os
import re
import sys
import time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the app asks this module too, and opens no PDF
    import pypdfium2

SECONDS = 30.0  # for the images of one file
DPI = 250
LARGEST = 4_000  # pixels of the longer side of a page
LANGUAGES = 4  # that are looked for at once, of those that are installed
LIBRARIES = ("libtesseract.so.5", "libtesseract.so.4", "libtesseract.5.dylib", "libtesseract.4.dylib")
PREFIXES = ("/usr/share", "/usr/local/share", "/opt/homebrew/share")
WORD = re.compile(r"[^\W_]{2}")
COLUMNS, BLOCK = 3, 6  # how tesseract takes a page: with columns, which misses some small texts; as one block
IMAGE = 3  # what PDFium calls an image among the objects of a page
MISSING = "tesseract, which reads words in images, is not installed"


@cache
def data_folder() -> Path | None:
    """Where the languages of tesseract are, None when it is not installed."""
    for prefix in PREFIXES:
        for pattern in ("tesseract-ocr/*/tessdata", "tessdata"):
            for folder in sorted(Path(prefix).glob(pattern), reverse=True):
                if languages(folder):
                    return folder
    return None


def languages(folder: Path) -> list[str]:
    """The languages in a folder, English first; `osd` tells which way a page is turned and is none."""
    found = {path.stem for path in folder.glob("*.traineddata")} - {"osd", "equ"}
    return sorted(found, key=lambda name: (name != "eng", name))[:LANGUAGES]


@cache
def _library() -> ctypes.CDLL | None:
    os.environ["OMP_THREAD_LIMIT"] = "1"
    homes = ("", "/opt/homebrew/lib/", "/usr/local/lib/") if sys.platform == "darwin" else ("",)
    for name in (home + name for home in homes for name in LIBRARIES):
        try:
            library = ctypes.CDLL(name)
        except OSError:
            continue
        library.TessBaseAPICreate.restype = ctypes.c_void_p
        library.TessBaseAPIGetUTF8Text.restype = ctypes.c_void_p
        return library
    return None


class Reader:
    """Reads the images of one file within its time. `why` says what stands in the way of reading more, or ""."""

    def __init__(self) -> None:
        self.why = ""
        self._until = 0.0
        self._engine: ctypes.c_void_p | None = None

    def read(self, page: pypdfium2.PdfPage) -> list[str]:
        """The lines of words in the image of a page, none when there are none or they cannot be read."""
        library, folder = _library(), data_folder()
        if library is None or folder is None:
            self.why = MISSING
            return []
        if self._engine is None:
            self._until = time.monotonic() + SECONDS
            engine = ctypes.c_void_p(library.TessBaseAPICreate())
            names = "+".join(languages(folder)).encode()
            if library.TessBaseAPIInit3(engine, str(folder).encode(), names) != 0:
                self.why = "tesseract, which reads words in images, could not be started"
                return []
            self._engine = engine
        if time.monotonic() > self._until:
            self.why = "reading the words in all its images would take too long"
            return []
        scale = min(DPI / 72, LARGEST / max(1.0, *page.get_size()))
        bitmap = page.render(scale=scale, grayscale=True)
        try:
            library.TessBaseAPISetImage(
                self._engine, bitmap.buffer, bitmap.width, bitmap.height, 1, bitmap.stride
            )
            library.TessBaseAPISetSourceResolution(self._engine, round(72 * scale))
            for mode in (COLUMNS, BLOCK):
                library.TessBaseAPISetPageSegMode(self._engine, mode)
                found = self._found(library)
                if WORD.search(found):  # lines and boxes look like signs to it
                    return [line.strip() for line in found.split("\n") if line.strip()]
        finally:
            bitmap.close()
        return []

    def _found(self, library: ctypes.CDLL) -> str:
        text = ctypes.c_void_p(library.TessBaseAPIGetUTF8Text(self._engine))
        if not text.value:
            return ""
        found = ctypes.string_at(text.value).decode("utf-8", "replace")
        library.TessDeleteText(text)
        return found

    def close(self) -> None:
        """Give back what the library holds."""
        library = _library() if self._engine else None
        if library is not None:
            library.TessBaseAPIEnd(self._engine)
            library.TessBaseAPIDelete(self._engine)
            self._engine = None


def drawn(page: pypdfium2.PdfPage) -> bool:
    """Whether anything is drawn on a page: an image, or the lines that letters became."""
    return next(iter(page.get_objects(max_depth=2)), None) is not None


def filled(page: pypdfium2.PdfPage) -> bool:
    """Whether one image covers more than half of a page."""
    width, height = page.get_size()
    for item in page.get_objects(filter=[IMAGE], max_depth=3):
        left, bottom, right, top = item.get_bounds()
        if (right - left) * (top - bottom) > 0.5 * width * height:
            return True
    return False
