"""Write the files of one corpus as results come in, and note what each file gave, so that the next reading can take it over."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine import disk
from engine.corpus.archive import META, SEARCH, ArchiveWriter
from engine.documents.discover import Discovery
from engine.documents.parser_pool import Part, Result
from engine.documents.seal import seal_of
from engine.documents.staging import sync
from engine.documents.writing.earlier import GIVEN, VERSION, fingerprint, given
from engine.documents.writing.index import IndexWriter
from engine.documents.writing.places import Places
from engine.types import Json

STORED = 2  # bytes of text, places and search index for one byte of text, at most
UNASKED = 1 << 20  # bytes that are written before the disk is asked again


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an ingest is: files and bytes done, of how many, the last file and why it was skipped, or "".

    `reading` is the file that is being read now, "" after the last; bytes of it may count already.
    """

    files: int
    files_total: int
    bytes: int
    bytes_total: int
    name: str
    reason: str = ""
    reading: str = ""


class Builder:
    """Write the files of one corpus as results come in.

    `before` is the corpus of the reading before, where most is as it was then. `check` is called on long work and may
    raise.
    """

    def __init__(
        self,
        folder: Path,
        found: Discovery,
        before: Path | None = None,
        check: Callable[[], None] = lambda: None,
    ):
        self._folder = folder
        self._found = found
        self._writer = ArchiveWriter(folder)
        self._index = IndexWriter(folder, before, check)
        self.skipped = [{"path": name, "reason": reason} for name, reason in found.skipped]
        self.notices = [*found.notices]
        self._files: list[Json] = []
        self._given: list[Json] = []
        self._attached: dict[tuple[str, int], int] = {}  # (sha256, part) of attachments -> document
        self._before = time.time_ns()
        self.places = Places(file.name for file in found.files)
        self._warned: dict[str, list[str]] = {}
        self._inside: dict[str, int] = {}  # bytes of files within files
        self._bytes = 0
        self._total = sum(file.size for file in found.files)
        self._unasked = 0  # bytes that may be written before the disk is asked

    @property
    def documents(self) -> int:
        """How many documents were written."""
        return self._writer.count

    def progress(self, result: Result | None, within: int) -> Progress:
        """How far this ingest is: after this file, or `within` so many bytes of the one that is being read."""
        done, files = len(self._files), self._found.files
        name, reason = (result.file.name, result.reason) if result else ("", "")
        reading = files[done].name if done < len(files) else ""
        return Progress(done, len(files), self._bytes + within, self._total, name, reason, reading)

    def add(self, result: Result, within: Callable[[int], None]) -> None:
        """Write the documents of one file, or note why there are none; `within` hears of the bytes of a large one.

        Raises StoreError where the disk has no room for them.
        """
        file = result.file
        self._require(STORED * sum(len(part.text) for part in result.parts), file.name)
        if result.reason:
            self.skipped.append({"path": file.name, "reason": result.reason})
        for within_it, reason in result.unread:
            self.skipped.append({"path": self.places.name(file.name, within_it), "reason": reason})
        for within_it, told in [("", result.notices), *result.told.items()]:
            name = self.places.name(file.name, within_it)
            self.notices += [f"{name}: {notice}." for notice in told]
            if told:
                self._warned[name] = told
        documents: list[int] = []
        for number, part in enumerate(result.parts, 1):
            name = self.places.name(file.name, part.inside)
            if self.places.is_again(part.sha256, name) or part.again:
                documents.append(-1 if part.again else self._attached.get((part.sha256, part.number), -1))
                continue
            documents.append(self._writer.count)
            if part.sha256:
                self._attached[part.sha256, part.number] = self._writer.count
            if part.inside:
                self._inside[name] = part.size
            name = f"{name} [{part.number} of {part.of}]" if part.of > 1 else name
            before, share = file.size * (number - 1) / len(result.parts), file.size / len(result.parts)

            def inside(
                at: int, before: float = before, scale: float = share / max(1, len(part.text))
            ) -> None:
                within(int(before + scale * at))

            self._add_part(name, part, inside)
        self._bytes += file.size
        self._files.append(fingerprint(result))
        self._given.append(given(result, documents))

    def _require(self, needed: int, name: str) -> None:
        self._unasked -= needed
        if self._unasked < 0:
            disk.require(self._folder, needed, f"{name} cannot be stored")
            self._unasked = UNASKED

    def _add_part(self, name: str, part: Part, within: Callable[[int], None]) -> None:
        first = self._writer.add(
            name,
            part.text,
            part.chars,
            pages=part.pages,
            passages=part.passages,
            headings=part.headings,
            first_line=part.first_line,
            grid=part.grid,
        )
        self._index.add(name, part, first, within)

    def finish(self) -> Json:
        """Make everything durable and return the description."""
        self._index.finish()
        self._writer.close()
        identity = hashlib.sha256(json.dumps([VERSION, self._files]).encode()).hexdigest()[:16]
        meta = {
            "id": identity,
            "name": self._found.name,
            "version": VERSION,
            "sources": [str(root) for root in self._found.roots],
            "documents": self._writer.count,
            "chars": self._writer.chars,
            "lines": self._writer.lines,
            "skipped": self.skipped,
            "notices": self.notices + self.places.notices(),
            "warned": self._warned,
            "inside": self._inside,
            "places": self.places.others,
            "made": time.time(),
            "seal": seal_of(self._folder),
            "files": [
                [*state, file.size, file.mtime]
                for state, file in zip(self._files, self._found.files, strict=True)
            ],
        }
        for name, value in ((META, meta), (GIVEN, {"before": self._before, "files": self._given})):
            text = json.dumps(value, ensure_ascii=False)
            (self._folder / name).write_bytes(text.encode("utf-8", "surrogatepass"))  # paths hold any bytes
        for name in (SEARCH, META, GIVEN):
            sync(self._folder / name)
        return meta

    def close(self) -> None:
        """Let go of all files, finished or not."""
        self._writer.abandon()
        self._index.close()
