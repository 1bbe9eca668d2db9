"""One form for what a reader takes as the same characters, with the way back to where they stand. Pure, for every script.

Case, accents, vowel signs, ligatures, width, and the glyph of a quote, dash, space or digit are folded away; soft
hyphens and other invisible characters go, and so does the hyphen of a word that is broken at the end of a line.
Stored text is never changed: `Folded` maps what is found in folded text to offsets of the text itself.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator

BROKEN = re.compile(r"(?<=[^\W\d_])[-‐\u00ad] ?\r?\n[ \t]*(?=[^\W\d_])")  # a word at the end of a line
ENDS = ("-\n", "- \n", "-\r\n", "‐", "\u00ad")  # without which none is broken
# Marks that may be written or not. Those of other scripts (Devanagari, Thai ...) are letters of theirs.
_OPTIONAL = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    "\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u08d3-\u08ff\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff"
    "\ufe00-\ufe0f\ufe20-\ufe2f\U000e0100-\U000e01ef"
)
_MARKS = re.compile(f"[{_OPTIONAL}]")
_HALF_WIDTH = re.compile("[\uff65-\uffdc]+")  # whose voice marks are characters of their own
_JOINS = re.compile("[\uff9e\uff9f\u1160-\u11ff]")  # what makes one sign with the one before, besides marks
_SAME = {
    **dict.fromkeys("‐‑‒–—―−﹘﹣－", "-"),
    **dict.fromkeys("‘’‚‛‹›′ʹʻʼ＇`´", "'"),
    **dict.fromkeys("“”„‟«»″＂", '"'),
    **dict.fromkeys("\u2028\u2029", "\n"),
    "ـ": "",  # tatweel only draws a word out
    "٫": ".",
    "٬": ",",
}
_LETTERS = str.maketrans("øłđħŧıȷðىیېةکٱ", "oldhtijdيييهكا") | {
    ord("æ"): "ae",
    ord("œ"): "oe",
    ord("þ"): "th",
}


class _Table(dict[int, str]):
    """What each character is folded to, found out when first asked for; made for `str.translate`."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = _fold(chr(code))
        return folded


def _fold(char: str) -> str:
    if char in _SAME:
        return _SAME[char]
    kind = unicodedata.category(char)
    if kind == "Cf":
        return ""
    if kind == "Zs":
        return " "
    if kind == "Nd":
        return str(unicodedata.decimal(char))
    plain = unicodedata.normalize("NFKD", _MARKS.sub("", unicodedata.normalize("NFKD", char)).casefold())
    return unicodedata.normalize("NFC", _MARKS.sub("", plain).translate(_LETTERS))


TABLE = _Table()


def fold(text: str) -> str:
    """The folded form of a text. Words broken at the end of a line stay broken; see `Folded`."""
    return text.lower() if text.isascii() else composed(text).translate(TABLE)


def composed(text: str) -> str:
    """The text with letters and their marks as single characters where there are such, half-width ones in full width."""
    whole = _HALF_WIDTH.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)
    return unicodedata.normalize("NFC", whole)


class Folded:
    """A text as `fold` gives it, and where each part of it stands in the text itself."""

    __slots__ = ("_at", "_from", "_length", "_size", "text")

    def __init__(self, text: str, broken: str = ""):
        """`broken` stands for the hyphen of a word that is broken at the end of a line: nothing, or a hyphen."""
        parts: list[str] = []
        self._at: list[
            int
        ] = []  # in folded text: where parts begin that are longer or shorter than in the text
        self._size: list[int] = []  # their length there
        self._from: list[int] = []  # where they begin in the text
        self._length: list[int] = []  # their length in the text
        begin = size = 0
        for found in _changes(text):
            start, end = found.span()
            parts.append(text[begin:start].translate(TABLE))
            size += start - begin
            new = broken if found.lastgroup else fold(found[0])
            if (len(new), end - start) != (1, 1):
                self._at.append(size)
                self._size.append(len(new))
                self._from.append(start)
                self._length.append(end - start)
            parts.append(new)
            size += len(new)
            begin = end
        parts.append(text[begin:].translate(TABLE))
        self.text = "".join(parts)

    def start(self, at: int) -> int:
        """Where in the text the character stands that begins at `at` in the folded one."""
        n = bisect_right(self._at, at) - 1
        if n < 0:
            return at
        inside = at - self._at[n]
        if inside < self._size[n]:
            return self._from[n]
        return self._from[n] + self._length[n] + inside - self._size[n]

    def end(self, at: int) -> int:
        """Where in the text the character ends that ends at `at` (from 1) in the folded one."""
        n = bisect_right(self._at, at - 1) - 1
        if n < 0:
            return at
        inside = at - self._at[n]
        if inside <= self._size[n]:
            return self._from[n] + self._length[n]
        return self._from[n] + self._length[n] + inside - self._size[n]

    def range(self, start: int, end: int) -> tuple[int, int]:
        """The characters [start, end) of the text that became these characters of the folded one."""
        return (self.start(start), self.end(end)) if end > start else (self.start(start),) * 2


def views(text: str) -> list[Folded]:
    """The ways in which a text is read: where words are broken at ends of lines, in one piece and with their hyphens."""
    return [Folded(text), Folded(text, "-")] if BROKEN.search(text) else [Folded(text)]


def _changes(text: str) -> Iterator[re.Match[str]]:
    """The parts of a text that cannot be folded character by character, each in place."""
    wide = {char for char in set(text) if char > "\x7f"}
    marks = "".join(c for c in wide if _JOINS.match(c) or unicodedata.category(c)[0] == "M")
    longer = "".join(c for c in wide if len(TABLE[ord(c)]) != 1 and c not in marks)
    kinds = [f"(?P<broken>{BROKEN.pattern})"]
    if marks:
        kinds.append(f"(?s:.)[{re.escape(marks)}]+|[{re.escape(marks)}]")
    if longer:
        kinds.append(f"[{re.escape(longer)}]")
    return re.finditer("|".join(kinds), text)


# --- patterns -------------------------------------------------------------------------------------------

_SPACE = r"(?:[^\S\n]*\n[^\S\n]*|[^\S\n]+)"  # any white space within a paragraph
_CODE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))")
_QUANTIFIER = re.compile(r"(?:[*+?]|\{\d+(?:,\d*)?\}|\{,\d+\})[?+]?")
_CLUSTER = re.compile(r"(?s)(.)[\u0300-\u036f\u3099\u309a\uff9e\uff9f\ufe00-\ufe0f]*")
_SPACES = re.compile(r"(?:\\? )+")
NOTHING = r"\x00"  # no text holds it


def fold_expression(source: str, *, verbose: bool = False) -> str:
    """A regular expression that finds in folded text what `source` finds in text; to be used with re.IGNORECASE.

    A space in it (not in `verbose` ones) stands for any white space but a blank line.
    """
    source = composed(_CODE.sub(_character, source))
    made: list[str] = []
    at, inside, opened = 0, False, 0  # `opened`: the parts of `made` before what a class of characters lists
    while at < len(source):
        char = source[at]
        spaces = None if inside or verbose else _SPACES.match(source, at)
        if spaces:
            repeated = _QUANTIFIER.match(source, spaces.end())
            made.append(r"\s" if repeated else _SPACE)
            at = spaces.end()
        elif char == "\\" and source[at + 1 : at + 2] <= "\x7f":
            made.append(source[at : at + 2])
            at += 2
        elif char == "\\":
            at += 1
        elif char > "\x7f":
            found = _CLUSTER.match(source, at)
            assert found is not None
            at = found.end()
            new = re.escape(fold(found[0]))
            if not new and not inside:
                repeated = _QUANTIFIER.match(source, at)
                at = repeated.end() if repeated else at
            made.append(new if inside or len(fold(found[0])) < 2 else f"(?:{new})")
        elif not inside and char == "[":
            head = re.compile(r"\[\^?\]?").match(source, at)
            assert head is not None
            made.append(head[0])
            at, inside, opened = head.end(), True, len(made)
        else:
            if inside and char == "]":
                inside = False
                if not "".join(made[opened:]) and made[opened - 1] in ("[", "[^"):
                    made.append(NOTHING)
            made.append(char)
            at += 1
    return "".join(made)


def _character(found: re.Match[str]) -> str:
    code = int(found[1] or found[2] or found[3], 16)
    return chr(code) if 0x7F < code < 0x110000 else found[0]
