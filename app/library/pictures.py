"""Pages of PDF files of the library as images: the file is found again, or the one that holds it, and must be what was read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from threading import BoundedSemaphore

from app.errors import NotFound
from app.library.documents import Documents
from app.library.uploads import Uploads
from engine.documents.discover import SourceFile, readable
from engine.documents.formats.pdf.wanted import Wanted
from engine.documents.parser_pool import read
from engine.documents.pictures import Origin, Picture, picture
from engine.errors import InputError
from engine.store import Store
from engine.types import Json

AT_ONCE = 2  # pages that are drawn at the same time


class Pictures:
    """Draws pages. `passwords` gives those that were typed for locked files."""

    def __init__(
        self, store: Store, documents: Documents, uploads: Uploads, passwords: Callable[[], Sequence[str]]
    ):
        self._store, self._documents, self._uploads = store, documents, uploads
        self._passwords = passwords
        self._at_once = BoundedSemaphore(AT_ONCE)

    def draw(
        self, corpus: str, document: int, page: int, start: int | None, end: int | None, width: int
    ) -> Picture:
        """Page `page` (from 1) of a document, `width` pixels wide, with its characters [start, end) highlighted.

        Raises NotFound for a page that is not there, InputError for a file that is gone, has changed, or cannot be drawn.
        """
        archive = self._documents.open(corpus).corpus.archive
        if not 0 <= document < archive.count:
            raise NotFound(f"There is no document {document} here; there are {archive.count:,}.")
        starts = archive.page_starts(document)
        if not 0 < page <= len(starts):
            raise NotFound(f"There is no page {page} here; there are {len(starts):,}.")
        first = starts[page - 1]
        last = starts[page] if page < len(starts) else archive.chars(document)
        low, high = max(first, start or 0), min(last, end or 0)
        text = archive.slice(document, first, last)
        wanted = Wanted(page, width, text, max(0, low - first), max(0, high - first))
        with self._at_once:
            origin, data = self._file(corpus, document, archive.name(document))
            return picture(data, wanted, self._passwords(), within=origin.within)

    def _file(self, corpus: str, document: int, name: str) -> tuple[Origin, bytes]:
        """Where the PDF was read, and the bytes of that file."""
        origins = self._documents.origins(corpus, document)
        problem = f"{name} is no PDF, or lies in a file that an older version read; read its folder again to show its pages."
        for origin in reversed(origins):  # so that what is said is of the first place
            file = origin.file
            problem = f"{file} is not where it was read from, so {_its(name, file)} cannot be shown; its text is as it was read."
            for path in self._paths(corpus, file):
                result, data = read(SourceFile(file, str(path), 0, 0, 0, 0))
                if data is not None and result.sha256 == origin.sha256:
                    return origin, data
                if path.exists():
                    problem = f"{file} has changed since it was read, so {_its(name, file)} cannot be shown. Read its folder again."
        raise InputError(problem)

    def _paths(self, corpus: str, name: str) -> list[Path]:
        """Where a file of a corpus may lie, in every collection that has the corpus."""
        rows = [r for r in self._store.collections() if any(v["corpus"] == corpus for v in r["versions"])]
        return [path for row in rows for path in self._places(row, name)]

    def _places(self, row: Json, name: str) -> list[Path]:
        """Where a file of this name may lie. None is outside of what was added."""
        if row["kind"] == "upload":
            found = self._uploads.discovery(row["collection"]).files
            return [Path(file.path) for file in found if file.name == name]
        places = []
        for source in map(Path, row["sources"]):
            prefix = f"{readable(source.name)}/" if len(row["sources"]) > 1 and source.is_dir() else ""
            if source.is_dir() and name.startswith(prefix):
                path = (source / name.removeprefix(prefix)).resolve()
                places += [path] if path.is_relative_to(source.resolve()) else []
            elif not source.is_dir() and readable(source.name) == name:
                places.append(source)
        return places


def _its(name: str, file: str) -> str:
    return "its pages" if name == file else f"the pages of {name}"
