"""The first messages of a node: instructions, then metadata, limits and the question. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.prompt.facts import Exchange, Facts, Section, join
from engine.prompt.system import COMPACT_SYSTEM, SYSTEM
from engine.types import Message

EARLIER_QUESTION_CHARS = 300
EARLIER_ANSWER_CHARS = 600
VARIABLE_CHARS = 60


def _metadata(f: Facts) -> str:
    return f"Context: {f.context}"


def _listing(f: Facts) -> str:
    if f.strength == "compact" or not f.listing:
        return ""
    return "First documents: " + "; ".join(f.listing)


def _preview(f: Facts) -> str:
    if f.strength == "compact" or not f.preview:
        return ""
    return f"It begins: {f.preview!r}"


def _notes(f: Facts) -> str:
    if f.strength == "compact" or not f.noted:
        return ""
    documents = "1 document" if f.noted == 1 else f"{f.noted:,} documents"
    return (
        f"Notes: a model read {documents} before. A document's .notes is a list; each note has .kind (outline, about, "
        "fact), .text, .start and .end, and may be given to FINAL as a source. They may be wrong and are not complete."
    )


def _limits(f: Facts) -> str:
    if f.strength == "compact":
        return f"Limits: {f.sub_chars} characters, {f.calls} calls, {f.turns} turns, depth {f.depth}"
    return (
        f"Limits: your window holds {f.n_ctx:,} tokens; a sub-call holds {f.sub_chars:,} characters; "
        f"{f.calls:,} sub-calls, {f.turns} turns and {f.seconds:,} seconds are left; depth {f.depth}"
    )


def _earlier(f: Facts) -> str:
    if not f.earlier:
        return ""
    return "\n".join(["Asked before in this session:", *(_exchange(e) for e in f.earlier)])


def _variables(f: Facts) -> str:
    there = ", ".join(f"{name} ({_line(summary, VARIABLE_CHARS)})" for name, summary in f.variables)
    lines = [f"Variables of before: {there}"] if there else []
    return "\n".join([*lines, f"Variables that are gone: {', '.join(f.lost)}"] if f.lost else lines)


def _exchange(exchange: Exchange) -> str:
    return f"- {exchange[0]} Answer: {exchange[1]}"


def recent(exchanges: Sequence[Exchange], count: Callable[[str], int], tokens: int) -> tuple[Exchange, ...]:
    """The latest exchanges that fit `tokens`, each on one line and shortened; `count` counts tokens of a text."""
    kept: list[Exchange] = []
    for question, answer in reversed(exchanges):
        short = (_line(question, EARLIER_QUESTION_CHARS), _line(answer, EARLIER_ANSWER_CHARS))
        tokens -= count(_exchange(short)) + 1
        if tokens < 0:
            break
        kept.insert(0, short)
    return tuple(kept)


def _line(text: str, limit: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= limit else line[:limit].rstrip() + " ..."


def _question(f: Facts) -> str:
    return f"Question: {f.question}"


OPENING: tuple[Section, ...] = (
    Section("earlier", _earlier),  # first: a small model keeps to the lines around the question
    Section("variables", _variables),
    Section("metadata", _metadata),
    Section("listing", _listing),
    Section("preview", _preview),
    Section("notes", _notes),
    Section("limits", _limits),
    Section("question", _question),
)


def opening(facts: Facts) -> tuple[Message, Message]:
    """System and first user message of a node that writes cells."""
    system = COMPACT_SYSTEM if facts.strength == "compact" else join(SYSTEM, facts)
    return Message("system", system), Message("user", join(OPENING, facts, "\n"))
