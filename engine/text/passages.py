"""Cut a text into passages for the search index: paragraphs of up to some 600 characters with their heading."""

from __future__ import annotations

import re

from engine.text.sentences import SENTENCE_END, goes_on

LONGEST = 600  # characters of a passage
ENOUGH = 250  # characters after which a blank line ends a passage
HEADING = re.compile(r"#{1,6}[ \t]+(\S.*)")
SECTION = re.compile(
    r"(?m)^(\[{1,2}[^\[\]\n]+\]{1,2})[ \t]*(?:[#;].*)?$"
)  # the heading of settings, as in INI
SPOKEN_AT = re.compile(
    r"(?m)^(\[(?:[0-9]{1,4}:)?[0-9]{1,2}:[0-9]{2}\])$"
)  # the time above a paragraph of a transcript
BROKEN_WORD = re.compile(r"(?<=\s)[^\W\d_]+[-‐\u00ad] ?\r?\n\Z")  # at the end of a line
LONGEST_WORD = 80
LONGEST_HEADING = 200  # characters
BREAK = re.compile(r"[.!?…。！？;]\s+|\s+")


def split(text: str, heading: re.Pattern[str] | None = HEADING) -> tuple[list[int], list[tuple[int, str]]]:
    """Return the character offsets where passages begin, and (passage, heading) where the heading changes.

    The passages cover the text without gaps. A heading is a line that `heading` matches (HEADING, SECTION,
    SPOKEN_AT; None: there are none), and is called by its first group.
    """
    starts: list[int] = [0]
    changes: list[tuple[int, str]] = []
    begin = at = 0  # of the passage; of the line
    before = ""
    for line in text.split("\n"):
        size = len(line) + 1
        found = heading.match(line) if heading and line[:1] in ("#", "[") else None
        full = at + size - begin > LONGEST + 1
        if at > begin and (found or full or (len(line) < 2 and at - begin > ENOUGH)):
            wrapped = full and not found and goes_on(before, line)
            begin = _sentence_end(text, begin + ENOUGH, _unbroken(text, begin, at)) if wrapped else at
            starts.append(begin)
        if found:
            changes.append((len(starts) - 1, found[1].strip("# \t")[:LONGEST_HEADING]))
        while at + size - begin > LONGEST + 1 and size > 1:
            end = _break(text, begin, min(begin + LONGEST, at + size - 1))
            if end >= at + size - 1:
                break
            starts.append(end)
            begin = end
        at += size
        before = line
    if len(starts) > 1 and starts[-1] >= len(text):
        starts.pop()
    return starts, changes


def _sentence_end(text: str, begin: int, limit: int) -> int:
    """The end of the last sentence in [begin, limit), else `limit`."""
    return max(
        (begin + end for end in map(re.Match.end, SENTENCE_END.finditer(text[begin:limit]))), default=limit
    )


def _unbroken(text: str, begin: int, at: int) -> int:
    """Where the word begins that is broken at the line end before `at`; `at` where none is after `begin`."""
    word = BROKEN_WORD.search(text, max(begin + 1, at - LONGEST_WORD), at)
    return word.start() if word else at


def _break(text: str, begin: int, limit: int) -> int:
    """The end of the last sentence, else word, in the second half of [begin, limit)."""
    half = begin + (limit - begin) // 2
    best, sentence = limit, 0
    for found in BREAK.finditer(text, half, limit):
        best = found.end()
        if not found[0][0].isspace():
            sentence = found.end()
    return sentence or best
