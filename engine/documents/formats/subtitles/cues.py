"""Subtitles as files hold them, SubRip (`.srt`) and WebVTT (`.vtt`): what tells them from other text, and their cues."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from engine.documents.formats.text.xml import bounded

SUFFIXES = (".srt", ".vtt")
HEAD = 10_000  # characters at the beginning that are looked at
TIME = r"((?:[0-9]{1,4}:)?[0-9]{1,2}:[0-9]{2})(?:[.,]([0-9]{1,3}))?"
TIMES = re.compile(rf"[ \t]*{TIME}[ \t]*-->[ \t]*{TIME}(?:[ \t]+([^\n]*))?(?:\n|\Z)")
SETTING = re.compile(
    r"(?:vertical|line|position|size|align|region|[DLTSA]|[XY][12]):\S+", re.I
)  # behind the times: where on the screen the cue is shown
BEGINS = re.compile(rf"\s*+(?:[0-9]+[ \t]*\n\s*+)?{TIMES.pattern}")
SHOWN = re.compile(rf"(?m)^{TIMES.pattern}")
WEB = re.compile(r"\s*WEBVTT(?:[ \t]+([^\n]*))?(?:\n|\Z)")
DAMAGED = re.compile(r"[ \t]*[0-9][0-9.,]*:[0-9:.,]*[ \t]*-->")
UNSAID = re.compile(r"(STYLE|REGION|NOTE)(?:\s|\Z)")
VOICE = re.compile(r"<v(?:\.[^\s<>]*)?[ \t]([^<>]*)>|</v>", re.I)
MARKUP = re.compile(
    r"</?(?:[biusvc]|ruby|rt)(?:\.[^\s<>]*)?[ \t]*>|</?(?:font|lang)(?:[ \t.][^<>]*)?>|<[0-9:.]+>|\{\\[^{}]*\}",
    re.I,
)  # also times within a cue, and places of SubStation


@dataclass(frozen=True, slots=True)
class Line:
    """Words of a cue, and who says them, "" where the file does not tell."""

    words: str
    voice: str = ""


@dataclass(slots=True)
class Cue:
    """What is shown from `start` to `end` (seconds); `time` is the start as the file writes it, without fractions."""

    time: str
    start: float
    end: float
    lines: list[Line]


@dataclass(slots=True)
class Cues:
    """The cues of one text in its order, to be read once. `comments` and `damaged` count what was met on the way."""

    text: str
    comments: int = 0
    damaged: int = 0  # lines of times
    title: str = ""
    _web: bool = field(init=False)

    def __post_init__(self) -> None:
        header = WEB.match(self.text)
        self._web = header is not None
        self.title = (header[1] or "").lstrip("- \t").rstrip() if header else ""

    def __iter__(self) -> Iterator[Cue]:
        """Yield the cues; one without a time, at 0 seconds, for words that stand before the first."""
        cue, number, said = Cue("", 0, 0, []), 0, list[str]()
        for line in self._body().split("\n"):
            times = TIMES.fullmatch(line) if "-->" in line else None
            if times is None and not DAMAGED.match(line):
                said.append(line)
                continue
            number = self._without_number(said, number)
            self._take(cue, said)
            said = []
            if times is None:
                self.damaged += 1  # what follows is of the cue before
                continue
            yield cue
            cue = Cue(times[1], _seconds(times[1], times[2]), _seconds(times[3], times[4]), [])
            cue.lines += self._lines(_behind(times))
        self._take(cue, said)
        yield cue

    def _body(self) -> str:
        """The text below the header of WebVTT, which ends at a blank line or the first cue."""
        header = WEB.match(self.text)
        at = header.end() if header else 0
        while header and (line := self.text[at : (self.text.find("\n", at) + 1) or len(self.text)]).strip():
            if "-->" in line:
                break
            at += len(line)
        return self.text[at:]

    def _without_number(self, said: list[str], before: int) -> int:
        """Take the number or name of the cue that begins off what was said before. Return the number of this cue."""
        end = len(said)
        while end and not said[end - 1].strip():
            end -= 1
        name = said[end - 1].strip() if end else ""
        adjacent, alone = end == len(said), end == 1 or (end and not said[end - 2].strip())
        if name.isascii() and name.isdigit() and len(name) < 10:
            if int(name) == before + 1 or (adjacent and alone):
                del said[end - 1 :]
                return int(name)
        elif self._web and adjacent and alone:
            del said[end - 1 :]
        return before + 1

    def _take(self, cue: Cue, said: list[str]) -> None:
        """Give a cue these lines: blocks after a blank line go on, but for those that WebVTT does not show."""
        text, first = "\n".join(said), cue.time != "" and said[:1] != [""]
        for block in re.split(r"\n[ \t]*(?=\n)", text) if self._web else [text]:
            unsaid = None if first else UNSAID.match(block.lstrip("\n"))
            first = False
            if unsaid:
                self.comments += unsaid[1] == "NOTE"
            else:
                cue.lines += self._lines(block)

    def _lines(self, text: str) -> Iterator[Line]:
        voice = ""
        for number, part in enumerate(VOICE.split(text)):
            if number % 2:
                voice = " ".join(self._plain(part or "").split())
                continue
            for line in part.split("\n"):
                if words := " ".join(self._plain(line).split()):
                    yield Line(words, voice)

    def _plain(self, text: str) -> str:
        text = MARKUP.sub("", text)
        return html.unescape(bounded(text)) if self._web and "&" in text else text


def is_subtitles(text: str, suffix: str) -> bool:
    """Whether a text begins with the times of a cue, or as WebVTT does; by its name times may stand further down.

    Times without fractions or with words behind them may be those of a programme: of these only the name tells.
    """
    head, named = text[:HEAD], suffix in SUFFIXES
    begins = BEGINS.match(head)
    if begins and (named or (begins[2] and begins[4] and not _behind(begins))):
        return True
    web = WEB.match(head) is not None
    return (web and suffix == ".vtt") or ((web or named) and SHOWN.search(head) is not None)


def _behind(times: re.Match[str]) -> str:
    """The words behind the times of a cue, without settings."""
    return " ".join(word for word in (times[5] or "").split() if not SETTING.fullmatch(word))


def _seconds(time: str, fraction: str | None) -> float:
    whole = 0
    for part in time.split(":"):
        whole = 60 * whole + int(part)
    return whole + float(f"0.{fraction or 0}")
