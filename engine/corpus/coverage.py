"""How much of a corpus a run really looked at: documents searched, lines that stood in a prompt a model read.

A worker claims which pieces stand in a prompt; a claim counts only as far as its lines are found there.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence

from engine.corpus.corpus import Corpus
from engine.types import Json

SHORT_LINE = 12  # characters; a shorter line counts only when it is a whole line of the prompt
CHECKED_CHARS = 4_000_000  # of claimed text for one prompt; what goes beyond stays uncounted
SHOWN_FILES = 50


class Coverage:
    """Accounting of one run. Thread-safe. `skipped` is the number of files that could not be read."""

    def __init__(self, corpus: Corpus, skipped: int = 0):
        self._corpus = corpus
        self._skipped = skipped
        self._searched: set[int] = set()
        self._read: dict[int, list[tuple[int, int]]] = {}
        self._lock = threading.Lock()

    def searched(self, documents: Iterable[int] | None = None) -> None:
        """Note that documents were searched by word or pattern; None means all."""
        count = self._corpus.archive.count
        with self._lock:
            self._searched.update(
                range(count) if documents is None else (d for d in documents if 0 <= d < count)
            )

    def read(self, prompt: str, spans: Iterable[Sequence[int]]) -> list[list[int]]:
        """Count the lines of the claimed `spans` that stand in `prompt`; return them as [document, start, end]."""
        lines = {line.strip() for line in prompt.split("\n")}
        left = CHECKED_CHARS
        found: list[list[int]] = []
        for span in spans:
            claim = self._valid(span)
            if claim is None or left <= 0:
                continue
            document, start, end = claim
            end = min(end, start + left)
            left -= end - start
            found += [[document, a, b] for a, b in self._verified(prompt, lines, document, start, end)]
        with self._lock:
            for document in {document for document, _, _ in found}:
                ranges = [(start, end) for number, start, end in found if number == document]
                self._read[document] = merge([*self._read.get(document, ()), *ranges])
        return found

    def summary(self) -> dict[str, Json]:
        """The totals, and the documents read most."""
        archive = self._corpus.archive
        with self._lock:
            read = {document: [*ranges] for document, ranges in self._read.items()}
            searched = len(self._searched)
        files: list[dict[str, Json]] = [
            {
                "document": document,
                "name": archive.name(document),
                "lines_read": self._lines(document, ranges),
                "characters_read": sum(end - start for start, end in ranges),
                "characters_total": archive.chars(document),
            }
            for document, ranges in sorted(read.items())
        ]
        return {
            "documents": archive.count,
            "documents_searched": searched,
            "documents_read": len(files),
            "lines_read": sum(file["lines_read"] for file in files),
            "characters_read": sum(file["characters_read"] for file in files),
            "characters_total": archive.chars_total,
            "skipped": self._skipped,
            "files": sorted(files, key=lambda file: -file["characters_read"])[:SHOWN_FILES],
        }

    def ranges(self, document: int) -> list[tuple[int, int]]:
        """The characters [start, end) of a document that were read, in order."""
        with self._lock:
            return [*self._read.get(document, ())]

    def _valid(self, span: Sequence[int]) -> tuple[int, int, int] | None:
        if not (isinstance(span, list | tuple) and len(span) == 3 and all(type(n) is int for n in span)):
            return None
        document, start, end = span
        if not 0 <= document < self._corpus.archive.count:
            return None
        end = min(end, self._corpus.archive.chars(document))
        return (document, start, end) if 0 <= start < end else None

    def _verified(
        self, prompt: str, lines: set[str], document: int, start: int, end: int
    ) -> Iterator[tuple[int, int]]:
        text = self._corpus.text(document, start, end)
        if text in prompt:
            yield start, end
            return
        at = start
        for line in text.split("\n"):
            bare = line.strip()
            if bare and (bare in lines or (len(bare) >= SHORT_LINE and bare in prompt)):
                yield at, at + len(line)
            at += len(line) + 1

    def _lines(self, document: int, ranges: list[tuple[int, int]]) -> int:
        count, last = 0, 0
        for start, end in ranges:
            first = self._corpus.locate(document, start)[0]
            final = self._corpus.locate(document, end - 1)[0]
            count += final - max(first - 1, last)
            last = final
        return count


def merge(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Half-open ranges in order, overlapping and touching ones joined."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
