"""The direct way: the model reads the text itself and answers, without cells. For what fits its window.

A model that was taught short readings (`ModelInfo.short_readings`) reads it piece by piece, as `map_query` has it read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any

from engine import corpus as corpora
from engine import prompt
from engine.errors import ContextOverflow
from engine.events import TurnStarted
from engine.events.record import TurnRecord
from engine.kernel.cell import Answered
from engine.kernel.toolbox.final import spans_of
from engine.kernel.toolbox.pieces import chunks
from engine.kernel.toolbox.prompts import shown
from engine.kernel.toolbox.replies import PieceAnswer, best
from engine.llm.base import Reply
from engine.llm.forms import Quote
from engine.reply import parse
from engine.run.generate import (
    MIN_REPLY_TOKENS,
    follow,
    leaf_request,
    note_overflow,
    record_turn,
    room_wanted,
)
from engine.run.leaves import said
from engine.run.node import Node, Outcome, Run
from engine.text.quoting import ALTERNATIVES, is_none

Spans = list[list[int]]  # [document, start, end) in characters
READING_CHARS = 600  # of a piece that a model which was taught such readings is given at once
JUDGED = ("yes", "no")  # what an answer of a piece may be but a quote: how sure it is tells whether it is one
LEAST_SURE = -1.5  # how sure it must be of an answer, as in the cells that it writes


def answer_directly(run: Run, node: Node, before: Mapping[int, TurnRecord] | None = None) -> Outcome:
    """Answer from the documents themselves, as much of their beginning as fits; a note says what was left out.

    A model that was taught short readings reads it all piece by piece. `before` are the turns of a run that goes on:
    what they asked in the same words is not asked again. Raises Cancelled on a stop, ModelError when there is no model.
    """
    data = corpora.resolve(node.ref, run.corpus)
    pieces = [data] if isinstance(data, str) else data
    while True:
        window = run.model.info.n_ctx
        text, spans, whole = beginning(run, node.question, pieces)
        if not whole:
            run.note(node.id, f"the window holds {len(text):,} characters; the rest was not read", "warning")
        if run.model.info.short_readings:
            return surest(run, node, cut(pieces, len(text)), before=before)
        try:
            asked = prompt.leaf_with_context(node.question, text)
            return outcome(run, answer_from(run, node, 1, asked, spans, quote=text, before=before))
        except ContextOverflow as overflow:
            note_overflow(run, node.id, overflow)
            if run.model.info.n_ctx >= window:
                raise


def cut(texts: Sequence[Any], chars: int) -> list[Any]:
    """The first `chars` characters of these texts in pieces to be read one at a time, without blank ones."""
    found: list[Any] = []
    for text in texts:
        found += (piece for piece in chunks(text[:chars], READING_CHARS) if piece.strip())
        chars -= min(chars, len(text))
    return found


def surest(
    run: Run,
    node: Node,
    pieces: Sequence[Any],
    *,
    by_rank: bool = False,
    before: Mapping[int, TurnRecord] | None = None,
) -> Outcome:
    """Have each piece read by itself, a turn each, as `map_query` has it read, and take the answer that is surest.

    `by_rank`: the pieces stand in the order of a search, and a later one counts less. At a limit of the run the surest so far
    is the answer, if there is one, and a note says how many were read. Raises Cancelled, ModelError.
    """
    answers: list[PieceAnswer] = []
    limit = ""
    for turn, piece in zip(count(1), pieces):
        asked = prompt.leaf_with_context(node.question, shown(piece))
        form = Quote(str(piece), JUDGED)
        reply = _read_before(run, node, (before or {}).get(turn), asked, spans_of(piece))
        if reply is None:
            if limit := run.ledger.exhausted() or "":
                break
            reply = _ask(run, node, turn, asked, spans_of(piece), form)
        if reply.finish == "cancelled":  # half an answer is none
            limit = run.ledger.exhausted() or "the time was up"
            break
        heard = _heard(run, node, reply, form, spans_of(piece))
        if not heard:
            continue
        answer = PieceAnswer.of(Answered(heard, reply.confidence, quoted=True), piece, JUDGED)
        answer.rank = turn - 1 if by_rank else 0
        answers.append(answer)
    if pieces and not (answers or limit):
        return outcome(run, "")
    found = best(answers, LEAST_SURE)
    if limit and found == prompt.NOT_THERE:
        return Outcome(None, reason=limit)
    if limit:
        run.note(node.id, f"{len(answers):,} of {len(pieces):,} pieces were read", "warning")
    sources = tuple((d, start, end) for d, start, end in spans_of(found))
    return Outcome(str(found), sources=sources, reason=limit, forced=bool(limit))


def answer_from(
    run: Run,
    node: Node,
    turn: int,
    asked: str,
    spans: Spans,
    quote: str = "",
    before: Mapping[int, TurnRecord] | None = None,
) -> str:
    """One turn of a node without cells: put `asked` to the model as a sub-call would, and return its answer.

    It is "" when the time was up first. A small model is held to the words of `quote`, or NONE, yes or no. `before` as
    in `answer_directly`.

    Raises Cancelled on a stop, ContextOverflow when it does not fit, ModelError.
    """
    form = _form(run, quote)
    reply = _read_before(run, node, (before or {}).get(turn), asked, spans)
    return _heard(run, node, reply or _ask(run, node, turn, asked, spans, form), form, spans)


def _form(run: Run, quote: str) -> Quote | None:
    return Quote(quote, ALTERNATIVES) if quote and prompt.is_small(run.model.info) else None


def _read_before(run: Run, node: Node, turn: TurnRecord | None, asked: str, spans: Spans) -> Reply | None:
    """The reply of a turn that asked the same in the run that goes on; None where there is none, or half of one."""
    if turn is None or turn.reply is None or turn.started is None or turn.reply.finish == "cancelled":
        return None
    if tuple(turn.started.messages) != prompt.leaf(asked):
        return None
    run.evidence.shown(asked, spans)
    node.usage += turn.reply.usage
    told = turn.reply
    return Reply(told.text, told.finish, told.usage, confidence=told.confidence)  # type: ignore[arg-type]


def _ask(run: Run, node: Node, turn: int, asked: str, spans: Spans, form: Quote | None) -> Reply:
    node.stop.check()
    messages = prompt.leaf(asked)
    request, _ = leaf_request(run, node.id, messages, form)
    run.record(node.id, TurnStarted(turn, messages))
    run.evidence.shown(asked, spans)
    stream = run.model.submit(request)
    reply = follow(run, node.id, turn, stream, node.stop, until=run.deadline.limit, alone=True)
    record_turn(run, node.id, turn, reply, parse(reply.text))
    node.usage += reply.usage
    run.ledger.charge(reply.usage)
    return reply


def _heard(run: Run, node: Node, reply: Reply, form: Quote | None, spans: Spans) -> str:
    if reply.finish == "cancelled":  # half an answer is none
        return ""
    answer = said(run, node.id, reply, form)
    run.evidence.answered(answer, spans)
    return answer


def outcome(run: Run, answer: str) -> Outcome:
    """What an answer comes to; NONE is what a model is told to say when the text does not hold it."""
    if not answer:
        return Outcome(None, reason=run.ledger.exhausted() or "the model gave none")
    return Outcome(prompt.NOT_THERE if is_none(answer) else answer)


def beginning(run: Run, question: str, pieces: Sequence[Any]) -> tuple[str, Spans, bool]:
    """As much of these texts as fits one prompt beside the question: the text, its places, whether it is all.

    Of several documents each is headed by its name.
    """
    limit = run.model.info.n_ctx - max(MIN_REPLY_TOKENS, room_wanted(run) // 2)
    chars = int(limit * run.model.info.chars_per_token * 1.5) + 200
    while True:
        text, spans, whole = _joined(pieces, chars)
        needed = run.model.fits(prompt.leaf(prompt.leaf_with_context(question, text)))
        if needed <= limit or not text:
            return text, spans, whole
        chars = min(len(text) - 1, int(len(text) * limit / needed * 0.98))


def _joined(pieces: Sequence[Any], chars: int) -> tuple[str, Spans, bool]:
    parts: list[str] = []
    spans: Spans = []
    left = chars
    for piece in pieces:
        head = f"{piece.name}:\n" if len(pieces) > 1 and isinstance(piece, corpora.Piece) else ""
        if left <= len(head):
            return "\n\n".join(parts), spans, False
        part = piece[: left - len(head)]
        if isinstance(part, corpora.Piece):
            spans.append([part.id, part.start, part.end])
        parts.append(head + str(part))
        left -= len(head) + len(part) + 2
        if len(part) < len(piece):
            return "\n\n".join(parts), spans, False
    return "\n\n".join(parts), spans, True
