"""The ways that are compared, each as a strategy of the engine, so that each is a run that can be opened.

direct        the text itself, as much as fits the window; piece by piece where the model was taught short readings
retrieval     the passages that fit the question's words best, found by the corpus' own search (bm25); so too
compaction    the text piece by piece, with notes that are written anew after each; then the answer from the notes
rlm           the engine as it answers, with one level of children; rlm-0 without, rlm-2 with two levels
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from engine import corpus as corpora
from engine import prompt
from engine.engine import DIRECT, RECURSIVE, Strategy
from engine.errors import InputError
from engine.run.direct import Spans, answer_from, beginning, outcome, surest
from engine.run.node import Node, Outcome, Run
from engine.text.quoting import NOTHING, is_none

PASSAGES = 5  # that retrieval gives to the model
PASSAGE_CHARS = 600
NOTES = (
    "{piece}\n\nQuestion: {question}\nNotes so far: {notes}\n"
    "Copy from the text and the notes all that helps to answer the question, and nothing else. "
    "If there is nothing, say NONE."
)
NO_NOTES = "(none)"


def retrieval(run: Run, node: Node) -> Outcome:
    """Answer from the few passages that search finds. Raises Cancelled, ModelError."""
    data = corpora.resolve(node.ref, run.corpus)
    chosen: list[corpora.Piece] = []
    for hit in data.search(node.question, 4 * PASSAGES):
        middle = (hit.start + hit.end) // 2
        if any(p.id == hit.id and p.start <= middle < p.end for p in chosen):
            continue
        start = max(0, middle - PASSAGE_CHARS // 2)
        end = min(run.corpus.archive.chars(hit.id), start + PASSAGE_CHARS)
        chosen.append(run.corpus.piece(hit.id, start, end))
        if len(chosen) == PASSAGES:
            break
    run.evidence.searched(None)
    if not chosen:
        return outcome(run, NOTHING)
    if run.model.info.short_readings:
        return surest(run, node, chosen, by_rank=True)
    text, spans, _ = beginning(run, node.question, chosen)
    asked = prompt.leaf_with_context(node.question, text)
    return outcome(run, answer_from(run, node, 1, asked, spans, quote=text))


def compaction(run: Run, node: Node) -> Outcome:
    """Read everything in order and keep notes; answer from them. Raises Cancelled, ModelError."""
    data = corpora.resolve(node.ref, run.corpus)
    notes, turn = NO_NOTES, 0
    longest = run.sub_chars // 4
    for piece, spans in pieces([data] if isinstance(data, str) else data, run.sub_chars - 2 * longest):
        if exhausted := run.ledger.exhausted():
            return Outcome(None, reason=exhausted)
        turn += 1
        asked = NOTES.format(piece=piece, question=node.question, notes=notes)
        said = answer_from(run, node, turn, asked, spans)
        if not is_none(said):
            notes = said[:longest]
    if notes == NO_NOTES:
        return outcome(run, NOTHING)
    return outcome(run, answer_from(run, node, turn + 1, prompt.leaf_with_context(node.question, notes), []))


def pieces(texts: Sequence[Any], size: int) -> Iterator[tuple[str, Spans]]:
    """Texts in order, packed or cut at line ends into pieces of at most `size` characters, with their places."""
    parts: list[str] = []
    spans: Spans = []
    room = size
    for text in texts:
        start = 0
        while start < len(text):
            if len(text) - start > room:
                if parts and room < size // 2:
                    yield "\n".join(parts), spans
                    parts, spans, room = [], [], size
                    continue
                end = str.rfind(text, "\n", start + room // 2, start + room) + 1 or start + room
            else:
                end = len(text)
            part = text[start:end]
            if isinstance(part, corpora.Piece):
                spans.append([part.id, part.start, part.end])
            parts.append(str(part))
            room -= end - start + 1
            start = end
            if room <= 0:
                yield "\n".join(parts), spans
                parts, spans, room = [], [], size
    if parts:
        yield "\n".join(parts), spans


METHODS: dict[str, tuple[Strategy, int]] = {
    "direct": (DIRECT, 0),
    "retrieval": (Strategy("retrieval", retrieval), 0),
    "compaction": (Strategy("compaction", compaction), 0),
    "rlm": (RECURSIVE, 1),
    "rlm-0": (RECURSIVE, 0),
    "rlm-2": (RECURSIVE, 2),
}  # how the root works, and levels of children


def method(name: str) -> tuple[Strategy, int]:
    """The strategy of a method and its depth. Raises InputError for another name."""
    if name not in METHODS:
        raise InputError(f"there is no method {name!r}; there are {', '.join(METHODS)}")
    return METHODS[name]


def reads_all(name: str) -> bool:
    """Whether a method reads the whole text at every question, so that its cost grows with it."""
    return name == "compaction"
