"""What to show of a text: its lines, or its sentences where lines are long or a paragraph is wrapped. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

LONG_LINE = 300  # characters; of a longer line one sentence is shown
WRAPPED_LINE = 40  # characters a line must have to be one of a wrapped paragraph
NO_END = "".join(
    rf"(?<!\b{word})"
    for word in ("Dr", "Mr", "Mrs", "Ms", "Prof", "St", "No", "no", "Nr", "vs", "al", "Art", "Sec", "[A-Z]")
)
SENTENCE_END = re.compile(rf"(?=[.!?…]){NO_END}[.!?…][\"'”’»)\]]*\s+(?![a-z])|[。！？]\s*|\n\s*\n")
HYPHENS = ("-", "‐", "\u00ad")
LINE_END = tuple(".!?:;…。！？|>{}")
NEW_ITEM = re.compile(
    r"\s*(?:[-*•#>|{\[]|\"[^\"]*\"\s*:|\d+[.)]\s|\(?[a-z]\)\s|[A-Z][\w ]{0,20}:\s"
    r"|\[?\d{4}-\d\d-\d\d[ T]\d\d:\d\d)"
)
TABLE = re.compile(r"\t|\s\|\s|\S,\S+,\S|;\S+;")


def units(text: str) -> Iterator[tuple[int, int]]:
    """Yield the ranges [start, end) of what can be read alone: lines, sentences of long or wrapped lines."""
    at = begin = 0
    lines = text.split("\n")
    for number, line in enumerate(lines):
        end = at + len(line)
        following = lines[number + 1] if number + 1 < len(lines) else ""
        if not goes_on(line, following):
            yield from _sentences(text, begin, end)
            begin = end + 1
        at = end + 1


def goes_on(line: str, following: str) -> bool:
    """True when a line seems to be wrapped: its sentence goes on in the following one."""
    bare, rest = line.strip(), following.strip()
    if bare.endswith(HYPHENS) and bare[-2:-1].isalpha() and rest[:1].islower():
        return True  # a word is broken here
    if len(bare) < WRAPPED_LINE or not rest or bare.endswith(LINE_END) or line.startswith("#"):
        return False
    if NEW_ITEM.match(following) or TABLE.search(bare) or TABLE.search(rest):
        return False
    return rest[0].islower() or (bare.count(" ") >= 5 and not bare[-1].isdigit())


def _sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    part = text[start:end]
    ends = (
        [found.end() for found in SENTENCE_END.finditer(part)]
        if len(part) > LONG_LINE or "\n" in part
        else []
    )
    for a, b in zip([0, *ends], [*ends, len(part)], strict=True):
        inner = part[a:b].strip()
        if inner:
            first = start + a + len(part[a:b]) - len(part[a:b].lstrip())
            yield first, first + len(inner)


def narrow(text: str, start: int, end: int) -> tuple[int, int]:
    """Bound what to show around [start, end) of one or more lines: all, a sentence, or a window of words."""
    if len(text) <= LONG_LINE:
        return 0, len(text)
    ends = [found.end() for found in SENTENCE_END.finditer(text)]
    begin = max((e for e in ends if e <= start), default=0)
    finish = min((e for e in ends if e >= end), default=len(text))
    if finish - begin > LONG_LINE:  # no sentences here: a window, cut at spaces
        room = max(40, (LONG_LINE - (end - start)) // 2)
        left, right = max(begin, start - room), min(finish, end + room)
        space = text.find(" ", left, start) if left > begin else -1
        begin = space + 1 if space >= 0 else left
        space = text.rfind(" ", end, right) if right < finish else -1
        finish = space if space >= 0 else right
    cut = text[begin:finish]
    return begin + len(cut) - len(cut.lstrip()), finish - (len(cut) - len(cut.rstrip()))


def clip(text: str, at: int, size: int) -> str:
    """At most `size` characters of `text` on one line, around the offset `at`."""
    if len(text) > size:
        start = max(0, min(at - size // 3, len(text) - size))
        text = ("…" if start else "") + text[start : start + size] + ("…" if start + size < len(text) else "")
    return " ".join(text.split("\n"))
