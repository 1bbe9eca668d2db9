"""All about one node, read from its events: turns, cells with outputs and sub-calls, notes, the text being written."""

from __future__ import annotations

import re
from typing import Any

from app.errors import NotFound
from app.runs.cells.table import table
from app.runs.cells.variables import variables
from app.text.python_code import pieces
from engine.events import (
    CallAnswered,
    CallMade,
    CellEnded,
    CellStarted,
    DraftSaved,
    Event,
    Fact,
    NodeEnded,
    NodeStarted,
    Note,
    OutputWritten,
    ReplyWritten,
    RunEnded,
    RunResumed,
    TurnStarted,
    Unreadable,
)
from engine.reply import parse
from engine.store import Store
from engine.store.log.trace import NODE_KINDS
from engine.types import Json, to_json

BLOBS = "/api/blobs/"
IMAGE = re.compile(re.escape(BLOBS) + "[0-9a-f]{64}")
LOST_IMAGE = "[an image that cannot be shown]"


def node_detail(store: Store, run: str, node: str, upto: int | None = None) -> Json:
    """The node as it stood at event `upto` (None: now). Raises NotFound when it had not begun.

    {"node", "turns", "cells", "notes", "draft", "seq": of its last event}
    """
    detail = folded(store, run, node, upto)
    return {
        "node": detail.node,
        "turns": list(detail.turns.values()),
        "cells": list(detail.cells.values()),
        "notes": detail.notes,
        "draft": detail.draft,
        "seq": detail.last,
    }


def folded(store: Store, run: str, node: str, upto: int | None = None) -> Detail:
    """The same before it is JSON. Raises NotFound when it had not begun."""
    detail = Detail()
    for event in store.node_events(run, node, upto, image=lambda sha256: BLOBS + sha256):
        detail.take(event)
    if detail.node is None:
        raise NotFound(f"There is no node {node} in the run {run}.")
    return detail


class Detail:
    """Folds the events of one node, in order.

    `seqs` are the numbers of the events that brought its pieces: by ("turn" or "reply", turn), ("cell" or "done", cell),
    ("out", cell, place), ("call", cell, call) and ("end",); `last` is that of its last event.
    """

    def __init__(self) -> None:
        self.node: dict[str, Any] | None = None
        self.turns: dict[int, dict[str, Any]] = {}
        self.cells: dict[int, dict[str, Any]] = {}
        self.notes: list[dict[str, Any]] = []
        self.draft = ""
        self.seqs: dict[tuple[str | int, ...], int] = {}
        self.last = 0

    @property
    def is_root(self) -> bool:
        """Whether it is the question of the run itself."""
        return self.node is not None and self.node["kind"] == "root"

    @property
    def is_leaf(self) -> bool:
        """Whether it is a prompt of one reply."""
        return self.node is not None and self.node["kind"] == "leaf"

    def take(self, event: Event) -> None:
        """Fold one event."""
        self.last = event.seq
        self._number(event)
        match event.fact:
            case NodeStarted() as fact:
                self.node = {
                    "id": event.node,
                    **_of(fact, "parent", "question", "context", "depth", "cell", "call", "index"),
                    "kind": NODE_KINDS[fact.kind],
                    "status": "running",
                    "started": event.ts,
                }
            case NodeEnded() as fact if self.node is not None:
                self.node |= _of(fact, "status", "answer", "reason", "seconds")
                self.node["usage"] = to_json(fact.usage)
                self.draft = "" if fact.status == "answered" else self.draft
            case RunEnded() as fact if self.node is not None and self.node["status"] == "running":
                self.node |= {"status": "interrupted", "reason": fact.reason}
            case RunResumed(nodes=nodes) if self.node is not None and self.node["id"] in nodes:
                self.node |= {"status": "running", "answer": None, "reason": None}
            case TurnStarted() as fact:
                self.draft = ""
                if self.node is not None:
                    self.node["status"] = "running"  # also where it had ended and its run was resumed
                messages = [to_json(message) for message in fact.messages]
                self.turns[fact.turn] = {"index": fact.turn, "messages": messages, "started": event.ts}
            case DraftSaved() as fact:
                self.draft = fact.onto(self.draft)
            case ReplyWritten() as fact:
                self.draft = ""
                self._reply(fact)
            case CellStarted() as fact:
                self.cells[fact.cell] = {
                    "index": fact.cell,
                    **_of(fact, "turn", "code"),
                    "coloured": pieces(fact.code),
                    "status": "running",
                    "seconds": None,
                    "outputs": [],
                    "calls": [],
                    "final": None,
                }
            case OutputWritten() as fact if fact.cell in self.cells:
                self.cells[fact.cell]["outputs"].append(shown(fact.output))
            case CellEnded() as fact if fact.cell in self.cells:
                self.cells[fact.cell] |= {
                    **_of(fact, "status", "seconds", "dropped_chars"),
                    "variables": variables(fact.changes),
                    "final": None if fact.flaw else fact.final,  # a note says why it was not taken
                }
            case CallMade() as fact if fact.cell in self.cells:
                call = {"call": fact.call, "name": fact.kind, "nodes": [*fact.children], "seconds": None}
                self.cells[fact.cell]["calls"].append(call)
            case CallAnswered() as fact if fact.cell in self.cells:
                for call in self.cells[fact.cell]["calls"]:
                    if call["call"] == fact.call:
                        call |= _of(fact, "seconds", "error")
            case Note() as fact:
                self.notes.append({"seq": event.seq, "level": fact.level, "text": fact.text})
            case Unreadable() as fact:
                self.notes.append({"seq": event.seq, "level": "warning", "text": fact.sentence})

    def _number(self, event: Event) -> None:
        """Note the number of an event that brings a piece."""
        key: tuple[str | int, ...]
        match event.fact:
            case TurnStarted(turn=turn):
                key = ("turn", turn)
                self.seqs.pop(("reply", turn), None)  # it is asked for again where its run was resumed
            case ReplyWritten(turn=turn):
                key = ("reply", turn)
            case CellStarted(cell=cell):
                key = ("cell", cell)
            case OutputWritten(cell=cell) if cell in self.cells:
                key = ("out", cell, len(self.cells[cell]["outputs"]))
            case CellEnded(cell=cell):
                key = ("done", cell)
            case CallMade(cell=cell, call=call):
                key = ("call", cell, call)
            case NodeEnded():
                key = ("end",)
            case RunResumed(nodes=nodes) if self.node is not None and self.node["id"] in nodes:
                self.seqs.pop(("end",), None)
                return
            case _:
                return
        self.seqs[key] = event.seq

    def _reply(self, fact: ReplyWritten) -> None:
        self.turns.setdefault(fact.turn, {"index": fact.turn, "messages": []})
        self.turns[fact.turn] |= {
            **_of(fact, "thinking", "code", "finish", "confidence", "text"),
            "notes": [*fact.notes],
            "prose": parse(fact.text).prose,
            "usage": to_json(fact.usage),
            "seconds": fact.usage.seconds,
        }


def _of(fact: Fact, *names: str) -> dict[str, Json]:
    """These fields of a fact."""
    return {name: getattr(fact, name) for name in names}


def shown(output: Json) -> Json:
    """An output in Jupyter's format whose images are addresses of ours, and nothing else.

    Of HTML there is at most the first table left, as elements (`app.text.elements`) in place of the markup.
    """
    data = output.get("data") if isinstance(output, dict) else None
    if not isinstance(data, dict):
        return output
    images = {mime: value for mime, value in data.items() if mime.startswith("image/")}
    good = {
        mime: value for mime, value in images.items() if isinstance(value, str) and IMAGE.fullmatch(value)
    }
    rest = {mime: value for mime, value in data.items() if mime not in images}
    if images and not good and "text/plain" not in rest:
        rest["text/plain"] = LOST_IMAGE
    if html := rest.get("text/html"):
        rest["text/html"] = table("".join(html) if isinstance(html, list) else str(html))
    return {**output, "data": {**rest, **good}}
