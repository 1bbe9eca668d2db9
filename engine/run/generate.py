"""One reply of the model: request, live tokens, drafts saved, window overflow met by compaction."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.errors import Cancelled, ContextOverflow
from engine.events import DraftSaved, ReplyWritten, TurnStarted
from engine.llm.base import Reply, Request, Stream
from engine.llm.forms import QUOTE_TOKENS, Form, Quote
from engine.llm.sampling import choose_sampling, describe, vary
from engine.reply import say_cut
from engine.run.draws import sampling_of
from engine.run.node import LEAST_REPLY, Run
from engine.stop import Stop
from engine.types import Message, Sampling

if TYPE_CHECKING:
    from engine.reply import ParsedReply
    from engine.run.session import NodeSession

DRAFT_SECONDS = 1.0  # how often the partial text of a reply is saved
MIN_REPLY_TOKENS = 48  # less room than this is no room for a cell
USUAL_ANSWER_TOKENS = 256  # of a sub-call, for the reservation; what it really writes is charged


def request_turn(session: NodeSession, form: Form | None) -> Reply:
    """Get the next reply of a node, of a form where it must have one, and charge it to the ledger.

    After failures it is drawn otherwise, and may be half as long for each (unless the model thinks).

    The turn's new messages are recorded before the request; the caller records the reply once it has
    parsed the reply. The reply is cut (finish "cancelled") at `session.until`, when its time is up. Raises Cancelled
    on a stop, InputError or ModelError when no reply can be had.
    """
    run, node, conversation, failures = session.run, session.node, session.conversation, session.failures
    sampling = sampling_of(session, vary(run.sampling, failures))
    most = run.turn_tokens if run.model.info.thinks else max(LEAST_REPLY, run.turn_tokens >> failures)
    if failures and not session.redraws.number:
        session.note(f"the reply is asked for again with {describe(sampling)} and seed {sampling.seed}")
    while True:
        room = _make_room(session)
        messages = conversation.messages
        run.record(node.id, TurnStarted(session.turn, conversation.take_new()))
        run.evidence.shown("\n".join(message.content for message in messages), session.claimed)
        session.claimed = []
        request = Request(
            messages=messages,
            max_tokens=run.affordable(min(most, run.turn_tokens, room)),
            sampling=sampling,
            conversation=f"{run.id}/{node.id}",
            stop_at_cell=True,
            pinned=True,
            form=form,
            role="root",
        )
        stream = run.model.submit(request)
        try:
            reply = follow(run, node.id, session.turn, stream, node.stop, until=session.until, alone=True)
        except ContextOverflow as overflow:  # only the server of a model knew that it is too long
            note_overflow(run, node.id, overflow)
            if (sentence := conversation.compact(node.variables)) is None:
                raise
            session.note(sentence)
            continue
        if reply.finish == "length":
            session.note(f"the reply was cut at {reply.usage.completion_tokens:,} tokens", "warning")
        node.usage += reply.usage
        run.ledger.charge(reply.usage)
        return reply


def note_overflow(run: Run, node: str, overflow: ContextOverflow) -> None:
    """Say that a prompt did not fit although it seemed to, and what the model says of its window."""
    run.note(node, str(overflow), "warning")
    for notice in run.model.info.notices:
        if f"{overflow.window:,} tokens" in notice:
            run.note(node, notice, "warning")


def follow(
    run: Run, node: str, turn: int, stream: Stream, stop: Stop, *, until: Stop, alone: bool = False
) -> Reply:
    """Pass a stream on as live text, save what is new of its draft every second, and return the whole reply.

    `alone`: followed from its request on, so that the time to its first text can be measured. Cancels the
    stream at `until`, also while the prompt is being read. A note says what a reply was cut for. Raises Cancelled
    (draft saved) when a stop is requested.
    """
    text: list[str] = []
    at, kept = 0, 0  # characters and pieces of `text` that are saved
    begun = saved = time.monotonic()
    first = 0.0

    def save() -> None:
        nonlocal at, kept
        if fresh := "".join(text[kept:]):
            run.record(node, DraftSaved(turn, at, fresh))
            at, kept = at + len(fresh), len(text)

    with until.calling(stream.cancel), stop.calling(stream.cancel):
        for delta in stream:
            text.append(delta)
            run.hooks.token(node, delta)
            now = time.monotonic()
            first = first or now - begun
            if now - saved >= DRAFT_SECONDS:
                saved = now
                save()
        reply = stream.result()
        if cut := say_cut(reply.finish, reply.text):
            run.note(node, cut, "warning")
        if reply.notice:
            run.note(node, reply.notice, "warning")
    if stop.event.is_set():
        save()
        raise Cancelled("stopped")
    return replace(reply, usage=replace(reply.usage, first_seconds=round(first, 4))) if alone else reply


def record_turn(run: Run, node: str, turn: int, reply: Reply, parsed: ParsedReply) -> None:
    """Commit a reply with what was understood of it."""
    run.record(
        node,
        ReplyWritten(
            turn=turn,
            text=reply.text,
            thinking=parsed.thinking,
            code=parsed.code,
            finish=reply.finish,
            confidence=reply.confidence,
            usage=reply.usage,
            notes=tuple(parsed.notes),
        ),
    )


def leaf_request(
    run: Run, node: str, messages: tuple[Message, ...], form: Form | None = None
) -> tuple[Request, int]:
    """A one-shot request of a sub-call, and the tokens to reserve for it: its prompt and a usual answer.

    Raises ContextOverflow when it does not fit the window.
    """
    needed = run.model.fits(messages)
    window = run.model.info.n_ctx
    if needed + MIN_REPLY_TOKENS > window:
        chars = sum(len(m.content) for m in messages)
        fitting = int(chars * (window - run.reply_tokens) / needed * 0.8)  # by what this very text weighs
        raise ContextOverflow(
            f"the prompt holds {needed:,} tokens and the window {window:,}; cut the text with "
            f"chunks(text, {max(200, fitting)}) and ask about each piece",
            needed,
            window,
        )
    most = run.affordable(min(run.reply_tokens, window - needed))
    if isinstance(form, Quote) and not run.model.info.thinks:
        most = min(most, QUOTE_TOKENS)
    request = Request(
        messages=messages,
        max_tokens=most,
        sampling=choose_sampling(run.model.info, run.settings.temperature, run.sampling.seed, "sub")
        if run.model.info.thinks
        else Sampling(seed=run.sampling.seed),
        conversation=f"{run.id}/{node}",
        stop_at_cell=False,
        pinned=False,
        form=form,
        role="sub",
    )
    return request, needed + min(most, USUAL_ANSWER_TOKENS)


def room_wanted(run: Run) -> int:
    """Tokens that a turn should find free for its reply."""
    return min(run.reply_tokens, run.model.info.n_ctx // 5)


def _make_room(session: NodeSession) -> int:
    """Compact until a reply fits; returns the tokens that are free for it."""
    model, conversation = session.run.model, session.conversation
    window = model.info.n_ctx
    wanted = room_wanted(session.run)
    while True:
        needed = model.fits(conversation.messages)
        if window - needed >= wanted:
            return window - needed
        sentence = conversation.compact(session.node.variables)
        if sentence is None:
            if window - needed >= MIN_REPLY_TOKENS:
                return window - needed
            raise ContextOverflow(
                f"the question and its instructions hold {needed:,} tokens, the window of this model "
                f"{window:,}; ask a shorter question or use a model with a larger window",
                needed,
                window,
            )
        session.note(sentence)
