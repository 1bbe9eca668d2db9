"""The final answer of a cell: how any value becomes text, and which spans of documents a value stands for."""

from __future__ import annotations

import numbers
from collections.abc import Iterable, Mapping
from typing import Any

Spans = list[list[int]]
MAX_SPANS = 10_000
MAX_CONTENT = 1_000_000  # characters of an answer
MAX_PARTS = 1_000  # items of an answer that are told apart


class CellDone(BaseException):
    """Ends a cell after FINAL, like a return. A BaseException, so that `except Exception` does not catch it."""


def render(value: Any, name: str) -> str:
    """Return the text of a final answer.

    Text stays as it is; lists of scalars are joined with commas, others by lines; mappings become
    "key: value" lines. Raises ValueError for nothing, empty text or far too much, TypeError for functions and the like.
    """
    text = _text(value, name).encode("utf-8", "replace").decode()  # without lone surrogates
    if not text.strip():
        what = "None" if value is None else "an empty value"
        raise ValueError(
            f"{name} got {what}. Look at the documents first, then give the answer as text; "
            f'if it is not in the documents, say so: {name}("Not in these documents: ...").'
        )
    if len(text) > MAX_CONTENT:
        raise ValueError(
            f"{name} got {len(text):,} characters, more than an answer can be: give what was asked for, "
            "not the documents"
        )
    return text


def _text(value: Any, name: str) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bool | numbers.Number):
        return str(value)
    if _is_answer(value):
        return _text(value["content"], name)
    if isinstance(value, Mapping):
        return "\n".join(f"{key}: {_inline(item, name)}" for key, item in value.items())
    if _is_hit(value):
        return str(value.text)
    if hasattr(value, "names") and hasattr(value, "grep"):  # a Corpus
        return "\n".join(map(str, value.names))
    if callable(value) or hasattr(value, "__await__"):
        raise TypeError(f"{name} got a {type(value).__name__}, not a value; give the text of the answer")
    if isinstance(value, Iterable) and not isinstance(value, bytes):
        items = list(value)
        if isinstance(value, set | frozenset):
            items.sort(key=str)
        plain = all(isinstance(item, str | numbers.Number) for item in items)
        if plain and not any("\n" in item for item in items if isinstance(item, str)):
            return ", ".join(map(str, items))
        return "\n".join(_text(item, name) for item in items)
    return str(value)


def parts_of(value: Any) -> list[list[str]]:
    """The items of a list or mapping as texts, those of a pair or an entry together; [] for anything else.

    A tuple of two is one pair. Nothing is taken from an iterator, which would be used up.
    """
    if _is_answer(value):
        value = value["content"]
    if isinstance(value, Mapping):
        items: list[Any] = [[key, *(item if _is_row(item) else [item])] for key, item in value.items()]
    elif isinstance(value, tuple) and len(value) == 2 and not any(map(_is_row, value)):
        items = [value]
    elif isinstance(value, list | tuple | set | frozenset):
        items = [item if _is_row(item) else [item] for item in value]
        items = sorted(items, key=lambda item: str(item[0])) if isinstance(value, set | frozenset) else items
    else:
        names = getattr(value, "names", None)
        items = [[name] for name in names] if names and hasattr(value, "grep") else []
    if len(items) > MAX_PARTS or any(_is_row(part) for item in items for part in item):
        return []
    return [[_text(part, "FINAL") for part in item] for item in items]


def _is_row(value: Any) -> bool:
    return isinstance(value, list | tuple) and not _is_hit(value)


def _inline(value: Any, name: str) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {_inline(item, name)}" for key, item in value.items())
    return "None" if value is None else _text(value, name)


def _is_answer(value: Any) -> bool:
    return isinstance(value, dict) and "content" in value and "ready" in value


def _is_hit(value: Any) -> bool:
    return all(hasattr(value, field) for field in ("id", "start", "end", "text"))


def spans_of(value: Any, *, triples: bool = False) -> Spans:
    """Return the [document, start, end] spans that a value stands for: hits, documents, pieces, views, lists.

    With `triples`, three integers count as a span too. A span is told as it is claimed; the host checks it.
    """
    found: Spans = []
    _collect(value, found, 0, triples)
    return found


def _collect(value: Any, found: Spans, depth: int, triples: bool) -> None:
    if len(found) >= MAX_SPANS or depth > 8:
        return
    if _is_hit(value):
        _add(found, value.id, value.start, value.end)
    elif getattr(value, "span", None) is not None:
        span = value.span
        if isinstance(span, tuple | list):
            _add(found, *span)
        elif not callable(span):
            _add(found, span.document, span.start, span.end)
    elif isinstance(value, str | bytes):
        if isinstance(
            parts := getattr(value, "source", None), list
        ):  # an answer that rests on several pieces
            _collect(parts, found, depth + 1, triples)
    elif isinstance(value, Mapping):
        for item in value.values():
            _collect(item, found, depth + 1, triples)
    elif triples and _triple(value):
        _add(found, *value)
    elif isinstance(value, Iterable):
        for item in value:
            _collect(item, found, depth + 1, triples)
            if len(found) >= MAX_SPANS:
                return


def _triple(value: Any) -> bool:
    return (
        isinstance(value, list | tuple)
        and len(value) == 3
        and all(isinstance(n, int) and not isinstance(n, bool) for n in value)
    )


def _add(found: Spans, *span: Any) -> None:
    if _triple(span):
        triple = [int(n) for n in span]
        if triple not in found[-64:]:
            found.append(triple)
