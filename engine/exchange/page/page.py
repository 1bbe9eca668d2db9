"""A run as a self-contained page: no network, a strict policy in the page itself, text of documents only ever as text."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from html import escape
from pathlib import Path

from engine.answer.agreement import sentence
from engine.events.record import CallRecord, CellRecord, NodeRecord, RunRecord, TurnRecord
from engine.exchange.report import STATUS
from engine.exchange.text import line, place, plain, shown, when
from engine.types import Json, Message

STYLE, SCRIPT = "page.css", "page.js"
POLICY = "default-src 'none'; script-src '{script}'; style-src '{style}'; img-src data:; base-uri 'none'; form-action 'none'"
KINDS = {"root": "question", "rlm": "child", "llm": "sub-call"}
TITLE_CHARS = 120
QUESTION_CHARS = 300  # of a sub-call's in the tree; all of it stands in its prompt


def page(record: RunRecord) -> str:
    """The page as HTML text."""
    style, script = (Path(__file__).with_name(name).read_text("utf-8") for name in (STYLE, SCRIPT))
    data = json.dumps(_data(record), ensure_ascii=True, separators=(",", ":")).replace("<", "\\u003c")
    title = _text(line(record.started.question)[:TITLE_CHARS])
    policy = escape(POLICY.format(script=_hash(script), style=_hash(style)))
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="color-scheme" content="light dark">\n<meta name="referrer" content="no-referrer">\n'
        f"<title>{title}</title>\n<style>{style}</style>\n</head>\n<body>\n"
        f"<header>\n{''.join(_head(record))}</header>\n"
        f'<main>\n<section class="answer" aria-label="Answer">\n{"".join(_answer(record))}</section>\n'
        '<div id="run" class="run"></div>\n<noscript><p>The tree below the answer needs JavaScript.</p></noscript>\n'
        f'</main>\n<script type="application/json" id="data">{data}</script>\n<script>{script}</script>\n'
        "</body>\n</html>\n"
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _text(value: str) -> str:
    return escape(plain(value))


# --- the answer, as markup ------------------------------------------------------------------------------


def _head(record: RunRecord) -> Iterator[str]:
    started, ended = record.started, record.ended
    usage: Json = (ended.usage if ended else None) or {}
    yield f'<h1 dir="auto">{_text(started.question)}</h1>\n'
    facts = [
        STATUS.get(record.status, record.status),
        line(started.corpus_name),
        line(record.model_name),
        f"{line(started.strategy)}, {len(record.nodes):,} nodes, {usage.get('calls', 0):,} model calls",
        f"{ended.seconds:,.1f} s" if ended else "",
        when(record.began),
        f"run {record.id}",
    ]
    yield f'<p class="facts">{" · ".join(_text(fact) for fact in facts if fact)}</p>\n'
    if "imported" in started.settings:
        yield "<p>Imported from the log of another program: nothing in it was observed by Taproot or can be verified.</p>\n"
    for problem in record.problems:
        yield f"<p>{_text(problem)}</p>\n"


def _answer(record: RunRecord) -> Iterator[str]:
    ended = record.ended
    yield "<h2>Answer</h2>\n"
    if ended is None or ended.answer is None:
        why = ended.reason if ended and ended.reason else "the model gave none"
        yield f'<p class="none">There is none: {_text(why)}.</p>\n'
    else:
        yield f'<div class="text said" dir="auto">{_text(ended.answer)}</div>\n'
    if ended and ended.forced:
        yield f"<p>Asked for at a limit, before the model was done: {_text(ended.reason)}.</p>\n"
    if ended and (said := sentence(ended.agreement)):
        yield f"<p>{_text(said)}.</p>\n"
    if ended and ended.sources:
        yield f"<h2>Sources</h2>\n<ol>\n{''.join(map(_source, ended.sources))}</ol>\n"
    if ended and ended.passages:
        items = "".join(_quoted(passage, str(passage.get("text", ""))) for passage in ended.passages)
        yield f"<h2>Found by search, not by the model</h2>\n<ul>\n{items}</ul>\n"
    coverage: Json = ended.coverage if ended else None
    if isinstance(coverage, dict) and "documents" in coverage:
        yield (
            f"<p>{coverage.get('documents_searched', 0):,} of {coverage['documents']:,} documents searched, "
            f"{coverage.get('lines_read', 0):,} lines read by the model, {coverage.get('skipped', 0):,} files not read.</p>\n"
        )


def _source(source: Json) -> str:
    text = str(source.get("text", ""))
    if source.get("status") != "missing":
        return _quoted(source, text)
    near = str(source.get("nearest") or "")
    nearest = f"<br>The nearest passage, {_text(place(source))}: <q>{_text(near)}</q>" if near else ""
    return f'<li dir="auto">Not found in the documents: <s>{_text(text)}</s>{nearest}</li>\n'


def _quoted(source: Json, text: str) -> str:
    return f'<li dir="auto"><b>{_text(place(source))}</b><div class="text quote">{_text(text)}</div></li>\n'


# --- the tree, as data ----------------------------------------------------------------------------------


class _Texts:
    """Texts that stand in many places, each once, by number."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        return self.numbers.setdefault(text, len(self.numbers))


def _data(record: RunRecord) -> Json:
    """The nodes of the run and the texts of their messages, as the script draws them."""
    texts = _Texts()
    nodes = [_node(node, texts) for node in record.nodes.values()]
    return {"nodes": nodes, "texts": [plain(text) for text in texts.numbers]}


def _node(node: NodeRecord, texts: _Texts) -> Json:
    leaf = node.started.kind == "llm"
    question = node.started.question
    return {
        "id": node.id,
        "parent": node.started.parent,
        "kind": KINDS[node.started.kind],
        "question": plain(question[:QUESTION_CHARS] if leaf and node.turns else question),
        "context": line(node.started.context),
        "status": node.status,
        "answer": None if node.answer is None else plain(node.answer),
        "reason": plain((node.ended.reason if node.ended else "") or ""),
        "seconds": node.ended.seconds if node.ended else None,
        "tokens": node.usage.prompt_tokens + node.usage.completion_tokens,
        "turns": [_turn(turn, texts) for turn in node.turns.values()],
        "notes": [plain(note.text) for note in node.notes],
    }


def _turn(turn: TurnRecord, texts: _Texts) -> Json:
    return {
        "number": turn.number,
        "messages": [_message(message, texts) for message in turn.messages],
        "text": plain(turn.text),
        "thinking": plain(turn.reply.thinking if turn.reply else ""),
        "cells": [_cell(cell) for cell in turn.cells],
    }


def _message(message: Message, texts: _Texts) -> Json:
    return [message.role, texts.number(message.content)]


def _cell(cell: CellRecord) -> Json:
    return {
        "number": cell.number,
        "code": plain(cell.started.code),
        "status": cell.status,
        "seconds": cell.ended.seconds if cell.ended else None,
        "outputs": [made for output in cell.outputs if (made := shown(output))],
        "calls": [_call(call) for call in cell.calls.values()],
        "final": plain(str(cell.final["content"])) if cell.final else None,
    }


def _call(call: CallRecord) -> Json:
    error = call.answered.error if call.answered else None
    return {
        "number": call.made.call,
        "children": list(call.made.children),
        "error": plain(error) if error else None,
    }
