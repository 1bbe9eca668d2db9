"""All about one node, read from its events: turns, cells with outputs and sub-calls, notes, the text being written."""

from __future__ import annotations

import re
from typing import Any

from app.errors import NotFound
from engine.reply import parse
from engine.store import Store
from engine.store.log.hash_chain import drafted
from engine.store.log.trace import NODE_KINDS
from engine.types import Event, Json

BLOBS = "/api/blobs/"
IMAGE = re.compile(re.escape(BLOBS) + "[0-9a-f]{64}")
LOST_IMAGE = "[an image that cannot be shown]"


def node_detail(store: Store, run: str, node: str, upto: int | None = None) -> Json:
    """The node as it stood at event `upto` (None: now). Raises NotFound when it had not begun.

    {"node", "turns", "cells", "notes", "draft", "seq": of its last event}
    """
    events = store.node_events(run, node, upto, image=lambda sha256: BLOBS + sha256)
    detail = Detail()
    for event in events:
        detail.take(event)
    if detail.node is None:
        raise NotFound(f"There is no node {node} in the run {run}.")
    return {
        "node": detail.node,
        "turns": list(detail.turns.values()),
        "cells": list(detail.cells.values()),
        "notes": detail.notes,
        "draft": detail.draft,
        "seq": events[-1].seq,
    }


class Detail:
    """Folds the events of one node, in order."""

    def __init__(self) -> None:
        self.node: dict[str, Any] | None = None
        self.turns: dict[int, dict[str, Any]] = {}
        self.cells: dict[int, dict[str, Any]] = {}
        self.notes: list[dict[str, Any]] = []
        self.draft = ""

    def take(self, event: Event) -> None:
        """Fold one event."""
        p = event.payload
        match event.kind:
            case "node_started":
                self.node = {
                    "id": event.node,
                    **{
                        k: p.get(k)
                        for k in ("parent", "question", "context", "depth", "cell", "call", "index")
                    },
                    "kind": NODE_KINDS.get(p.get("kind", ""), "child"),
                    "status": "running",
                    "started": event.ts,
                }
            case "node_finished" if self.node is not None:
                self.node |= {k: p.get(k) for k in ("status", "answer", "reason", "usage", "seconds")}
                self.draft = "" if p.get("status") == "answered" else self.draft
            case "run_finished" if self.node is not None and self.node["status"] == "running":
                self.node |= {"status": "interrupted", "reason": p.get("reason")}
            case "turn_started":
                self.draft = ""
                self.turns[p["turn"]] = {
                    "index": p["turn"],
                    "messages": p.get("messages") or [],
                    "started": event.ts,
                }
            case "draft":
                self.draft = drafted(self.draft, p)
            case "turn_finished":
                self.draft = ""
                self._turn(p)
            case "cell_started":
                self.cells[p["cell"]] = {
                    "index": p["cell"],
                    "turn": p.get("turn"),
                    "code": p.get("code"),
                    "status": "running",
                    "seconds": None,
                    "outputs": [],
                    "calls": [],
                    "final": None,
                }
            case "output" if p.get("cell") in self.cells:
                self.cells[p["cell"]]["outputs"].append(shown(p.get("output")))
            case "cell_finished" if p["cell"] in self.cells:
                self.cells[p["cell"]] |= {
                    **{k: p.get(k) for k in ("status", "seconds", "dropped_chars")},
                    "final": None if p.get("flaw") else p.get("final"),  # a note says why it was not taken
                }
            case "call_started" if p["cell"] in self.cells:
                call = {
                    "call": p["call"],
                    "name": p.get("kind"),
                    "nodes": p.get("children") or [],
                    "seconds": None,
                }
                self.cells[p["cell"]]["calls"].append(call)
            case "call_finished" if p["cell"] in self.cells:
                for call in self.cells[p["cell"]]["calls"]:
                    if call["call"] == p["call"]:
                        call |= {"seconds": p.get("seconds"), "error": p.get("error")}
            case "note":
                self.notes.append({"seq": event.seq, "level": p.get("level"), "text": p.get("text")})

    def _turn(self, p: dict[str, Json]) -> None:
        usage = p.get("usage") or {}
        text = p.get("text") or ""
        self.turns.setdefault(p["turn"], {"index": p["turn"], "messages": []})
        self.turns[p["turn"]] |= {
            **{k: p.get(k) for k in ("thinking", "code", "finish", "notes", "confidence")},
            "text": text,
            "prose": parse(text).prose,
            "usage": usage,
            "seconds": usage.get("seconds"),
        }


def shown(output: Json) -> Json:
    """An output in Jupyter's format whose images are addresses of ours, and nothing else."""
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
    return {**output, "data": {**rest, **good}}
