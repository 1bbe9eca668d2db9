"""Passages to read: where the words of a question stand close together. Knows no language, only how rare words are.

Every line (or sentence) gets what each word asked for is worth, less the further away the word stands: in a line
beside it, elsewhere in the document, in its opening, its name or heading. Rare and long words are worth most: the
words of which a sentence is made in any language are frequent and short, and the first one of a question mostly says
how it is asked. The best lines are taken one after the other; those that stand together become one passage.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TypeVar

from engine.corpus.archive import Archive
from engine.corpus.search.full_text import (
    EDGE,
    FIRST_WORD,
    OF_PREFIX,
    QUESTION_WORDS,
    WORD,
    Found,
    Index,
    Term,
    Token,
    find,
    index_of,
    quoted,
)
from engine.corpus.search.placement import Scope, scope_of
from engine.corpus.search.telling import telling
from engine.text.folding import Folded

T = TypeVar("T", bound=Hashable)

LONGEST, MOST_TERMS = 2000, 120  # characters of a phrasing that are looked at, and words and pairs of words
LONG = 600  # characters; of a longer line its part in one indexed passage is a unit
EVERY = 400  # indexed passages up to which all are ranked line by line
CANDIDATES = 120  # passages that are ranked in a larger corpus; with each, those beside it
BESIDE = (1.0, 0.5, 0.35, 0.25)  # worth of a word in the line itself, one line away, two, three
IN_DOCUMENT, IN_OPENING, IN_ABOUT = (
    0.2,
    0.35,
    0.45,
)  # elsewhere, in its first characters, in its name or heading
OPENING = 120  # characters of a document that may say what it is about
SHORTENED = 0.7  # part of an unknown word that must be kept to look for words with the same beginning
SHORTEST = 4  # letters of such a beginning
RARITY = 2  # power of a word's rarity in its weight
WORTH_FINDING = 0.05  # part of the heaviest word's weight that a word must have to choose candidates
LEAST = 0.22  # part of the worth of the best line that a line must have; a word elsewhere gives less
SHARE = 0.6  # part of k * size that all passages may fill together: the more there are, the shorter each
FUSED, FUSED_LINES = 300, 30  # places that count where several phrasings are fused: of passages, of `search`
SMOOTH = 60  # constant of reciprocal rank fusion


@dataclass(frozen=True, slots=True)
class Unit:
    """A line or sentence: characters [start, end) of a document. `about` and `opening` are the rows of the texts that name it.

    Units of one `run` follow each other without a gap.
    """

    document: int
    start: int
    end: int
    run: int
    about: int
    opening: int


@dataclass(slots=True)
class Taken:
    """Units [first, last) that make one passage."""

    first: int
    last: int


def retrieve(
    archive: Archive,
    phrasings: Sequence[str],
    k: int,
    size: int,
    documents: Sequence[int],
    bounds: tuple[int, int] | None = None,
) -> list[Found]:
    """Return at most `k` disjoint passages of `documents` of up to `size` characters each, best first.

    `phrasings` are questions or search words; several are fused. `bounds` are the characters [start, end) to stay
    in, when there is one document.
    """
    if k < 1 or size < 1 or not len(documents):
        return []
    index = index_of(archive)
    asked = [terms for text in phrasings if (terms := weigh(index, text))]
    if not asked:
        return []
    scope = scope_of(archive, documents, bounds)
    numbers = sorted({n for terms in asked for n in _candidates(index, terms, scope)})
    units, texts = _units(index, numbers, bounds)
    with index.scratch((n, index.form.indexed(text)) for n, text in texts) as db:
        scores = [_scores(db, units, terms) for terms in asked]
    orders = [_order(one)[:FUSED] for one in scores]
    score = fuse(orders)
    taken = _take(units, _order(score, 0), k, size)
    found = []
    for one in taken:
        best = max(range(one.first, one.last), key=lambda n: (score.get(n, 0.0), -n))
        start, end = units[one.first].start, units[one.last - 1].end
        if end - start > size:  # one long line
            start, end = _window(archive, units[best], size, [term for terms in asked for term in terms])
        found.append(Found(units[best].document, start, end, score.get(best, 0.0)))
    return found


def lines(
    archive: Archive,
    query: str | Sequence[str],
    k: int,
    documents: Sequence[int],
    bounds: tuple[int, int] | None = None,
) -> list[Found]:
    """As `engine.corpus.search.full_text.find`; several phrasings of a query are fused."""
    if isinstance(query, str):
        return find(archive, query, k, documents, bounds)
    rankings = [find(archive, text, max(k, FUSED_LINES), documents, bounds) for text in query]
    places = {(f.document, f.start): f for ranking in rankings for f in ranking}
    worth = fuse([[(f.document, f.start) for f in ranking] for ranking in rankings])
    best = sorted(worth, key=lambda place: -worth[place])[: max(k, 0)]
    return [replace(places[place], score=worth[place]) for place in best]


def fuse(rankings: Iterable[Sequence[T]]) -> dict[T, float]:
    """The worth of items that stand in several rankings, each best first: reciprocal rank fusion.

    Source: Cormack, Clarke, Buettcher, SIGIR 2009.
    """
    worth: dict[T, float] = {}
    for ranking in rankings:
        for place, item in enumerate(ranking):
            worth[item] = worth.get(item, 0.0) + 1 / (SMOOTH + place)
    return worth


# --- words ----------------------------------------------------------------------------------------------


def weigh(index: Index, text: str) -> list[Term]:
    """The words of a phrasing that can be found, and the pairs in compounds and quotes, with what finding each is worth."""
    words = WORD.findall(text[:LONGEST].replace("\0", " "))
    compounds = index.tokens([*dict.fromkeys(phrase.strip() or EDGE.sub("", word) for phrase, word in words)])
    terms: dict[tuple[Token, ...], Term] = {}
    for place, tokens in enumerate(compounds):
        worth = FIRST_WORD if place == 0 and len(compounds) >= QUESTION_WORDS else 1.0
        for part in (*((token,) for token in tokens), *pairwise(tokens)):
            if part not in terms and len(terms) < MOST_TERMS and (term := _term(index, part, worth)):
                terms[part] = term
    return sorted(terms.values(), key=lambda term: term.passages)


def _term(index: Index, tokens: tuple[Token, ...], worth: float) -> Term | None:
    counts = [index.passages_with(stem) for _, stem in tokens]
    match, count = quoted(" ".join(word for word, _ in tokens)), min(counts)
    if not count:
        beginning = _beginning(index, tokens[0][1]) if len(tokens) == 1 else None
        if beginning is None:
            return None
        (stem, count), worth = beginning, worth * OF_PREFIX
        match = quoted(stem) + " *"
    rarity = math.log(1 + index.total / (count + 0.5))
    return Term(match, worth * rarity**RARITY * telling("".join(word for word, _ in tokens)), count)


def _beginning(index: Index, stem: str) -> tuple[str, int] | None:
    """The longest beginning of an unknown word with which others begin, and in how many passages they stand."""
    for length in range(len(stem), max(SHORTEST, math.ceil(SHORTENED * len(stem))) - 1, -1):
        if count := index.passages_beginning(stem[:length]):
            return stem[:length], count
    return None


# --- lines ----------------------------------------------------------------------------------------------


def _candidates(index: Index, terms: list[Term], scope: Scope) -> list[int]:
    """The numbers of the indexed passages whose lines are ranked."""
    archive = index.archive
    first = archive.passage_first
    documents = None if scope.documents is None else sorted(scope.documents)
    if documents is None and scope.last - scope.first <= EVERY:
        return [*range(scope.first, scope.last)]
    if documents is not None and sum(first[d + 1] - first[d] for d in documents) <= EVERY:
        return [n for d in documents for n in range(first[d], first[d + 1])]
    least = WORTH_FINDING * max(term.weight for term in terms)
    best = index.candidates([term for term in terms if term.weight >= least], CANDIDATES, scope)
    found = {*best}
    for n in best:
        document = index.document_of(n)
        low, high = max(scope.first, first[document]), min(scope.last, first[document + 1])
        found.update(range(max(low, n - 1), min(high, n + 2)))
    return [*found]


def _units(
    index: Index, numbers: list[int], bounds: tuple[int, int] | None
) -> tuple[list[Unit], list[tuple[int, str]]]:
    """The lines of indexed passages in order, and the texts to look for words in: of units, and below 0 of their names."""
    archive = index.archive
    units: list[Unit] = []
    texts: list[tuple[int, str]] = []
    named: dict[tuple[int, str], int] = {}
    run, last = 0, (-1, -1)  # of the passage before: its document and number
    at = 0
    for number in numbers:
        document = index.document_of(number)
        if (document, number - 1) != last:
            run, at = run + 1, at if document == last[0] else 0
        last = (document, number)
        about = named.setdefault((-1, f"{archive.name(document)} {archive.heading(number)}"), -1 - len(named))
        head = archive.slice(document, 0, min(OPENING, archive.chars(document)))
        opening = named.setdefault((document, head), -1 - len(named))
        low, high = index.range_of(document, number)
        for start, end, text in index.lines_of(document, number, bounds):
            a, b = (start, end) if end - start <= LONG else (max(start, low), min(end, high))
            a = max(a, at)
            if a < b:
                texts.append((len(units), text[a - start : b - start]))
                units.append(Unit(document, a, b, run, about, opening))
                at = b
    return units, texts + [(row, text) for (_, text), row in named.items()]


def _scores(db: sqlite3.Connection, units: list[Unit], terms: list[Term]) -> dict[int, float]:
    """What the terms are worth for each unit that they are near to."""
    scores: dict[int, float] = {}
    for term in terms:
        rows = [row for (row,) in db.execute("select rowid from line where line match ?", (term.match,))]
        names = {row for row in rows if row < 0}
        near: dict[int, float] = {}
        documents: set[int] = set()
        for row in rows:
            if row < 0:
                continue
            documents.add(units[row].document)
            for away, worth in enumerate(BESIDE):
                for n in (row - away, row + away):
                    if 0 <= n < len(units) and units[n].run == units[row].run and worth > near.get(n, 0.0):
                        near[n] = worth
        for n, unit in enumerate(units):
            worth = near.get(n, 0.0)
            if unit.document in documents:
                worth = max(worth, IN_DOCUMENT)
            if unit.opening in names:
                worth = max(worth, IN_OPENING)
            if unit.about in names:
                worth = max(worth, IN_ABOUT)
            if worth:
                scores[n] = scores.get(n, 0.0) + worth * term.weight
    return scores


def _order(scores: dict[int, float], least: float = LEAST) -> list[int]:
    """The units, best first, without those worth less than `least` of the best."""
    bound = least * max(scores.values(), default=0.0)
    return sorted((n for n in scores if scores[n] >= bound), key=lambda n: (-scores[n], n))


# --- passages -------------------------------------------------------------------------------------------


def _take(units: list[Unit], order: list[int], k: int, size: int) -> list[Taken]:
    """Take units in this order while there is room; a unit beside a taken one lengthens its passage."""
    room = max(size, int(SHARE * k * size))
    taken: list[Taken] = []
    owner: dict[int, Taken] = {}

    def length(first: int, last: int) -> int:
        return min(size, units[last - 1].end - units[first].start)

    def fits(one: Taken, other: Taken) -> bool:
        first, last = min(one.first, other.first), max(one.last, other.last)
        return units[last - 1].end - units[first].start <= size

    for n in order:
        alone = Taken(n, n + 1)
        beside = [owner[x] for x in (n - 1, n + 1) if x in owner and units[x].run == units[n].run]
        joined = next((one for one in beside if fits(one, alone)), None)
        if joined is None:
            if len(taken) < k and length(n, n + 1) <= room:
                taken.append(alone)
                owner[n] = alone
                room -= length(n, n + 1)
            continue
        first, last = min(joined.first, n), max(joined.last, n + 1)
        more = length(first, last) - length(joined.first, joined.last)
        if more > room:
            continue
        room -= more
        joined.first, joined.last = first, last
        owner[n] = joined
        other = next((one for one in beside if one is not joined and fits(one, joined)), None)
        if other:
            kept, gone = sorted((joined, other), key=taken.index)
            first, last = min(kept.first, gone.first), max(kept.last, gone.last)
            between = length(first, last) - length(kept.first, kept.last) - length(gone.first, gone.last)
            if between <= room:
                room -= between
                kept.first, kept.last = first, last
                taken.remove(gone)
                owner.update((x, kept) for x in range(first, last))
    return taken


def _window(archive: Archive, unit: Unit, size: int, terms: list[Term]) -> tuple[int, int]:
    """Up to `size` characters of a unit that is longer, around the weightiest word that stands in it."""
    text = archive.slice(unit.document, unit.start, unit.end)
    folded = Folded(text)
    heaviest = (term.match.strip('" *') for term in sorted(terms, key=lambda term: -term.weight))
    words = (written for word in heaviest for written in (word, word.replace(" ", "")))
    at = next((folded.start(found) for word in words if (found := folded.text.find(word)) >= 0), 0)
    start = max(0, min(at - size // 3, len(text) - size))
    end = start + size
    space = text.find(" ", start, at) if start else -1
    start = space + 1 if space >= 0 else start
    space = text.rfind(" ", at + 1, end) if end < len(text) else -1
    return unit.start + start, unit.start + (space if space > start else end)
