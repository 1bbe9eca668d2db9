"""What the search index gets of a text, and what it is asked, by the version of the index.

Version 1 knew accents only. Version 2 folds (`engine.text.folding`) and sets each character of a script without spaces
apart, each syllable of Korean too, so that a word is found whatever particle is joined to it.
"""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from engine.text.folding import BROKEN, ENDS, TABLE, composed

# Characters that are words of the index by themselves, so that phrases of them match.
APART = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3"
    "\U00020000-\U0003ffff"
)
ALONE = re.compile(f"[{APART}]")
_ALONE_FIRST = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]"
)
_WIDE = re.compile(r"[^\x00-\x7f]+")
_ARABIC = re.compile(r"[\u0620-\u064a]")
_ARTICLE = re.compile(r"(?<![\u0620-\u064a])(?:[وفبك]?ال|و?لل)(?=[\u0620-\u064a]{3})")
_UNSEEN = re.compile(
    r"[^\s\u200b\u200c]*[\u200b\u200c]\S*"
)  # where a word may end, or only its letters are not joined
_TWICE = tuple(some.encode() for some in (*ENDS, "\u200b", "\u200c"))  # where some words are indexed twice
_RAISED = ("<super>", "<fraction>", "<circle>", "<square>")


@dataclass(frozen=True, slots=True)
class Form:
    """How one version of the index was made: its tokenizer, what it got of a text, what it is asked for a query."""

    tokenizer: str
    indexed: Callable[[str], str]
    asked: Callable[[str], str]


# --- version 1: of archives that were written before --------------------------------------------------------


def spaced(text: str) -> str:
    """The text with characters of unspaced scripts set apart."""
    return text if text.isascii() else _ALONE_FIRST.sub(r" \g<0> ", text)


# --- version 2 ----------------------------------------------------------------------------------------------


class _Words(dict[int, str]):
    """What each character becomes; made for `str.translate`."""

    def __missing__(self, code: int) -> str:
        folded = ALONE.sub(r" \g<0> ", TABLE[code])
        if unicodedata.decomposition(chr(code)).startswith(_RAISED):  # no part of the word that it stands at
            folded = f" {folded} "
        self[code] = folded
        return folded


_WORDS = _Words()


def _run(found: re.Match[str]) -> str:
    run = found[0]
    if len(run) == 1:
        return _WORDS[ord(run)]
    words = composed(run).translate(_WORDS)
    return _ARTICLE.sub("", words) if _ARABIC.search(words) else words


def words(text: str) -> str:
    """The folded text as words for the tokenizer."""
    return text if text.isascii() else _WIDE.sub(_run, text)


def indexed(text: str) -> str:
    """The words of a text, then once more those that are broken at ends of lines, in one piece.

    A hyphen there may be one of the word: both ways are found.
    """
    if text.isascii() and "-" not in text:
        return text
    also = [BROKEN.sub("", lines) for lines in _broken_lines(text)]
    if "\u200b" in text or "\u200c" in text:
        also += (re.sub("[\u200b\u200c]", " ", word) for word in _UNSEEN.findall(text))
    return words("\n".join((text, *also)) if also else text)


def indexer(text: bytes) -> Callable[[str], str]:
    """What does for the parts of this whole text (UTF-8) the same as `indexed`, in less time where it can."""
    if any(some in text for some in _TWICE):
        return indexed
    return str if text.isascii() else words


def _broken_lines(text: str) -> list[str]:
    """The lines that hold parts of broken words, those that belong together as one."""
    found: list[tuple[int, int]] = []
    if not any(end in text for end in ENDS):
        return []
    for broken in BROKEN.finditer(text):
        start = text.rfind("\n", 0, broken.start()) + 1
        end = text.find("\n", broken.end())
        end = len(text) if end < 0 else end
        if found and start < found[-1][1]:
            start = found.pop()[0]
        found.append((start, end))
    return [text[start:end] for start, end in found]


def asked(text: str) -> str:
    """The words of a query."""
    return words(BROKEN.sub("", text))


_FOLDED = Form("unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'", indexed, asked)
FORMS = {
    1: Form("unicode61 remove_diacritics 2", spaced, spaced),
    2: _FOLDED,
    3: _FOLDED,  # as 2; its rows may lie in another order than the passages: `engine.corpus.search.placement`
}
VERSION = 2
MOVED = 3


def schema(version: int = VERSION) -> str:
    """The statements that make an empty index."""
    _, stemmed = tokenizers(FORMS[version])
    return (
        f"create virtual table passages using fts5(text, about, content='', tokenize={stemmed});"
        f"pragma user_version={version if version > 1 else 0};"
    )


def form_of(index: sqlite3.Connection) -> Form:
    """How an index was made. Raises sqlite3.Error for one that a newer version made."""
    ((version,),) = index.execute("pragma user_version")
    form = FORMS.get(version or 1)
    if form is None:
        raise sqlite3.DatabaseError(f"it is of version {version}")
    return form


def tokenizers(form: Form) -> tuple[str, str]:
    """The tokenizers of a form as strings of SQL: of words as they are, and of their stems."""
    plain = form.tokenizer.replace("'", "''")
    return f"'{plain}'", f"'porter {plain}'"
