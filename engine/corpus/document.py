"""Texts that know where they stand: Document and Piece are real `str`, Hit and Hits are what a search finds.

What Python makes of a Document or a Piece (repr, formatting, comparing, searching ...) is what it makes of its text;
only `count` takes a regular expression.

All offsets count characters in the stored text of the document, also in a piece of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from itertools import repeat
from operator import sub
from typing import TYPE_CHECKING, Any, SupportsIndex

from engine.corpus.place.address import address_of
from engine.corpus.place.placed import Placed
from engine.corpus.provenance import REMEMBERED
from engine.corpus.search.tables import header
from engine.text.amounts import amount
from engine.text.dates import unclear
from engine.text.pattern import Expression
from engine.text.sentences import clip, narrow
from engine.types import Span

if TYPE_CHECKING:
    from engine.corpus.corpus import Corpus
    from engine.corpus.search.excerpts import Passages

AROUND = 1500  # characters on each side of a match in which its sentence is looked for
SHOWN_TEXT = 240  # characters of a hit that its repr shows
SHOWN_HITS = 10  # hits that a list of them shows
ROW = 4000  # characters; a longer line is no row of a table


OF_CORPUS = ("column", "matching", "names", "notes")


class Piece(Placed, str):
    """A part of a document. A plain `str` to all of Python; slices and splits of it keep their place."""

    __slots__ = ("_corpus", "id", "start")
    _corpus: Corpus
    id: int
    start: int

    def __new__(cls, text: str, corpus: Corpus, document: int, start: int) -> Piece:
        self = super().__new__(cls, text)
        self._corpus, self.id, self.start = corpus, document, start
        return self

    @property
    def end(self) -> int:
        """Where this text ends in the document, in characters."""
        return self.start + len(self)

    @property
    def span(self) -> Span:
        """Where this text stands."""
        return Span(self.id, self.start, self.end)

    @property
    def line(self) -> int:
        """The number of the first line of this text in its document, from 1."""
        return self._corpus.archive.line(self.id, self.start)

    def search(self, query: str | Sequence[str], k: int = 10) -> Hits:
        """The lines of this text that fit the words of `query` best, best first."""
        return self._corpus.search_in(self, query, k)

    def passages(self, words: str | Sequence[str], k: int = 8, size: int = 600) -> Passages:
        """The passages of this text that fit words best, as `Corpus.passages`."""
        return self._corpus.passages_in(self, words, k, size)

    def grep(
        self, pattern: Expression, limit: int | None = 100, flags: int = 0, *, fold: bool = False
    ) -> Hits:
        """The matches of a regular expression in this text, in order, as `Corpus.grep`. Raises ValueError for a bad pattern."""
        return self._corpus.grep_in(self, pattern, limit, flags, fold=fold)

    def count(self, pattern: str, *bounds: SupportsIndex | None, fold: bool = False) -> int:
        """How often a regular expression matches; a single character or no valid pattern counts as itself.

        `fold` as for `Corpus.grep`; a single character is folded too.
        """
        if bounds or (len(pattern) < 2 and not fold):
            return super().count(pattern, *bounds)
        try:
            return self._corpus.count_in(self, pattern, fold=fold)
        except ValueError:
            return super().count(pattern)

    def lines(self) -> list[Piece]:
        """The lines of this text without their line ends, each with its place."""
        return self.split("\n")  # type: ignore[return-value]

    def _part(self, start: int, text: str) -> Piece:
        piece = Piece(text, self._corpus, self.id, self.start + start)
        self._corpus.tracker.handed(self.id, piece.start, piece.end, text)
        return piece

    def __getitem__(self, key: Any) -> str:
        text = super().__getitem__(key)
        if not isinstance(key, slice):
            return text
        start, _, step = key.indices(len(self))
        return self._part(start, text) if step == 1 else text

    def split(self, sep: str | None = None, maxsplit: SupportsIndex = -1) -> list[str]:
        """As `str.split`; with a separator the parts keep their place."""
        parts = super().split(sep, maxsplit)
        return parts if sep is None else self._parts(parts, repeat(len(sep)))

    def splitlines(self, keepends: bool = False) -> list[str]:
        """As `str.splitlines`; the lines keep their place."""
        full = super().splitlines(True)
        if keepends:
            return self._parts(full, repeat(0))
        plain = super().splitlines()
        return self._parts(plain, map(sub, map(len, full), map(len, plain)))

    def _parts(self, parts: list[str], gaps: Iterable[int]) -> list[str]:
        """Give each part its place; `gaps` are the characters left out after each."""
        at, corpus, document, new = self.start, self._corpus, self.id, str.__new__
        found: list[Piece] = []
        for part, gap in zip(
            parts, gaps, strict=False
        ):  # as Piece(...) does, without the call: texts are long
            piece = new(Piece, part)
            piece._corpus, piece.id, piece.start = corpus, document, at
            found.append(piece)
            at += len(part) + gap
        for piece in found[-REMEMBERED:]:
            corpus.tracker.handed(document, piece.start, piece.end, piece)
        return found  # type: ignore[return-value]

    def strip(self, chars: str | None = None) -> str:
        """As `str.strip`; the rest keeps its place."""
        text = super().rstrip(chars)
        rest = text.lstrip(chars)
        return self._part(len(text) - len(rest), rest)

    def lstrip(self, chars: str | None = None) -> str:
        """As `str.lstrip`; the rest keeps its place."""
        rest = super().lstrip(chars)
        return self._part(len(self) - len(rest), rest)

    def rstrip(self, chars: str | None = None) -> str:
        """As `str.rstrip`; the rest keeps its place."""
        return self._part(0, super().rstrip(chars))

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        return str, (str(self),)  # a copy that leaves the session is plain text


class Document(Piece):
    """The whole text of one document. What only a Corpus can do is done by the corpus of this one: `.column` ..."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        if name in OF_CORPUS:
            return getattr(self._corpus.view((self.id,)), name)
        raise AttributeError(f"'Document' object has no attribute {name!r}", name=name, obj=self)

    @property
    def pages(self) -> int | None:
        """How many pages the document has; None where its format has none."""
        return len(self._corpus.archive.page_starts(self.id)) or None

    def page_text(self, number: int) -> Piece:
        """The text of one page, counted from 1. Raises IndexError when there is no such page."""
        starts = [*self._corpus.archive.page_starts(self.id), len(self)]
        if not 1 <= number < len(starts):
            raise IndexError(f"{self.name} has {len(starts) - 1} pages, so there is no page {number}")
        return self[starts[number - 1] : starts[number]]  # type: ignore[return-value]

    def describe(self) -> str:
        """One line about this document: its number, its name and its size. Its repr is that of its text."""
        return f"Document {self.id} {self.name!r}, {len(self):,} characters"


class Groups(tuple[str | None, ...]):
    """The groups of a match. Calling it gives it back, as `match.groups()` does."""

    __slots__ = ()

    def __call__(self) -> Groups:
        return self


class Hit(Placed):
    """One place found. `text` is its line, or its sentence where the line is long; `match` the words matched.

    `start` and `end` bound `text`; `match_start` and `match_end` bound `match`.
    """

    def __init__(
        self,
        corpus: Corpus,
        document: int,
        match_start: int,
        match_end: int,
        groups: tuple[str | None, ...] = (),
        score: float = 0.0,
        shown: tuple[int, int] | None = None,
    ):
        self._corpus = corpus
        self.id = document
        self.match_start = match_start
        self.match_end = match_end
        self.groups = Groups(groups)
        self.score = score
        self._shown = shown

    @cached_property
    def text(self) -> Piece:
        """The line or sentence of the match."""
        archive = self._corpus.archive
        start, end = self._shown or self._narrowed()
        text = archive.slice(self.id, start, end)
        self._corpus.tracker.handed(self.id, start, end, text)
        return Piece(text, self._corpus, self.id, start)

    def _narrowed(self) -> tuple[int, int]:
        archive = self._corpus.archive
        first, last = archive.line_bounds(self.id, *self._match)
        first, last = max(first, self.match_start - AROUND), min(last, self.match_end + AROUND)
        text = archive.slice(self.id, first, last)
        start, end = narrow(text, self.match_start - first, self.match_end - first)
        return first + start, first + end

    @property
    def _match(self) -> tuple[int, int]:
        return self.match_start, self.match_end

    @property
    def start(self) -> int:
        """Where `text` begins."""
        return self.text.start

    @property
    def end(self) -> int:
        """Where `text` ends."""
        return self.text.end

    @property
    def span(self) -> Span:
        """Where `text` stands."""
        return self.text.span

    @cached_property
    def match(self) -> Piece:
        """The characters that matched."""
        text = self._corpus.archive.slice(self.id, *self._match)
        return Piece(text, self._corpus, self.id, self.match_start)

    @property
    def number(self) -> float | None:
        """What `match` amounts to, for comparing and adding; see `engine.text.amounts`. None where it states none."""
        return amount(self.match, lambda: self._corpus.decimal_mark(self.id))

    @property
    def unclear(self) -> str:
        """Why `number` is None where `match` holds a date: "03/04/2025 may be 2025-04-03 or 2025-03-04"; else ""."""
        return unclear(self.match)

    @cached_property
    def line(self) -> int:
        """The number of the line, from 1."""
        return self._corpus.archive.line(self.id, self.text.start)

    @property
    def cell(self) -> str:
        """The cell of a workbook that holds `match`, as in "Fees!C14"; "" where it is of none."""
        return address_of(self._corpus.archive, self.id, *self._match)

    @cached_property
    def header(self) -> str:
        """The line that names the columns of the table that this row stands in; "" where it is no row of one."""
        archive = self._corpus.archive
        start, end = archive.line_bounds(self.id, *self._match)
        return (
            "" if end - start > ROW else header(archive, self.id, start, archive.slice(self.id, start, end))
        )

    def group(self, number: int = 0) -> str | None:
        """As `re.Match.group`: 0 is the whole match."""
        return self.match if number == 0 else self.groups[number - 1]

    def around(self, lines: int = 3) -> Piece:
        """The text with this many lines before and after it."""
        archive = self._corpus.archive
        start, end = archive.line_bounds(self.id, self.text.start, self.text.end)
        for _ in range(lines):
            start, end = archive.line_bounds(self.id, max(0, start - 1), min(end + 1, archive.chars(self.id)))
        text = archive.slice(self.id, start, end)
        self._corpus.tracker.handed(self.id, start, end, text)
        return Piece(text, self._corpus, self.id, start)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Hit) and (self.id, *self._match) == (other.id, *other._match)

    def __hash__(self) -> int:
        return hash((self.id, *self._match))

    def __str__(self) -> str:
        return repr(self)

    def __repr__(self) -> str:
        place = f"{self.name}:{self.line}" + (f" (page {self.page})" if self.page else "")
        at = max(0, self.match_start - self.text.start)
        return f"{place}: {clip(str(self.text), at, SHOWN_TEXT)}"


class Hits(list[Hit]):
    """Hits in order. `total` counts all matches, also those beyond the limit; `notice` explains a slow search."""

    def __init__(
        self,
        hits: list[Hit] | None = None,
        *,
        corpus: Corpus | None = None,
        total: int | Callable[[], int] | None = None,
        notice: str = "",
    ):
        super().__init__(hits or [])
        self._corpus = corpus
        self._total = total
        self.notice = notice

    @property
    def total(self) -> int:
        """How many matches there are in all."""
        if callable(self._total):
            self._total = self._total()
        return len(self) if self._total is None else self._total

    @property
    def documents(self) -> Corpus:
        """The documents with a hit in this list, in the order of their first hit."""
        if self._corpus is None:
            raise ValueError("an empty list of hits belongs to no corpus")
        return self._corpus.view(tuple(dict.fromkeys(hit.id for hit in self)))

    @property
    def names(self) -> list[str]:
        """The names of the documents with a hit in this list."""
        return [*dict.fromkeys(hit.name for hit in self)]

    def __getitem__(self, key: Any) -> Any:
        found = super().__getitem__(key)
        return Hits(found, corpus=self._corpus, notice=self.notice) if isinstance(key, slice) else found

    def __iter__(self) -> Iterator[Hit]:
        return super().__iter__()

    def __repr__(self) -> str:
        if not self:
            return "no hits" + (f" ({self.notice})" if self.notice else "")
        first = self[:SHOWN_HITS]
        shown: list[str] = []
        told: set[tuple[int, str]] = set()  # headers of tables
        for i, hit in enumerate(first):
            if hit.header and (hit.id, hit.header) not in told:
                told.add((hit.id, hit.header))
                shown.append(f"{hit.name} has the columns {clip(hit.header, 0, SHOWN_TEXT)}")
            shown.append(f"[{i}] {hit!r}")
        if self.total > len(first):
            shown.append(f"... and {self.total - len(first):,} more")
        shown += [f"({why})" for why in dict.fromkeys(hit.unclear for hit in first) if why]
        if self.notice:
            shown.append(f"({self.notice})")
        return "\n".join(shown)

    __str__ = __repr__
