"""Documents by what they are called: the words of their names and headings, in any order and form."""

from __future__ import annotations

import re
from collections.abc import Sequence

from engine.corpus.archive import Archive
from engine.corpus.search.full_text import index_of, quoted
from engine.corpus.search.placement import scope_of

PHRASE = re.compile(r"(?:\(\?[aimsux]+\))?((?:\\b)?[^\W_]{3,}(?:(?: |\\s\+?|\\s\*)[^\W_]{3,})+(?:\\b)?)")
BETWEEN = re.compile(r"\\b|\\s[+*]?")


def phrase_of(pattern: str) -> str:
    """The words of a regular expression that is a phrase of at least two words and nothing else; "" of any other."""
    found = PHRASE.fullmatch(pattern.strip())
    return " ".join(BETWEEN.sub(" ", found[1]).split()) if found else ""


def titled(archive: Archive, words: str, documents: Sequence[int]) -> tuple[int, ...]:
    """Those of `documents` whose name, together with one of their headings, holds all of `words`; none for no words."""
    if not len(documents):
        return ()
    index = index_of(archive)
    known = [word for unit in index.tokens(words.split()) for word, _ in unit]
    if not known:
        return ()
    match = "about : (" + " AND ".join(map(quoted, known)) + ")"
    found = index.matching(match, scope_of(archive, documents, None))
    return tuple(dict.fromkeys(index.document_of(passage) for passage in found))
