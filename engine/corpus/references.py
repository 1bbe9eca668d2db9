"""References to data: how a worker and the app name parts of a corpus to each other, as JSON without paths."""

from __future__ import annotations

from typing import Any

from engine.corpus.corpus import Corpus
from engine.corpus.document import Document, Hit, Piece
from engine.errors import InputError
from engine.types import Json


def reference(data: Any) -> Json:
    """Name a Corpus or view, a document or piece, a hit, a text, or a list of them. None stays None.

    Raises TypeError for anything else.
    """
    if data is None:
        return None
    if isinstance(data, Corpus):
        whole = data.numbers == range(data.archive.count)
        return {"kind": "corpus", "documents": None if whole else _ranges(data.numbers)}
    if isinstance(data, Hit):
        data = data.text
    if isinstance(data, Piece):
        return {"kind": "document", "document": data.id, "start": data.start, "end": data.end}
    if isinstance(data, str):
        return {"kind": "text", "text": str(data)}
    if isinstance(data, list | tuple):
        items = [*data]
        if items and all(isinstance(item, Document) for item in items):
            return {"kind": "corpus", "documents": _ranges([item.id for item in items])}
        return {"kind": "list", "items": [reference(item) for item in items]}
    raise TypeError(
        f"data for a child must be a text, a document, a part of the Corpus or a list of them, "
        f"not {type(data).__name__}; str(...) makes a text of it"
    )


def whole(corpus: Corpus) -> Json:
    """The reference of a root's `context`: the one document there is, or the whole corpus."""
    if len(corpus) == 1:
        return {"kind": "document", "document": 0, "start": 0, "end": corpus.archive.chars(0)}
    return {"kind": "corpus", "documents": None}


def resolve(ref: Json, corpus: Corpus | None) -> Any:
    """Return the data a reference names: a str, a Document or Piece, a Corpus view, a list of them, or None.

    A reference may come from an untrusted worker. Raises InputError for one that names nothing.
    """
    if ref is None:
        return None
    try:
        return _resolve(ref, corpus, depth=0)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as problem:
        raise InputError(
            f"This reference names no data of this corpus, its kind is {_kind(ref)}."
        ) from problem


def _kind(ref: Json) -> str:
    return str(ref.get("kind"))[:40] if isinstance(ref, dict) else type(ref).__name__


def _resolve(ref: Json, corpus: Corpus | None, depth: int) -> Any:
    if depth > 20:
        raise ValueError("lists too deep")
    kind = ref["kind"]
    if kind == "text":
        if not isinstance(ref["text"], str):
            raise TypeError("text")
        return ref["text"]
    if kind == "list":
        return [_resolve(item, corpus, depth + 1) for item in ref["items"]]
    if corpus is None:
        raise ValueError("no corpus")
    count = corpus.archive.count
    if kind == "corpus":
        if ref["documents"] is None:
            return corpus.view(range(count))
        ranges = [(int(first), int(last)) for first, last in ref["documents"]]
        if not all(0 <= first < last <= count for first, last in ranges):
            raise IndexError("documents")
        if sum(last - first for first, last in ranges) > count:
            raise ValueError("a document twice")
        if len(ranges) == 1:
            return corpus.view(range(*ranges[0]))
        return corpus.view(tuple(n for first, last in ranges for n in range(first, last)))
    if kind == "document":
        document, start, end = int(ref["document"]), int(ref.get("start", 0)), ref.get("end")
        if not 0 <= document < count:
            raise IndexError("document")
        if start == 0 and end in (None, corpus.archive.chars(document)):
            return corpus.view(range(count)).document(document)
        return corpus.piece(document, start, end)
    raise ValueError(kind)


def _ranges(numbers: Any) -> list[list[int]]:
    """Runs of ascending numbers as half-open [first, last) pairs, in the given order."""
    ranges: list[list[int]] = []
    for number in dict.fromkeys(numbers):
        if ranges and ranges[-1][1] == number:
            ranges[-1][1] += 1
        else:
            ranges.append([number, number + 1])
    return ranges
