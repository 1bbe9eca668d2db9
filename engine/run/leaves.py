"""Leaves of the tree: one-shot sub-calls, submitted together, each finished in the log whatever happens."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from engine import prompt
from engine.errors import CallRefused, Cancelled, ContextOverflow, InputError, ModelError
from engine.events import DraftSaved, NodeEnded, TurnStarted
from engine.events.kinds import NodeStatus
from engine.kernel.cell import Answered
from engine.llm.base import Reply, Request, Stream
from engine.llm.forms import Choices, Form, Quote, Schema, grammar_of
from engine.reply import parse, without_loop
from engine.reply.thinking import split_thinking
from engine.run.generate import follow, leaf_request, note_overflow, record_turn
from engine.run.node import STOPPED, Node, Run, start_node
from engine.run.session import Begun
from engine.stop import Stop
from engine.text.quoting import ALTERNATIVES, NOTHING, UNCLEAR, place
from engine.types import Json, Usage


@dataclass(frozen=True, slots=True)
class Leaf:
    """One question for the model. `spans` are pieces of documents [document, start, end) said to stand in it.

    `stop` ends this leaf alone.
    """

    id: str
    prompt: str
    spans: Sequence[Sequence[int]]
    stop: Stop


def ask_leaves(
    run: Run,
    node: Node,
    cell: int,
    call: int,
    leaves: Sequence[Leaf],
    forms: Sequence[Form | None],
    begun: Sequence[Begun | None],
    answers: list[str],
) -> None:
    """Ask all leaves at once, each for an answer of its form, and append the answers in order; `answers` holds those
    so far when it raises. What was `begun` before keeps its node, and is not asked again once it had a reply.

    Raises CallRefused when a prompt does not fit, or tokens or time run out, Cancelled on a stop.
    """
    texts = [leaf.prompt + _wanted(run, form) for leaf, form in zip(leaves, forms, strict=True)]
    given = [one if one and one.asked == text else None for one, text in zip(begun, texts, strict=True)]
    ready = [
        _ready(run, leaf, one, text, form) if one and one.settled else None
        for leaf, one, text, form in zip(leaves, given, texts, forms, strict=True)
    ]
    open_ = [at for at, answer in enumerate(ready) if answer is None]
    planned = {at: _plan(run, leaves[at], texts[at], forms[at]) for at in open_}
    with run.ledger.reservation(sum(tokens for _, tokens in planned.values())):
        for at, (request, _) in planned.items():
            leaf = leaves[at]
            if given[at] is None:
                start_node(run, node, leaf.id, "llm", texts[at], "", cell, call, at)
            run.can_stop(leaf.id, leaf.stop)
            run.record(leaf.id, TurnStarted(1, request.messages))
            run.evidence.shown(texts[at], leaf.spans)
        streams: dict[int, Stream] = {}
        with ExitStack() as watched:
            try:
                for at, (request, _) in planned.items():
                    streams[at] = run.model.submit(request)
                    watched.enter_context(leaves[at].stop.calling(streams[at].cancel))  # also before its turn
                for at, answer in enumerate(ready):
                    if answer is None:
                        answer = _answer_or_stopped(run, node, leaves[at], streams[at], forms[at])
                    answers.append(answer)
            except BaseException as problem:
                late = [at for at in open_ if at >= len(answers)]
                _abandon(run, [(leaves[at], streams.get(at)) for at in late], problem)
                raise


def _ready(run: Run, leaf: Leaf, begun: Begun, text: str, form: Form | None) -> Answered:
    """The answer of a leaf that has its reply already; its end is committed now if it was not."""
    run.evidence.shown(text, leaf.spans)
    answer = begun.answer
    if answer is None:
        reply = begun.reply
        assert reply is not None
        answer = said(run, leaf.id, reply, form)
        _finish(run, leaf.id, "answered", answer, reply.usage, reply.usage.seconds)
    if begun.stopped:
        return Answered(answer)
    run.evidence.answered(answer, leaf.spans)
    if isinstance(form, Choices):
        return Answered(_pick(run, leaf, answer, form.texts), begun.confidence)
    return Answered(answer, begun.confidence, quoted=isinstance(form, Quote))


def _plan(run: Run, leaf: Leaf, text: str, form: Form | None) -> tuple[Request, int]:
    leaf.stop.check()
    try:
        return leaf_request(run, leaf.id, prompt.leaf(text), form)
    except ContextOverflow as overflow:
        raise CallRefused(str(overflow)) from overflow


def _answer_or_stopped(run: Run, node: Node, leaf: Leaf, stream: Stream, form: Form | None) -> Answered:
    """The answer of one leaf. One that was stopped alone says so instead; raises Cancelled if its node is too."""
    try:
        answer = _answer(run, leaf, stream, form)
    except Cancelled:
        node.stop.check()
        _finish(run, leaf.id, "stopped", None, Usage(), 0.0)
        return Answered(f"(no answer: {STOPPED})")
    if isinstance(form, Choices):
        return Answered(_pick(run, leaf, answer, form.texts), answer.confidence)
    return answer


def _answer(run: Run, leaf: Leaf, stream: Stream, form: Form | None) -> Answered:
    """Wait for one leaf, commit its end, and return its answer; one that was cut says so."""
    started = time.monotonic()
    try:
        reply = follow(run, leaf.id, 1, stream, leaf.stop, until=run.deadline.work)
    except ContextOverflow as overflow:  # only the server of the model knew that it is too long
        note_overflow(run, leaf.id, overflow)
        raise CallRefused(
            f"the window holds fewer tokens than was thought; cut the text with chunks(text, {run.sub_chars}) and "
            "ask about each piece"
        ) from overflow
    record_turn(run, leaf.id, 1, reply, parse(reply.text))
    run.ledger.charge(reply.usage)
    if reply.finish == "cancelled":
        raise CallRefused("the time of this run is up; finish with FINAL(...) and the best answer so far")
    answer = said(run, leaf.id, reply, form)
    run.evidence.answered(answer, leaf.spans)
    _finish(run, leaf.id, "answered", answer, reply.usage, time.monotonic() - started)
    return Answered(answer, reply.confidence, quoted=isinstance(form, Quote))


def said(run: Run, id: str, reply: Reply, form: Form | None) -> str:
    """The answer that a reply gives, in the form that was asked for; a note of the node says what is odd about it."""
    return _copied(run, id, reply, form) if isinstance(form, Quote) else _visible(run, id, reply)


def _copied(run: Run, id: str, reply: Reply, form: Quote) -> str:
    """The answer of a leaf that was to quote. A model that was not held to it may have written something else."""
    if reply.quote is None:
        answer = _visible(run, id, reply)
        plain = answer.strip(" .\"'").casefold()
        answer = next((other for other in form.others if other.casefold() == plain), answer)
        if answer not in form.others and place(answer, form.text) is None:
            run.note(id, "the answer does not stand in its text word for word, so it has no source there")
        return answer
    if not reply.quote:
        run.note(id, f"the answer was cut within its first word, so it counts as {NOTHING}", "warning")
    elif reply.finish == "length":
        run.note(id, f"the quote was cut at {reply.usage.completion_tokens:,} tokens", "warning")
    return reply.quote or NOTHING


def _visible(run: Run, id: str, reply: Reply) -> str:
    answer = split_thinking(without_loop(reply.text)).visible.strip()
    if reply.finish == "loop":  # its note is made where it is cut
        return f"{answer} [cut off here: the answer went round in circles]"
    if reply.finish != "length":
        return answer
    run.note(id, f"the answer was cut at {reply.usage.completion_tokens:,} tokens", "warning")
    return f"{answer} [cut off here: the answer reached its limit]"


def _abandon(run: Run, left: Sequence[tuple[Leaf, Stream | None]], problem: BaseException) -> None:
    """Cancel what is in flight, keep its text, and commit that these leaves have no answer."""
    for _, stream in left:
        if stream is not None:
            stream.cancel()
    for index, (leaf, stream) in enumerate(left):
        if index and stream is not None and (text := _rest(stream)):
            run.record(leaf.id, DraftSaved(1, 0, text))
        status: NodeStatus = "stopped" if isinstance(problem, Cancelled) else "failed"
        _finish(run, leaf.id, status, None, Usage(), 0.0)


def _rest(stream: Stream) -> str:
    try:
        return "".join(stream)
    except ModelError:
        return ""


def _finish(run: Run, id: str, status: NodeStatus, answer: str | None, usage: Usage, seconds: float) -> None:
    run.can_stop(id, None)
    run.record(id, NodeEnded(status, answer, usage, round(seconds, 4)))


# --- the form of an answer ------------------------------------------------------------------------------


def forms_of(run: Run, asked: dict[str, Json], prompts: Sequence[str]) -> list[Form | None]:
    """The form that a cell asked for, for each prompt. Raises CallRefused, in words for the cell, when there is no
    such form.
    """
    quotes, choices, schema = asked.get("quotes"), asked.get("choices"), asked.get("schema")
    wished = asked.get("asked")
    small = prompt.is_small(run.model.info) and choices is None and schema is None
    if quotes is None or not (wished or small):
        return [_form(choices, schema)] * len(prompts)
    if schema is not None:
        raise CallRefused("give quote= or schema=, not both")
    others = ALTERNATIVES if choices is None else tuple(choices)
    _form(others, None)
    return [Quote(text[start:end], others) for text, (start, end) in zip(prompts, quotes, strict=True)]


def _form(choices: Sequence[str] | None, schema: Json) -> Form | None:
    if choices is not None and schema is not None:
        raise CallRefused("give choices= or schema=, not both")
    if choices is None and schema is None:
        return None
    form = Choices(tuple(choices)) if choices is not None else Schema(schema)
    try:
        grammar_of(form)
    except InputError as error:
        raise CallRefused(str(error)) from error
    return form


def _wanted(run: Run, form: Form | None) -> str:
    if isinstance(form, Choices):
        return f"\nAnswer with one of: {', '.join(form.texts)}."
    held = not run.model.info.remote  # a server is only told
    if isinstance(form, Quote) and not (held and form.others == ALTERNATIVES):
        return f"\nAnswer with words of the text, or with one of: {', '.join(form.others)}."
    if isinstance(form, Schema):
        return f"\nAnswer with JSON of this schema: {json.dumps(form.value, ensure_ascii=False)}"
    return ""


def _pick(run: Run, leaf: Leaf, answer: str, choices: Sequence[str]) -> str:
    """The one choice that an answer names as a word; UNCLEAR, with a note, when there is none or several."""
    exact = [c for c in choices if answer.strip(" .\"'").casefold() == c.casefold()]
    named = exact or [c for c in choices if re.search(rf"(?<!\w){re.escape(c)}(?!\w)", answer, re.IGNORECASE)]
    if len(named) == 1:
        return named[0]
    run.note(
        leaf.id, f"the answer names none or several of the choices, so it counts as {UNCLEAR}", "warning"
    )
    return UNCLEAR
