"""Looking into stored corpora: lists of documents, their text by rows, and searches. Reads only.

Places are half-open ranges of characters (code points) in the stored text, as everywhere; a row is a line, or a part
of a long one (`engine.corpus.rows`), counted from 0.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Generic, TypeVar

from app.errors import NotFound
from app.library import wording
from engine.corpus import Corpus
from engine.corpus.archive import Archive
from engine.corpus.contents import Entry, entries, hashes
from engine.corpus.document import Hit
from engine.corpus.place.address import address_of
from engine.corpus.place.place import place_of
from engine.corpus.rows import Rows
from engine.corpus.search import grep
from engine.corpus.search.telling import HALF, telling
from engine.documents.discover import natural
from engine.documents.pictures import Origin, origins
from engine.errors import InputError
from engine.store import Store
from engine.text.pattern import Pattern, compile_pattern
from engine.types import Json

T = TypeVar("T")
MOST_ROWS = 1000
MOST_DOCUMENTS = 1000
MOST_MATCHES = 10_000
MOST_HITS = 200
LONGEST_QUERY = 1000
MOST_WORDS = 40
LONGEST_FOLDED = 4_000_000  # characters of a document that is folded to find a place

SORTS: dict[str, Callable[[Entry], Any]] = {
    "name": lambda entry: natural(entry.name),
    "size": lambda entry: entry.bytes or 0,
    "chars": lambda entry: entry.chars,
    "pages": lambda entry: entry.pages or 0,
    "status": lambda entry: (("skipped", "partly", "ok").index(entry.status), natural(entry.name)),
}


@dataclass(frozen=True, slots=True)
class Opened:
    """A corpus that is open, what it is made of, and the hashes of its files by name."""

    corpus: Corpus
    entries: list[Entry]
    hashes: dict[str, str]


class Documents:
    """The documents of all corpora of a store. Keeps the last few open. Thread-safe."""

    def __init__(self, store: Store):
        self._store = store
        self._opened: _Kept[Opened] = _Kept(6)
        self._rows: _Kept[Rows] = _Kept(4)
        self._sorted: _Kept[list[Entry]] = _Kept(4)
        self._pdfs: _Kept[dict[int, list[Origin]]] = _Kept(6)
        self._hits: _Kept[list[tuple[int, int]]] = _Kept(4)

    def forget(self, corpora: list[str]) -> None:
        """Let go of corpora that were deleted."""
        for kept in (self._opened, self._rows, self._sorted, self._pdfs, self._hits):
            kept.drop(corpora)

    def is_open(self, corpus: str) -> bool:
        """Whether this is a corpus that was opened lately and not deleted since."""
        return self._opened.has((corpus,))

    def open(self, corpus: str) -> Opened:
        """Open a corpus. Raises InputError when it is not stored, StoreError when it is damaged."""

        def load() -> Opened:
            path = Path(self._store.corpus(corpus)["path"])
            opened = Corpus.open(path)
            return Opened(opened, entries(path, opened.archive), hashes(path))

        return self._opened.get((corpus,), load)

    def list(
        self,
        corpus: str,
        *,
        first: int = 0,
        count: int = 200,
        query: str = "",
        problems: bool = False,
        sort: str = "",
        descending: bool = False,
    ) -> Json:
        """A stretch of the documents of a corpus, files that were skipped included.

        `query` is looked for in the names; `problems` leaves only files with some; `sort` is one of SORTS, or "" for
        the order of the corpus. Returns {"total", "first", "documents": [...]}.
        """
        if sort and sort not in SORTS:
            raise InputError(f"Documents cannot be sorted by {sort!r}; choose one of {', '.join(SORTS)}.")
        wanted = query.strip().casefold()

        def choose() -> list[Entry]:
            found = [
                entry
                for entry in self.open(corpus).entries
                if (not wanted or wanted in entry.name.casefold()) and (entry.problems or not problems)
            ]
            return sorted(found, key=SORTS[sort], reverse=descending) if sort else found

        found = self._sorted.get((corpus, wanted, problems, sort, descending), choose)
        first = max(0, first)
        shown = found[first : first + min(max(1, count), MOST_DOCUMENTS)]
        return {"total": len(found), "first": first, "documents": [asdict(entry) for entry in shown]}

    def text(
        self,
        corpus: str,
        document: int,
        *,
        row: int = 0,
        line: int | None = None,
        page: int | None = None,
        start: int | None = None,
        end: int | None = None,
        to: str | None = None,
        count: int = 200,
    ) -> Json:
        """Up to `count` rows of a document: from a row, line or page on, or around the characters [start, end).

        `to` is a line or page as a person writes it. Raises InputError where it is neither, NotFound.

        Returns {"document", "name", "chars", "rows", "lines", "page_count", "page", "cell", "pictured", "first", "at", "until", "text", "pages"}:
        `rows` is how many there are, `first` the first of `text`, which holds [line, start, text, begins] each;
        `at` and `until` are the rows of what was asked for; `pages` are [page, row] of pages that begin in `text`.
        """
        archive = self.open(corpus).corpus.archive
        rows, count = self.rows(corpus, document), min(max(1, count), MOST_ROWS)
        starts = archive.page_starts(document)
        if to is not None:
            line, page = wording.line_or_page(to, paged=len(starts) > 0)
        at = min(max(0, row), len(rows) - 1)
        if start is not None:
            at = rows.row_of(min(max(0, start), rows.chars))
        elif page is not None and len(starts):
            at = rows.row_of(starts[min(max(1, page), len(starts)) - 1])
        elif line is not None:
            at = rows.row_of_line(line)
        until = at if start is None or end is None else max(at, rows.row_of(min(end, rows.chars) - 1))
        first = at if start is None else max(0, at - count // 3)
        shown = rows.rows(first, count)
        char = rows.rows(at, 1)[0].start if start is None else min(max(0, start), rows.chars)
        return {
            "document": document,
            "name": archive.name(document),
            "chars": rows.chars,
            "rows": len(rows),
            "lines": rows.lines,
            "first_line": archive.first_line(document),
            "page_count": len(starts),
            "page": max(1, bisect_right(starts, char)) if len(starts) else None,
            "cell": ""
            if start is None
            else address_of(archive, document, char, max(char, min(end or 0, rows.chars))),
            "pictured": bool(self.origins(corpus, document)),
            "first": first,
            "at": at,
            "until": until,
            "text": [[found.line, found.start, found.text, found.first] for found in shown],
            "pages": self.pages(corpus, document, first, len(shown)),
        }

    def pages(self, corpus: str, document: int, first: int, count: int) -> Sequence[Sequence[int]]:
        """The pages (from 1) that begin in `count` rows of a document from row `first` on: [page, row] each."""
        rows = self.rows(corpus, document)
        starts = rows.rows_of(self.open(corpus).corpus.archive.page_starts(document))
        return [[page, row] for page, row in enumerate(starts, 1) if first <= row < first + count]

    def origins(self, corpus: str, document: int) -> Sequence[Origin]:
        """Where a document that is a PDF was read: the places of its file, and of those that hold it; none for others."""
        opened = self.open(corpus)
        archive = opened.corpus.archive
        if not len(archive.page_starts(document)):
            return []
        if known := self._pdfs.get((corpus,), lambda: origins(archive.path)).get(document):
            return known
        name = archive.name(document)  # of a corpus of an older version, or what was not read as PDF
        own = opened.hashes.get(name) if name.lower().endswith(".pdf") else None
        return [Origin(name, own)] if own else []

    def find(self, corpus: str, document: int, query: str, *, row: int = 0, char: int | None = None) -> Json:
        """Where `query` stands in a document, folded as in `search`; any white space fits any other.

        In a very long document only upper and lower case are alike. Returns {"hits": [[start, end, row], ...],
        "more", "nearest"}: whether there are more than MOST_MATCHES, and the number of the first hit that ends after
        character `char`, or else is in row `row` or later; 0 where none is.
        """
        found = self.hits(corpus, document, query)
        places = self.rows(corpus, document).rows_of([start for start, _ in found])
        hits = [[start, end, place] for (start, end), place in zip(found, places, strict=True)][:MOST_MATCHES]
        later = (n for n, hit in enumerate(hits) if (hit[2] >= row if char is None else hit[1] > char))
        return {"hits": hits, "more": len(found) > MOST_MATCHES, "nearest": next(later, 0)}

    def hits(self, corpus: str, document: int, query: str) -> Sequence[tuple[int, int]]:
        """The characters [start, end) of the first matches of a query, one more than MOST_MATCHES at most."""
        words = _normal(query).split()
        if not words:
            return []

        def look() -> list[tuple[int, int]]:
            expression = r"\s+".join(map(re.escape, words))
            fold = self.rows(corpus, document).chars <= LONGEST_FOLDED
            pattern = compile_pattern(expression, 0 if fold else re.IGNORECASE, fold=fold)
            matches = grep.matches(self.open(corpus).corpus.archive, document, pattern)
            return [(start, end) for start, end, _ in islice(matches, MOST_MATCHES + 1)]

        return self._hits.get((corpus, document, *words), look)

    def search(self, corpus: str, query: str, limit: int = 50) -> Json:
        """The lines of all documents that fit the words of `query` best, best first.

        Returns {"hits": [{"document", "name", "line", "page", "cell", "place", "start", "end", "text", "marks"}]}; `marks` are the
        ranges of characters in `text` where a word of the query stands.
        """
        words = _normal(query)
        found = self.open(corpus).corpus.search(words, min(max(1, limit), MOST_HITS)) if words.strip() else []
        marks, archive = _marker(words), self.open(corpus).corpus.archive
        return {"hits": [_told(archive, hit, marks) for hit in found]}

    def rows(self, corpus: str, document: int) -> Rows:
        """The rows of one document. Raises NotFound when there is no such document."""
        archive = self.open(corpus).corpus.archive
        if not 0 <= document < archive.count:
            raise NotFound(f"There is no document {document} here; there are {archive.count:,}.")
        return self._rows.get((corpus, document), lambda: Rows(archive, document))


class _Kept(Generic[T]):
    """The last few values, by keys that begin with the id of a corpus."""

    def __init__(self, most: int):
        self._most = most
        self._values: OrderedDict[tuple[Hashable, ...], T] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: tuple[Hashable, ...], make: Callable[[], T]) -> T:
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
        value = make()
        with self._lock:
            self._values[key] = value
            while len(self._values) > self._most:
                self._values.popitem(last=False)
        return value

    def has(self, key: tuple[Hashable, ...]) -> bool:
        with self._lock:
            return key in self._values

    def drop(self, corpora: list[str]) -> None:
        with self._lock:
            for key in [key for key in self._values if key[0] in corpora]:
                del self._values[key]


def _normal(query: str) -> str:
    """A query in the form that stored text has."""
    return unicodedata.normalize("NFC", query.encode("utf-8", "replace").decode())[:LONGEST_QUERY]


def _marker(query: str) -> Pattern | None:
    """A folded pattern for the words of a query; short ones are marked only where there are no others."""
    every = [word for word in re.findall(r"\w+", query) if len(word) > 1]
    told = [word for word in every if telling(word) >= HALF]
    words = sorted({*(told or every)}, key=len, reverse=True)[:MOST_WORDS]
    return compile_pattern(rf"\b(?:{'|'.join(map(re.escape, words))})", fold=True) if words else None


def _told(archive: Archive, hit: Hit, marks: Pattern | None) -> Json:
    """What is said of a hit; its place is that of its first marked word."""
    at, end = hit.start, hit.end
    places = grep.matches(archive, hit.id, marks, at, end) if marks else ()
    marked = [[first - at, last - at] for first, last, _ in places]
    begin = at + marked[0][0] if marked else hit.match_start
    return {
        "document": hit.document,
        "name": hit.name,
        "line": hit.line,
        "page": hit.page,
        "cell": address_of(archive, hit.id, at, end),
        "place": place_of(archive, hit.id, begin, begin).said(),
        "start": at,
        "end": end,
        "text": str.__str__(hit.text),
        "marks": marked,
    }
