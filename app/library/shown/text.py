"""The text of a document as rows for the page: numbers of lines, marks of pages, what was found and the cited span."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import chain, pairwise

from app.library.documents import Documents
from app.text.elements import Tree, el
from app.text.words import line, many
from engine.corpus.rows import Row
from engine.types import Json

Span = tuple[int, int]  # characters [from, to) of a document


def head(found: Json) -> Json:
    """Of `app.library.documents.Documents.text`: the words {name, title, facts, line} above the text.

    `line` stands in the empty field for a line to go to.
    """
    facts = [
        found["cell"] and line(found["cell"], 120),
        many(found["lines"], "line"),
        found["page_count"] and many(found["page_count"], "page"),
        f"{found['chars']:,} characters",
    ]
    return {
        "name": line(found["name"], 300),
        "title": line(found["name"], 1000),
        "facts": " · ".join(fact for fact in facts if fact),
        "line": "Line or p. 2" if found["page_count"] else "Line",
    }


def how_many(hits: Json, query: str) -> str:
    """Of `app.library.documents.Documents.find`: how many matches there are, in words."""
    if hits["hits"]:
        return f"{len(hits['hits']):,}{'+' if hits['more'] else ''}"
    return "not found" if query.strip() else ""


def rows(
    documents: Documents, corpus: str, document: int, first: int, count: int, query: str, span: Span | None
) -> list[Tree]:
    """Up to `count` rows of a document from row `first` on, with the matches of `query` and the span marked.

    A mark of a match has its number as `data-hit`. Raises NotFound when there is no such document.
    """
    found = documents.rows(corpus, document).rows(first, count)
    pages = {row: page for page, row in documents.pages(corpus, document, first, len(found))}
    hits = documents.hits(corpus, document, query)
    return [
        el(
            "div",
            {"class": "line", "data-row": str(number)},
            el("span", {"class": "page-mark"}, f"Page {pages[number]:,}") if number in pages else None,
            el("span", {"class": "number", "aria-hidden": "true"}, str(row.line) if row.first else ""),
            el("span", {"class": "text", "dir": "auto"}, *_pieces(row, hits, span)),
        )
        for number, row in enumerate(found, first)
    ]


def _pieces(row: Row, hits: Sequence[Span], span: Span | None) -> list[Tree]:
    """The text of a row, cut wherever a mark begins or ends; `hits` ascend and do not overlap."""
    start, end = row.start, row.start + len(row.text)
    touching = hits[bisect_right(hits, start, key=_end) : bisect_left(hits, end, key=_begin)]
    places = {start, end, *chain.from_iterable(touching), *(span or ())}
    pieces: list[Tree] = []
    for here, there in pairwise(sorted(place for place in places if start <= place <= end)):
        number = bisect_right(hits, here, key=_begin) - 1
        found = number >= 0 and there <= hits[number][1]
        cited = span is not None and span[0] <= here and there <= span[1]
        kind = " ".join(filter(None, ["hit" if found else "", "span" if cited else ""]))
        text = row.text[here - start : there - start]
        hit = {"data-hit": str(number)} if found else {}
        pieces.append(el("mark", {"class": kind, **hit}, text) if kind else text)
    return pieces


def _begin(span: Span) -> int:
    return span[0]


def _end(span: Span) -> int:
    return span[1]
