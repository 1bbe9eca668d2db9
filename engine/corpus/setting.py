"""What a found line stands in: how its document is called and begins, its heading, its paragraph, its table's header."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field

from engine.corpus import names
from engine.corpus.layout import Archive
from engine.corpus.sentences import NEW_ITEM, TABLE
from engine.corpus.tables import Field, row
from engine.corpus.words import stems

HEAD = 120  # characters of a document that may name what it is about
LONGEST_HEAD = 240  # characters of it where a line of prose ends before
CUT_WORD = re.compile(r"(?:\w+|\W)$")
LABEL = re.compile(r"[A-Z][\w ]{0,20}:\s")
SUBJECT = re.compile(r"(?mi)^(?:subject|re|concerns|concerning|title)\s*:.*$")
LETTER_HEAD = 600  # characters in which a line with the subject of a letter is sought
BESIDE = 300  # characters of the same paragraph before and after a line
BREAK = re.compile(r"\n\s*\n")
OWN_LINE = re.compile(r"\s*\d")  # a line of a log or a numbered list


@dataclass(frozen=True)
class Setting:
    """The surroundings of a line. `before` and `after` are the rest of its paragraph; `fields` those of a table's row.

    `text` is what stands around, for telling names from other words.
    """

    name: str = ""
    head: str = ""
    before: str = ""
    after: str = ""
    text: str = ""
    fields: list[Field] = field(default_factory=list)

    @property
    def called(self) -> set[str]:
        """The stems of the name of the document."""
        return stems(self.name)


def opening(archive: Archive, document: int) -> str:
    """The first words of a document, with the subject of a letter or mail; none of a log, whose lines differ."""
    text = archive.slice(document, 0, min(LETTER_HEAD, archive.chars(document)))
    if names.STAMPED.match(text):
        return ""
    subject = SUBJECT.search(text, HEAD // 2)
    begin, end = text.rfind("\n", 0, HEAD) + 1, text.find("\n", HEAD)
    whole = HEAD < end < LONGEST_HEAD and not LABEL.match(text, begin)
    first = text[:end] if whole else CUT_WORD.sub("", text[: HEAD + 1], 1) if len(text) > HEAD else text
    return f"{first} {subject[0]}" if subject else first


def setting(archive: Archive, document: int, start: int, end: int, name: str, alike: bool) -> Setting:
    """The surroundings of characters [start, end) of a document; `alike` says that the text around is wanted too."""
    size = archive.chars(document)
    line = archive.slice(document, start, end)
    byte = archive.byte_start(document) + archive.byte_of(document, start)
    heading = archive.heading(bisect_right(archive.passage_start, byte) - 1)
    before = after = ""
    if not _stands_alone(line):
        before = BREAK.split(archive.slice(document, max(0, start - BESIDE), start))[-1]
        after = BREAK.split(archive.slice(document, end, min(size, end + BESIDE)))[0]
        before, after = _same(before.split("\n"), backwards=True), _same(after.split("\n"), backwards=False)
    around = (
        archive.slice(document, max(0, start - names.AROUND), min(size, end + names.AROUND)) if alike else ""
    )
    return Setting(
        name,
        f"{opening(archive, document)} {heading}",
        before,
        after,
        around,
        row(archive, document, start, line),
    )


def _stands_alone(line: str) -> bool:
    """True for an item of a list, a row of a table or log, a heading: what stands beside it is something else."""
    return bool(NEW_ITEM.match(line) or OWN_LINE.match(line) or TABLE.search(line))


def _same(lines: list[str], backwards: bool) -> str:
    """The lines next to a line that are of its paragraph."""
    kept: list[str] = []
    for line in reversed(lines) if backwards else lines:
        if line.strip() and _stands_alone(line):
            break
        kept.append(line)
    return "\n".join(reversed(kept) if backwards else kept)
