"""Scan documents for a pattern: RE2 over the mapped bytes where it is exact, Python's `re` where it is not.

A match never crosses a document, never is empty, and its offsets are characters within the document.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import re2
from re2._re2 import BytesToCharLen, CharLenToBytes

from engine.corpus.archive import Archive
from engine.text.folding import views
from engine.text.pattern import Pattern

_BROKEN = re.compile(rb"[A-Za-z]- ?\r?\n[ \t]*[A-Za-z]")  # a word that is broken at the end of a line
MISSES = 2000  # candidates of a document that may fail before `re` takes over
Match = tuple[int, int, tuple[str | None, ...]]  # start, end in characters; groups


def scan(
    archive: Archive, documents: Iterable[int], pattern: Pattern, start: int = 0, end: int | None = None
) -> Iterator[tuple[int, Match]]:
    """Yield (document, match) in order. `start` and `end` bound the text, as if nothing stood around it."""
    for document in documents:
        for match in matches(archive, document, pattern, start, end):
            yield document, match


def matches(
    archive: Archive, document: int, pattern: Pattern, start: int = 0, end: int | None = None
) -> Iterator[Match]:
    """Yield the matches of one document, or of its characters [start, end)."""
    if pattern.needle and not archive.holds(document, pattern.needle):
        return iter(())
    if pattern.folded and not _is_plain(archive, document):
        return _folded(archive.text(document), pattern, start, end)
    whole = start == 0 and (end is None or end >= archive.chars(document))
    if archive.is_ascii(document) and pattern.ascii is not None:
        raw = archive.raw(document)
        found = _fast(raw if whole else raw[start:end], pattern.ascii, wide=False)
    elif pattern.wide is not None:
        raw = (
            archive.raw(document) if whole else memoryview(archive.slice(document, start, end or 0).encode())
        )
        found = _checked(raw, pattern) if pattern.anchored else _fast(raw, pattern.wide, wide=True)
    else:
        text = archive.text(document)
        found = _exact(text if whole else text[start:end], pattern, 0)
    if not start:
        return found
    return ((a + start, b + start, groups) for a, b, groups in found)


def count(
    archive: Archive, documents: Iterable[int], pattern: Pattern, start: int = 0, end: int | None = None
) -> int:
    """How many matches there are."""
    return sum(1 for _ in scan(archive, documents, pattern, start, end))


def _fast(raw: memoryview, compiled: re2._Regexp, *, wide: bool) -> Iterator[Match]:
    at_byte = at = 0
    for match in compiled.finditer(raw):
        a, b = match.span()
        groups = tuple(None if g is None else str(g, "utf-8") for g in match.groups())
        if wide:
            at += BytesToCharLen(raw, at_byte, a)
            length = BytesToCharLen(raw, a, b)
            at_byte = a
            yield at, at + length, groups
        else:
            yield a, b, groups


def _checked(raw: memoryview, pattern: Pattern) -> Iterator[Match]:
    """Candidates from RE2 without word boundaries, each tried by `re` at its start: exact, and mostly fast.

    Every true match begins where a candidate begins, for the candidate's pattern asks for less.
    """
    candidate = pattern.wide.search(raw) if pattern.wide else None
    if candidate is None:
        return
    text = str(raw, "utf-8")
    at_byte = at = misses = 0
    while candidate is not None:
        start = candidate.start()
        at += BytesToCharLen(raw, at_byte, start)
        at_byte = start
        match = pattern.exact.match(text, at)
        if match:
            yield match.start(), match.end(), match.groups()
            at_byte += CharLenToBytes(raw, at_byte, match.end() - at)
            at = match.end()
        else:
            misses += 1
            if misses > MISSES:
                yield from _exact(text, pattern, at + 1)
                return
            at_byte += CharLenToBytes(raw, at_byte, 1)
            at += 1
        candidate = pattern.wide.search(raw, at_byte) if pattern.wide else None


def _is_plain(archive: Archive, document: int) -> bool:
    """True when only case is folded in this document."""
    return archive.is_ascii(document) and not _BROKEN.search(archive.raw(document))


def _folded(text: str, pattern: Pattern, start: int, end: int | None) -> Iterator[Match]:
    """The matches in folded text, with their places in the text; of those that overlap the first and longest."""
    part = text if start == 0 and end is None else text[start:end]
    found = []
    for view in views(part):
        for match in pattern.exact.finditer(view.text):
            if match.end() > match.start():
                found.append((view.range(*match.span()), view, match))
    last = 0
    for (a, b), view, match in sorted(found, key=lambda one: (one[0][0], -one[0][1])):
        if a >= last:
            last = b
            places = (view.range(*match.span(n)) for n in range(1, len(match.groups()) + 1))
            values = zip(match.groups(), places, strict=True)
            groups = tuple(None if value is None else part[x:y] for value, (x, y) in values)
            yield a + start, b + start, groups


def _exact(text: str, pattern: Pattern, start: int) -> Iterator[Match]:
    for match in pattern.exact.finditer(text, start):
        if match.end() > match.start():
            yield match.start(), match.end(), match.groups()
