"""What an answer rests on: sources checked against the stored text, and an account of what was read.

Spans come from untrusted workers as claims. A claim counts only as far as its lines really stand in the text
that the model was shown.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence

from engine.corpus import Corpus
from engine.corpus.citations import check
from engine.corpus.coverage import Coverage
from engine.node import Outcome
from engine.types import Citation, Json

MAX_SOURCES = 200  # of one answer; more are counted, not listed
MAX_SOURCE_CHARS = 500  # of a source that is a whole document: its beginning stands for it

Claims = Sequence[Sequence[int]]


class Evidence:
    """Collects claims while a run goes on; thread-safe."""

    def __init__(self, corpus: Corpus, *, skipped: int):
        self._corpus = corpus
        self._coverage = Coverage(corpus, skipped=skipped)
        self._implied: dict[tuple[int, int, int], None] = {}
        self._lock = threading.Lock()

    def shown(self, text: str, claims: Claims) -> None:
        """A model was shown `text` (a prompt or an output) that is said to hold these spans.

        Of a claim longer than the text only its beginning can stand there, so only that is looked at.
        """
        longest = len(text)
        self._coverage.read(text, [(d, start, min(end, start + longest)) for d, start, end in claims])

    def searched(self, ranges: Iterable[Sequence[int]] | None) -> None:
        """Documents in these ranges [first, last) were searched by a cell; None stands for all."""
        if ranges is None:
            self._coverage.searched(None)
        for first, last in ranges or ():
            self._coverage.searched(range(first, min(last, self._corpus.archive.count)))

    def answered(self, answer: str, claims: Claims) -> None:
        """A sub-call answered from a prompt with these spans: where its words stand there is a likely source."""
        words = answer.strip().strip(".")
        if len(words) < 2 or words.upper() == "NONE":
            return
        with self._lock:
            for document, start, end in self._valid(claims):
                at = self._corpus.text(document, start, end).find(words)
                if at >= 0:
                    self._implied[document, start + at, start + at + len(words)] = None

    def child(self, outcome: Outcome) -> None:
        """A child ended with sources of its own; they are likely sources of the whole."""
        with self._lock:
            self._implied.update(dict.fromkeys(outcome.sources))

    def citations(self, outcome: Outcome) -> tuple[Citation, ...]:
        """The sources of the run's answer, each checked: those it named, else those its sub-calls rest on."""
        if outcome.answer is None:
            return ()
        with self._lock:
            spans = list(outcome.sources) or list(self._implied)
            return tuple(self._cite(*span) for span in self._valid(spans)[:MAX_SOURCES])

    def coverage(self) -> Json:
        """The account of what was searched and read, as JSON."""
        return self._coverage.summary()

    def _cite(self, document: int, start: int, end: int) -> Citation:
        end = min(end, start + MAX_SOURCE_CHARS)
        return check(self._corpus, document, start, end, self._corpus.text(document, start, end))

    def _valid(self, claims: Iterable[Sequence[int]]) -> list[tuple[int, int, int]]:
        """Claims that name a real, non-empty range of a real document, each once."""
        found: dict[tuple[int, int, int], None] = {}
        for document, start, end in claims:
            known = 0 <= document < self._corpus.archive.count
            if known and 0 <= start < end <= self._corpus.archive.chars(document):
                found[document, start, end] = None
        return list(found)
