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
    return text.lower().replace("`", "'") if text.isascii() else composed(text).translate(TABLE)


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
_CODE = re.compile(
    r"\\(?:x(?P<x>[0-9a-fA-F]{2})|u(?P<u>[0-9a-fA-F]{4})|U(?P<U>[0-9a-fA-F]{8})|N\{(?P<N>[^}]+)\}"
    r"|(?P<o>0[0-7]{1,2}|[1-3][0-7]{2}))"
)
_KEPT = re.compile(r"\(\?(?:#[^)]*\)|P<[^>]*>|P=[^)]*\)|\([^)]*\))")  # comments and names of groups
_QUANTIFIER = re.compile(r"(?:[*+?]|\{\d+(?:,\d*)?\}|\{,\d+\})[?+]?")
_AFTER = re.compile(
    f"[{_OPTIONAL}\u3099\u309a\uff9e\uff9f\u1160-\u11ff]"
)  # what is of the character before it
_COMMENT = re.compile(r"#[^\n]*")  # in verbose expressions
_SPACES = re.compile(r"(?:\\? )+")
_SPECIAL = frozenset("\\[](){}*+?|^$.")
MEMBERS = 1024  # of a range in a class of characters, whose folded forms are listed beside it
NOTHING = r"\x00"  # no text holds it


def fold_expression(source: str, *, verbose: bool = False) -> str:
    """A regular expression that finds in folded text what `source` finds in text; to be used with re.IGNORECASE.

    A space in it (not in `verbose` ones) stands for any white space but a blank line. Names of groups and comments
    stay. So do ranges of characters, with the folded forms of their members beside them.
    """
    made: list[str] = []
    at = 0
    while at < len(source):
        char = source[at]
        if char == "[":
            new, at = _class(source, at)
            made.append(new)
        elif not verbose and (spaces := _SPACES.match(source, at)):
            made.append(r"\s" if _QUANTIFIER.match(source, spaces.end()) else _SPACE)
            at = spaces.end()
        elif (kept := _KEPT.match(source, at)) or (verbose and (kept := _COMMENT.match(source, at))):
            made.append(kept[0])
            at = kept.end()
        else:
            letter, end = _letter(source, at)
            if letter is None:
                made.append(source[at:end])
            else:
                new = fold(letter)
                repeated = None if new else _QUANTIFIER.match(source, end)
                end = repeated.end() if repeated else end
                made.append(re.escape(new) if len(new) < 2 else f"(?:{re.escape(new)})")
            at = end
    return "".join(made)


def _class(source: str, at: int) -> tuple[str, int]:
    """The folded form of the class of characters that begins here, and where it ends."""
    at += 1
    negated = source.startswith("^", at)
    at += negated
    made: list[str] = []
    first = at
    while at < len(source) and (source[at] != "]" or at == first):
        begin = at
        low, at = _letter(source, at, inside=True)
        if source.startswith("-", at) and at + 1 < len(source) and source[at + 1] != "]":
            middle = at
            _, at = _letter(source, middle + 1, inside=True)
            made.append(source[begin:at] + _members(source[begin:middle], source[middle + 1 : at]))
        else:
            made.append(source[begin:at] if low is None else re.escape(fold(low)))
    return f"[{'^' if negated else ''}{''.join(made) or NOTHING}]", at + 1


def _members(low: str, high: str) -> str:
    """The folded forms of the members of a range that do not stand in it; none for a long one, or of bytes."""
    first, last = _point(low), _point(high)
    if not 0 <= last - first < MEMBERS or unicodedata.category(chr(first)) == "Cc":
        return ""
    forms = {fold(chr(code)) for code in range(first, last + 1) if code > 0x7F or code == 0x60}
    return re.escape("".join(sorted(one for one in forms if len(one) == 1 and not first <= ord(one) <= last)))


def _point(written: str) -> int:
    """The code of the character that an end of a range is; 0 where it cannot be told."""
    try:
        coded = _CODE.fullmatch(written)
        char = _coded(coded) if coded else written.removeprefix("\\") or written
    except (KeyError, ValueError, OverflowError):
        return 0
    return ord(char) if len(char) == 1 else 0


def _letter(source: str, at: int, *, inside: bool = False) -> tuple[str | None, int]:
    """The character that stands here with its marks, None for one that is folded to itself or is no character, and
    where it ends.
    """
    letter, end = _read(source, at)
    if letter is None or (letter < "\x80" and not inside and source[at] in _SPECIAL and end == at + 1):
        return None, end
    while end < len(source):
        mark, after = _read(source, end)
        if mark is None or not (_AFTER.match(mark) or len(composed(letter + mark)) <= len(composed(letter))):
            break
        if inside and source.startswith("-", after) and source[after + 1 : after + 2] not in ("", "]"):
            break  # a range of marks
        letter, end = letter + mark, after
    return (letter if letter > "\x7f" or letter[0] == "`" or len(letter) > 1 else None), end


def _coded(found: re.Match[str]) -> str:
    if found["N"]:
        return unicodedata.lookup(found["N"])
    code = found["x"] or found["u"] or found["U"]
    return chr(int(code, 16) if code else int(found["o"], 8))


def _read(source: str, at: int) -> tuple[str | None, int]:
    """The one character that is written here, as it is or by its code; None for another escape, and where it ends."""
    if source[at] != "\\":
        return source[at], at + 1
    if found := _CODE.match(source, at):
        try:
            char = _coded(found)
        except (KeyError, ValueError, OverflowError):
            return None, found.end()
        return (char if char > "\x7f" or char == "`" else None), found.end()
    if source[at + 1 : at + 2] == "`" or source[at + 1 : at + 2] > "\x7f":
        return source[at + 1], at + 2
    return None, min(at + 2, len(source))
