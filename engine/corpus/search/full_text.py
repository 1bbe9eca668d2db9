"""Search by words: FTS5 finds candidate passages, then their lines are ranked by how many rare words they hold.

A query is only words: no syntax of it can fail. Words in double quotes are one phrase. No language is known here: the
words of which a sentence is made are frequent and short in any, so rare and long words are worth most.
"""

from __future__ import annotations

import math
import re
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import pairwise

from engine.corpus.archive import SEARCH, Archive
from engine.corpus.search.forms import ALONE, form_of, tokenizers
from engine.corpus.search.placement import Scope, placement_of, scope_of
from engine.corpus.search.telling import HALF, telling
from engine.errors import StoreError
from engine.text.passages import HEADING
from engine.text.sentences import LONG_LINE, units

CANDIDATES = 60  # passages that are ranked line by line
SAMPLE, SLICES = 320, 16  # passages taken from all over, where every word asked for is common
COMMON = 60_000  # passages a set of words may name before its commonest are left to the ranking
IN_PASSAGE, IN_ABOUT = 0.45, 0.4  # worth of a word beside the line: in its passage, in its name or heading
OF_HEADING = 0.6  # worth of a line that is a heading
OF_PART = 0.4  # worth of a part of a compound such as the 2041 of INV-2041, or of two characters of an unspaced script
FIRST_WORD, QUESTION_WORDS = 0.6, 4  # worth of the first of at least so many words: how is asked
OF_PREFIX = 0.6  # worth of a word that only begins like the one asked for
SAME_TEXT = 3  # hits with the very same words
MOST_WORDS = 40

Token = tuple[str, str]  # a word as written (folded) and its stem

WORD = re.compile(r'"([^"]+)"|(\S+)')
EDGE = re.compile(r"^[^\w]+|[^\w]+$")
POSSESSIVE = re.compile(r"(?<=\w)['’]s$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Found:
    """One ranked line: characters [start, end) of a document. A higher score is better."""

    document: int
    start: int
    end: int
    score: float


@dataclass(slots=True, eq=False)
class Term:
    """One word or phrase of a query as FTS5 takes it, what finding it is worth, and in which `abouts` it is.

    `tells`: it is long enough to say something by itself.
    """

    match: str
    weight: float
    passages: int
    tells: bool = True
    abouts: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Line:
    """A line of the passage that came at `place`. `held` are the terms in it; `about` numbers its heading."""

    place: int
    document: int
    start: int
    end: int
    text: str
    about: int
    held: set[Term] = field(default_factory=set)
    own: float = 0.0
    score: float = 0.0

    def weigh(self, terms: list[Term], in_passage: set[Term]) -> None:
        """Score the terms in this line, and with less weight those near it."""
        beside = 0.0
        for term in terms:
            if term in self.held:
                known = IN_ABOUT if self.about in term.abouts else 0
                self.own += term.weight * (1 - known)
                beside += term.weight * known
            elif term in in_passage:
                beside += term.weight * IN_PASSAGE
            elif self.about in term.abouts:
                beside += term.weight * IN_ABOUT
        self.own *= _news(self.text, sum(term.tells for term in self.held))
        self.score = self.own + beside


def find(
    archive: Archive, query: str, k: int, documents: Sequence[int], bounds: tuple[int, int] | None = None
) -> list[Found]:
    """Return the `k` best lines of `documents` for the words of `query`, best first.

    `bounds` are the characters [start, end) to stay in, when there is one document.
    """
    if k < 1 or not len(documents):
        return []
    index = index_of(archive)
    terms = index.terms(query)
    if not terms:
        return []
    passages = index.candidates(terms, max(CANDIDATES, 4 * k), scope_of(archive, documents, bounds))
    found: list[Found] = []
    same_text: dict[str, int] = {}
    places: set[tuple[int, int]] = set()
    for line, text in index.rank(terms, passages, bounds):
        key = " ".join(text.split()).casefold()
        same_text[key] = same_text.get(key, 0) + 1
        if same_text[key] <= SAME_TEXT and (line.document, line.start) not in places:
            places.add((line.document, line.start))
            found.append(line)
        if len(found) == k:
            break
    return found


# --- the index of one corpus, opened once per thread ----------------------------------------------------

_local = threading.local()


def index_of(archive: Archive) -> Index:
    """The search index of a corpus, opened once for each thread."""
    kept: dict[int, Index] = _local.__dict__.setdefault("opened", {})
    index = kept.get(id(archive))
    if index is None or index.archive is not archive:
        while len(kept) >= 4:
            kept.pop(next(iter(kept))).close()
        index = kept[id(archive)] = Index(archive)
    return index


class Index:
    """The FTS5 index of a stored corpus, and a scratch index in memory for what is ranked."""

    def __init__(self, archive: Archive):
        self.archive = archive
        uri = (archive.path / SEARCH).absolute().as_uri() + "?mode=ro&immutable=1"
        try:
            self._db = sqlite3.connect(uri, uri=True, check_same_thread=False)
            self._db.execute("pragma temp_store=memory")
            self._db.execute("pragma mmap_size=268435456")
            self._db.execute("create virtual table temp.vocabulary using fts5vocab(main, passages, col)")
            self.passages_with("")
            self.form = form_of(self._db)
            self.placement = placement_of(self._db, len(archive.passage_start))
        except sqlite3.Error as problem:
            raise StoreError(
                f"The search index in {archive.path} cannot be opened ({problem}). Add its folder again."
            ) from problem
        # A scratch index of a query's words and of candidate lines: the same tokenizer decides everywhere.
        self._scratch = sqlite3.connect(":memory:", check_same_thread=False, isolation_level=None)
        plain, stemmed = tokenizers(self.form)
        self._scratch.executescript(
            f"create virtual table line using fts5(text, content='', tokenize={stemmed});"
            "create virtual table word using fts5vocab(line, instance);"
            f"create virtual table plain using fts5(text, tokenize={plain});"
            "create virtual table plain_word using fts5vocab(plain, instance);"
        )
        self.total = max(1, len(archive.passage_start))

    def close(self) -> None:
        self._db.close()
        self._scratch.close()

    # --- the query ----------------------------------------------------------------------------------

    def terms(self, query: str) -> list[Term]:
        """The distinct words and phrases of a query that can be found, the rarest first."""
        words = [(phrase or "", word) for phrase, word in WORD.findall(query.replace("\0", " "))][:MOST_WORDS]
        units = dict.fromkeys(
            phrase.strip() or POSSESSIVE.sub("", EDGE.sub("", word)) for phrase, word in words
        )
        terms: dict[str, Term] = {}
        for place, tokens in enumerate(self.tokens([unit for unit in units if unit])):
            self._add(terms, tokens, FIRST_WORD if place == 0 and len(units) >= QUESTION_WORDS else 1.0)
            if len(tokens) > 1:
                for token in tokens:
                    if len(token[0]) > 2:
                        self._add(terms, (token,), OF_PART)
                for pair in pairwise(tokens) if len(tokens) > 2 else ():
                    if all(ALONE.fullmatch(word) for word, _ in pair):
                        self._add(terms, pair, OF_PART)
        return sorted(terms.values(), key=lambda term: term.passages)

    def tokens(self, units: list[str]) -> list[tuple[Token, ...]]:
        """The words of each unit, as written and as stemmed; units that stem alike once."""
        found: dict[int, list[str]] = {}
        with self._scratch as db:
            db.execute("delete from plain")
            plain = (unit.encode("utf-8", "replace").decode() for unit in units)  # without lone surrogates
            rows = enumerate(map(self.form.asked, plain))
            db.executemany("insert into plain(rowid, text) values (?, ?)", rows)
            for row, word in db.execute("select doc, term from plain_word order by doc, offset"):
                found.setdefault(row, []).append(word)
        words = [*dict.fromkeys(word for unit in found.values() for word in unit)]
        with self.scratch(enumerate(words)) as db:
            stems = {words[row]: stem for row, stem in db.execute("select doc, term from word")}
        distinct: dict[tuple[str, ...], tuple[Token, ...]] = {}
        for unit in found.values():
            tokens = tuple((word, stems.get(word, word)) for word in unit)
            distinct.setdefault(tuple(stem for _, stem in tokens), tokens)
        return [*distinct.values()]

    def _add(self, terms: dict[str, Term], tokens: tuple[Token, ...], worth: float) -> None:
        counts = [self.passages_with(stem) for _, stem in tokens]
        match = quoted(" ".join(word for word, _ in tokens))
        if 0 in counts and len(tokens) == 1 and len(tokens[0][1]) > 3:
            match, worth, counts = quoted(tokens[0][1]) + " *", worth * OF_PREFIX, [1]
        elif 0 in counts:
            return
        rarity = [math.log(1 + self.total / (count + 0.5)) for count in counts]
        told = telling("".join(word for word, _ in tokens))
        weight = worth * told * (max(rarity) + 0.3 * (sum(rarity) - max(rarity)))
        known = terms.get(match)
        if known is None:
            terms[match] = Term(match, weight, min(counts), told >= HALF)
        else:
            known.weight = max(known.weight, weight)

    def passages_with(self, token: str) -> int:
        """In how many passages a token stands, in their text or only in their name or heading."""
        rows = self._db.execute("select doc from temp.vocabulary where term = ?", (token,)).fetchall()
        return max((count for (count,) in rows), default=0)

    def passages_beginning(self, stem: str) -> int:
        """In about how many passages words with this beginning stand."""
        sql = "select coalesce(sum(doc), 0) from temp.vocabulary where term >= ? and term < ?"
        count: int
        ((count,),) = self._db.execute(sql, (stem, stem + "\U0010ffff"))
        return min(count, self.total)

    # --- candidates ---------------------------------------------------------------------------------

    def candidates(self, terms: list[Term], limit: int, scope: Scope) -> list[int]:
        """The numbers of the passages that fit best by bm25, best first."""
        asked: list[str] = []
        total = 0
        for term in terms:
            total += term.passages
            if asked and total > COMMON:
                break
            asked.append(term.match)
        if terms[0].passages > COMMON:
            return self._sample([term.match for term in terms], limit, scope)
        return self._best(" OR ".join(asked), limit, scope)

    def _sample(self, matches: list[str], limit: int, scope: Scope) -> list[int]:
        """Passages from all over with every term, else with any. Where all terms are common, none is best."""
        found: dict[int, None] = {}
        step = max(1, -(-(scope.last - scope.first) // SLICES))
        for joined in (" AND ".join(matches), " OR ".join(matches)):
            for first in range(scope.first, scope.last, step):
                found.update(dict.fromkeys(self._first(joined, SAMPLE // SLICES, scope, first, first + step)))
            if len(found) >= limit:
                break
        return [*found]

    def _best(self, match: str, limit: int, scope: Scope) -> list[int]:
        """The passages of `scope` that match, best first; of equals the first one first, wherever their rows lie."""
        ranges = self.placement.ranges(scope.first, scope.last)
        low, high = min((a for a, _ in ranges), default=0), max((b for _, b in ranges), default=0)
        sql = (
            "select rowid, rank from passages where passages match ? and rowid between ? and ? "
            "and rank match 'bm25(1.0, 0.4)' order by rank"
        )
        found: list[tuple[float, int]] = []
        with closing(self._db.execute(sql, (match, low, high - 1))) as cursor:
            for row, rank in cursor:
                if len(found) >= limit and rank > found[-1][0]:
                    break
                if self._is_in(scope, passage := self.placement.passage(row)):
                    found.append((rank, passage))
        return [passage for _, passage in sorted(found)[:limit]]

    def _first(self, match: str, limit: int, scope: Scope, first: int, last: int) -> list[int]:
        """The first passages of [first, last) that match and are in `scope`."""
        sql = "select rowid from passages where passages match ? and rowid between ? and ?"
        found: list[int] = []
        for low, high in self.placement.ranges(first, min(last, scope.last)):
            with closing(self._db.execute(sql, (match, low, high - 1))) as cursor:
                for (row,) in cursor:
                    if len(found) == limit:
                        return found
                    if self._is_in(scope, passage := self.placement.passage(row)):
                        found.append(passage)
        return found

    def matching(self, match: str, scope: Scope) -> list[int]:
        """All passages of `scope` that match, in their order."""
        return self._first(match, scope.last - scope.first, scope, scope.first, scope.last)

    def _is_in(self, scope: Scope, passage: int) -> bool:
        within = scope.first <= passage < scope.last
        return within and (scope.documents is None or self.document_of(passage) in scope.documents)

    def document_of(self, passage: int) -> int:
        """The number of the document that holds an indexed passage."""
        return self.archive.document_at(self.archive.passage_start[passage])

    # --- ranking ------------------------------------------------------------------------------------

    def rank(
        self, terms: list[Term], passages: list[int], bounds: tuple[int, int] | None
    ) -> list[tuple[Found, str]]:
        """Score each line of the passages, best first, with its text."""
        lines: list[Line] = []
        abouts: dict[str, int] = {}
        for passage, place in sorted(zip(passages, range(len(passages)), strict=True)):
            document = self.document_of(passage)
            about = f"{self.archive.name(document)} {self.archive.heading(passage)}"
            about_row = abouts.setdefault(about, len(abouts))
            for start, end, text in self.lines_of(document, passage, bounds):
                lines.append(Line(place, document, start, end, text, about_row))
        texts = [*(line.text for line in lines), *abouts]
        with self.scratch(enumerate(map(self.form.indexed, texts))) as db:
            for term in terms:
                rows = db.execute("select rowid from line where line match ?", (term.match,))
                for (row,) in rows:
                    if row < len(lines):
                        lines[row].held.add(term)
                    else:
                        term.abouts.add(row - len(lines))
        in_passage: dict[int, set[Term]] = {}
        for line in lines:
            in_passage.setdefault(line.place, set()).update(line.held)
        best: dict[int, float] = {}
        for line in lines:
            line.weigh(terms, in_passage[line.place])
            best[line.place] = max(best.get(line.place, 0.0), line.own)
        found = [
            (Found(line.document, line.start, line.end, line.score - 0.001 * line.place), line.text)
            for line in lines
            if line.own and line.own >= best[line.place] / 2
        ]
        return sorted(found, key=lambda item: -item[0].score)

    def lines_of(
        self, document: int, passage: int, bounds: tuple[int, int] | None
    ) -> Iterator[tuple[int, int, str]]:
        """What can be shown of a passage: (start, end, text) in characters of the document.

        Sentences that begin before the passage or end after it are whole.
        """
        archive = self.archive
        start, end = self.range_of(document, passage)
        low, high = bounds or (0, archive.chars(document))
        start, end = max(start, low), min(end, high)
        first, _ = archive.line_bounds(document, max(low, start - LONG_LINE), start)
        _, last = archive.line_bounds(document, start, min(high, end + LONG_LINE))
        first, last = max(low, first, start - 2 * LONG_LINE), min(high, last, end + 2 * LONG_LINE)
        text = archive.slice(document, first, last)
        for a, b in units(text):
            if first + b > start and first + a < end:
                yield first + a, first + b, text[a:b]

    def range_of(self, document: int, passage: int) -> tuple[int, int]:
        """The characters [start, end) of an indexed passage of a document."""
        archive = self.archive
        base = archive.byte_start(document)
        start = archive.char_of(document, archive.passage_start[passage] - base)
        if passage + 1 < archive.passage_first[document + 1]:
            return start, archive.char_of(document, archive.passage_start[passage + 1] - base)
        return start, archive.chars(document)

    def scratch(self, rows: Iterable[tuple[int, str]]) -> sqlite3.Connection:
        """A database whose table `line` holds these (number, text) rows and nothing else; to be used in `with`."""
        self._scratch.execute("begin")
        self._scratch.execute("insert into line(line) values('delete-all')")
        self._scratch.executemany("insert into line(rowid, text) values (?, ?)", rows)
        return self._scratch  # as a context manager it commits


def _news(text: str, held: int) -> float:
    """What a line is worth for what it says beyond the words asked for: an answer says something else too."""
    if HEADING.match(text):
        return OF_HEADING
    words = {word for word in re.findall(r"\w+", text[:LONG_LINE].casefold()) if telling(word) >= HALF}
    return (0.6, 0.8)[max(0, len(words) - held)] if len(words) - held < 2 else 1.0


def quoted(text: str) -> str:
    """A string of FTS5's query language that means these words in this order."""
    return '"' + text.replace('"', '""') + '"'
