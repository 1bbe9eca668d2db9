"""The characters of a PDF page as segments: stretches of one line that no wide gap parts, with where they stand."""

from __future__ import annotations

import ctypes
import math
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

import pypdfium2
from pypdfium2 import raw

WIDE = 1.0  # a gap of this many line heights ends a segment
MOST = 400_000  # characters of one page
SAMPLED = 200  # characters that tell which way a page is turned
RIGHT_TO_LEFT = "\u0590"  # the first letter of such scripts
LINE_HYPHEN = "\x02"  # what PDFium gives for a hyphen at the end of a line
TURN = math.pi / 2


@dataclass(slots=True)
class Segment:
    """A stretch of text and its box, in points; y grows downwards, and x in the direction of reading."""

    text: str
    left: float
    top: float
    right: float
    bottom: float

    @property
    def height(self) -> float:
        """Points from top to bottom."""
        return self.bottom - self.top

    @property
    def middle(self) -> float:
        """Where it stands in the height of the page."""
        return (self.top + self.bottom) / 2


@dataclass(slots=True)
class Page:
    """The segments of a page as they were drawn, and `aside`: lines that run in another direction."""

    segments: list[Segment]
    aside: list[str]
    turns: int = 0  # quarter turns of the text against the page
    mirrored: bool = False  # read from right to left

    def placed(self, text: str, left: float, bottom: float, right: float, top: float) -> Segment:
        """A segment for text that stands in a box of the page's own coordinates."""
        return self._mirror(Segment(text, *_turned((left, bottom, right, top), self.turns)))

    def _mirror(self, segment: Segment) -> Segment:
        if self.mirrored:
            segment.left, segment.right = -segment.right, -segment.left
        return segment


@dataclass(slots=True)
class _Token:
    """Letters without white space between them, and their box: left, top, right, bottom."""

    text: str
    box: tuple[float, float, float, float]


def read_page(textpage: pypdfium2.PdfTextPage) -> Page:
    """Return what stands on a page. Raises PdfiumError when the page cannot be read."""
    count = min(textpage.count_chars(), MOST)
    handle = textpage.raw
    turns, mixed = _turns(handle, count)
    page = Page([], [], turns)
    aside, at, before = [""], 0.0, 0  # lines in other directions, where the last one stands, how it is turned
    line: list[_Token] = []
    for text, first, last in _words(handle, count):
        if mixed and (turn := _turn_at(handle, first)) != turns:
            _, top, _, bottom = _box(handle, first, max(0, turn))
            going_on = turn == before and (turn < 0 or abs((top + bottom) / 2 - at) < 0.5 * (bottom - top))
            aside += [text] if not going_on else []
            aside[-1] += f" {text}" if going_on else ""
            at, before = (top + bottom) / 2, turn
            continue
        token = _Token(text, _around(_box(handle, first, turns), _box(handle, last, turns)))
        if line and _parted(line[-1], token):
            page.segments.append(_segment(line))
            line = []
        line.append(token)
    if line:
        page.segments.append(_segment(line))
    page.aside = [text for text in aside if text.strip()]
    if _right_to_left(page.segments):
        page.mirrored = True
        for segment in page.segments:
            segment.left, segment.right = -segment.right, -segment.left
    return page


def _words(handle: object, count: int) -> Iterator[tuple[str, int, int]]:
    """(letters, number of the first, of the last). PDFium gives white space wherever there is a gap."""
    ask, first = raw.FPDFText_GetUnicode, 0
    letters: list[str] = []
    for index in range(count):
        letter = chr(ask(handle, index))
        if letter == LINE_HYPHEN:
            yield "".join([*letters, "-"]), first if letters else index, index
            letters = []
        elif letter.isspace() or letter == "\0":
            if letters:
                yield "".join(letters), first, index - 1
                letters = []
        else:
            if not letters:
                first = index
            if letters and letter >= RIGHT_TO_LEFT and _one_glyph(handle, index):
                letters.insert(
                    len(letters) - 1, letter
                )  # PDFium turns round also the letters of one ligature
            else:
                letters.append(letter)
    if letters:
        yield "".join(letters), first, count - 1


def _one_glyph(handle: object, index: int) -> bool:
    """Whether two letters, of a script from right to left, come from one glyph, as lam and alef do."""
    places = []
    for at in (index - 1, index):
        if unicodedata.bidirectional(chr(raw.FPDFText_GetUnicode(handle, at))) not in ("R", "AL"):
            return False
        x, y = ctypes.c_double(), ctypes.c_double()
        raw.FPDFText_GetCharOrigin(handle, at, ctypes.byref(x), ctypes.byref(y))
        places.append((x.value, y.value))
    return places[0] == places[1]


def _turns(handle: object, count: int) -> tuple[int, bool]:
    """Quarter turns of most of the text, and whether some of it runs otherwise."""
    step = max(1, count // SAMPLED)
    found = Counter(
        _turn_at(handle, i)
        for i in range(0, count, step)
        if raw.FPDFText_IsGenerated(handle, i) != 1 and raw.FPDFText_GetUnicode(handle, i) > 32
    )
    if not found:
        return 0, False
    turns = found.most_common(1)[0][0]
    return (turns if turns >= 0 else 0), len(found) > 1


def _turn_at(handle: object, index: int) -> int:
    """Quarter turns of one character; -1 when it stands askew."""
    angle = raw.FPDFText_GetCharAngle(handle, index)
    turns = round(angle / TURN)
    return turns % 4 if abs(angle - turns * TURN) < 0.15 else -1


def _box(handle: object, index: int, turns: int) -> tuple[float, float, float, float]:
    box = raw.FS_RECTF()
    raw.FPDFText_GetLooseCharBox(handle, index, ctypes.byref(box))
    return _turned((box.left, box.bottom, box.right, box.top), turns)


def _turned(box: tuple[float, float, float, float], turns: int) -> tuple[float, float, float, float]:
    """(left, bottom, right, top) of the page as (left, top, right, bottom) for a reader of turned text."""
    left, bottom, right, top = (
        min(box[0], box[2]),
        min(box[1], box[3]),
        max(box[0], box[2]),
        max(box[1], box[3]),
    )
    if turns == 1:
        return -top, -right, -bottom, -left
    if turns == 2:
        return -right, bottom, -left, top
    if turns == 3:
        return bottom, left, top, right
    return left, -top, right, -bottom


def _around(
    first: tuple[float, float, float, float], last: tuple[float, float, float, float]
) -> tuple[float, float, float, float]:
    """The box from the first letter of a word to its last, as high as the first."""
    return min(first[0], last[0]), first[1], max(first[2], last[2]), first[3]


def _parted(before: _Token, token: _Token) -> bool:
    """Whether another segment begins here: another line, or a wide gap in the same one."""
    left, top, right, bottom = before.box
    next_left, next_top, next_right, next_bottom = token.box
    height = max(1.0, min(bottom - top, next_bottom - next_top))
    if min(bottom, next_bottom) - max(top, next_top) < 0.4 * height:
        return True
    return max(next_left - right, left - next_right) > WIDE * height


def _segment(line: list[_Token]) -> Segment:
    boxes = [token.box for token in line]
    return Segment(
        _despaced(line) or " ".join(token.text for token in line),
        min(b[0] for b in boxes),
        median(b[1] for b in boxes),
        max(b[2] for b in boxes),
        median(b[3] for b in boxes),
    )


def _despaced(line: list[_Token]) -> str:
    """A line set with a space after every letter (`T h e  k e y`), with its words together; "" for any other."""
    if len(line) < 5 or any(len(t.text) > 1 for t in line) or not any(t.text.isalpha() for t in line):
        return ""
    gaps = [b.box[0] - a.box[2] for a, b in pairwise(line)]
    usual = median(gaps)
    if usual <= 0 or max(gaps) < 1.5 * usual:
        return ""
    parts = [line[0].text]
    for gap, token in zip(gaps, line[1:], strict=True):
        parts.append((" " if gap >= 1.5 * usual else "") + token.text)
    return "".join(parts)


def _right_to_left(segments: list[Segment]) -> bool:
    kinds = Counter(unicodedata.bidirectional(letter) for s in segments for letter in s.text[:40])
    return kinds["R"] + kinds["AL"] > kinds["L"]
