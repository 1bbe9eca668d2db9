"""Write the search index of a corpus: anew, or going on from that of the reading before.

Going on copies the index, leaves the rows of what stayed where they are, puts what is new behind them and takes out what
went, so that three changed files of 20,000 cost a copy and three files. What was taken out is merged away: no word
of it is left in the file.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from engine import disk
from engine.corpus.archive import HEADING_CHARS, SEARCH, Archive
from engine.corpus.search import forms
from engine.corpus.search.placement import SCHEMA, Placement, Run, joined, placement_of
from engine.documents.parser_pool import Part
from engine.errors import StoreError

ROWS = 2_000  # passages written between two words on how far a large file is
BLOCK = 16 << 20  # bytes copied at once
MERGED = 4_000  # pages of the index that are merged at once
MOST_RUNS = 2_000  # of rows and passages that go together; an index in more pieces is made anew
SPARE = 0.2  # of the pages of an index that may be left empty
HASH_BYTES = 32 << 20  # of rows that are held before they are written

Row = tuple[int, str, str]  # number, text of a passage, name and heading above it


class IndexWriter:
    """Write `search.sqlite` in `folder`. With `before`, the corpus of the reading before, its index is gone on from.

    `check` is called while it works and may raise. Raises OSError, sqlite3.Error, StoreError where the disk has no room.
    """

    def __init__(self, folder: Path, before: Path | None = None, check: Callable[[], None] = lambda: None):
        self._check = check
        self._old: Archive | None = None
        self._placed = Placement([])
        if before is not None and (placed := _to_go_on_from(before)):
            disk.require(folder, (before / SEARCH).stat().st_size, "the search index cannot be stored")
            _copy(before / SEARCH, folder / SEARCH, check)
            self._old, self._placed = Archive(before), placed
        self._kept: set[int] = set()  # documents of the reading before whose rows stay
        self._runs: list[Run] = []
        self._row = self._placed.end  # of what is new
        self._db = sqlite3.connect(folder / SEARCH, isolation_level=None, check_same_thread=False)
        for setting in ("journal_mode=off", "synchronous=off", "locking_mode=exclusive", "cache_size=-65536"):
            self._db.execute(f"pragma {setting}")
        if self._old is None:
            self._db.executescript(f"{forms.schema()}{SCHEMA};")
        self._db.execute("pragma secure_delete=on")
        self._db.execute("insert into passages(passages, rank) values('hashsize', ?)", (HASH_BYTES,))
        self._db.execute("begin")

    def add(self, name: str, part: Part, first: int, within: Callable[[int], None] = lambda _: None) -> None:
        """Index a document whose first passage has the number `first`; `within` hears of its bytes, if it is large."""
        old, document = self._old, part.kept
        if old is not None and document is not None and old.name(document) == name:
            self._kept.add(document)
            begin, end = old.passage_first[document], old.passage_first[document + 1]
            at = first
            for low, high in self._placed.ranges(begin, end):
                self._runs.append((at, low, high - low))
                at += high - low
            return
        self._runs.append((first, self._row, len(part.passages)))
        rows = []
        for row, end in _rows(name, part.text, part.passages, part.headings, self._row):
            rows.append(row)
            if len(rows) == ROWS:
                self._insert(rows)
                rows = []
                within(end)
        self._insert(rows)
        self._row += len(part.passages)

    def _insert(self, rows: list[Row]) -> None:
        self._db.executemany("insert into passages(rowid, text, about) values (?, ?, ?)", rows)

    def finish(self) -> None:
        """Take out what went, note where the passages lie, and write everything."""
        gone = self._take_out()
        self._db.execute("delete from runs")
        self._runs = joined(self._runs)
        self._db.executemany("insert into runs(passage, row, length) values (?, ?, ?)", self._runs)
        self._db.execute("commit")
        if gone:
            self._merge()
            if _pragma(self._db, "freelist_count") > SPARE * _pragma(self._db, "page_count"):
                self._db.execute("vacuum")
        if any(passage + 1 != row for passage, row, _ in self._runs):
            self._db.execute(f"pragma user_version={forms.MOVED}")
        self._db.close()

    def _take_out(self) -> int:
        """Take the documents out that are no longer there. Return how many."""
        gone = 0
        for document in range(self._old.count if self._old else 0):
            if self._old is None or document in self._kept:
                continue
            self._check()
            old, gone = self._old, gone + 1
            ranges = self._placed.ranges(*old.passage_first[document : document + 2])
            numbers = (row for low, high in ranges for row in range(low, high))
            found = _rows(
                old.name(document), bytes(old.raw(document)), old.passages(document), old.headings(document)
            )
            self._db.executemany(
                "insert into passages(passages, rowid, text, about) values ('delete', ?, ?, ?)",
                ((number, text, about) for number, ((_, text, about), _) in zip(numbers, found, strict=True)),
            )
        return gone

    def _merge(self) -> None:
        """Merge the whole index into one piece, which holds nothing of what was taken out."""
        pages = -MERGED  # below nothing: whatever there is
        while True:
            self._check()
            before = self._db.total_changes
            self._db.execute("insert into passages(passages, rank) values ('merge', ?)", (pages,))
            if self._db.total_changes - before < 2:
                return
            pages = MERGED

    def close(self) -> None:
        """Let go of the file, finished or not."""
        self._db.close()


def _rows(
    name: str, text: bytes, passages: list[int], headings: list[tuple[int, str]], first: int = 0
) -> Iterator[tuple[Row, int]]:
    """The rows of a document, the first with the number `first`, each with the byte of the document where it ends."""
    changes = dict(headings)
    about = known = forms.indexed(name)
    prepare = forms.indexer(text)
    for number, (start, end) in enumerate(zip(passages, [*passages[1:], len(text)], strict=True)):
        if number in changes:
            about = f"{known} {forms.indexed(changes[number][:HEADING_CHARS])}"
        yield (first + number, prepare(text[start:end].decode("utf-8", "replace")), about), end


def _pragma(db: sqlite3.Connection, name: str) -> int:
    return int(db.execute(f"pragma {name}").fetchone()[0])


def _to_go_on_from(corpus: Path) -> Placement | None:
    """Where the passages lie in the index of a stored corpus; None where a new one is to be made instead."""
    try:
        with closing(
            sqlite3.connect((corpus / SEARCH).absolute().as_uri() + "?mode=ro&immutable=1", uri=True)
        ) as index:
            ((version,),) = index.execute("pragma user_version")
            known = index.execute("select 1 from sqlite_master where name = 'runs'").fetchone()
            if version not in (forms.VERSION, forms.MOVED) or not known:
                return None  # an older one; what its rows hold is not known to the letter
            placed = placement_of(index, len(Archive(corpus).passage_start))
    except (sqlite3.Error, StoreError):
        return None
    return placed if len(placed.runs) <= MOST_RUNS else None


def _copy(source: Path, target: Path, check: Callable[[], None]) -> None:
    with source.open("rb") as read, target.open("xb") as write:
        while block := read.read(BLOCK):
            check()
            write.write(block)
