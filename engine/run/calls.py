"""Sub-calls: what a cell's `llm_query` and `rlm_query` become in the tree. Children are sessions below."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from engine import corpus as corpora
from engine import prompt
from engine.errors import CallRefused, Cancelled, ContextOverflow, InputError, KernelError
from engine.events import CallAnswered, CallMade, NodeEnded
from engine.events.kinds import NodeStatus, Place
from engine.kernel.host.host import Call
from engine.llm.base import forget
from engine.run.direct import READING_CHARS
from engine.run.leaves import Leaf, ask_leaves, forms_of
from engine.run.loop import drive
from engine.run.node import STOPPED, Node, Outcome, Run, start_node
from engine.run.session import Begun, NodeSession, Step
from engine.stop import Stop
from engine.types import Json

PREVIEW_CHARS = 300
LISTED_DOCUMENTS = 12
CIRCLE = (
    "a child with the question and the data of this call would only go round in a circle; "
    "ask it a part of the question, or give it a part of the data"
)
SHORT_CHARS = 4 * READING_CHARS  # that a model which was taught short readings is given of a child's data
LONG_QUESTION = 4000  # characters; an `rlm_query` with one such argument holds its data in the question


def answer_call(session: NodeSession, cell: int, call: Call) -> list[str]:
    """Answer one call of a cell of a node; the answers are committed before the kernel sees them.

    Raises CallRefused (shown in the cell as RuntimeError) when the budget, the window or the data say no.
    """
    run, node = session.run, session.node
    node.stop.check()
    started = time.monotonic()
    deeper = call.name == "rlm" and node.depth < run.settings.depth
    items = call.arguments["prompts"] if call.name == "llm" else call.arguments["questions"]
    begun = session.begun.take(call, deeper=deeper)
    new = sum(one is None or not one.settled for one in begun)
    refused = _refusal(run, calls=new, nodes=new if deeper else 0)
    children = [] if refused else [one.id if one else node.child_id() for one in begun]
    refs, quotes = call.arguments.get("contexts"), call.arguments.get("quotes")
    run.record(
        node.id,
        CallMade(
            cell=cell,
            call=call.number,
            kind=call.name,
            prompts=tuple(items),
            hashes=tuple(map(_hash, items)),
            children=tuple(children),
            spans=_places(call.arguments.get("spans")),
            refs=None if refs is None else tuple(refs),
            quotes=None if quotes is None else tuple((start, end) for start, end in quotes),
        ),
    )
    answers: list[str] = []
    error: str | None = None
    try:
        if refused:
            raise CallRefused(refused)
        if deeper:
            _ask_children(session, cell, call, children, begun, answers)
        else:
            leaves = _leaves(run, node, call, children)
            forms = forms_of(run, call.arguments, [leaf.prompt for leaf in leaves])
            ask_leaves(run, node, cell, call.number, leaves, forms, begun, answers)
    except InputError as problem:
        error = str(problem)
        raise CallRefused(error) from problem
    except BaseException as problem:
        error = str(problem) or type(problem).__name__
        raise
    finally:
        run.record(
            node.id,
            CallAnswered(
                cell=cell,
                call=call.number,
                answers=tuple(map(str, answers)),
                confidences=tuple(getattr(answer, "confidence", None) for answer in answers),
                seconds=round(time.monotonic() - started, 4),
                error=error,
                quoted=any(getattr(answer, "quoted", False) for answer in answers),
            ),
        )
    return answers


def _refusal(run: Run, calls: int, nodes: int) -> str:
    """Why a call cannot be paid for, or "" once its cost is set aside. It is recorded as any other answer is."""
    try:
        run.ledger.reserve(calls=calls, nodes=nodes)
    except CallRefused as refused:
        return str(refused)
    return ""


# --- leaves ---------------------------------------------------------------------------------------------


def _leaves(run: Run, node: Node, call: Call, ids: list[str]) -> list[Leaf]:
    """The one-shot questions of a call; an `rlm_query` at the depth limit becomes one about its data's head."""
    if call.name == "llm":
        prompts = call.arguments["prompts"]
        spans = call.arguments.get("spans") or [[] for _ in prompts]
        return [
            Leaf(id, text, claimed, node.stop.below())
            for id, text, claimed in zip(ids, prompts, spans, strict=True)
        ]
    run.note(node.id, f"depth {run.settings.depth} is reached: rlm_query was answered as llm_query")
    asked = zip(ids, call.arguments["questions"], call.arguments["contexts"], strict=True)
    return [_leaf_of_child(run, node, id, question, ref) for id, question, ref in asked]


def _passages(run: Run, data: Any, question: str) -> list[Any]:
    """What a model that was taught short readings is given of a longer text: the passages that fit the question best."""
    if isinstance(data, str) and not isinstance(data, corpora.Piece):
        return []
    if not run.model.info.short_readings or size(data) <= SHORT_CHARS:
        return []
    found = data.passages(question, SHORT_CHARS // READING_CHARS, READING_CHARS)
    return [run.corpus.piece(hit.id, hit.start, hit.end) for hit in found]


def _leaf_of_child(run: Run, node: Node, id: str, question: str, ref: Json) -> Leaf:
    data = corpora.resolve(ref, run.corpus) if ref is not None else ""
    pieces = _passages(run, data, question) or ([data] if isinstance(data, str) else data)
    parts: list[str] = []
    spans: list[list[int]] = []
    left = room = SHORT_CHARS if run.model.info.short_readings else run.sub_chars
    for piece in pieces:
        if left <= 0:
            break
        part = piece[:left]
        if isinstance(part, corpora.Piece):
            spans.append([part.id, part.start, part.end])
        parts.append(str(part))
        left -= len(part)
    text = "\n\n".join(parts)
    whole = size(data)
    if room < whole:
        text += f"\n[The text goes on: {room - max(0, left):,} of its {whole:,} characters stand here.]"
        run.note(node.id, f"{id} was given {room - max(0, left):,} of {whole:,} characters", "warning")
    return Leaf(id, prompt.leaf_with_context(question, text), spans, node.stop.below())


# --- children -------------------------------------------------------------------------------------------


def _ask_children(
    session: NodeSession,
    cell: int,
    call: Call,
    ids: list[str],
    begun: Sequence[Begun | None],
    answers: list[str],
) -> None:
    run, node = session.run, session.node
    asked = [*zip(ids, call.arguments["questions"], call.arguments["contexts"], strict=True)]
    children = [
        make_node(run, id, question, ref, node.stop.below(), depth=node.depth + 1)
        for id, question, ref in asked
    ]
    if any(child.question.strip() == node.question.strip() and child.ref == node.ref for child in children):
        raise CallRefused(CIRCLE)
    for index, (child, one) in enumerate(zip(children, begun, strict=True)):
        if one is None:
            told = (child.question, child.described, cell, call.number, index, child.piece_chars)
            start_node(run, node, child.id, "rlm", *told)
        elif one.piece_chars is not None:
            child.piece_chars = one.piece_chars
        if one is None or one.answer is None:
            run.can_stop(child.id, child.stop)
    with ThreadPoolExecutor(max_workers=max(1, min(run.settings.parallel, len(children)))) as pool:
        futures = [pool.submit(_go_on_child, session, *pair) for pair in zip(children, begun, strict=True)]
        try:
            for future in futures:
                outcome = future.result()
                answers.append(
                    outcome.answer if outcome.answer is not None else f"(no answer: {outcome.reason})"
                )
        except BaseException:
            for (
                child
            ) in children:  # those that wait for their turn begin, see this, and are recorded as stopped
                child.stop.request()
            raise


def _go_on_child(session: NodeSession, child: Node, begun: Begun | None) -> Outcome:
    """What a child comes to; one that was begun before goes on, or has its answer already."""
    if begun is None or begun.answer is None:
        return run_child(session, child, begun.restore if begun else None)
    return Outcome(begun.answer)


def run_child(
    session: NodeSession, child: Node, restore: Callable[[NodeSession], Step] | None = None
) -> Outcome:
    """Drive one child of a node to its end and commit how it ended; `restore` as in `engine.run.loop.drive`.

    A child that fails by itself or is stopped alone has no answer, and its parent goes on. Raises Cancelled
    when the parent is stopped as well, ModelError when there is no model any more, after committing that.
    """
    run = session.run
    started = time.monotonic()
    outcome = Outcome(None, reason=STOPPED)
    status: NodeStatus = "stopped"
    try:
        child.stop.check()
        outcome = drive(session.below(child), restore)
        status = "answered" if outcome.answer is not None else "failed"
        if outcome.answer is not None:
            run.evidence.child(outcome)
    except (ContextOverflow, KernelError) as problem:
        outcome, status = Outcome(None, reason=str(problem)), "failed"
    except Cancelled:
        session.node.stop.check()
    except Exception as problem:
        outcome, status = Outcome(None, reason=str(problem) or type(problem).__name__), "failed"
        raise
    finally:
        run.can_stop(child.id, None)
        forget(run.model, f"{run.id}/{child.id}")
        run.record(
            child.id,
            NodeEnded(
                status=status,
                answer=outcome.answer,
                usage=child.usage,
                seconds=round(time.monotonic() - started, 4),
                reason=outcome.reason,
            ),
        )
    return outcome


def make_node(run: Run, id: str, question: str, ref: Json, stop: Stop, *, depth: int) -> Node:
    """Describe the data a reference names and make the node that will work on it."""
    question, ref = data_of(question, ref)
    data = corpora.resolve(ref, run.corpus)
    node = Node(id=id, question=question, ref=ref, described=describe(data), stop=stop, depth=depth)
    node.piece_chars = max(400, run.sub_chars - len(question))
    if isinstance(data, str):
        node.preview = str(data[:PREVIEW_CHARS])
        if isinstance(data, corpora.Piece) and (lines := node.preview.rfind("\n", 0, PREVIEW_CHARS)) > 0:
            node.previewed = ((data.id, data.start, data.start + lines),)
    elif isinstance(data, corpora.Corpus):
        node.listing = listing(data)
    if isinstance(data, corpora.Corpus | corpora.Document):
        numbers = data.numbers if isinstance(data, corpora.Corpus) else (data.id,)
        node.noted = sum(number in run.corpus.noted.documents for number in numbers)
    return node


def data_of(question: str, ref: Json) -> tuple[str, Json]:
    """The question of a child and the reference of its data: a long question without data holds them itself."""
    if ref is not None:
        return question, ref
    if len(question) <= LONG_QUESTION:
        return question, {"kind": "text", "text": ""}
    return "Do what the text in `context` asks, using the data in it.", {"kind": "text", "text": question}


def describe(data: Any) -> str:
    """One line about a node's data: type, count, size in characters."""
    if isinstance(data, corpora.Document):
        return data.describe()
    if isinstance(data, corpora.Corpus):
        return repr(data)
    if isinstance(data, str):
        return f"str of {len(data):,} characters" if data else "none"
    return f"list of {len(data):,} items, {size(data):,} characters"


def listing(corpus: Any) -> tuple[str, ...]:
    """The first documents by name, and how many more there are."""
    names = [f"{i} {name}" for i, name in enumerate(corpus[:LISTED_DOCUMENTS].names)]
    more = len(corpus) - len(names)
    return (*names, f"and {more:,} more") if more > 0 else tuple(names)


def size(data: Any) -> int:
    """Characters of a text, a corpus or a list of texts."""
    if isinstance(data, str):
        return len(data)
    return data.total_chars if isinstance(data, corpora.Corpus) else sum(len(item) for item in data)


def _places(spans: Json) -> tuple[tuple[Place, ...], ...] | None:
    """The places of each prompt as the log holds them."""
    if spans is None:
        return None
    return tuple(tuple((document, start, end) for document, start, end in places) for places in spans)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
