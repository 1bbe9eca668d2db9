"""Text of RTF files: what is shown, with notes where they are called. Runs in the parser process only."""

from __future__ import annotations

import re

from striprtf.striprtf import remove_pict_groups, rtf_to_text

from engine.documents.formats.unreadable import Unreadable

FONT = re.compile(r"\{\\f(\d+)(?![^{}]*\\fcharset)([^{}]*;)\}")  # a font that names no character set
TOKEN = re.compile(r"\\([a-z]+)(-?\d+)? ?|\\'[0-9a-f]{2}|\\[^a-z]|[{}]|[^\\{}]+", re.I)
HIDDEN = ("v", "deleted")  # what a word processor does not show: hidden text, text struck by a reviewer
SIGNS = frozenset(  # words that stand for text
    """u tab par line sect page column softline emdash endash emspace enspace qmspace bullet lquote rquote ldblquote
    rdblquote chpgn chdate chdpl chdpa chtime chatn chftn sectnum""".split()
)
LAST_PARAGRAPH = re.compile(r"\\par(?![a-z])(\s*\}?\s*)(?=\\(?:nest)?cell(?![a-z]))")  # of a cell
MARGIN = re.compile(r"(?:header|footer)[lrf]?")
CELL, OPEN, CLOSE = "\ue0f0", "\ue0f1", "\ue0f2"
NO_LETTER = re.compile(r"\\u-?\d{6,}")  # a number that no letter of RTF has
LEFT_OUT = (("pict", "image"), ("object", "embedded object"))


def parse_rtf(data: bytes) -> tuple[str, list[str]]:
    """Return the text of an RTF file, and notices. Raises Unreadable where there is none."""
    source: str = remove_pict_groups(data.decode("latin-1"))  # type: ignore[no-untyped-call]  # striprtf has no types
    source = re.sub(r"[\x80-\xff]", lambda found: rf"\'{ord(found[0]):02x}", source)
    source = NO_LETTER.sub(r"\\u65533", source)
    source = LAST_PARAGRAPH.sub(r"\1", source)
    source = re.sub(r"\\(?:nest)?cell(?![a-z])", rf"\\u{ord(CELL)}?", source)
    source = FONT.sub(r"{\\f\1\\fcharset1\2}", _shown(source))
    text: str = rtf_to_text(source, errors="replace")  # type: ignore[no-untyped-call]  # striprtf has no types
    text = re.sub(rf"[ \t]*{CELL}(?:[ \t]*\n)", "\n", text)
    text = re.sub(rf"[ \t]*{CELL}[ \t]*", " | ", text).replace(OPEN, " [").replace(CLOSE, "]")
    text = re.sub(r"\n{3,}", "\n\n", text).strip()
    if not text:
        raise Unreadable("this RTF document holds no text")
    counts = ((len(re.findall(rf"(?i)\\{word}(?![a-z])".encode(), data)), what) for word, what in LEFT_OUT)
    notices = [f"{count:,} {what}{'s' * (count > 1)} in it cannot be read" for count, what in counts if count]
    return text + "\n", notices


def _shown(source: str) -> str:
    """The source without hidden text and with notes and what stands in the margins in their place."""
    if not re.search(r"\\(?:v|deleted|footnote|annotation|(?:header|footer)[lrf]?)(?![a-z])", source):
        return source
    parts: list[str] = []
    hidden = False
    stack: list[tuple[bool, str]] = []
    ends = ""
    for found in TOKEN.finditer(source):
        token, word = found[0], (found[1] or "").lower()
        if token == "{":
            stack.append((hidden, ends))
            ends = ""
        elif token == "}" and stack:
            token = ends + token
            hidden, ends = stack.pop()
        elif word in HIDDEN:
            hidden = found[2] != "0"
            continue
        elif word == "plain":
            hidden = False
        elif hidden:
            if word == "u" and found[2] == str(ord(CELL)):
                token += "?"  # the sign that stands for it, which is left out with the text after it
            elif not word or word in SIGNS:
                continue
        elif MARGIN.fullmatch(word):
            token, ends = "\\par ", "\\par "
        elif word in ("footnote", "annotation"):
            if parts and parts[-1] == r"\*":
                parts.pop()
            token, ends = rf"\u{ord(OPEN)}?", rf"\u{ord(CLOSE)}?"
        parts.append(token)
    return "".join(parts)
