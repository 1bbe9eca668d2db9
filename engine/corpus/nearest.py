"""Values near words: the matches of a pattern in the lines that answer a question best. Pure search, no model.

`question` names the thing asked about, `about` what is asked of it. A line counts when the names of the question
stand in it, in its document's name or first lines, and when it holds one of the alternatives of `about`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from engine.corpus.forms import FORMS
from engine.corpus.names import doubt, logins
from engine.corpus.sentences import SENTENCE_END
from engine.corpus.setting import Setting, setting
from engine.corpus.words import WORD, other_forms, stem, stems

if TYPE_CHECKING:
    from engine.corpus.corpus import Corpus
    from engine.corpus.document import Hit, Hits

LINES = 12  # lines that are looked at, for the question and again for what is asked
NAMED, IN_NAMED = 3, 4  # documents that seem to be about the names, and lines looked at in each
BEFORE = 4  # characters that a value before its word counts as further away
LATER = 0.02  # what a place further down the search costs
ACROSS = 12  # characters that a closing bracket between them adds
VOTE = 0.5  # worth of a word of the question that stands nearer to this value of its sentence than to others
ENOUGH = 0.66  # share of the names that must be there
HALF = 0.5  # of them, in the one document that a question is asked of
TOPIC = (
    0.4  # share of the other words that must be there or near where a line says what is asked and no name is
)
FURTHER = 0.5  # worth of each further alternative that a line says
PLAIN = frozenset(
    """a an and are as at be been by did do does for from had has have how in into is it its of on or our out over
    per than that the their them then there these they this those to was we were what when where which while who
    whom whose why will with would you your much many long please tell know find give show list look kindly thanks
    thank quick question say said says document documents according short answer enough exactly also i me my can
    could up get got us no not about under until within during after before each every all any some between
    number name people belong belongs held take takes day does agreed given noted amount kindly kind state
    info warn note error debug remarks like check hello hi thing stated must should shall might""".split()
)
OF_FORM: dict[str, set[str]] = {
    "money": stems("cost costs price fee charge pay paid money amount"),
    "date": stems("date day"),
    "duration": stems("take takes last lasts long time"),
    "phone": stems("phone telephone number call"),
    "email": stems("email mail address"),
    "percent": stems("percent percentage"),
}
SPEAKING = frozenset(("phone", "email", "address"))  # forms whose values need no word beside them
PRONOUN = re.compile(r"\b(?:[Hh]e|[Ss]he|[Ii]t|[Tt]hey|[Hh]is|[Hh]er|[Ii]ts|[Tt]heir|him|them)\b")
THESE = re.compile(
    r"\b(?:[Tt]hese|[Tt]hose|[Tt]hey) (?:are|were) (?=[A-Z])"
)  # what the sentence before named
EACH = re.compile(
    r"(?i)\b(?:each|every|all|any)\s+(?:of\s+)?(?:(?:the|these|our|my|single)\s+)*(?P<kind>[a-z-]+(?:\s+[a-z-]+)?)$"
)
COURTESY = re.compile(
    r"(?i)^(?:(?:i want to know|one more thing|quick question|please(?: check| tell me)?|tell me|do you know|can you (?:find out|tell me)"
    r"|could you (?:look this up|tell me)|so|and|hi|hello|hey|well|exactly)\b\s*[:,]?\s*)+|[.?!]\s+(?:thanks|thank you|please|a short)\b[^?]*$"
)
OWNED = re.compile(r"(?<=\w)['’]s\b")
TITLES = frozenset(
    "project company firm order invoice contract host house mr mrs ms dr".split()
)  # also with a capital
MEANT_FOR = re.compile(r"\s(?:for|per|by|from)\s(?:(?:the|an?|each|every)\s)?")  # "85 euros for adults"
CODED = re.compile(r"[\w/-]*")
LINKS = frozenset(("of", "the", "for", "a", "an", "in", "to"))
SOURCE = re.compile(
    r"(?i)\baccording to (?:the |these |our )?\w+(?: \w+)?$|\baccording to (?:the |these |our )?\w+,?|^from the \w+:"
)


@dataclass(frozen=True, slots=True)
class Near:
    """One match: characters [start, end) of the text it was found in, and how well its sentence fits (more is better)."""

    start: int
    end: int
    score: float


@dataclass(frozen=True)
class Asked:
    """What a question names, and what else it says. `alternatives` are sets of stems; one of them must be there.
    `said` are the stems of all its words.

    Words beside a name, such as the order of "order 4411", only say what kind of thing it is: `kinds`.
    """

    text: str
    names: frozenset[str]
    kinds: frozenset[str]
    others: frozenset[str]
    alternatives: tuple[frozenset[str], ...]
    said: frozenset[str]
    unsure: bool  # whether any word of the question may be a name, for none has a capital

    @classmethod
    def of(cls, question: str, about: str = "") -> Asked:
        """Read a question; `about` holds alternatives separated by "|", and needs all words of one of them."""
        question = SOURCE.sub(lambda m: " " * len(m[0]), question.rstrip(" ?.!"))
        for idle in (COURTESY, OWNED):
            question = idle.sub(lambda m: " " * len(m[0]), question)
        words = [(m.start(), m[0]) for m in WORD.finditer(question)]
        asks = any(
            word.lower() in PLAIN for _, word in words
        )  # else it is a name alone, from its first word on
        named = [_is_name(question, at if asks else -1, word) for at, word in words]
        names: set[str] = set()
        kinds: set[str] = set()
        others: set[str] = set()
        each = {at for m in EACH.finditer(question) for at in range(m.start("kind"), m.end())}
        for i, (at, word) in enumerate(words):
            if word.lower() in PLAIN:
                continue
            common = word.islower() or word.lower() in TITLES
            beside = common and (at in each or _beside(question, words, named, i))
            (names if named[i] else kinds if beside else others).add(stem(word))
        parts = (
            frozenset(stem(w) for w in WORD.findall(p) if w.lower() not in LINKS) for p in about.split("|")
        )
        alternatives = tuple(part for part in parts if part)
        asked = frozenset().union(*alternatives)
        if question.islower() and not names:
            names, others = others - asked, set()
        if not others and not alternatives:
            others, kinds = kinds, set()
        return cls(
            question.lower(),
            frozenset(names),
            frozenset(kinds),
            frozenset(others) - asked,
            alternatives,
            frozenset(stem(word) for _, word in words),
            question.islower(),
        )


def _beside(question: str, words: list[tuple[int, str]], named: list[bool], i: int) -> bool:
    """Whether a word stands next to a name, with no more than a space or hyphen between them."""
    for one, two in ((i - 1, i), (i, i + 1)):
        if one >= 0 and two < len(words) and (named[one] or named[two]):
            between = question[words[one][0] + len(words[one][1]) : words[two][0]]
            if not between.strip(" -"):
                return True
    return False


def _is_name(question: str, at: int, word: str) -> bool:
    """Whether a word of a question names something: it holds a digit, or is capitalised within a sentence."""
    if word.lower() in PLAIN or word.lower() in TITLES:
        return False
    starts = at == 0 or question[: max(0, at)].rstrip()[-1:] in (":", ".", "?", "!")
    coded = any(c.isdigit() for c in CODED.match(question, max(0, at))[0])  # type: ignore[index]
    return coded or (word[0].isupper() and (not starts or (word.isupper() and len(word) > 1)))


def near(
    asked: Asked,
    text: str,
    place: Setting,
    form: Form,
    alone: bool = False,
    share: float = ENOUGH,
    apart: bool = False,
) -> list[Near]:
    """The matches in one line that fit, best first.

    `alone`: the text is the only one there is, so that it need not say what it is about. `share`: how many of the
    question's other words must be there when nothing stands for them. `apart`: a name may stand in another sentence.
    """
    full = [
        m for m in SENTENCE_END.finditer(text) if text[m.start() - 1 : m.start()] != "."
    ]  # no dotted leader
    ends = [0, *(m.end() for m in full), len(text)]
    called = place.called
    around = called | stems(place.head) | (stems(text) & asked.names if apart else set())
    beside = stems(f"{place.before} {text} {place.after}")
    before = place.before
    found: list[Near] = []
    for start, end in pairwise(ends):
        sentence = text[start:end]
        if not sentence.strip():
            continue
        here = stems(sentence)
        known_here = around | _last(before) if PRONOUN.search(sentence) else around
        told_before = _last(before) if THESE.search(sentence) else frozenset()
        before = sentence
        topic = 0.0 if alone else ENOUGH if place.fields else 0.0 if asked.names else TOPIC
        coded = place.fields and any(map(str.isdigit, "".join(asked.names & here)))
        fit = _fit(asked, here, known_here, beside, topic, 0.0 if coded else share, alone)
        if fit is None:
            continue
        anchors = _anchors(asked, sentence)
        ranges = form.matches(sentence, place, start)
        votes = _votes(asked, sentence, ranges)
        for at, (a, b, less) in enumerate(ranges):
            a = a if form.name == "street" else _after_anchors(sentence, a, b, anchors)
            value = sentence[a:b]
            words = stems(value)
            header = next((f.header for f in place.fields if f.start <= start + a < f.end), frozenset())
            said_by = here | header | told_before
            if asked.alternatives and not any(part <= said_by for part in asked.alternatives):
                continue
            if not words or (alone and words <= called):
                continue
            digits = {word for word in words if any(map(str.isdigit, word))}
            repeated = digits <= asked.names if digits else bool(words & (asked.names | asked.others))
            if value.lower() in asked.text or value.lower() in PLAIN or repeated:
                continue
            if words <= frozenset().union(*asked.alternatives) and not any(map(str.isdigit, value)):
                continue
            of_column = bool(header) and any(part <= header for part in asked.alternatives)
            gap = 0 if of_column else _gap(sentence, a, b, anchors)
            further = FURTHER * max(0, len({part for part in asked.alternatives if part <= said_by}) - 1)
            named_column = VOTE * len(header & asked.said)
            score = fit + further + votes[at] + named_column - less - min(gap, 90) / 100 + of_column
            found.append(Near(start + a, start + b, score))
    return sorted(found, key=lambda one: -one.score)


def _fit(
    asked: Asked, here: set[str], around: set[str], beside: set[str], topic: float, share: float, alone: bool
) -> float | None:
    """How well a sentence with the words `here` fits; None where it is about something else.

    `around` are words that say what it is about, `beside` those of the rest of its paragraph. `topic` is the share
    of the question's other words that must be in any of these where a line says what is asked; `share` where nothing
    stands for them, 0 where a row holds the code that is asked for.
    """
    known = len(asked.names & (here | around))
    if known < (HALF if asked.unsure else ENOUGH) * len(asked.names) and not alone:
        return None
    said = len(asked.others & here)
    said_around = len(asked.others & (around - here))
    said_beside = len(asked.others & (beside - around - here))
    if asked.alternatives:
        if said + said_around + said_beside < topic * len(asked.others):
            return None
    elif share and (said + said_around < share * len(asked.others) or (asked.others and not said)):
        return None
    kinds = len(asked.kinds & (here | around))
    return 2.0 * len(asked.names & here) + known + said + 0.5 * said_around + 0.25 * said_beside + kinds


def _last(text: str) -> set[str]:
    """The stems of the last sentence of a text."""
    ends = [m.end() for m in SENTENCE_END.finditer(text) if text[m.end() :].strip()]
    return stems(text[ends[-1] if ends else 0 :])


def _votes(asked: Asked, sentence: str, ranges: list[tuple[int, int, float]]) -> list[float]:
    """For each of several values, how many other words of the question after the first value stand nearest to it."""
    votes = [0.0] * len(ranges)
    if len(ranges) > 1:
        for found in WORD.finditer(sentence, ranges[0][1]):
            inside = any(a < found.end() and found.start() < b for a, b, _ in ranges)
            if stem(found[0]) in asked.others and not inside:
                gaps = [_gap(sentence, a, b, [found.span()]) for a, b, _ in ranges]
                votes[gaps.index(min(gaps))] += VOTE
    return votes


def _gap(sentence: str, start: int, end: int, anchors: list[tuple[int, int]]) -> int:
    """The characters between a value and the nearest anchor; a word in brackets belongs to what stands before them."""

    def one(x: int, y: int) -> int:
        if start >= y:
            return start - y + (ACROSS if ")" in sentence[y:start] and "(" not in sentence[y:start] else 0)
        bracketed = sentence[end : end + 2] == " (" and ")" not in sentence[end:x]
        return 0 if bracketed or MEANT_FOR.fullmatch(sentence, end, x) else x - end + BEFORE

    return max(0, min((one(x, y) for x, y in anchors), default=0))


def _after_anchors(sentence: str, start: int, end: int, anchors: list[tuple[int, int]]) -> int:
    """Where a match begins when it ran over words of the question: "Gift of Karl Coe" is given by Karl Coe."""
    for x, y in anchors:
        if start <= x and y < end:
            start = y + len(re.match(r"\W*(?:(?:of|by|to|from)\s+)?", sentence[y:end])[0])  # type: ignore[index]
    return start


def _anchors(asked: Asked, sentence: str) -> list[tuple[int, int]]:
    """Where the words of `about` stand in a sentence, else those of the question."""
    wanted = frozenset().union(*asked.alternatives) or asked.others or asked.names
    found = [m for m in WORD.finditer(sentence) if stem(m[0]) in wanted]
    asked_for = [m for m in found if stem(m[0]) in asked.said]
    return [m.span() for m in asked_for or found]


def nearest(
    corpus: Corpus,
    find: Callable[[str, int], Hits],
    form: str,
    question: str,
    about: str,
    k: int,
    alone: bool = False,
) -> list[tuple[Hit, int, int]]:
    """The `k` best matches: the line of each, and the characters [start, end) of its document that matched.

    `form` names a form or is an expression. `find` searches where the values may stand; `alone` says that this is
    one document. Raises ValueError for a bad expression.
    """
    wanted = Form(form)
    own, full = Asked.of(question), Asked.of(question, about)
    if (
        about and len(own.others) > 1 and not alone
    ):  # a line that says all that the question says needs no more
        whole = _ranked(corpus, find, wanted, own, "", question, alone, share=1.0)
        if whole:
            return whole[:k]
    share = HALF if alone else ENOUGH
    found = _ranked(corpus, find, wanted, full, about, question, alone, share)
    saying = OF_FORM.get(form, set())  # words that say no more than the form does
    told = any(part <= full.said and not part <= saying for part in full.alternatives)
    own = replace(own, others=own.others - saying)
    if not found and about and not told:  # it may be the wrong words: those of the question must do
        found = _ranked(corpus, find, wanted, own, "", question, alone, share)
    if not found and not told:  # the name may stand elsewhere in the line
        found = _ranked(corpus, find, wanted, own, "", question, alone, share, apart=True)
    if not found and about and form in SPEAKING:  # such a value says itself what it is
        found = _ranked(corpus, find, wanted, replace(full, alternatives=()), "", question, alone)
    return found[:k]


def _ranked(
    corpus: Corpus,
    find: Callable[[str, int], Hits],
    form: Form,
    asked: Asked,
    about: str,
    question: str,
    alone: bool,
    share: float = ENOUGH,
    apart: bool = False,
) -> list[tuple[Hit, int, int]]:
    lines: dict[tuple[int, int], Hit] = {}
    wording = " ".join((*sorted(asked.names), about.replace("|", " "), *other_forms(f"{question} {about}")))
    for query in (question, wording):
        for hit in find(query, LINES):
            lines.setdefault((hit.id, hit.start), hit)
    stating = about.replace("|", " ") or " ".join(sorted(asked.others))
    if stating and asked.names and not alone:  # the line that states it need not repeat the name
        for document in [*dict.fromkeys(hit.id for hit in lines.values())][:NAMED]:
            for hit in corpus.view((document,)).search(stating, IN_NAMED):
                lines.setdefault((hit.id, hit.start), hit)
    found: list[tuple[float, Hit, int, int]] = []
    for rank, hit in enumerate(lines.values()):
        place = setting(corpus.archive, hit.id, hit.start, hit.end, hit.name, form.name == "name")
        for one in near(asked, str(hit.text), place, form, alone, share, apart):
            found.append((one.score - LATER * rank, hit, hit.start + one.start, hit.start + one.end))
    found.sort(key=lambda row: -row[0])
    return [row[1:] for row in found]


class Form:
    """A form that values have: its matches in a sentence, and what they cost where they are doubtful."""

    def __init__(self, form: str):
        """`form` names a form or is a regular expression. Raises ValueError for a bad one."""
        self.name = form
        try:
            self._pattern = re.compile(FORMS.get(form, form))
        except re.error as problem:
            raise ValueError(f"the pattern is no regular expression: {problem}") from problem

    def matches(self, sentence: str, place: Setting, at: int) -> list[tuple[int, int, float]]:
        """The ranges of the values in a sentence that begins at `at` of its line, in order, each with its doubt."""
        found = [(*m.span(), 0.0) for m in self._pattern.finditer(sentence) if m[0]]
        if self.name == "name":
            doubted = (
                (a, b, doubt(sentence[a:b], sentence[:a], place.text, sentence[b:])) for a, b, _ in found
            )
            found = [(a, b, less) for a, b, less in doubted if less is not None]
            found += [(a, b, 0.0) for a, b in logins(sentence)]
        elif self.name == "money" and not at:
            known = {a for a, _, _ in found}
            columns = (f for f in place.fields if f.start not in known and f.is_money(sentence))
            found += [(f.start, f.end, 0.0) for f in columns]
        return sorted(found)
