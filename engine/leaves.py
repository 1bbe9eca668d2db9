"""Leaves of the tree: one-shot sub-calls, submitted together, each finished in the log whatever happens."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Literal

from engine import prompt
from engine.errors import CallRefused, Cancelled, ContextOverflow, InputError, ModelError
from engine.generate import follow, leaf_request, note_overflow, record_turn
from engine.llm.base import Reply, Request, Stream
from engine.llm.forms import Choices, Form, Schema, grammar_of
from engine.node import STOPPED, Node, Run, start_node
from engine.reply import parse, without_loop
from engine.reply.thinking import split_thinking
from engine.stop import Stop
from engine.types import Json, Usage, to_json

UNCLEAR = "UNCLEAR"  # the answer to a question with choices that names none of them, or several


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
    form: Form | None,
    answers: list[str],
) -> None:
    """Ask all leaves at once and append their answers in order; `answers` holds those so far when it raises.

    Raises CallRefused when a prompt does not fit, or tokens or time run out, Cancelled on a stop.
    """
    texts = [leaf.prompt + _wanted(form) for leaf in leaves]
    planned = [_plan(run, leaf, text, form) for leaf, text in zip(leaves, texts, strict=True)]
    with run.ledger.reservation(sum(tokens for _, tokens in planned)):
        for index, (leaf, (request, _)) in enumerate(zip(leaves, planned, strict=True)):
            start_node(run, node, leaf.id, "llm", texts[index], "", cell, call, index)
            run.can_stop(leaf.id, leaf.stop)
            run.record(leaf.id, "turn_started", turn=1, messages=[to_json(m) for m in request.messages])
            run.evidence.shown(texts[index], leaf.spans)
        streams: list[Stream] = []
        with ExitStack() as watched:
            try:
                for leaf, (request, _) in zip(leaves, planned, strict=True):
                    streams.append(run.model.submit(request))
                    watched.enter_context(leaf.stop.calling(streams[-1].cancel))  # also before its turn comes
                for leaf, stream in zip(leaves, streams, strict=True):
                    answers.append(_answer_or_stopped(run, node, leaf, stream, form))
            except BaseException as problem:
                _abandon(run, leaves[len(answers) :], streams[len(answers) :], problem)
                raise


def _plan(run: Run, leaf: Leaf, text: str, form: Form | None) -> tuple[Request, int]:
    leaf.stop.check()
    try:
        return leaf_request(run, leaf.id, prompt.leaf(text), form)
    except ContextOverflow as overflow:
        raise CallRefused(str(overflow)) from overflow


def _answer_or_stopped(run: Run, node: Node, leaf: Leaf, stream: Stream, form: Form | None) -> str:
    """The answer of one leaf. One that was stopped alone says so instead; raises Cancelled if its node is too."""
    try:
        answer = _answer(run, leaf, stream)
    except Cancelled:
        node.stop.check()
        _finish(run, leaf.id, "stopped", None, Usage(), 0.0)
        return f"(no answer: {STOPPED})"
    return _pick(run, leaf, answer, form.texts) if isinstance(form, Choices) else answer


def _answer(run: Run, leaf: Leaf, stream: Stream) -> str:
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
    answer = _visible(run, leaf, reply)
    run.evidence.answered(answer, leaf.spans)
    _finish(run, leaf.id, "answered", answer, reply.usage, time.monotonic() - started)
    return answer


def _visible(run: Run, leaf: Leaf, reply: Reply) -> str:
    answer = split_thinking(without_loop(reply.text)).visible.strip()
    if reply.finish == "loop":  # its note is made where it is cut
        return f"{answer} [cut off here: the answer went round in circles]"
    if reply.finish != "length":
        return answer
    run.note(leaf.id, f"the answer was cut at {reply.usage.completion_tokens:,} tokens", "warning")
    return f"{answer} [cut off here: the answer reached its limit]"


def _abandon(run: Run, leaves: Sequence[Leaf], streams: Sequence[Stream], problem: BaseException) -> None:
    """Cancel what is in flight, keep its text, and commit that these leaves have no answer."""
    for stream in streams:
        stream.cancel()
    for index, leaf in enumerate(leaves):
        if index and index < len(streams) and (text := _rest(streams[index])):
            run.record(leaf.id, "draft", turn=1, at=0, text=text)
        status: Literal["stopped", "failed"] = "stopped" if isinstance(problem, Cancelled) else "failed"
        _finish(run, leaf.id, status, None, Usage(), 0.0)


def _rest(stream: Stream) -> str:
    try:
        return "".join(stream)
    except ModelError:
        return ""


def _finish(run: Run, id: str, status: str, answer: str | None, usage: Usage, seconds: float) -> None:
    usage_json = to_json(usage)
    run.can_stop(id, None)
    run.record(id, "node_finished", status=status, answer=answer, usage=usage_json, seconds=round(seconds, 4))


# --- the form of an answer ------------------------------------------------------------------------------


def form_of(choices: Sequence[str] | None, schema: Json) -> Form | None:
    """The form that a cell asked for. Raises CallRefused, in words for the cell, when there is no such form."""
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


def _wanted(form: Form | None) -> str:
    if isinstance(form, Choices):
        return f"\nAnswer with one of: {', '.join(form.texts)}."
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
