"""What an answer rests on: sources checked against the stored text, and an account of what was read.

Spans come from untrusted workers as claims. A claim counts only as far as its lines really stand in the text
that the model was shown.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from engine.answer.agreement import Cited, judge
from engine.answer.checked import Checked
from engine.answer.marks import behind
from engine.answer.quotations import quotations
from engine.answer.sources import Source, joined
from engine.answer.stated import Passage
from engine.corpus import Corpus
from engine.corpus.citations import check
from engine.corpus.coverage import Coverage
from engine.run.node import Outcome
from engine.text.quoting import is_none
from engine.types import Citation, Json

MAX_SOURCES = 200  # of one answer
LOOKED_AT = 100_000  # characters of one claim beyond the length of the text it is said to stand in
MIN_ANSWER_CHARS = 3  # of a leaf; a shorter one stands everywhere
PASSAGES = 5  # that are offered where there is no answer
MAX_SOURCE_CHARS = 500  # of a source that is a whole document: its beginning stands for it
COMPARED_CHARS = 100_000  # of one source that are compared with the answer; of all of them 20 times as many
BESIDE_CHARS = 200  # on each side of a source that tell whether a word or number goes on there

Claims = Sequence[Sequence[int]]
OWN_NUMBERS = re.compile(r"\[\d{1,3}(?:, ?\d{1,3})*\]")  # of its sources, in an answer


class Evidence:
    """Collects claims while a run goes on; thread-safe. `skipped` and `lines` are those of its `Coverage`."""

    def __init__(
        self, corpus: Corpus, *, skipped: Sequence[Mapping[str, str]] = (), lines: int | None = None
    ):
        self._corpus = corpus
        self._coverage = Coverage(corpus, skipped=skipped, lines=lines)
        self._implied: dict[tuple[int, int, int], str] = {}  # place -> the words that must be in the answer
        self._lock = threading.Lock()

    def shown(self, text: str, claims: Claims) -> None:
        """A model was shown `text` (a prompt or an output) that is said to hold these spans.

        Of a claim much longer than the text only the beginning is looked at.
        """
        longest = len(text) + LOOKED_AT
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
        if len(words) < MIN_ANSWER_CHARS or is_none(words):
            return
        whole = re.compile(rf"(?<!\w){re.escape(words)}(?!\w)")
        with self._lock:
            for document, start, end in self._valid(claims):
                if found := whole.search(self._corpus.text(document, start, end)):
                    self._implied[document, start + found.start(), start + found.end()] = words

    def child(self, outcome: Outcome) -> None:
        """A child ended with sources of its own; they are likely sources of the whole."""
        self.sourced(outcome.sources)

    def sourced(self, spans: Iterable[tuple[int, int, int]]) -> None:
        """These spans are likely sources of the whole."""
        with self._lock:
            self._implied.update(dict.fromkeys(spans, ""))

    def citations(self, outcome: Outcome) -> tuple[Citation, ...]:
        """The sources of the run's answer, each checked, at most 200: those it named, else likely ones. One that lies
        inside another is no other source, unless the answer gives them numbers itself.

        Likely are the sources of children, and the places of those answers of leaves that stand in the answer.
        """
        if outcome.answer is None:
            return ()
        named = [source.shown(MAX_SOURCE_CHARS) for source in self._sources(outcome)]
        quoted = [self._find(quote) for quote in outcome.quotes]
        wide = [source.span for source in self._sources(outcome)]
        new = [quote for quote in quoted if quote.status == "missing" or not any(map(_holds(quote), wide))]
        return (*(self._cite(*span) for span in named), *new)

    def agreement(
        self, outcome: Outcome, sources: tuple[Citation, ...], codes: Sequence[str], question: str = ""
    ) -> Checked | None:
        """Whether an answer agrees with its `sources`, which `citations` gave, and what of it stands in which; None
        where there is no answer.

        `codes` are the cells of its node. A source that is a whole document is compared as a whole.
        """
        if outcome.answer is None:
            return None
        spans = self._spans(outcome)
        named = self._sources(outcome)
        claimed = [*named, *(Source((c.document, c.start, c.end)) for c in sources[len(named) :])]
        passages, left = [], 20 * COMPARED_CHARS
        for number, (source, claim) in enumerate(zip(sources, claimed, strict=True), start=1):
            if source.status == "missing":
                continue
            long = claim.span[2] - claim.span[1] > MAX_SOURCE_CHARS
            for span in (*claim.inside, claim.span) if long else (claim.span,):
                passages.append(self._passage(number, *span, most=min(left, COMPARED_CHARS)))
                left -= len(passages[-1].text)
        known = {
            d: self._corpus.archive.name(d) for d in {d for d, _, _ in spans} | {p.document for p in passages}
        }
        cited = Cited(len(sources), passages, bool(outcome.sources), len(spans), known)
        found = judge(outcome.answer, cited, cell=outcome.cell, codes=codes, parts=outcome.parts)
        told = quotations(
            outcome.answer,
            question,
            self._corpus,
            [c.document for c in sources],
            [p.document for p in passages],
        )
        values = behind(outcome.answer, found, passages, told)
        return Checked.of(found, values, told, self._corpus.archive)

    def holds(self, text: str) -> bool:
        """Whether a text stands in the documents, but for white space, hyphenation and quote glyphs."""
        return self._find(text).status != "missing"

    def passages(self, question: str, data: Any) -> tuple[Citation, ...]:
        """What plain search finds for a question in the data of a node, best first, at most 5: for a run without an
        answer.
        """
        if not hasattr(data, "search"):
            return ()
        return tuple(self._cite(hit.id, hit.start, hit.end) for hit in data.search(question, PASSAGES))

    def coverage(self, sources: Sequence[Citation] = ()) -> Json:
        """The account of what was searched, read, and quoted as a source, as JSON."""
        quoted = [(s.document, s.start, s.end) for s in sources if s.status != "missing" and s.end > s.start]
        return self._coverage.summary(quoted)

    def _sources(self, outcome: Outcome) -> list[Source]:
        """The spans of an answer as sources, at most 200."""
        spans = self._spans(outcome)
        numbered = OWN_NUMBERS.search(outcome.answer or "")
        return ([Source(span) for span in spans] if numbered else joined(spans))[:MAX_SOURCES]

    def _spans(self, outcome: Outcome) -> list[tuple[int, int, int]]:
        """The spans that an answer names, else likely ones, unless it quotes."""
        with self._lock:
            likely = [span for span, words in self._implied.items() if words in (outcome.answer or "")]
        return self._valid(outcome.sources or (() if outcome.quotes else likely))

    def _passage(self, source: int, document: int, start: int, end: int, *, most: int) -> Passage:
        last = min(end, start + most)
        before = self._corpus.text(document, max(0, start - BESIDE_CHARS), start)
        after = self._corpus.text(
            document, last, min(last + BESIDE_CHARS, self._corpus.archive.chars(document))
        )
        name = self._corpus.archive.name(document)
        return Passage(source, document, name, start, self._corpus.text(document, start, last), before, after)

    def _find(self, quote: str) -> Citation:
        """A quotation without a place: where it stands, or "missing" with the nearest passage."""
        near = dict.fromkeys(hit.id for hit in self._corpus.search(quote, 5))
        for document in near:
            found = check(self._corpus, document, 0, 0, quote)
            if found.status != "missing":
                return found
        return check(self._corpus, -1, 0, 0, quote)

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


def _holds(quote: Citation) -> Callable[[tuple[int, int, int]], bool]:
    """Whether a span holds the place of a quote."""
    return lambda span: span[0] == quote.document and span[1] <= quote.start and quote.end <= span[2]
