"""What the compact events of a run come to: a row for each node, and what of the rows an event changes. Pure.

A page keeps what changed with each event, so that its tree stands at the end of a log or at any playhead in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count
from typing import Any

from engine.store.log.trace import Compact

FAULTS = ("error", "timeout", "died")
QUEUED = 0.05  # seconds in a queue that are told
FIRST: dict[str, Any] = {
    "status": "running",
    "phase": "idle",
    "turns": 0,
    "tokens": 0,
    "prompt": 0,
    "reused": 0,
    "cells": 0,
    "errors": 0,
    "final": False,
    "confidence": None,
    "seconds": None,
    "draft": 0,
    "named": False,
}
"""The row of a node that has just begun.

`status` is running, interrupted (the run ended before it) or what it ended with; `phase` is idle, model, kernel or waiting.
`tokens` were written, `prompt` were read, `reused` of these. `errors` are cells that failed, `final` whether one gave the
answer, `confidence` that of the last reply, `seconds` the time it took once it has ended. `draft` is the number of the
event that kept the reply which is being written, 0 for none. `named`: its data tells it from its kin, not its question.
"""


class Node:
    """What is known of a node beside its row; `since` is when its phase began."""

    def __init__(self, event: Compact, lane: int):
        self.event = event
        self.lane = lane
        self.since: float = event["ts"]
        self.children: list[str] = []
        self.row = dict(FIRST)


class Fold:
    """The rows of a run, made of its compact events one after the other."""

    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}
        self.last = 0
        self.status = "running"
        self.seconds: float | None = None
        self._rows: dict[str, dict[str, Any]] = {}
        self._lanes: dict[int, str] = {}  # the nodes at work, by their lane in the timeline

    def take(self, event: Compact) -> Compact:
        """What an event changes, {} for one that was taken before or changes nothing.

        {"rows": {node: what is new in its row}, "lane": that of a node that begins, "queued": seconds that a reply waited}
        """
        if event["s"] <= self.last:
            return {}
        self.last = event["s"]
        self._rows = {}
        told: Compact = {}
        match event["k"]:
            case "node" if event["n"] not in self.nodes:
                told["lane"] = self._begin(event)
            case "again":
                self.status, self.seconds = "running", None
                for name in event["nodes"]:
                    self._change(event, name, status="running", phase="idle", seconds=None)
            case "fin":
                self.status, self.seconds = event.get("st", "answered"), event.get("sec")
                left = "failed" if self.status == "failed" else "interrupted"
                for name in [name for name, node in self.nodes.items() if node.row["status"] == "running"]:
                    self._change(event, name, status=left, phase="idle", draft=0)
            case kind if event["n"] in self.nodes:
                told = self._step(kind, event, self.nodes[event["n"]])
        return told | {"rows": self._rows} if self._rows else told

    def way(self, name: str) -> list[tuple[str, str]]:
        """Id and question (its head) of each node above one, from the first down."""
        above: list[tuple[str, str]] = []
        node = self.nodes.get(name)
        while node is not None:
            parent: str = node.event.get("p", "")
            node = self.nodes.get(parent)
            if node is not None:
                above.insert(0, (parent, node.event.get("q", "")))
        return above

    def _change(self, event: Compact, name: str, **news: Any) -> None:
        """Note what is new in a row."""
        if (node := self.nodes.get(name)) is None:
            return
        fresh = {key: value for key, value in news.items() if node.row[key] != value}
        if "phase" in fresh:
            node.since = event["ts"]
        if fresh:
            node.row |= fresh
            self._rows.setdefault(name, {}).update(fresh)

    def _step(self, kind: str, event: Compact, node: Node) -> Compact:
        """A node goes on."""
        row, name = node.row, event["n"]
        match kind:
            case "turn":
                self._change(event, name, phase="model", draft=0)
            case "draft":
                self._change(event, name, draft=event["s"])
            case "reply":
                queued = event["ts"] - event["sec"] - node.since if "sec" in event else 0
                self._change(
                    event,
                    name,
                    phase="idle",
                    draft=0,
                    turns=row["turns"] + 1,
                    tokens=row["tokens"] + event.get("tok", 0),
                    prompt=row["prompt"] + event.get("in", 0),
                    reused=row["reused"] + event.get("re", 0),
                    confidence=event.get("lp"),
                )
                return {"queued": round(queued, 3)} if queued > QUEUED else {}
            case "cell":
                self._change(event, name, phase="kernel", cells=row["cells"] + 1)
            case "done":
                errors = row["errors"] + (event.get("st") in FAULTS)
                self._change(
                    event, name, phase="idle", errors=errors, final=row["final"] or bool(event.get("fin"))
                )
            case "call":
                self._change(event, name, phase="waiting")
            case "ret":
                self._change(event, name, phase="kernel")
            case "end":
                seconds = event.get("sec", round(event["ts"] - node.event["ts"], 3))
                status = event.get("st", "answered")
                self._change(event, name, status=status, phase="idle", draft=0, seconds=seconds)
                if self._lanes.get(node.lane) == name:
                    del self._lanes[node.lane]
        return {}

    def _begin(self, event: Compact) -> int:
        """A node begins, in the first free lane below that of its parent."""
        name, parent = event["n"], self.nodes.get(event.get("p", ""))
        lane = next(lane for lane in count(parent.lane + 1 if parent else 0) if lane not in self._lanes)
        self._lanes[lane] = name
        self.nodes[name] = Node(event, lane)
        if parent is not None:
            before = parent.children[-1:]
            parent.children.append(name)
            kin = [event["p"], *before]
            self._change(event, name, named=self._is_named(name, kin))
            if len(parent.children) == 2:
                self._change(event, before[0], named=self._is_named(before[0], [event["p"], name]))
        return lane

    def _is_named(self, name: str, kin: Iterable[str]) -> bool:
        """Whether a node works on something, and was asked what one of its kin was that works on something else."""
        own = self.nodes[name].event
        others = [self.nodes[one].event for one in kin]
        return "on" in own and any(own["on"] != other.get("on") and _same(own, other) for other in others)


def _same(one: Compact, other: Compact) -> bool:
    """Whether two heads of questions, of which one may be shorter, are of the same question."""
    short, long = sorted((one.get("q", ""), other.get("q", "")), key=len)
    return bool(long.startswith(short[:-1])) if short.endswith("…") else bool(short == long)


def fold(events: Iterable[Compact]) -> Compact:
    """What compact events come to: {"status", "seconds", "last", "nodes": {id: {"parent", "kind", "depth", "cell", "call",
    "index", and its row}}}.
    """
    run = Fold()
    for event in events:
        run.take(event)
    nodes = {
        name: {
            "parent": node.event.get("p"),
            "kind": node.event["kind"],
            "depth": node.event.get("d"),
            "cell": node.event.get("c"),
            "call": node.event.get("call"),
            "index": node.event.get("ix"),
            **node.row,
        }
        for name, node in run.nodes.items()
    }
    return {"status": run.status, "seconds": run.seconds, "last": run.last, "nodes": nodes}
