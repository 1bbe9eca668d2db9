"""The nodes of a run as its page draws them: trees of elements, [tag, attributes, child, ...], as JSON for the script.

A child is a text, the number of a text that stands in many places, or an element. Tags and attributes are words of ours;
what documents, models and people wrote stands in elements that have `dir`: in these the page finds words.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.events.record import CallRecord, CellRecord, NodeRecord, RunRecord, TurnRecord
from engine.exchange.text import PICTURES, line, plain, shown
from engine.types import Json, Message

KINDS = {"root": "question", "rlm": "child", "llm": "sub-call"}
QUESTION_CHARS = 300  # of a sub-call's in the tree; all of it stands in its prompt

Tree = str | int | list[Any]


def drawn(record: RunRecord) -> Json:
    """All nodes of the run, and the texts that their trees name by number."""
    texts: dict[str, int] = {}
    nodes = [_node(node, record, texts) for node in record.nodes.values()]
    return {"nodes": nodes, "texts": [plain(text) for text in texts]}


def _node(node: NodeRecord, record: RunRecord, texts: dict[str, int]) -> Json:
    """One node: its line in the tree, and all that is shown of it once it is chosen."""
    kind = KINDS[node.started.kind]
    leaf = node.started.kind == "llm"
    question = plain(node.started.question[:QUESTION_CHARS] if leaf and node.turns else node.started.question)
    first = next((row for row in question.split("\n") if row.strip()), "")
    return {
        "id": node.id,
        "parent": node.started.parent,
        "name": f"{node.id} {first}",
        "status": node.status,
        "state": kind if node.status == "answered" else node.status,
        "shown": [
            ["h2", {}, f"Node {node.id}"],
            _soft(" · ".join(_cost(node, kind))),
            *([_soft("Data: ", context)] if (context := line(node.started.context)) else ()),
            ["div", {"class": "text", "dir": "auto"}, question],
            *(tree for turn in node.turns.values() for tree in _turn(turn, record, texts)),
            *(_soft("Note: ", plain(note.text)) for note in node.notes),
            ["h3", {}, "Answer"],
            _answer(node),
        ],
    }


def _cost(node: NodeRecord, kind: str) -> Iterator[str]:
    yield kind
    yield node.status
    if node.ended and node.ended.seconds is not None:
        yield f"{node.ended.seconds:.1f} s"
    if tokens := node.usage.prompt_tokens + node.usage.completion_tokens:
        yield f"{tokens:,} tokens"


def _answer(node: NodeRecord) -> Tree:
    if node.answer is not None:
        return _pre(plain(node.answer))
    reason = plain((node.ended.reason if node.ended else "") or "")
    return ["p", {"class": "bad", "dir": "auto"}, f"No answer{f': {reason}' if reason else ''}"]


def _turn(turn: TurnRecord, record: RunRecord, texts: dict[str, int]) -> Iterator[Tree]:
    yield ["h3", {}, f"Turn {turn.number}"]
    if turn.messages:
        given = (tree for message in turn.messages for tree in _message(message, texts))
        yield _fold("Given to the model", *given)
    if turn.reply and turn.reply.thinking:
        yield _fold("Thinking", _pre(plain(turn.reply.thinking)))
    wrote = _pre(plain(turn.text))
    yield _fold("What the model wrote", wrote) if turn.cells else wrote
    for cell in turn.cells:
        yield from _cell(cell, record)


def _message(message: Message, texts: dict[str, int]) -> Iterator[Tree]:
    """A message under its role. The words of system messages are ours and the same everywhere, so none are found there."""
    written = {} if message.role == "system" else {"dir": "auto"}
    yield ["h3", {}, message.role]
    yield ["pre", {"tabindex": "0", **written}, texts.setdefault(message.content, len(texts))]


def _cell(cell: CellRecord, record: RunRecord) -> Iterator[Tree]:
    seconds = f" · {cell.ended.seconds:.2f} s" if cell.ended and cell.ended.seconds is not None else ""
    yield ["h3", {}, f"Cell {cell.number} · {cell.status}{seconds}"]
    yield _pre(plain(cell.started.code), "code")
    for output in cell.outputs:
        if made := shown(output):
            yield from _output(made)
    for call in cell.calls.values():
        yield from _call(call, record)
    if cell.final:
        yield ["p", {"class": "text", "dir": "auto"}, f"Final answer: {plain(str(cell.final['content']))}"]


def _output(output: Json) -> Iterator[Tree]:
    match output:
        case {"output_type": "stream", "name": name, "text": text}:
            words, kind = text, "bad" if name == "stderr" else ""
        case {"output_type": "error", "traceback": trace}:
            words, kind = "\n".join(trace), "bad"
        case {"data": data}:
            words, kind = data.get("text/plain", ""), ""
            for mime in PICTURES:
                if mime in data:
                    source = f"data:{mime};base64,{''.join(data[mime].split())}"
                    yield ["img", {"alt": "Picture made by the cell", "src": source}]
    if words:
        yield _pre(words, kind)


def _call(call: CallRecord, record: RunRecord) -> Iterator[Tree]:
    error = call.answered.error if call.answered else None
    yield _soft(f"Call {call.made.call}{', refused: ' if error else ''}", plain(error or ""))
    known = [child for child in call.made.children if child in record.nodes]
    yield ["div", {"class": "links"}, *(["button", {"type": "button", "data-node": id}, id] for id in known)]


def _pre(words: str, kind: str = "") -> Tree:
    return ["pre", {"dir": "auto", "tabindex": "0", **({"class": kind} if kind else {})}, words]


def _soft(words: str, written: str = "") -> Tree:
    """A line of small print: words of ours, then what others wrote."""
    return ["p", {"class": "soft"}, words, *([["span", {"dir": "auto"}, written]] if written else ())]


def _fold(title: str, *inside: Tree) -> Tree:
    return ["details", {}, ["summary", {}, title], *inside]
