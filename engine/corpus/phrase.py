"""The phrase that a question asks to count or to list, as a regular expression. Pure string work.

"How many letters mention the old mill?" asks for `old mill`: the words after the verb, else a name, else the longest
run of words that only this question has.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from engine.corpus.nearest import PLAIN

FRAME = PLAIN | frozenset(
    """mention mentions mentioned mentioning contain contains containing refer refers referring appear appears occur
    occurs speak speaks talk talks named called marked listed written words word times time often count counts
    number numbers line lines entries entry row rows file files paper papers text texts letter letters report reports
    mail mails email emails e note notes memo memos anything anywhere something come comes marked going let hi hello
    total sum add together amount status still address addresses percentages values list show check collect""".split()
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
    text = re.sub(r"(?i)\b(?:please check|thank you|thanks|a short answer is enough|please answer briefly)\b", " ", question)
    runs = _runs(text)
    if not runs:
        raise ValueError("the question names nothing to look for")
    after = {found.end() for found in VERB.finditer(text)}

    def rank(run: tuple[int, int]) -> tuple[bool, bool, bool, int]:
        words = text[run[0] : run[1]]
        named = run[0] > 0 and any(c.isupper() or c.isdigit() for c in words)
        return known(pattern(words)), run[0] in after, named, len(words)

    start, end = max(runs, key=rank)
    return pattern(text[start:end])


def _runs(text: str) -> list[tuple[int, int]]:
    """The runs of words of a text that are no frame words; names go on over "of", "and" and "&"."""
    runs: list[list[int]] = []
    capital = False
    for found in TOKEN.finditer(text):
        word = found[0]
        if word.lower() in FRAME and not (word[0].isupper() and found.start() > 0 and capital):
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


def pattern(words: str) -> str:
    """A regular expression for words in any case and spacing, and for the plural of the last one."""
    parts = words.split()
    last = parts[-1]
    if last.islower() and last.endswith("s") and not last.endswith("ss"):
        parts[-1] = last[:-1]
    return r"(?i)\b" + r"\s+".join(re.escape(part) for part in parts) + r"(?:s\b|\b|(?!\w))"
