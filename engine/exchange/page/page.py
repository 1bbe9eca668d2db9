"""A run as a self-contained page: no network, a strict policy in the page itself, text of documents only ever as text."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from html import escape
from pathlib import Path

from engine.answer.agreement import sentence
from engine.events.record import RunRecord
from engine.exchange.page.nodes import drawn
from engine.exchange.report import STATUS
from engine.exchange.text import line, place, plain, when
from engine.types import Json

STYLE, SCRIPT = "page.css", "page.js"
POLICY = "default-src 'none'; script-src '{script}'; style-src '{style}'; img-src data:; base-uri 'none'; form-action 'none'"
TITLE_CHARS = 120


def page(record: RunRecord) -> str:
    """The page as HTML text."""
    style, script = (Path(__file__).with_name(name).read_text("utf-8") for name in (STYLE, SCRIPT))
    data = json.dumps(drawn(record), ensure_ascii=True, separators=(",", ":")).replace("<", "\\u003c")
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
