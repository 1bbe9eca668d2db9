"""How much of a corpus a run really looked at: documents searched, lines that stood in a prompt a model read.

A worker claims which pieces stand in a prompt; a claim counts only as far as its lines are found there.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence

from engine.corpus.corpus import Corpus
from engine.corpus.place.address import address_of
from engine.types import Json

SHORT_LINE = 12  # characters; a shorter line counts only when it is a whole line of the prompt
CHECKED_CHARS = 4_000_000  # of claimed text for one prompt; what goes beyond stays uncounted
SHOWN_FILES = 200
SHOWN_RANGES = 500  # of lines of one file
SHOWN_CELLS = 20  # of one file
SHOWN_REASONS = 200  # files that could not be read
STRIP = 40  # characters of a strip


class Coverage:
    """Accounting of one run. Thread-safe. `skipped` are the files that could not be read, as {"path", "reason"}.

    `lines` are those of all documents together, where they are known; counting them reads the whole text.
    """

    def __init__(self, corpus: Corpus, skipped: Sequence[Mapping[str, str]] = (), lines: int | None = None):
        self._corpus = corpus
        self._skipped = skipped
        self._lines_total = lines
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

    def summary(self, quoted: Iterable[tuple[int, int, int]] = ()) -> dict[str, Json]:
        """The totals, and an account of each document that was read or quoted, those read most first, at most 200.

        `quoted` are the places [document, start, end) of the answer's sources. `searched` are ranges [first, last) of
        numbers of documents; `read` and `quoted` of a file are ranges of its lines, the last one included; `cells` are
        the addresses of what was quoted of a workbook.
        """
        archive = self._corpus.archive
        with self._lock:
            read = {document: [*ranges] for document, ranges in self._read.items()}
            searched = {*self._searched}
        cited: dict[int, list[tuple[int, int]]] = {}
        for document, start, end in quoted:
            cited.setdefault(document, []).append((start, end))
        files = [
            self._file(document, read.get(document, []), merge(cited.get(document, [])), document in searched)
            for document in sorted({*read, *cited})
        ]
        order = sorted(files, key=lambda file: (-file["characters_read"], -file["lines_quoted"]))
        return {
            "documents": archive.count,
            "documents_searched": len(searched),
            "documents_read": len(read),
            "documents_quoted": len(cited),
            "lines": self._total(),
            "lines_read": sum(file["lines_read"] for file in files),
            "lines_quoted": sum(file["lines_quoted"] for file in files),
            "characters_read": sum(file["characters_read"] for file in files),
            "characters_total": archive.chars_total,
            "searched": merge((document, document + 1) for document in sorted(searched)),
            "skipped": len(self._skipped),
            "unreadable": [dict(file) for file in self._skipped[:SHOWN_REASONS]],
            "files": order[:SHOWN_FILES],
        }

    def _total(self) -> int:
        if self._lines_total is None:
            archive = self._corpus.archive
            self._lines_total = sum(map(archive.lines, range(archive.count)))
        return self._lines_total

    def _file(
        self, document: int, read: list[tuple[int, int]], quoted: list[tuple[int, int]], searched: bool
    ) -> dict[str, Json]:
        archive = self._corpus.archive
        whole = [lines for span in read if (lines := self._whole_lines(document, *span))]
        read_lines, quoted_lines = self._lines(document, whole), self._lines(document, quoted)
        cells = [address_of(archive, document, *span) for span in quoted[:SHOWN_CELLS]]
        return {
            "document": document,
            "name": archive.name(document),
            "searched": searched,
            "first_line": archive.first_line(document),
            "lines": archive.lines(document),
            "lines_read": sum(last - first + 1 for first, last in read_lines),
            "lines_quoted": sum(last - first + 1 for first, last in quoted_lines),
            "read": read_lines[:SHOWN_RANGES],
            "quoted": quoted_lines[:SHOWN_RANGES],
            "cells": [*dict.fromkeys(filter(None, cells))],
            "characters_read": sum(end - start for start, end in read),
            "characters_total": archive.chars(document),
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

    def _whole_lines(self, document: int, start: int, end: int) -> tuple[int, int] | None:
        """The part of a range that is whole lines: a line counts as read only where all of it was."""
        first, _ = self._corpus.archive.line_bounds(document, start, start)
        if self._corpus.text(document, first, start).strip():
            start = self._corpus.archive.line_bounds(document, start, start)[1] + 1
        if start >= end:
            return None
        begin, last = self._corpus.archive.line_bounds(document, end - 1, end - 1)
        if end < last and self._corpus.text(document, end, last).strip():
            end = begin
        return (start, end) if start < end else None

    def _lines(self, document: int, ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """The lines that hold these characters, as ranges of numbers, the last one included."""
        lines = [
            (self._corpus.locate(document, start)[0], self._corpus.locate(document, end - 1)[0] + 1)
            for start, end in ranges
        ]
        return [(first, end - 1) for first, end in merge(lines)]


def sentence(coverage: Json) -> str:
    """What a person is told of a recorded account: "465 of 465 files searched, 1.2 % of lines read by the model, ...".

    `lines` is not in records of older versions.
    """
    words = [f"{coverage['documents_searched']:,} of {coverage['documents']:,} documents searched"]
    read, lines = coverage["lines_read"], coverage.get("lines")
    if not read:
        part = coverage.get("characters_read")
        words.append(
            f"no {'whole ' if part else ''}line read by the model{f' ({part:,} characters)' if part else ''}"
        )
    elif lines:
        share = 100 * read / lines
        told = "under 0.1" if share < 0.1 else f"{share:.1f}" if share < 10 else f"{share:.0f}"
        words.append(f"{told} % of lines read by the model ({read:,} of {lines:,})")
    else:
        words.append(f"{read:,} lines read by the model")
    if quoted := coverage.get("lines_quoted"):
        words.append(f"{quoted:,} quoted")
    if skipped := coverage["skipped"]:
        named = [f"{file['path']} ({file['reason']})" for file in coverage.get("unreadable", ())[:3]]
        more = f" and {skipped - len(named):,} more" if named and skipped > len(named) else ""
        why = f": {', '.join(named)}{more}" if named else ""
        words.append(f"{skipped:,} file{'s' if skipped > 1 else ''} unreadable{why}")
    return ", ".join(words)


def merge(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Half-open ranges in order, overlapping and touching ones joined."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def strip(file: Json, width: int = STRIP) -> str:
    """A file from its first line to its last: " " where nothing was read, "." where lines were, "#" where quoted."""
    marks = [" "] * width
    for kind, mark in (("read", "."), ("quoted", "#")):
        for first, last in file[kind]:
            start, end = (
                (line - file["first_line"]) * width // max(1, file["lines"]) for line in (first, last)
            )
            marks[min(start, width - 1) : min(end, width - 1) + 1] = mark * (
                min(end, width - 1) - min(start, width - 1) + 1
            )
    return "".join(marks)
