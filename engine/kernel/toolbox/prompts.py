"""The prompts of sub-calls: what stands in them, and how many go into one call."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine.kernel.toolbox.final import Spans

CALL_BYTES = 6 << 20  # of one call; a frame holds no more


class Prompt(str):
    """A prompt that knows which pieces of documents stand in it."""

    spans: Spans

    def __new__(cls, text: str, spans: Spans) -> Prompt:
        prompt = super().__new__(cls, text)
        prompt.spans = spans
        return prompt


class Together(str):
    """Several pieces as one text for one prompt, each with its name; `parts` are the pieces."""

    parts: list[Any]

    def __new__(cls, pieces: Iterable[Any]) -> Together:
        parts = list(pieces)
        made = super().__new__(cls, "\n\n".join(map(shown, parts)))
        made.parts = parts
        return made


def body(piece: Any) -> Any:
    """The text of a piece: a hit's line, or the text that it is itself."""
    return getattr(piece, "text", piece)


def shown(piece: Any) -> str:
    """A piece as a reader is given it: the name of its document, what it stands under, and its text."""
    name, above = getattr(piece, "name", ""), getattr(piece, "above", "")
    return "\n".join([*([f"[{name}]"] if name else []), *([above] if above else []), str(body(piece))])


def part_of(prompt: str, piece: Any) -> list[int]:
    """Where the text of a piece stands in its prompt."""
    text = str(body(piece))
    at = str.find(prompt, text)
    if at < 0:
        raise ValueError("the text of quote= stands neither in the prompt nor in context=")
    return [at, at + len(text)]


def first(value: Any, other: dict[str, Any], aliases: tuple[str, ...], name: str) -> Any:
    """The first argument, also under the wrong keywords that models use."""
    if value is None:
        for alias in aliases:
            if alias in other:
                return other[alias]
        raise TypeError(f"{name} needs its first argument: the text to ask")
    return value


def batches(prompts: list[Prompt]) -> Iterable[list[Any]]:
    """Yield prompts in groups that one call can hold."""
    batch: list[Any] = []
    size = 0
    for prompt in prompts:
        if batch and size + len(prompt) > CALL_BYTES // 4:  # a character may take four bytes
            yield batch
            batch, size = [], 0
        batch.append(prompt)
        size += len(prompt)
    if batch:
        yield batch
