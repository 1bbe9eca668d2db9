"""Many documents as one variable: a lazy sequence with search. Opens instantly and is light enough for a worker."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import Any, overload

from engine.corpus.archive import Archive
from engine.corpus.document import Document, Hit, Hits, Piece
from engine.corpus.noted.notes import Note, Notes
from engine.corpus.provenance import Tracker
from engine.corpus.search import grep as scanner
from engine.corpus.search.excerpts import Passages, passages
from engine.corpus.search.full_text import Found
from engine.corpus.search.retrieval import lines
from engine.corpus.search.titles import phrase_of, titled
from engine.text.amounts import decimal_mark
from engine.text.columns import HEADER, column, place
from engine.text.columns import names as column_names
from engine.text.pattern import Expression, Pattern, compile_pattern

CALLED = "no text holds {!r}; these hold its words in their name and a heading"
NAMED = 400  # characters of the names of columns that are told
NAMES, NEAR, CLOSE = (
    2_000,
    3,
    0.5,
)  # names looked at for those like a wrong one, how many are told, and how like
SHOWING = 200_000  # characters of a document that show how its numbers are written
Numbers = range | tuple[int, ...]


class Corpus(Sequence[Document]):
    """Documents of a stored corpus, all or a view of some. `corpus[i]` is a Document, `corpus[a:b]` a view.

    Documents keep their number (`.id`) in every view.
    """

    def __init__(
        self,
        archive: Archive,
        numbers: Numbers | None = None,
        tracker: Tracker | None = None,
        noted: Notes | None = None,
    ):
        self.archive = archive
        self.numbers: Numbers = range(archive.count) if numbers is None else numbers
        self.tracker = tracker or Tracker()
        self.noted = noted or Notes()
        self.notice = ""
        self._marks: dict[int, str] = {}

    @classmethod
    def open(cls, path: Path | str, notes: str | None = None) -> Corpus:
        """Open the corpus stored in the folder `path`; `notes` are those of its documents (`engine.corpus.noted.notes`).

        Raises StoreError when it is damaged or gone.
        """
        return cls(Archive(Path(path)), noted=Notes(notes))

    # --- a sequence -------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self.numbers)

    @overload
    def __getitem__(self, key: int | str) -> Document: ...
    @overload
    def __getitem__(self, key: slice) -> Corpus: ...
    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            return self.view(self.numbers[key])
        if isinstance(key, str):
            return self.document(key)
        try:
            return self._document(self.numbers[key])
        except IndexError:
            raise IndexError(f"there are {len(self):,} documents here, so there is no number {key}") from None

    def __iter__(self) -> Iterator[Document]:
        return map(self._document, self.numbers)

    def __contains__(self, item: object) -> bool:
        """True for a document of this view, a name of one, or a text that stands in one."""
        if isinstance(item, Piece):
            return item.id in self.numbers
        if not isinstance(item, str):
            return False
        return self._ending(item) is not None or any(self.archive.holds(n, item) for n in self.numbers)

    def __repr__(self) -> str:
        noun = "document" if len(self) == 1 else "documents"
        said = f" ({self.notice})" if self.notice else ""
        return f"Corpus of {len(self):,} {noun}, {self.total_chars:,} characters{said}"

    @property
    def names(self) -> list[str]:
        """The names of the documents: their paths inside the folder."""
        return [self.archive.name(number) for number in self.numbers]

    @property
    def notes(self) -> list[Note]:
        """What a model noted of these documents before the question was asked; empty where it noted nothing."""
        return [note for number in self.numbers for note in self.noted.of(self, number)]

    @property
    def total_chars(self) -> int:
        """The characters of all documents here."""
        if len(self.numbers) == self.archive.count:
            return self.archive.chars_total
        return sum(self.archive.chars(number) for number in self.numbers)

    def __and__(self, other: Corpus) -> Corpus:
        """A view of the documents that are in both."""
        held = set(other.numbers)
        return self.view(tuple(n for n in self.numbers if n in held))

    def __sub__(self, other: Corpus) -> Corpus:
        """A view of the documents here that are not in the other."""
        held = set(other.numbers)
        return self.view(tuple(n for n in self.numbers if n not in held))

    def view(self, numbers: Numbers) -> Corpus:
        """A view of the documents with these numbers."""
        return Corpus(self.archive, numbers, self.tracker, self.noted)

    def document(self, key: str | int) -> Document:
        """A document by its name, the end of its name (`lease.md` for `contracts/lease.md`), or its number.

        Where there is none, a name whose last part one document alone has is understood (`contract/lease.md`). Raises
        KeyError with the nearest names when there is none of that either.
        """
        number = key if isinstance(key, int) and key in self.numbers else None
        if isinstance(key, str):
            number = self._number(key)
        if number is None:
            near = get_close_matches(str(key), self.names[:NAMES], NEAR, CLOSE) or self.names[:NEAR]
            raise KeyError(f"no document {key!r} here; names look like {', '.join(map(repr, near))}")
        return self._document(number)

    def select(self, documents: Iterable[int | str | Piece | Hit]) -> Corpus:
        """A view of documents given by number, name, or anything that stands in them, each once."""
        chosen: dict[int, None] = {}
        for item in documents if not isinstance(documents, str | int) else [documents]:
            chosen[item.id if isinstance(item, Piece | Hit) else self.document(item).id] = None
        return self.view(tuple(chosen))

    def _number(self, name: str) -> int | None:
        found, last = self._ending(name), name.rpartition("/")[2]
        return self._ending(last) if found is None and last and self.archive.number(name) is None else found

    def _ending(self, name: str) -> int | None:
        number = self.archive.number(name)
        if number is not None:
            return number if number in self.numbers else None
        ending = [n for n in self.numbers if self.archive.name(n).endswith("/" + name)]
        return ending[0] if len(ending) == 1 else None

    def _document(self, number: int) -> Document:
        document = Document(self.archive.decode(number), self, number, 0)
        self.tracker.handed(number, 0, len(document), document)
        return document

    # --- finding ----------------------------------------------------------------------------------------

    def search(self, query: str | Sequence[str], k: int = 10) -> Hits:
        """The lines that fit the words of `query` best, best first, at most `k`; a list of phrasings is fused."""
        found = lines(self.archive, query, k, self.numbers)
        self.tracker.searched.update(self.numbers)
        return self._hits(found)

    def passages(self, words: str | Sequence[str], k: int = 8, size: int = 600) -> Passages:
        """The `k` best passages for a question, search words or a list of phrasings, best first, none twice.

        Each is a few whole lines or sentences of one document, at most `size` characters; many share some three
        fifths of `k` times `size`. `.above` is the heading or the header of the table it stands under.
        """
        return passages(self, words, k, size, self.numbers)

    def column(self, about: str, rows: Expression | Hits = "") -> Hits:
        """The fields under a header of delimited text such as CSV, for rows in which a pattern matches, or those of hits.

        `about` names the column, alternatives separated by "|"; see `engine.text.columns`. A hit's `.text` is its
        row, `.match` the field, `.number` what it amounts to. Raises ValueError for a bad pattern, and with the names of
        the columns where no document has that one.
        """
        compiled = compile_pattern(rows) if rows and not isinstance(rows, Hits) else None
        given = {(hit.id, hit.start) for hit in rows} if isinstance(rows, Hits) else None
        self.tracker.searched.update(self.numbers)
        hits = []
        known = False
        for number in self.numbers:
            if place(self._head(number), about) is None:
                continue
            known = True
            found = (
                None
                if compiled is None
                else [a for a, _, _ in scanner.matches(self.archive, number, compiled)]
            )
            for start, end, a, b in column(self.archive.decode(number), about):
                if given is not None and (number, start) not in given:
                    continue
                if found is None or bisect_left(found, start) < bisect_left(found, end):
                    hits.append(Hit(self, number, a, b, shown=(start, end)))
        if not known:
            raise ValueError(self._no_column(about))
        return Hits(hits, corpus=self)

    def _head(self, number: int) -> str:
        return self.archive.slice(number, 0, min(HEADER, self.archive.chars(number)))

    def _no_column(self, about: str) -> str:
        """Says that no document has a column, and what columns the first table has."""
        tables = ((self.archive.name(n), column_names(self._head(n))) for n in self.numbers)
        name, names = next(((name, names) for name, names in tables if names), ("", []))
        if not name:
            return f"there is no column {about!r}: no document here is a table with a header"
        return f"there is no column {about!r}; {name} has the columns {', '.join(names)[:NAMED]}"

    def grep(
        self, pattern: Expression, limit: int | None = 100, flags: int = 0, *, fold: bool = False
    ) -> Hits:
        """The matches of a regular expression, document by document; `limit=None` gives all.

        `^` and `$` are the ends of a line; `flags` are those of `re`. With `fold`, what a reader takes as the same is
        the same: case, accents, ligatures, width, the glyph of a quote, dash or digit, soft hyphens, words broken at
        the end of a line; a space is any white space within a paragraph. Raises ValueError for a bad pattern.
        """
        self.tracker.searched.update(self.numbers)
        return self._grep(compile_pattern(pattern, flags, fold=fold), limit, self.numbers)

    def count(self, pattern: Expression, flags: int = 0, *, fold: bool = False) -> int:
        """How many matches a regular expression has; `fold` as for `grep`. Raises ValueError for a bad pattern."""
        compiled = compile_pattern(pattern, flags, fold=fold)
        self.tracker.searched.update(self.numbers)
        return scanner.count(self.archive, self.numbers, compiled)

    def matching(self, pattern: Expression, flags: int = 0, *, fold: bool = False) -> Corpus:
        """A view of the documents in which a regular expression matches; `fold` as for `grep`.

        A phrase of plain words that stands in no text ("playground report") gives the documents that are called so: all
        its words are in their name and a heading; `.notice` says it. Raises ValueError for a bad pattern.
        """
        compiled = compile_pattern(pattern, flags, fold=fold)
        self.tracker.searched.update(self.numbers)
        found = tuple(n for n in self.numbers if next(scanner.matches(self.archive, n, compiled), None))
        if found or not (phrase := phrase_of(compiled.text)):
            return self.view(found)
        called = self.view(titled(self.archive, phrase, self.numbers))
        called.notice = CALLED.format(phrase) if len(called) else ""
        return called

    def titled(self, words: str) -> Corpus:
        """A view of the documents that are called so: all of `words`, in any order and form, in their name and a heading."""
        return self.view(titled(self.archive, words, self.numbers))

    def _grep(
        self, compiled: Pattern, limit: int | None, numbers: Numbers, start: int = 0, end: int | None = None
    ) -> Hits:
        def scan() -> Iterator[tuple[int, scanner.Match]]:
            return scanner.scan(self.archive, numbers, compiled, start, end)

        hits = [Hit(self, number, a, b, groups) for number, (a, b, groups) in islice(scan(), limit)]
        total = None if limit is None or len(hits) < limit else lambda: sum(1 for _ in scan())
        return Hits(hits, corpus=self, total=total, notice=compiled.notice)

    def _hits(self, found: list[Found]) -> Hits:
        hits = [Hit(self, f.document, f.start, f.end, score=f.score, shown=(f.start, f.end)) for f in found]
        return Hits(hits, corpus=self)

    # --- of one piece (see Piece) -----------------------------------------------------------------------

    def passages_in(self, piece: Piece, words: str | Sequence[str], k: int, size: int) -> Passages:
        """The best passages of one document or piece of it."""
        return passages(self, words, k, size, (piece.id,), (piece.start, piece.end))

    def search_in(self, piece: Piece, query: str | Sequence[str], k: int) -> Hits:
        """Search one document or piece of it."""
        self.tracker.searched.add(piece.id)
        found = lines(self.archive, query, k, (piece.id,), (piece.start, piece.end))
        return self._hits(found)

    def grep_in(
        self, piece: Piece, pattern: Expression, limit: int | None, flags: int = 0, *, fold: bool = False
    ) -> Hits:
        """Scan one document or piece of it."""
        self.tracker.searched.add(piece.id)
        compiled = compile_pattern(pattern, flags, fold=fold)
        return self._grep(compiled, limit, (piece.id,), piece.start, piece.end)

    def count_in(self, piece: Piece, pattern: str, *, fold: bool = False) -> int:
        """Count the matches in one document or piece of it."""
        self.tracker.searched.add(piece.id)
        compiled = compile_pattern(pattern, fold=fold)
        return scanner.count(self.archive, (piece.id,), compiled, piece.start, piece.end)

    # --- places -----------------------------------------------------------------------------------------

    def text(self, document: int, start: int = 0, end: int | None = None) -> str:
        """Characters [start, end) of a document as a plain str. Raises IndexError when they do not exist."""
        size = self._size(document)
        end = size if end is None else end
        if not 0 <= start <= end <= size:
            raise IndexError(
                f"[{start}, {end}) is not a range of the {size:,} characters of document {document}"
            )
        return self.archive.slice(document, start, end)

    def locate(self, document: int, start: int) -> tuple[int, int | None]:
        """The line (from 1) and page (from 1, or None) that hold character `start` of a document."""
        at = max(0, min(start, self._size(document)))
        return self.archive.line(document, at), self.archive.page(document, at)

    def piece(self, document: int, start: int, end: int) -> Piece:
        """Characters [start, end) of a document as a Piece. Raises IndexError when they do not exist."""
        piece = Piece(self.text(document, start, end), self, document, start)
        self.tracker.handed(document, start, end, piece)
        return piece

    def decimal_mark(self, document: int) -> str:
        """The mark that sets decimals apart in the numbers of a document; see `engine.text.amounts`."""
        if document not in self._marks:
            end = min(SHOWING, self.archive.chars(document))
            self._marks[document] = decimal_mark(self.archive.slice(document, 0, end))
        return self._marks[document]

    def claims(self, text: str) -> list[list[int]]:
        """Spans [document, start, end] lately handed out that seem to stand in `text`; see `tracker`."""
        return self.tracker.claims(text)

    def _size(self, document: int) -> int:
        if not 0 <= document < self.archive.count:
            raise IndexError(f"there is no document {document}; there are {self.archive.count:,}")
        return self.archive.chars(document)
