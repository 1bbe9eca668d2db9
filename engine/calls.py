"""Sub-calls: what a cell's `llm_query` and `rlm_query` become in the tree. Leaves are one-shot, children drive."""

from __future__ import annotations

import hashlib
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from engine import corpus as corpora
from engine import prompt
from engine.errors import CallRefused, Cancelled, ContextOverflow, InputError, ModelError
from engine.generate import follow, leaf_request, record_turn
from engine.kernel.host import Call
from engine.llm.base import Stream
from engine.node import Node, Outcome, Run
from engine.reply import parse
from engine.reply.thinking import split_thinking
from engine.run import drive
from engine.types import Json, to_json

PREVIEW_CHARS = 300
LISTED_DOCUMENTS = 12
LONG_QUESTION = 4000  # characters; an `rlm_query` with one such argument holds its data in the question


def answer_call(run: Run, node: Node, cell: int, call: Call) -> list[str]:
    """Answer one call of a cell; the answers are committed before the kernel sees them.

    Raises CallRefused (shown in the cell as RuntimeError) when the budget, the window or a child says no.
    """
    run.stop.check()
    started = time.monotonic()
    items = call.arguments["prompts"] if call.name == "llm" else call.arguments["questions"]
    children = [node.child_id() for _ in items]
    run.record(
        node.id,
        "call_started",
        cell=cell,
        call=call.number,
        kind=call.name,
        prompts=items,
        hashes=[_hash(item) for item in items],
        children=children,
        spans=call.arguments.get("spans"),
        refs=call.arguments.get("contexts"),
    )
    answers: list[str] = []
    error: str | None = None
    try:
        if call.name == "llm":
            answers = _ask_leaves(run, node, cell, call, children)
        else:
            answers = _ask_children(run, node, cell, call, children)
    except (CallRefused, Cancelled, ModelError) as problem:
        error = str(problem)
        raise
    finally:
        seconds = round(time.monotonic() - started, 4)
        run.record(
            node.id,
            "call_finished",
            cell=cell,
            call=call.number,
            answers=answers,
            seconds=seconds,
            error=error,
        )
    return answers


# --- leaves ---------------------------------------------------------------------------------------------


def _ask_leaves(run: Run, node: Node, cell: int, call: Call, ids: list[str]) -> list[str]:
    prompts: list[str] = call.arguments["prompts"]
    choices: list[str] | None = call.arguments.get("choices")
    spans = call.arguments.get("spans") or [[] for _ in prompts]
    if call.arguments.get("schema") is not None:
        raise CallRefused("schema= is not supported by this model host; ask for the form you want in words")
    if choices:
        prompts = [f"{p}\nAnswer with one of: {', '.join(choices)}." for p in prompts]
    try:
        planned = [leaf_request(run, id, prompt.leaf(text)) for id, text in zip(ids, prompts, strict=True)]
    except ContextOverflow as overflow:
        raise CallRefused(str(overflow)) from overflow
    requests = [request for request, _ in planned]
    tokens = [reserved for _, reserved in planned]
    run.ledger.reserve(calls=len(prompts), tokens=sum(tokens))
    for index, (id, request) in enumerate(zip(ids, requests, strict=True)):
        _start_node(run, node, id, "llm", prompts[index], "", cell, call.number, index)
        run.record(id, "turn_started", turn=1, messages=[to_json(m) for m in request.messages])
        run.evidence.shown(prompts[index], spans[index])
    streams = [run.model.submit(request) for request in requests]
    answers: list[str] = []
    try:
        for id, stream in zip(ids, streams, strict=True):
            answers.append(_leaf_answer(run, id, stream, tokens[len(answers)]))
    except BaseException:
        for stream in streams:
            stream.cancel()
        run.ledger.release(sum(tokens[len(answers) :]))
        raise
    if choices:
        answers = [_pick(answer, choices) for answer in answers]
    for answer, claimed in zip(answers, spans, strict=True):
        run.evidence.answered(answer, claimed)
    return answers


def _leaf_answer(run: Run, id: str, stream: Stream, reserved: int) -> str:
    started = time.monotonic()
    reply = follow(run, id, 1, stream, seconds=max(1.0, run.ledger.remaining().seconds))
    record_turn(run, id, 1, reply, parse(reply.text))
    answer = split_thinking(reply.text).visible.strip()
    run.ledger.charge(reply.usage, reserved=reserved)
    run.record(
        id,
        "node_finished",
        status="answered",
        answer=answer,
        usage=to_json(reply.usage),
        seconds=round(time.monotonic() - started, 4),
    )
    return answer


def _pick(answer: str, choices: list[str]) -> str:
    """The choice an answer names; refused when it names none or several."""
    folded = answer.casefold()
    exact = [c for c in choices if folded.strip(" .\"'") == c.casefold()]
    named = exact or [c for c in choices if c.casefold() in folded]
    if len(named) == 1:
        return named[0]
    raise CallRefused(f"the model answered {answer[:80]!r}, which names none or several of {choices}")


# --- children -------------------------------------------------------------------------------------------


def _ask_children(run: Run, node: Node, cell: int, call: Call, ids: list[str]) -> list[str]:
    questions: list[str] = call.arguments["questions"]
    contexts: list[Json] = call.arguments["contexts"]
    if node.depth >= run.settings.depth:
        run.note(node.id, f"depth {run.settings.depth} is reached: rlm_query was answered as llm_query")
        prompts = [
            prompt.leaf_with_context(question, _head(run, ref))
            for question, ref in zip(questions, contexts, strict=True)
        ]
        as_llm = Call(call.number, "llm", {"prompts": prompts, "batched": True, "spans": None})
        return _ask_leaves(run, node, cell, as_llm, ids)
    run.ledger.reserve(calls=len(questions), nodes=len(questions))
    try:
        children = [
            make_node(run, id, question, ref, depth=node.depth + 1)
            for id, question, ref in zip(ids, questions, contexts, strict=True)
        ]
    except InputError as error:
        raise CallRefused(str(error)) from error
    for index, child in enumerate(children):
        _start_node(run, node, child.id, "rlm", child.question, child.described, cell, call.number, index)
    with ThreadPoolExecutor(max_workers=max(1, min(run.settings.parallel, len(children)))) as pool:
        outcomes = list(pool.map(lambda child: run_child(run, child), children))
    return [o.answer if o.answer is not None else f"(no answer: {o.reason})" for o in outcomes]


def run_child(run: Run, child: Node) -> Outcome:
    """Drive one child to its end and commit how it ended; a stop still commits, then raises Cancelled."""
    started = time.monotonic()
    outcome, status = Outcome(None, reason="it was stopped"), "stopped"
    try:
        outcome = drive(run, child, answer_call)
        status = "answered" if outcome.answer is not None else "failed"
        if outcome.answer is not None:
            run.evidence.child(outcome)
    except ContextOverflow as overflow:
        outcome, status = Outcome(None, reason=str(overflow)), "failed"
    finally:
        run.record(
            child.id,
            "node_finished",
            status=status,
            answer=outcome.answer,
            reason=outcome.reason,
            usage=to_json(child.usage),
            seconds=round(time.monotonic() - started, 4),
        )
    return outcome


def make_node(run: Run, id: str, question: str, ref: Json, *, depth: int) -> Node:
    """Describe the data a reference names and make the node that will work on it."""
    if ref is None:
        ref = {"kind": "text", "text": question if len(question) > LONG_QUESTION else ""}
        if len(question) > LONG_QUESTION:
            question = "Do what the text in `context` asks, using the data in it."
    data = corpora.resolve(ref, run.corpus)
    node = Node(id=id, question=question, ref=ref, described=describe(data), depth=depth)
    if isinstance(data, str):
        node.preview = str(data[:PREVIEW_CHARS])
    elif isinstance(data, corpora.Corpus):
        node.listing = listing(data)
    return node


def describe(data: Any) -> str:
    """One line about a node's data: type, count, size in characters."""
    if isinstance(data, corpora.Corpus | corpora.Document):
        return repr(data)
    if isinstance(data, str):
        return f"str of {len(data):,} characters" if data else "none"
    return f"list of {len(data):,} items, {sum(len(item) for item in data):,} characters"


def listing(corpus: Any) -> tuple[str, ...]:
    """The first documents by name, and how many more there are."""
    names = [f"{i} {name}" for i, name in enumerate(corpus[:LISTED_DOCUMENTS].names)]
    more = len(corpus) - len(names)
    return (*names, f"and {more:,} more") if more > 0 else tuple(names)


def _head(run: Run, ref: Json) -> str:
    """As much text of a reference as one sub-call holds."""
    data = corpora.resolve(ref, run.corpus) if ref is not None else ""
    if isinstance(data, str):
        return str(data)[: run.sub_chars]
    parts: list[str] = []
    size = 0
    for item in data:
        parts.append(str(item))
        size += len(item)
        if size >= run.sub_chars:
            break
    return "\n\n".join(parts)[: run.sub_chars]


def _start_node(
    run: Run,
    parent: Node,
    id: str,
    kind: str,
    question: str,
    described: str,
    cell: int,
    call: int,
    index: int,
) -> None:
    run.count_node()
    run.record(
        id,
        "node_started",
        parent=parent.id,
        kind=kind,
        question=question,
        context=described,
        depth=parent.depth + 1,
        cell=cell,
        call=call,
        index=index,
    )


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
