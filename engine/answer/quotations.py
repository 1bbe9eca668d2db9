"""Quotation marks in an answer: does what stands between them stand in the documents, and in the file it is given to?

Word for word: only white space, hyphenation, the glyphs of quotes, and a full stop, comma or dots at the edges may differ.
A quote is given to the file whose name, or number of a source, stands with it in its sentence, or at the head of its list;
one that is given to none may stand in any. What only repeats the question is not said of the documents.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from engine.corpus import Corpus
from engine.corpus.citations import LONGEST_FOLDED, check, loose
from engine.corpus.place.address import address_of
from engine.corpus.search import grep
from engine.reply.source import tree_of
from engine.text import notation
from engine.text.columns import DELIMITERS, fields
from engine.text.pattern import Pattern

Status = Literal["exact", "missing", "elsewhere", "asked"]
Span = tuple[int, int]

MOST = 500  # quotes of one answer that are checked
LOOKED_AT = 50_000  # characters of an answer
WORK = 4_000_000_000  # characters that are read to find the quotes of one answer, in each form: some seconds
SEARCH = 5_000_000  # characters that are read in the time that a search of a small corpus takes
REACH = 2000  # characters between two quotation marks
SHORT_REACH = 400  # between two that are apostrophes, too
FIRST_LOOKED_AT = 20  # documents that a search finds
LEAST_NAME = 4  # characters of a name of a file that is looked for in an answer
NEAREST_CHARS = 500
AROUND = " .,;:*_\"'“”‘’„«»‹›「」『』"  # what may stand between a quote and the number of its source

_LATIN = r"0-9A-Za-z\u00c0-\u024f"
_PAIRS = (("“", "”"), ("„", "“”"), ("«", "»"), ("‹", "›"), ("「", "」"), ("『", "』"))
_LINE_END = r"\n(?!\s*\n)"  # but no empty line
_QUOTED = re.compile(
    "|".join(
        (
            *(
                rf"{opened}(?:{_LINE_END}|[^\n{opened}{closed}]){{1,{REACH}}}[{closed}]"
                for opened, closed in _PAIRS
            ),
            rf"‘(?:{_LINE_END}|[^\n‘]){{1,{SHORT_REACH}}}?’(?!\w)",
            rf'(?<![{_LATIN}])"(?=\S)(?:{_LINE_END}|[^"\n]){{1,{REACH}}}(?<=\S)"(?![{_LATIN}])',
            rf"(?<![\w'])'(?=[\w….\[])(?!\d\ds\b)[^\n]{{1,{SHORT_REACH}}}?(?<=[\w.,;:!?…)])'(?![\w'])",
            r"[“„«][^\n“„«”»]+",  # one that is never closed goes to the end of its line
        )
    )
)
_DOTS = r"\s*(?:\.\.\.|…|\[(?:\.\.\.|…)\])\s*"
_EDGES = re.compile(rf"^{_DOTS}|{_DOTS}$")
_EMPHASIS = re.compile(r"\*\*|__|`")
_CLAUSE_END = re.compile(r"\n|[.;!?](?=\s)")
_SOURCE = re.compile(r"\[(\d{1,3})\]")
_TOGETHER = re.compile(r"[\s,&/+*_`\"'“”]*(?:\w{1,4})?[\s,&/+*_`\"'“”]*")  # between names of one list
_BEHIND = re.compile(
    r"[\s.,;:!?*_`'\"”’»]*[(\[]?[\s*_`'\"“‘«]*"
)  # between a quote and the name directly behind it
_TABLES = (".csv", ".tsv")


@dataclass(frozen=True, slots=True)
class Quotation:
    """A quote at characters [start, end) of an answer, without its marks, and what became of it.

    "exact": it stands at [at, to) of `document`; "elsewhere": it stands there, and not in `given`, the file that the answer
    gives it to; "missing": it stands nowhere, and `nearest` is the closest passage, at that place; "asked": it is of the
    question. `document` is -1 where there is no place.
    """

    start: int
    end: int
    status: Status
    given: str = ""
    document: int = -1
    name: str = ""
    at: int = 0
    to: int = 0
    line: int = 0
    page: int | None = None
    nearest: str = ""
    cell: str = ""


def quotations(
    answer: str, question: str, corpus: Corpus, cited: Sequence[int] = (), first: Iterable[int] = ()
) -> tuple[Quotation, ...]:
    """Check every quote of an answer, at most 500. `cited` are the documents of its sources, by their number from 1;
    `first` are documents to look into first. Nothing is said of quotes that would take more work than `WORK` to find.
    """
    text = answer[:LOOKED_AT]
    found = [] if is_literal(text) else spans(text)[:MOST]
    if not found:
        return ()
    names = named(text, corpus)
    found = [span for span in found if not _is_name(text, span, names)]
    given = attributed(text, found, names, cited)
    asked = " ".join(question.casefold().split())
    first, work = [*first], _Work(WORK)
    told = (
        _checked(text, span, documents, corpus, first, asked, work)
        for span, documents in zip(found, given, strict=True)
    )
    return tuple(quotation for quotation in told if quotation is not None)


@dataclass(slots=True)
class _Work:
    """How many characters may still be read; below 0 nothing more is."""

    left: int

    def reading(self, corpus: Corpus, quote: str, documents: Iterable[int]) -> Iterator[int]:
        """These documents, as far as there is work left to look for all forms of a quote in them."""
        forms = len(_forms(quote))
        for document in documents:
            self.left -= corpus.archive.chars(document) * forms
            if self.left < 0:
                return
            yield document


def is_literal(text: str) -> bool:
    """Whether an answer is a list or mapping of Python or JSON: its quotation marks are signs of the notation."""
    if not text.lstrip().startswith(("[", "{", "(")):
        return False
    tree = tree_of(text.strip())
    try:
        match tree:
            case ast.Module(body=[ast.Expr(value=value)]):
                return isinstance(ast.literal_eval(value), list | dict | tuple | set)
    except (ValueError, TypeError, OverflowError, MemoryError, RecursionError):
        pass
    return False


def spans(text: str) -> list[Span]:
    """What stands between quotation marks: [start, end) of each, outermost ones, in order."""
    made = []
    for found in _QUOTED.finditer(text):
        start, end = found.start() + 1, found.end()
        if text[end - 1] in "”“»›」』’\"'" and end - 1 > start:
            end -= 1
        if any(map(str.isalnum, text[start:end])):
            made.append((start, end))
    return made


# --- to which file ----------------------------------------------------------------------------------------


def named(text: str, corpus: Corpus) -> list[tuple[int, int, frozenset[int]]]:
    """Where names of files stand in a text, whole or by their last part: (start, end, documents), in order."""
    plain = text.casefold()
    if len(plain) != len(text):  # a letter that two stand for would move all places
        plain = text.lower() if len(text.lower()) == len(text) else text
    known: dict[str, set[int]] = {}
    for document in range(corpus.archive.count):
        full = corpus.archive.name(document).casefold()
        for name in {full, full.rsplit("/", 1)[-1]}:
            if len(name) >= LEAST_NAME and ("." in name or "/" in name) and name in plain:
                known.setdefault(name, set()).add(document)
    taken: list[tuple[int, int, frozenset[int]]] = []
    for name in sorted(known, key=len, reverse=True):
        for found in re.finditer(rf"(?<![\w/.-]){re.escape(name)}(?![\w/-])", plain):
            if not any(a < found.end() and found.start() < b for a, b, _ in taken):
                taken.append((*found.span(), frozenset(known[name])))
    return sorted(taken)


def _is_name(text: str, span: Span, names: Sequence[tuple[int, int, frozenset[int]]]) -> bool:
    bare = text[span[0] : span[1]].strip(" .,")
    return any(span[0] <= a and b <= span[1] and b - a >= len(bare) for a, b, _ in names)


def attributed(
    text: str,
    quotes: Sequence[Span],
    names: Sequence[tuple[int, int, frozenset[int]]],
    cited: Sequence[int] = (),
) -> list[frozenset[int]]:
    """The documents that each quote is given to, any of them; none where it is given to no file."""
    outside = [one for one in names if not any(a <= one[0] and one[1] <= b for a, b in quotes)]
    marks = [
        (*found.span(), frozenset((cited[int(found[1]) - 1],)))
        for found in _SOURCE.finditer(text)
        if 0 < int(found[1]) <= len(cited)
    ]
    given: list[frozenset[int]] = [frozenset()] * len(quotes)
    head: frozenset[int] = frozenset()
    for start, end in _clauses(text, [*quotes, *(one[:2] for one in outside)]):
        mine = [n for n, (a, b) in enumerate(quotes) if start <= a and b <= end]
        here = _lists(text, [one for one in outside if start <= one[0] and one[1] <= end])
        line = text[start:end].strip(" \t*_`")
        if here and not mine:
            alone = text[here[0][0] : here[-1][1]].strip(" *_`\"'”") == line
            head = here[-1][2] if alone or line.endswith(":") or line.startswith("#") else frozenset()
        elif line and not mine:
            head = frozenset()
        told = _in_clause(text, [quotes[n] for n in mine], here, [m for m in marks if start <= m[0] <= end])
        for n, documents in zip(mine, told, strict=True):
            given[n] = documents or head
    return given


def _clauses(text: str, kept: Sequence[Span]) -> Iterator[Span]:
    """Sentences and lines; a full stop within a quote or a name ends none."""
    start = 0
    for found in _CLAUSE_END.finditer(text):
        if not any(a <= found.start() < b for a, b in kept):
            yield start, found.start()
            start = found.end()
    yield start, len(text)


def _lists(
    text: str, names: Sequence[tuple[int, int, frozenset[int]]]
) -> list[tuple[int, int, frozenset[int]]]:
    """Names that stand directly beside each other, as one that means any of them."""
    joined: list[tuple[int, int, frozenset[int]]] = []
    for start, end, documents in names:
        if joined and _TOGETHER.fullmatch(text, joined[-1][1], start):
            joined[-1] = (joined[-1][0], end, joined[-1][2] | documents)
        else:
            joined.append((start, end, documents))
    return joined


def _in_clause(
    text: str,
    quotes: Sequence[Span],
    names: Sequence[tuple[int, int, frozenset[int]]],
    marks: Sequence[tuple[int, int, frozenset[int]]],
) -> list[frozenset[int]]:
    """To which file each quote of a clause is given: by the name directly behind it, before it, behind it, then the
    nearest one. A name that was behind a quote is not before the next.
    """
    told: list[frozenset[int]] = []
    used: set[int] = set()
    for n, (start, end) in enumerate(quotes):
        last = quotes[n - 1][1] if n else -1
        following = quotes[n + 1][0] if n + 1 < len(quotes) else len(text) + 1
        behind = [i for i, one in enumerate(names) if end <= one[0] < following]
        before = [i for i, one in enumerate(names) if last <= one[0] and one[1] <= start and i not in used]
        mark = next((one[2] for one in marks if one[0] >= end and not text[end : one[0]].strip(AROUND)), None)
        direct = (
            behind
            and _BEHIND.fullmatch(text, end, names[behind[0]][0])
            and "(" in text[end : names[behind[0]][0]]
        )
        if mark is not None:
            told.append(mark)
        elif direct or (behind and not before):
            used.add(behind[0])
            told.append(names[behind[0]][2])
        elif before:
            told.append(names[before[-1]][2])
        else:
            earlier = [one for one in names if one[1] <= start]
            told.append((earlier[-1] if earlier else names[0])[2] if names else frozenset())
    return told


# --- does it stand there ----------------------------------------------------------------------------------


def _checked(
    text: str,
    span: Span,
    given: frozenset[int],
    corpus: Corpus,
    first: Sequence[int],
    asked: str,
    work: _Work,
) -> Quotation | None:
    """What became of a quote; None where that was too much work to tell."""
    if work.left < 0:
        return None
    start, end = span
    quote = text[start:end]
    name = ", ".join(corpus.archive.name(document) for document in sorted(given)[:3])
    if given and (place := _place(corpus, quote, work.reading(corpus, quote, sorted(given)))):
        return _placed(corpus, span, "exact", name, *place)
    if place := _place(corpus, quote, work.reading(corpus, quote, _everywhere(corpus, quote, first))):
        return _placed(corpus, span, "elsewhere" if given else "exact", name, *place)
    if not given and " ".join(quote.casefold().split()).rstrip(".,") in asked:
        return Quotation(start, end, "asked")
    if work.left < 0:
        return None
    plain = " ".join(word for word in quote.split() if not any(map(str.isdigit, word)))
    work.left -= SEARCH + corpus.archive.chars_total
    for words in (quote, plain):  # a number that stands nowhere finds nothing
        near = check(corpus, min(given) if given else -1, 0, 0, words)
        if near.nearest is not None:
            return _placed(corpus, span, "missing", name, near.document, near.start, near.end)
    return Quotation(start, end, "missing", name)


def _placed(
    corpus: Corpus, span: Span, status: Status, given: str, document: int, at: int, to: int
) -> Quotation:
    line, page = corpus.locate(document, at)
    cell = address_of(corpus.archive, document, at, to)
    nearest = "" if status == "exact" else corpus.text(document, at, min(to, at + NEAREST_CHARS))
    return Quotation(
        *span, status, given, document, corpus.archive.name(document), at, to, line, page, nearest, cell
    )


def _everywhere(corpus: Corpus, quote: str, first: Sequence[int]) -> Iterator[int]:
    """All documents, those where the quote is likely before the others."""
    yield from dict.fromkeys(first)
    likely = dict.fromkeys([*first, *(hit.id for hit in corpus.search(quote, FIRST_LOOKED_AT))])
    yield from (document for document in likely if document not in first)
    yield from (document for document in range(corpus.archive.count) if document not in likely)


def _place(corpus: Corpus, quote: str, documents: Iterable[int]) -> tuple[int, int, int] | None:
    """Where a quote stands word for word, in the first of these documents that has it."""
    wanted = [
        (Pattern(loose(form)) if len(form) <= LONGEST_FOLDED else Pattern(re.escape(form)))
        for form in _forms(quote)
    ]
    for document in documents:
        for pattern in wanted:
            for at, to, _ in grep.matches(corpus.archive, document, pattern):
                if _whole(corpus, document, at, to):
                    return document, at, to
    return None


def _forms(quote: str) -> list[str]:
    """A quote as it is; without dots, or a full stop or comma, at its edges; without emphasis."""
    bare = quote.strip()
    edged = _EDGES.sub("", bare)
    forms = [
        bare,
        edged,
        *(form[:-1] for form in (bare, edged) if form.endswith((".", ",")) and form[-2:-1] not in "., "),
    ]
    forms += [_EMPHASIS.sub("", form) for form in forms]
    return [form for form in dict.fromkeys(forms) if any(map(str.isalnum, form))]


def _whole(corpus: Corpus, document: int, at: int, to: int) -> bool:
    """Whether a place begins and ends with whole words and numbers."""
    size = corpus.archive.chars(document)
    before = corpus.text(document, max(0, at - notation.BESIDE), at)
    part = corpus.text(document, at, to)
    after = corpus.text(document, to, min(size, to + notation.BESIDE))
    if _joined(before[-1:], part[0]) or _joined(part[-1], after[:1]):
        return False
    if part[0].isdigit() and not notation.begins(part, before) and not _is_field(corpus, document, at, to):
        return False
    return not part[-1].isdigit() or notation.ends(part, after) or _is_field(corpus, document, at, to)


def _joined(left: str, right: str) -> bool:
    """Whether two signs beside each other are of one word."""
    return bool(re.fullmatch(r"[^\W_]{2}|\w[\u0300-\u036f\u00ad]", left + right)) and not re.search(
        r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff]", left + right
    )


def _is_field(corpus: Corpus, document: int, at: int, to: int) -> bool:
    """Whether a place begins and ends with fields of a line of a table."""
    if not corpus.archive.name(document).casefold().endswith(_TABLES):
        return False
    start, end = corpus.archive.line_bounds(document, at, to)
    line = corpus.text(document, start, end)
    for delimiter in DELIMITERS:
        edges = fields(line, delimiter)
        if any(a == at - start for a, _ in edges) and any(b == to - start for _, b in edges):
            return True
    return False
