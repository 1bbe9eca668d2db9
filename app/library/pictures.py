"""Pages of PDF files of the library as images: the file itself is found again, and must be what was read."""

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
from engine.documents.pictures import Picture, picture
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
            return picture(self._file(corpus, archive.name(document)), wanted, self._passwords())

    def _file(self, corpus: str, name: str) -> bytes:
        known = self._documents.open(corpus).hashes.get(name)
        if known is None:
            raise InputError(
                f"{name} lies in another file; only pages of PDF files in a folder can be shown."
            )
        gone = (
            f"{name} is not where it was read from, so its pages cannot be shown; its text is as it was read."
        )
        for row in self._store.collections():
            if any(version["corpus"] == corpus for version in row["versions"]):
                for path in self._places(row, name):
                    result, data = read(SourceFile(name, str(path), 0, 0, 0, 0))
                    if data is not None and result.sha256 == known:
                        return data
                    if not path.exists():
                        continue
                    gone = f"{name} has changed since it was read, so its pages cannot be shown. Read its folder again."
        raise InputError(gone)

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
