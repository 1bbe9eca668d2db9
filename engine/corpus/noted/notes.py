"""Notes that a model made of documents before a question was asked: what a cell finds in `doc.notes`.

A run sees those that were there when it began. They are kept with it as one text (`freeze`), so that its cells find the
same when they are executed again, whatever was noted since.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from engine.text.sentences import clip

if TYPE_CHECKING:
    from engine.corpus.corpus import Corpus

OUTLINE, ABOUT, FACT = KINDS = ("outline", "about", "fact")
SHOWN = 160  # characters of a note that its repr shows

Frozen = tuple[int, str, int, int, str]  # document, kind, start, end, words ("": those that stand there)


@dataclass(frozen=True, slots=True, repr=False)
class Note:
    """One note. `kind`: "outline" (a heading), "about" (what the characters [start, end) are about) or "fact" (a name, date
    or amount). The `text` of an outline or a fact stands in the document at [start, end); `id` is its number.
    """

    kind: str
    text: str
    start: int
    end: int
    id: int

    def __repr__(self) -> str:
        return f"{self.kind} at {self.start:,}: {clip(' '.join(self.text.split()), 0, SHOWN)}"


class Notes:
    """The notes of a corpus as a run sees them, read when they are first asked for."""

    def __init__(self, frozen: str | None = None):
        self.frozen = frozen

    @cached_property
    def documents(self) -> dict[int, list[Frozen]]:
        """The notes of each document that has any."""
        found: dict[int, list[Frozen]] = {}
        for document, kind, start, end, words in json.loads(self.frozen) if self.frozen else ():
            found.setdefault(document, []).append((document, kind, start, end, words))
        return found

    def of(self, corpus: Corpus, document: int) -> list[Note]:
        """The notes of one document, in the order of its text."""
        return [
            Note(kind, words or corpus.piece(document, start, end), start, end, document)
            for _, kind, start, end, words in self.documents.get(document, ())
        ]


def freeze(notes: Iterable[Frozen]) -> str | None:
    """Notes as one text, the same for the same notes; None of none."""
    rows = sorted(notes, key=lambda note: (note[0], note[2], note[3], note[1], note[4]))
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":")) if rows else None
