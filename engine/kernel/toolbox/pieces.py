"""Cutting and looking: `chunks` and `peek`, the combinators that keep small models out of trouble. Pure."""

from __future__ import annotations

from typing import Any

PEEK_CHARS = 2_000
PEEK_NAMES = 20
BREAKS = ("\n\n", "\n", ". ", " ")


def chunks(x: Any, size: int) -> list[Any]:
    """Cut `x` into pieces of at most `size` characters, at paragraphs, lines, sentences or words.

    `x` is a text, a document, a Corpus or a list of them; pieces of documents keep their spans.
    """
    if size < 1:
        raise ValueError("chunks needs a size of at least 1 character")
    if isinstance(x, str):
        return _cut(x, size)
    return [piece for item in x for piece in chunks(_text(item), size)]


def _text(item: Any) -> Any:
    if isinstance(item, str):
        return item
    if hasattr(item, "text"):  # a hit
        return item.text
    raise TypeError(f"chunks takes texts, documents or a Corpus, not a list of {type(item).__name__}")


def _cut(text: Any, size: int) -> list[Any]:
    pieces = []
    start, length = 0, len(text)
    while length - start > size:
        end = _break(text, start, start + size)
        pieces.append(text[start:end])
        start = end
    if start < length or not pieces:
        pieces.append(text[start:length])
    return pieces


def _break(text: str, start: int, end: int) -> int:
    """The best place to cut in the second half of [start, end)."""
    for mark in BREAKS:
        at = str.rfind(text, mark, start + (end - start) // 2, end)
        if at > start:
            return at + len(mark)
    return end


class Peek(str):
    """A look at something. Shows as plain text, whether printed or left as the last line of a cell."""

    def __repr__(self) -> str:
        return str(self)


def peek(x: Any, n: int) -> Peek:
    """Return the first `n` characters of a text, the names and the beginning of a Corpus, or a list's head."""
    if isinstance(x, str):
        head = str(x[:n])
        rest = len(x) - len(head)
        return Peek(head + (f"\n[... {rest:,} more characters]" if rest else ""))
    if hasattr(x, "names") and hasattr(x, "grep"):
        return _peek_corpus(x, n)
    try:
        items = list(x.items() if isinstance(x, dict) else x)
    except TypeError:
        items = [x]
    lines = [f"[{i}] {_line(item, 200)}" for i, item in enumerate(items[:PEEK_NAMES])]
    rest = len(items) - len(lines)
    more = [f"[... {rest:,} more]"] if rest else []
    return Peek("\n".join([f"{type(x).__name__} of {len(items):,}", "\n".join(lines)[:n], *more]))


def _peek_corpus(corpus: Any, n: int) -> Peek:
    lines = [repr(corpus)]
    for i, document in enumerate(corpus[:PEEK_NAMES]):
        lines.append(f"[{i}] {document.name}, {len(document):,} characters")
    if len(corpus) > PEEK_NAMES:
        lines.append(f"[... {len(corpus) - PEEK_NAMES:,} more documents]")
    if len(corpus):
        head = corpus[0][:n]
        lines += ["", f"[0] begins:\n{head!s}"]
    return Peek("\n".join(lines))


def _line(value: Any, n: int) -> str:
    text = value if isinstance(value, str) else repr(value)
    text = " ".join(text[: 4 * n].split())
    return text if len(text) <= n else text[: n - 3] + "..."
