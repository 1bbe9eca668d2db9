"""What `passages` hands out: parts of documents that hold what was asked for, and what stands above each."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine.corpus.document import Piece
from engine.corpus.search.full_text import Found
from engine.corpus.search.retrieval import retrieve
from engine.corpus.search.tables import header

if TYPE_CHECKING:
    from engine.corpus.corpus import Corpus, Numbers


class Passage(Piece):
    """A passage of a document that fits a question. `above` is what it stands under, "" where it needs nothing.

    That is the header of its table or the Markdown heading over it, where that is not in the passage itself. `score` is
    above 0 and says how well it fits; the pieces that are cut from it have none.
    """

    __slots__ = ("above", "score")
    above: str
    score: float


class Passages(list[Passage]):
    """Passages, best first. Shows each with its place."""

    def __repr__(self) -> str:
        if not self:
            return "no passages"
        return "\n\n".join(f"[{i}] {one.name}:{one.line}\n{_under(one)}" for i, one in enumerate(self))

    __str__ = __repr__


def _under(passage: Passage) -> str:
    return f"{passage.above}\n{passage}" if passage.above else str(passage)


def passages(
    corpus: Corpus,
    words: str | Sequence[str],
    k: int,
    size: int,
    numbers: Numbers,
    bounds: tuple[int, int] | None = None,
) -> Passages:
    """The `k` best passages of these documents, or of characters [start, end) of the one there is."""
    corpus.tracker.searched.update(numbers)
    phrasings = [words] if isinstance(words, str) else [*words]
    found = retrieve(corpus.archive, phrasings, k, size, numbers, bounds)
    return Passages(_passage(corpus, one) for one in found)


def _passage(corpus: Corpus, found: Found) -> Passage:
    archive, document, start, end = corpus.archive, found.document, found.start, found.end
    passage = Passage(archive.slice(document, start, end), corpus, document, start)
    line = archive.slice(document, *archive.line_bounds(document, start, start))
    passage.score = found.score
    passage.above = header(archive, document, start, line)
    if not passage.above:
        byte = archive.byte_start(document) + archive.byte_of(document, start)
        heading = archive.heading(bisect_right(archive.passage_start, byte) - 1)
        passage.above = "" if line.lstrip("# \t").startswith(heading) else heading
    corpus.tracker.handed(document, start, end, passage)
    return passage
