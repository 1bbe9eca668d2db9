"""Values near words: the matches of a pattern in the lines that answer a question best. Pure search, no model.

`question` names the thing asked about, `about` what is asked of it. A line counts when the names of the question
stand in it, in its document's name or first lines, and when it holds one of the alternatives of `about`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from engine.corpus.sentences import SENTENCE_END

if TYPE_CHECKING:
    from engine.corpus.corpus import Corpus
    from engine.corpus.document import Hit, Hits

LINES = 12  # lines that are looked at, for the question and again for what is asked
STEM = 5  # letters by which two words are the same
HEAD = 120  # characters of a document that may name what it is about
BEFORE = 4  # characters that a value before its word counts as further away
LATER = 0.02  # what a place further down the search costs
ENOUGH = 0.67  # share of the names that must be there
PLAIN = frozenset(
    """a an and are as at be been by did do does for from had has have how in into is it its of on or our out over
    per than that the their them then there these they this those to was we were what when where which while who
    whom whose why will with would you your much many long please tell know find give show list look kindly thanks
    thank quick question say said says document documents according short answer enough exactly also i me my can
    could up get got us no not about under until within during after before each every all any some between
    number name people belong belongs held take takes day does agreed given noted amount kindly kind state
    info warn note error debug remarks""".split()
)
LINKS = frozenset(("of", "the", "for", "a", "an", "in", "to"))
WORD = re.compile(r"[^\W_]+")
SOURCE = re.compile(
    r"(?i)\baccording to (?:the |these |our )?\w+(?: \w+)?$|\baccording to (?:the |these |our )?\w+,?|^from the \w+:"
)


@dataclass(frozen=True, slots=True)
class Near:
    """One match: characters [start, end) of the text it was found in, and how well its sentence fits (more is better)."""

    start: int
    end: int
    score: float


def stem(word: str) -> str:
    """The beginning by which a word is known, in lower case; numbers and codes are kept whole."""
    return word.lower() if any(c.isdigit() for c in word) else word.lower()[:STEM]


@dataclass(frozen=True)
class Asked:
    """What a question names, and what else it says. `alternatives` are sets of stems; one of them must be there.

    Words beside a name, such as the order of "order 4411", only say what kind of thing it is: `kinds`.
    """

    text: str
    names: frozenset[str]
    kinds: frozenset[str]
    others: frozenset[str]
    alternatives: tuple[frozenset[str], ...]

    @classmethod
    def of(cls, question: str, about: str = "") -> Asked:
        """Read a question; `about` holds alternatives separated by "|", and needs all words of one of them."""
        question = SOURCE.sub(lambda m: " " * len(m[0]), question.rstrip(" ?.!"))
        words = [(m.start(), m[0]) for m in WORD.finditer(question)]
        asks = any(
            word.lower() in PLAIN for _, word in words
        )  # else it is a name alone, from its first word on
        named = [_is_name(question, at if asks else -1, word) for at, word in words]
        names: set[str] = set()
        kinds: set[str] = set()
        others: set[str] = set()
        for i, (_, word) in enumerate(words):
            if word.lower() in PLAIN:
                continue
            beside = word.islower() and any(named[max(0, i - 1) : i + 2])
            (names if named[i] else kinds if beside else others).add(stem(word))
        parts = (
            frozenset(stem(w) for w in WORD.findall(p) if w.lower() not in LINKS) for p in about.split("|")
        )
        alternatives = tuple(part for part in parts if part)
        asked = frozenset().union(*alternatives)
        if question.islower():
            names, others = (others - asked) | names, set()
        if not others and not alternatives:
            others, kinds = kinds, set()
        return cls(
            question.lower(), frozenset(names), frozenset(kinds), frozenset(others) - asked, alternatives
        )


def _is_name(question: str, at: int, word: str) -> bool:
    """Whether a word of a question names something: it holds a digit, or is capitalised within a sentence."""
    if word.lower() in PLAIN:
        return False
    starts = at == 0 or question[: max(0, at)].rstrip()[-1:] in (":", ".", "?", "!")
    return any(c.isdigit() for c in word) or (word[0].isupper() and not starts)


def stems(text: str) -> set[str]:
    """The stems of all words of a text."""
    return {stem(w) for w in WORD.findall(text)}


def near(
    asked: Asked,
    text: str,
    name: str,
    head: str,
    matches: Callable[[str], Iterable[tuple[int, int]]],
    alone: bool = False,
    share: float = ENOUGH,
) -> list[Near]:
    """The matches in one line that fit, best first. `name` and `head` are how its document is called and begins.

    `alone`: the text is the only one there is, so that it need not say what it is about. `share`: how many of the
    question's other words must be there when nothing stands for them.
    """
    full = [
        m for m in SENTENCE_END.finditer(text) if text[m.start() - 1 : m.start()] != "."
    ]  # no dotted leader
    ends = [0, *(m.end() for m in full), len(text)]
    called = stems(name)
    around = called | stems(head)
    found: list[Near] = []
    for start, end in pairwise(ends):
        sentence = text[start:end]
        if not sentence.strip():
            continue
        here = stems(sentence)
        known = sum(name in here or name in around for name in asked.names)
        said = len(asked.others & here)
        beside = len(asked.others & (around - here))
        if known < ENOUGH * len(asked.names) and not alone:
            continue
        if asked.alternatives:
            if not any(a <= here for a in asked.alternatives):
                continue
        elif said + beside < share * len(asked.others) or (asked.others and not said):
            continue
        fit = 2.0 * len(asked.names & here) + known + said + 0.5 * beside + len(asked.kinds & (here | around))
        anchors = _anchors(asked, sentence)
        for a, b in matches(sentence):
            a = _after_anchors(sentence, a, b, anchors)
            value = sentence[a:b]
            words = stems(value)
            if not words or (alone and words <= called):
                continue
            if value.lower() in asked.text or value.lower() in PLAIN or words & (asked.names | asked.others):
                continue
            if words <= frozenset().union(*asked.alternatives) and not any(map(str.isdigit, value)):
                continue
            gap = min((a - y if a >= y else x - b + BEFORE for x, y in anchors), default=0)
            found.append(Near(start + a, start + b, fit - min(max(gap, 0), 90) / 100))
    return sorted(found, key=lambda one: -one.score)


def _after_anchors(sentence: str, start: int, end: int, anchors: list[tuple[int, int]]) -> int:
    """Where a match begins when it ran over words of the question: "Gift of Karl Coe" is given by Karl Coe."""
    for x, y in anchors:
        if start <= x and y < end:
            start = y + len(re.match(r"\W*(?:(?:of|by|to|from)\s+)?", sentence[y:end])[0])  # type: ignore[index]
    return start


def _anchors(asked: Asked, sentence: str) -> list[tuple[int, int]]:
    """Where the words of `about` stand in a sentence, else those of the question."""
    wanted = frozenset().union(*asked.alternatives) or asked.others or asked.names
    return [m.span() for m in WORD.finditer(sentence) if stem(m[0]) in wanted]


def nearest(
    corpus: Corpus,
    find: Callable[[str, int], Hits],
    pattern: str,
    question: str,
    about: str,
    k: int,
    alone: bool = False,
) -> list[tuple[Hit, int, int]]:
    """The `k` best matches: the line of each, and the characters [start, end) of its document that matched.

    `find` searches where the values may stand; `alone` says that this is one document. Raises ValueError for a bad pattern.
    """
    compiled = re_compile(pattern)
    own = Asked.of(question)
    if (
        about and len(own.others) > 1 and not alone
    ):  # a line that says all that the question says needs no more
        whole = _ranked(corpus, find, compiled, own, "", question, alone, share=1.0)
        if whole:
            return whole[:k]
    found = _ranked(corpus, find, compiled, Asked.of(question, about), about, question, alone)
    if not found and about:  # it may be the wrong words: those of the question must do
        found = _ranked(corpus, find, compiled, own, "", question, alone)
    return found[:k]


def _ranked(
    corpus: Corpus,
    find: Callable[[str, int], Hits],
    matches: Callable[[str], list[tuple[int, int]]],
    asked: Asked,
    about: str,
    question: str,
    alone: bool,
    share: float = ENOUGH,
) -> list[tuple[Hit, int, int]]:
    lines: dict[tuple[int, int], Hit] = {}
    for query in (question, " ".join((*sorted(asked.names), about.replace("|", " ")))):
        for hit in find(query, LINES):
            lines.setdefault((hit.id, hit.start), hit)
    found: list[tuple[float, Hit, int, int]] = []
    for rank, hit in enumerate(lines.values()):
        head = corpus.archive.slice(hit.id, 0, min(HEAD, corpus.archive.chars(hit.id)))
        for one in near(asked, str(hit.text), hit.name, head, matches, alone, share):
            found.append((one.score - LATER * rank, hit, hit.start + one.start, hit.start + one.end))
    found.sort(key=lambda row: -row[0])
    return [row[1:] for row in found]


def re_compile(pattern: str) -> Callable[[str], list[tuple[int, int]]]:
    """A function that gives the ranges of the matches in a short text."""
    try:
        compiled = re.compile(pattern)
    except re.error as problem:
        raise ValueError(f"the pattern is no regular expression: {problem}") from problem
    return lambda text: [found.span() for found in compiled.finditer(text) if found[0]]
