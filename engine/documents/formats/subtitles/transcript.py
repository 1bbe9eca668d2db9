"""What is said in subtitles, to be read, searched and quoted: paragraphs of whole sentences below the time of each."""

from __future__ import annotations

import re

from engine.documents.formats.subtitles.cues import Cue, Cues, Line
from engine.documents.formats.unreadable import Unreadable
from engine.text.passages import ENOUGH, LONGEST

PAUSE = 5.0  # seconds of silence that end a paragraph
AT_ONCE = 0.02  # seconds between two cues that a viewer does not see
MOST_SHOWN = 20  # lines on a screen
ROOM = 20  # characters that the time takes in a passage
SENTENCE_ENDS = re.compile(r"(?<!\.)[.!?。！？؟।][\"'”’»)\]]*\Z")
SPEAKER = re.compile(r"[-–—‐](?![0-9])")  # begins the line of another speaker


class _Paragraph:
    """Cues that are told together, below the time of the first."""

    def __init__(self, time: str, start: float):
        self.time = time
        self.start = self.end = start
        self.voice = ""
        self.words: list[str] = []
        self.size = 0  # characters

    def add(self, line: Line) -> None:
        """Go on with a line: on the same line of the transcript, unless somebody else speaks."""
        other = line.voice != self.voice
        words = f"{line.voice}: {line.words}" if line.voice and other else line.words
        if self.words:
            self.words.append("\n" if other or SPEAKER.match(words) else " ")
        self.words.append(words)
        self.size += len(words) + 1
        self.voice = line.voice

    def ends_before(self, cue: Cue, lines: list[Line]) -> bool:
        """Whether a cue begins another paragraph."""
        if not self.words:
            return False
        long = self.size + sum(len(line.words) + 1 for line in lines) > LONGEST - ROOM
        whole = self.size > ENOUGH and SENTENCE_ENDS.search(self.words[-1]) is not None
        return long or whole or cue.start < self.start or cue.start - self.end >= PAUSE or not self.time

    def told(self) -> str:
        """The paragraph as it is stored."""
        return (f"[{self.time}]\n" if self.time else "") + "".join(self.words)


def transcript(text: str) -> tuple[str, list[str]]:
    """Return what is said in subtitles, and notices. Raises Unreadable where there are no words.

    A line such as `[00:12:40]` stands above each paragraph. Words that stay on the screen from one cue to the next are
    given once.
    """
    cues = Cues(text)
    paragraphs = [cues.title] if cues.title else []
    open_one, shown, again, any_words = _Paragraph("", 0), Cue("", 0, 0, []), 0, False
    for cue in cues:
        seen = _staying(shown, cue)
        again, shown = again + seen, cue
        lines = cue.lines[seen:]
        if lines and open_one.ends_before(cue, lines):
            paragraphs.append(open_one.told())
            open_one = _Paragraph(cue.time, cue.start)
        elif not open_one.words:
            open_one = _Paragraph(cue.time, cue.start)
        for line in lines:
            open_one.add(line)
        any_words = any_words or bool(lines)
        open_one.end = max(open_one.end, cue.end)
    if not any_words:
        raise Unreadable("these subtitles hold no words")
    paragraphs.append(open_one.told())
    return "\n\n".join(paragraphs) + "\n", _notices(cues, again)


def _staying(before: Cue, cue: Cue) -> int:
    """How many lines at the beginning of a cue are the last ones of the cue before, which a viewer sees unbroken."""
    if not before.time or not before.start <= cue.start <= before.end + AT_ONCE:
        return 0
    most = min(len(before.lines), len(cue.lines), MOST_SHOWN)
    return next((n for n in range(most, 0, -1) if before.lines[-n:] == cue.lines[:n]), 0)


def _notices(cues: Cues, again: int) -> list[str]:
    counts = (
        (
            again,
            "line that stays on the screen is given once",
            "lines that stay on the screen are given once",
        ),
        (cues.comments, "comment in it left out", "comments in it left out"),
        (cues.damaged, "time in it cannot be read", "times in it cannot be read"),
    )
    return [f"{count:,} {many if count > 1 else one}" for count, one, many in counts if count]
