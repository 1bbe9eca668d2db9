"""The lines that a question counts: rows of a table, lines of a log, entries of a list. Which words a line must hold.

"How many error lines are there in the gateway log?" counts the lines of `gateway.log` that hold "error". Words that name
the document, its title and its columns say where to look, not what a line must hold.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.corpus.columns import DELIMITERS
from engine.corpus.phrase import FRAME, TOKEN
from engine.corpus.words import other_forms, stem, stems

LEVELS = frozenset("error warn info debug".split())  # of logs: what a line is counted by
FRAMING = (FRAME - LEVELS) | frozenset(
    """record records item items post posts position positions still already so far been single ones one kind sort
    more thing everything anything recorded send sent belong belongs state states stated stand stands hold holds held say says have got whole entire inside""".split()
)
ASKED = re.compile(
    r"(?i)\b(?:how many|how often|number of|count)\b\s*(?:of\s+)?(?:(?:the|these|those|all|my|our|different)\s+)*"
)
ENTRY = re.compile(r"(?i)(?:lines?|rows?|entr(?:y|ies)|records?|items?)$")
DONE = re.compile(r"\b(?:did|does|do)\s+(?:(?:[A-Z][\w.'-]*|&|of|the|we|you|they|i|he|she)\s+)+([a-z]+)\b")
PASSIVE = re.compile(r"\b(?:was|were|been|are|is)\s+([a-z]+)\s+(?:by|to|for|from)\b")
LEVEL = re.compile(r"(?i)(?:error|warn|info|debug|crash|fail)")  # a log without one has none
CONTAINER = re.compile(r"(?i)(?:table|list|log|sheet|register|file|overview|spreadsheet|csv)$")
HEADING = re.compile(r"#{1,6}\s|\|[\s|:-]+$")
TITLE = 100  # characters of a first line that may be a title


def wanted(question: str, spoken: set[str]) -> list[str]:
    """The words of a question that a line must hold; `spoken` are stems of words that only say where to look.

    Words in double quotes are taken as they are.
    """
    quoted = re.findall(r'"([^"]+)"', question)
    if quoted:
        return [word for part in quoted for word in TOKEN.findall(part)]
    words = [m[0] for m in TOKEN.finditer(re.sub(r"['’]s\b|\bas (?:an? |the )?\w+\W*$", "", question))]
    kept = [w for w in words if w.lower() not in FRAMING and not stems(w) <= spoken]
    return [*dict.fromkeys(kept)]


def spare(question: str) -> list[str]:
    """Words that a line need not hold where none does: what is counted, and what is done with it.

    "rides" of "how many taxi rides are in ...", "order" of "how many lamps did Ruth Hale order"; none of "how many error lines".
    """
    done = DONE.search(question)
    passive = PASSIVE.search(question)
    found = (_counted(question), done and done[1], passive and passive[1])
    return [word for word in found if word and not LEVEL.match(word)]


def _counted(question: str) -> str:
    found = ASKED.search(question)
    noun, end = "", found.end() if found else len(question)
    for token in TOKEN.finditer(question, end):
        if question[end : token.start()].strip() or token[0].lower() in FRAMING:
            return "" if ENTRY.match(token[0]) else noun
        noun, end = token[0] if token[0].islower() else "", token.end()
    return noun


def holding(words: Sequence[str]) -> str:
    """A pattern for the lines that may hold the first of these words; all lines with text where there are none."""
    if not words:
        return r"(?m)^.*\S.*$"
    forms = {*stems(words[0]), *map(str.lower, other_forms(words[0])), words[0].lower()}
    return rf"(?im)^.*\b(?:{'|'.join(sorted(map(re.escape, forms)))}).*$"


def title(first: str, second: str) -> str:
    """The first line of a document where it is a title or names columns, else nothing."""
    line = first.strip()
    columns = any(line.count(d) > 1 and second.count(d) == line.count(d) for d in DELIMITERS)
    if (
        columns
        or line.startswith("#")
        or (len(line) <= TITLE and not second.strip() and not re.match(r"\d", line))
    ):
        return line
    return ""


def fits(line: str, words: Sequence[str]) -> bool:
    """Whether a line holds all words, in any form."""
    here = stems(line)
    return all(stem(part) in here for word in words for part in re.findall(r"[^\W_]+", word))
