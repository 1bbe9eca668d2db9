"""Check what an answer cites: is this really the stored text of that place, or what is nearest to it?"""

from __future__ import annotations

import re

from engine.corpus.corpus import Corpus
from engine.corpus.place.address import address_of
from engine.corpus.search import grep
from engine.text.pattern import Pattern
from engine.types import Citation

LONGEST_FOLDED = 4000  # characters of a quotation that is compared loosely
QUOTES = {
    **dict.fromkeys("'‘’‚‛′`´", "['‘’‚‛′`´]"),
    **dict.fromkeys('"“”„‟″«»', '["“”„‟″«»]'),
}
HYPHENS = "-\u00ad\u2010\u2011"
HYPHENATED = rf"(?:[{HYPHENS}]\s*\n\s*|\u00ad)?"
TOKEN = re.compile(r"\s+|\w+|.", re.DOTALL)


def check(corpus: Corpus, document: int, start: int, end: int, text: str | None = None) -> Citation:
    """Check that `text` is the stored text of characters [start, end) of a document.

    Without `text` the stored text is cited. A quotation that stands elsewhere in the same document gets its
    true place. "folded" means that only white space, hyphenation or quote glyphs differ; `text` is then as
    it was quoted. For "missing" the place and `nearest` are those of the closest line found.
    """
    size = corpus.archive.chars(document) if 0 <= document < corpus.archive.count else -1
    inside = 0 <= start <= end <= size
    if not text:
        if inside and end > start:
            return _cite(corpus, document, start, end, corpus.text(document, start, end), "exact")
        return _missing(corpus, document, "")
    if size < 0:
        return _missing(corpus, document, text)
    if inside and corpus.text(document, start, end) == text:
        return _cite(corpus, document, start, end, text, "exact")
    whole = corpus.archive.text(document)
    at = _nearest_find(whole, text, start)
    if at >= 0:
        return _cite(corpus, document, at, at + len(text), text, "exact")
    found = _folded(corpus, document, text, start)
    if found is not None:
        return _cite(corpus, document, *found, text, "folded")
    return _missing(corpus, document, text)


def _nearest_find(whole: str, text: str, start: int) -> int:
    """Where `text` stands nearest to `start`, or -1."""
    after = whole.find(text, max(0, start))
    before = whole.rfind(text, 0, max(0, start) + len(text))
    if after < 0 or before < 0:
        return max(after, before)
    return after if after - start < start - before else before


def _folded(corpus: Corpus, document: int, text: str, start: int) -> tuple[int, int] | None:
    """The range nearest to `start` that differs from `text` only in what may differ, or None."""
    for quoted in dict.fromkeys((text.strip(), text.strip().strip("".join(QUOTES)).strip())):
        if not quoted or len(quoted) > LONGEST_FOLDED:
            continue
        found = [(a, b) for a, b, _ in grep.matches(corpus.archive, document, Pattern(loose(quoted)))]
        if found:
            return min(found, key=lambda span: abs(span[0] - start))
    return None


def loose(text: str) -> str:
    """A regular expression for `text` with other white space, hyphenation or quote glyphs."""
    parts = []
    for token in TOKEN.findall(text):
        if token.isspace():
            parts.append(r"\s+")
        elif token in QUOTES:
            parts.append(QUOTES[token])
        elif token in HYPHENS:
            parts.append(rf"[{HYPHENS}]\s*")
        else:
            parts.append(HYPHENATED.join(map(re.escape, token)))
    return "".join(parts)


def _missing(corpus: Corpus, document: int, text: str) -> Citation:
    known = 0 <= document < corpus.archive.count
    views = [corpus.view((document,))] if known else []
    for view in [*views, corpus.view(range(corpus.archive.count))]:
        for hit in view.search(text, 1):
            return _cite(corpus, hit.id, hit.start, hit.end, text, "missing", str(hit.text))
    return _cite(corpus, document if known else 0, 0, 0, text, "missing")


def _cite(
    corpus: Corpus, document: int, start: int, end: int, text: str, status: str, nearest: str | None = None
) -> Citation:
    line, page = corpus.locate(document, start)
    name = corpus.archive.name(document)
    cell = address_of(corpus.archive, document, start, end)
    return Citation(document, name, start, end, line, page, text, status, nearest, cell)  # type: ignore[arg-type]
