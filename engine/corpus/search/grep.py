"""Scan documents for a pattern: RE2 over the mapped bytes where it is exact, Python's `re` where it is not.

A match never crosses a document, never is empty, and its offsets are characters within the document.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from re2._re2 import BytesToCharLen, CharLenToBytes

from engine.corpus.archive import Archive
from engine.text.pattern import Pattern

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


def _fast(raw: memoryview, compiled, *, wide: bool) -> Iterator[Match]:
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


def _exact(text: str, pattern: Pattern, start: int) -> Iterator[Match]:
    for match in pattern.exact.finditer(text, start):
        if match.end() > match.start():
            yield match.start(), match.end(), match.groups()
