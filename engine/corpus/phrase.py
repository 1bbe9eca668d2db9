"""The phrase that a question asks to count or to list, as a regular expression. Pure string work.

"How many letters mention the old mill?" asks for `old mill`: the words after the verb, else a name, else the longest
run of words that only this question has.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from engine.corpus.nearest import PLAIN

FRAME = PLAIN | frozenset(
    """mention mentions mentioned mentioning contain contains containing refer refers referring appear appears occur
    occurs speak speaks talk talks named called marked listed written words word times time often count counts
    number numbers line lines entries entry row rows file files paper papers text texts letter letters report reports
    mail mails email emails e note notes memo memos anything anywhere something come comes marked going let hi hello
    total sum add together amount status still address addresses percentages values list show check collect deal deals
    bring brings include includes used use read anybody anyone did mention""".split()
)
DOCUMENT_WORDS = frozenset(
    "file files paper papers text texts letter letters report reports mail mails email emails note notes memo memos document documents".split()
)
VERB = re.compile(
    r"(?i)\b(?:mention(?:s|ed|ing)?|contain(?:s|ing)?|refer(?:s|ring)? to|speaks? of|talks? about|about|marked(?: as)?|"
    r"named?|status|with|from|for)\s+(?:the words? |the |an? )?"
)
TOKEN = re.compile(r"[^\W_]+(?:[-'’./&][^\W_]+)*")
JOINED = re.compile(r"^(?:\s+|\s*&\s*|\.\s|\s+(?:of|and|the|of the|for|in|at|de|van)\s+)$")


def phrase(question: str, known: Callable[[str], bool]) -> str:
    """The regular expression for the words in question; `known` says whether one matches anywhere.

    Words in double quotes are taken as they are. Raises ValueError for a question that names nothing.
    """
    quoted = re.search(r'"([^"]+)"', question)
    if quoted:
        return pattern(quoted[1])
    text = re.sub(
        r"(?i)\b(?:please check|thank you|thanks|a short answer is enough|please answer briefly)\b",
        " ",
        question,
    )
    runs = _runs(text)
    if not runs:
        raise ValueError("the question names nothing to look for")
    if runs == [(0, len(text.rstrip(" ?.!")))]:  # nothing but the phrase itself
        return pattern(text[: runs[0][1]])
    runs += [name for run in runs if (name := _name_in(text, *run)) not in runs and name[0] < name[1]]
    after = {found.end() for found in VERB.finditer(text)}

    def rank(run: tuple[int, int]) -> tuple[bool, bool, bool, int]:
        words = text[run[0] : run[1]]
        named = run[0] > 0 and any(c.isupper() or c.isdigit() for c in words)
        return known(pattern(words)), run[0] in after, named, len(words)

    start, end = max(runs, key=rank)
    return pattern(text[start:end])


COMPARED = FRAME | frozenset(
    """but both either neither nor without versus vs compared more less higher lower larger smaller bigger longer
    shorter earlier later sooner cheaper dearer heavier lighter older younger newer first last compare well never together one ones that those""".split()
)


def _name_in(text: str, start: int, end: int) -> tuple[int, int]:
    """The capitalised words within a run: of "Ruth Smith turn", the name alone. Empty where there are none."""
    named = [m.span() for m in TOKEN.finditer(text, start, end) if m[0][0].isupper() and m.start() > 0]
    return (named[0][0], named[-1][1]) if named else (start, start)


BESIDE = re.compile(
    r"(?i)\b(?:or|and|than|nor|without|versus|vs|but|not|never|compared|as well as|together with)\b"
)
POSSESSIVE = re.compile(r"(?<=\w)['’]s$|(?<=s)['’]$")  # "Ann's or Bob's"
HELD = re.compile(r"^\s+(?:with|at)\s+(?:the\s+)?$")  # "the agreement with Orion Metals" is one thing


def pair(question: str) -> list[str]:
    """The two things that a question sets beside each other, as written but for a closing "'s": "A or B", "A than B", "A but not B".

    Words in double quotes are taken as they are. Raises ValueError for a question that names no two.
    """
    quoted = re.findall(r'"([^"]+)"', question)
    if len(quoted) > 1:
        return quoted[:2]
    runs: list[tuple[int, int]] = []
    for start, end in _runs(question, COMPARED):
        held = runs and HELD.match(question[runs[-1][1] : start]) and question[start].isupper()
        runs[-1:] = [(runs[-1][0], end)] if held else [*runs[-1:], (start, end)]
    beside = [
        (question[a:b], question[c:d])
        for (a, b), (c, d) in pairwise(runs)
        if BESIDE.search(question[b:c]) and not re.search(r"[?;:]", question[b:c])
    ]
    inside = [p for a, b in runs if len(p := re.split(r"\s+and\s+", question[a:b], maxsplit=1)) == 2]
    for found in (*beside, *inside):
        return [POSSESSIVE.sub("", name) for name in found]
    if len(runs) < 2:
        raise ValueError("the question does not name two things")
    return [POSSESSIVE.sub("", question[a:b]) for a, b in runs[-2:]]


def _runs(text: str, frame: frozenset[str] = FRAME) -> list[tuple[int, int]]:
    """The runs of words of a text that are not in `frame`; names go on over "of", "and" and "&"."""
    runs: list[list[int]] = []
    capital = False
    for found in TOKEN.finditer(text):
        word = found[0]
        if word.lower() in frame and not (word[0].isupper() and found.start() > 0 and capital):
            continue
        start, end = found.span()
        upper = word[0].isupper() or word[0].isdigit()
        gap = text[runs[-1][1] : start] if runs else ""
        if runs and (gap.isspace() or (capital and upper and JOINED.match(gap))):
            runs[-1][1] = end
        else:
            runs.append([start, end])
        capital = upper
    return [(a, b) for a, b in runs]


QUANTIFIER = re.compile(
    r"(?i)\b(?:each|every|all|across|per|single|both|among)\b(?:\s+(?:of|all|the|my|our|these|single))*\s+"
)
PLACE = re.compile(r"(?i)\b(?:of|in|by|from|does|do|how many|which|what)\s+(?:of\s+)?(?:the\s+)?|\bthe\s+")
ANY_KIND = ("docum", "file", "paper", "text")


def of_kind(question: str, heads: list[str], names: Sequence[str] = ()) -> list[int]:
    """Which documents are of the kind that a question names; `heads` are their names with their first words.

    Words after "each" or "all" name the kind, else words after "of the", "in the" and the like; all documents
    where nothing does. `names` are the names alone: one that holds all of several words in the singular is meant.
    """
    folded, folded_names = [head.casefold() for head in heads], [name.casefold() for name in names]
    everything = [*range(len(heads))]
    for place, strict in ((QUANTIFIER, False), (PLACE, True)):
        for found in place.finditer(question):
            words, plural = _noun_phrase(question[found.end() :])
            if not strict and words and words[0].startswith(ANY_KIND):
                return everything
            matching = [_holding(part, folded) for part in _parts(words)]
            called = _holding(words, folded_names) if len(words) > 1 and not plural else []
            if strict and len(called) == 1:  # "the harbour log" is one, also where there are more logs
                return called
            for fewest in (2, 1):
                for chosen in matching:
                    if fewest <= len(chosen) and not (strict and len(chosen) == len(heads)):
                        return chosen
    return everything


def _holding(words: list[str], heads: list[str]) -> list[int]:
    """The numbers of the heads in which each of these begins a word."""
    begins = [re.compile(rf"(?<![^\W_]){re.escape(word)}") for word in words]
    return [i for i, head in enumerate(heads) if all(begin.search(head) for begin in begins)]


def _parts(words: list[str]) -> list[list[str]]:
    """All runs of the words, long ones first."""
    sizes = range(len(words), 0, -1)
    return [words[at : at + size] for size in sizes for at in range(len(words) - size + 1)]


def _noun_phrase(text: str) -> tuple[list[str], bool]:
    """The stems of the words at the beginning of a text, up to the first that ends a noun phrase, at most three.

    Also whether one of them is a plural.
    """
    stems: list[str] = []
    plural = False
    before = 0
    for found in TOKEN.finditer(text):
        word = found[0].casefold()
        gap, before = text[before : found.start()], found.end()
        if (word in FRAME and word not in DOCUMENT_WORDS) or gap.strip() or len(stems) == 3:
            break
        many = len(word) > 3 and word.endswith("s") and not word.endswith("ss")
        plural |= many
        stems.append((word[:-1] if many else word)[:5])
    return stems, plural


def pattern(words: str) -> str:
    """A regular expression for words in any case and spacing, and for the plural of the last one."""
    parts = words.split()
    last = parts[-1]
    if last.islower() and last.endswith("s") and not last.endswith("ss"):
        parts[-1] = last[:-1]
    start, end = (r"\b" if parts[0][0].isalnum() else ""), (r"s?\b" if parts[-1][-1].isalnum() else "")
    return "(?i)" + start + r"\s+".join(re.escape(part) for part in parts) + end
