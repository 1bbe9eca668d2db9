"""The files of a stored corpus: one mapped text, one binary index. Everything is read lazily, nothing is copied.

`text.utf8` holds all documents one after the other. `index.bin` is a header and flat arrays, so that opening
20,000 documents costs as much as opening one. Offsets that leave this module count characters within a
document; bytes stay in here and in the scanners (`grep`, `search`).
"""

from __future__ import annotations

import mmap
import os
import struct
import sys
from array import array
from bisect import bisect_right
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from re2._re2 import BytesToCharLen, CharLenToBytes

from engine import grid as grids
from engine.errors import StoreError
from engine.grid import Grid

TEXT, INDEX, SEARCH, META = "text.utf8", "index.bin", "search.sqlite", "meta.json"
MAGIC = b"TAPROOT1"
HEADER = struct.Struct(
    "<8s7Q"
)  # magic, documents, characters, pages, passages, bytes of names, text, headings
COLUMNS = ("byte_start", "chars", "first_line", "name_start", "page_first", "passage_first")
ASCII = 1  # flag of a document: every character is one byte
HEADING_CHARS = 200  # of a heading that are kept
BLOCK = 16_000_000  # bytes that are counted at once
CACHED_CHARS = 64_000_000  # a decoded document longer than this is not kept for the next question


class Archive:
    """Read access to one stored corpus. Thread-safe: shared state is replaced whole, never changed in place."""

    def __init__(self, path: Path):
        self.path = path
        try:
            self._text_map, self._index_map = _map(path / TEXT), _map(path / INDEX)
            self.count: int
            self.chars_total: int
            magic, self.count, self.chars_total, pages, passages, names, size, headings = HEADER.unpack(
                self._index_map[: HEADER.size]
            )
            whole = HEADER.size + 8 * (6 * self.count + 4 + pages + 2 * passages)
            whole += self.count + names + headings
            if magic == MAGIC and whole > len(self._index_map):
                raise ValueError("its index lost its end")
            self._grids = grids.Grids(memoryview(self._index_map)[whole:], self.count)
        except (OSError, ValueError, struct.error) as problem:
            raise StoreError(
                f"The corpus in {path} cannot be opened ({problem}). Add its folder again."
            ) from problem
        if magic != MAGIC or size != len(self._text_map):
            raise StoreError(
                f"The corpus in {path} is damaged or from another version. Add its folder again."
            )
        view = memoryview(self._index_map)
        at = HEADER.size

        def column(length: int) -> memoryview:
            nonlocal at
            taken = view[at : at + 8 * length].cast("Q")
            at += 8 * length
            return taken

        n = self.count
        self._byte_start = column(n + 1)
        self._chars = column(n)
        self._first_line = column(n)
        self._name_start = column(n + 1)
        self._page_first = column(n + 1)
        self.passage_first = column(n + 1)
        self._pages = column(pages)
        self.passage_start = column(passages)  # bytes from the start of the text
        self._heading_of = column(passages)  # byte offset in the headings
        self._flags = view[at : at + n]
        at += n
        self._names = view[at : at + names]
        self._headings = view[at + names : at + names + headings]
        self._text = memoryview(self._text_map)
        self._numbers: dict[str, int] | None = None
        self._decoded: tuple[int, str] = (-1, "")
        self._char_at: tuple[int, int, int] = (-1, 0, 0)
        self._line_at: tuple[int, int, int] = (-1, 0, 0)

    def name(self, document: int) -> str:
        """The name of a document: its path inside the folder it came from."""
        return str(self._names[self._name_start[document] : self._name_start[document + 1]], "utf-8")

    def number(self, name: str) -> int | None:
        """The document with this name, or None."""
        if self._numbers is None:
            self._numbers = {self.name(document): document for document in range(self.count)}
        return self._numbers.get(name)

    def chars(self, document: int) -> int:
        """The length of a document in characters."""
        return self._chars[document]

    def first_line(self, document: int) -> int:
        """The number of the first line of a document: above 1 in the later parts of a long file."""
        return self._first_line[document]

    @property
    def pages_total(self) -> int:
        """The pages of all documents that have pages."""
        return len(self._pages)

    def is_ascii(self, document: int) -> bool:
        """True when a character of this document is always one byte."""
        return bool(self._flags[document] & ASCII)

    def raw(self, document: int) -> memoryview:
        """The UTF-8 bytes of a document, without a copy."""
        return self._text[self._byte_start[document] : self._byte_start[document + 1]]

    def raw_range(self, start: int, end: int) -> bytes:
        """Bytes [start, end) of the whole text."""
        return self._text_map[start:end]

    def byte_start(self, document: int) -> int:
        """Where a document begins in the whole text; of the number after the last: where the text ends."""
        return self._byte_start[document]

    def holds(self, document: int, text: str) -> bool:
        """True when `text` stands in a document."""
        wanted = text.encode("utf-8", "surrogatepass")
        return self._text_map.find(wanted, self._byte_start[document], self._byte_start[document + 1]) >= 0

    def decode(self, document: int) -> str:
        """The whole text of a document, decoded anew."""
        return str(self.raw(document), "utf-8")

    def text(self, document: int) -> str:
        """The whole text of a document; the last one asked for is kept."""
        number, text = self._decoded
        if number != document:
            text = self.decode(document)
            if len(text) <= CACHED_CHARS:
                self._decoded = (document, text)
        return text

    def slice(self, document: int, start: int, end: int) -> str:
        """Characters [start, end) of a document."""
        if self.is_ascii(document):
            base = self._byte_start[document]
            return str(self._text[base + start : base + min(end, self._chars[document])], "ascii")
        return self.text(document)[start:end]

    def char_of(self, document: int, byte: int) -> int:
        """The character that begins at a byte of the document. Cheap when asked in ascending order."""
        if self.is_ascii(document):
            return byte
        number, at, char = self._char_at
        if number != document or byte < at:
            at = char = 0
        char += int(BytesToCharLen(self.raw(document), at, byte))
        self._char_at = (document, byte, char)
        return char

    def byte_of(self, document: int, char: int) -> int:
        """The byte of the document where a character begins."""
        if self.is_ascii(document):
            return char
        return int(CharLenToBytes(self.raw(document), 0, min(char, self.chars(document))))

    def line_bounds(self, document: int, start: int, end: int) -> tuple[int, int]:
        """The characters [first, last) of the whole lines that hold [start, end), without the last line end."""
        size = self._chars[document]
        if self.is_ascii(document):
            base = self._byte_start[document]
            first = self._text_map.rfind(b"\n", base, base + start) + 1 - base
            last = self._text_map.find(b"\n", base + end, base + size) - base
        else:
            text = self.text(document)
            first, last = text.rfind("\n", 0, start) + 1, text.find("\n", end)
        return max(0, first), last if last >= 0 else size

    def newlines(self, document: int, start: int, end: int) -> int:
        """How many line ends stand in characters [start, end) of a document."""
        if self.is_ascii(document):
            base = self._byte_start[document]
            return self._text_map[base + start : base + end].count(b"\n")
        return self.text(document).count("\n", start, end)

    def line(self, document: int, start: int) -> int:
        """The number of the line that holds character `start`, from 1. Cheap when asked in ascending order."""
        number, at, line = self._line_at
        if number != document or start < at:
            at, line = 0, self._first_line[document]
        line += self.newlines(document, at, start)
        self._line_at = (document, start, line)
        return line

    def lines(self, document: int) -> int:
        """How many lines a document has; what follows its last line end is one where it holds anything."""
        start, end = self._byte_start[document], self._byte_start[document + 1]
        if start == end:
            return 0
        ends = sum(self._text_map[at : min(at + BLOCK, end)].count(b"\n") for at in range(start, end, BLOCK))
        return ends + (self._text_map[end - 1 : end] != b"\n")

    def page_starts(self, document: int) -> memoryview:
        """The character offsets where the pages of a document begin; empty when it has no pages."""
        return self._pages[self._page_first[document] : self._page_first[document + 1]]

    def page(self, document: int, start: int) -> int | None:
        """The number of the page that holds character `start`, from 1; None where there are no pages."""
        starts = self.page_starts(document)
        return max(1, bisect_right(starts, start)) if len(starts) else None

    def grid(self, document: int) -> Grid:
        """Which cells the lines of a document come from; empty for what is no workbook."""
        return self._grids.of(document)

    def document_at(self, byte: int) -> int:
        """The document that holds this byte of the whole text."""
        return bisect_right(self._byte_start, byte) - 1

    def passages(self, document: int) -> list[int]:
        """The bytes of a document where its passages begin."""
        first, end = self.passage_first[document : document + 2]
        return [start - self._byte_start[document] for start in self.passage_start[first:end]]

    def headings(self, document: int) -> list[tuple[int, str]]:
        """From which passage of a document on (counted in it) which heading stands above, as `ArchiveWriter.add` takes it."""
        first, end = self.passage_first[document : document + 2]
        before = [0, *self._heading_of[first:end]]
        return [
            (n, self.heading(first + n))
            for n, at in enumerate(self._heading_of[first:end])
            if at != before[n]
        ]

    def heading(self, passage: int) -> str:
        """The nearest heading above a passage, or an empty string."""
        at = self._heading_of[passage]
        size = int.from_bytes(self._headings[at : at + 2], "little")
        return str(self._headings[at + 2 : at + 2 + size], "utf-8")


class ArchiveWriter:
    """Write `text.utf8` and `index.bin` of a new corpus. Documents are added in their final order."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._text: BinaryIO = (folder / TEXT).open("wb")
        self._columns = {name: array("Q") for name in COLUMNS}
        self._pages, self._passages, self._heading_of = array("Q"), array("Q"), array("Q")
        self._flags, self._names = bytearray(), bytearray()
        self._headings = bytearray(b"\0\0")  # the first is "no heading"
        self._grids: dict[int, Grid] = {}
        self._size = 0
        self.chars = 0
        self.count = 0
        self.lines = 0

    def add(
        self,
        name: str,
        text: bytes,
        chars: int,
        *,
        pages: Iterable[int] = (),
        passages: Iterable[int] = (),
        headings: Iterable[tuple[int, str]] = (),
        first_line: int = 1,
        grid: Grid = grids.NONE,
    ) -> int:
        """Append one document and return the number of its first passage.

        `pages` are character offsets, `passages` byte offsets in the document; `headings` tell from which
        passage on (counted in the document) which heading stands above; `grid` which cells the lines come from.
        """
        columns = self._columns
        if len(grid):
            self._grids[self.count] = grid
        columns["byte_start"].append(self._size)
        columns["chars"].append(chars)
        columns["first_line"].append(first_line)
        columns["name_start"].append(len(self._names))
        columns["page_first"].append(len(self._pages))
        columns["passage_first"].append(first := len(self._passages))
        self._flags.append(ASCII if chars == len(text) else 0)
        self._names += name.encode("utf-8")
        self._pages.extend(pages)
        self._passages.extend(self._size + start for start in passages)
        at, changes = 0, dict(headings)
        for passage in range(len(self._passages) - first):
            if passage in changes:
                encoded = changes[passage][:HEADING_CHARS].encode("utf-8")
                at = len(self._headings)
                self._headings += len(encoded).to_bytes(2, "little") + encoded
            self._heading_of.append(at)
        self._text.write(text)
        self._size += len(text)
        self.chars += chars
        self.count += 1
        self.lines += text.count(b"\n") + (text[-1:] not in (b"", b"\n"))
        return first

    def close(self) -> None:
        """Write the index and make both files durable."""
        columns = self._columns
        for name, last in (
            ("byte_start", self._size),
            ("name_start", len(self._names)),
            ("page_first", len(self._pages)),
            ("passage_first", len(self._passages)),
        ):
            columns[name].append(last)
        header = HEADER.pack(
            MAGIC,
            self.count,
            self.chars,
            len(self._pages),
            len(self._passages),
            len(self._names),
            self._size,
            len(self._headings),
        )
        with (self._folder / INDEX).open("wb") as file:
            file.write(header)
            for values in (*columns.values(), self._pages, self._passages, self._heading_of):
                values.tofile(file)
            file.write(self._flags + self._names + self._headings)
            file.write(grids.packed(self._grids, self.count))
            file.flush()
            os.fsync(file.fileno())
        self._text.flush()
        os.fsync(self._text.fileno())
        self._text.close()

    def abandon(self) -> None:
        """Close the text file without finishing; the folder is about to be removed."""
        self._text.close()


def _map(path: Path) -> mmap.mmap:
    with path.open("rb") as file:
        if sys.platform == "win32":
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        # Private, for a worker may share no pages of files; what nobody writes is held once for all anyhow.
        return mmap.mmap(file.fileno(), 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ)
