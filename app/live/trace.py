"""Compact events as the app sends them (`engine.store.log.trace` makes them), and what a log of them comes to. Pure.

Bodies are read from the log when a person looks at them (`app.runs.node_detail`). `fold` is the reference for the tree.
"""

from __future__ import annotations

from collections.abc import Iterable

from engine.store.log.trace import Compact, compact, encode, head

__all__ = ["Compact", "compact", "encode", "fold", "head"]


def fold(events: Iterable[Compact]) -> Compact:
    """What compact events come to: {"status", "seconds", "last", "nodes": {id: {...}}}.

    A node has parent, kind, depth, cell, call, index, status ("running" without an end), seconds, turns, tokens,
    cells {index: status}, calls, outputs. A run that ended before a node did leaves that node "interrupted",
    and one that was resumed opens its nodes again.
    """
    run: Compact = {"status": "running", "seconds": None, "last": 0, "nodes": {}}
    nodes: dict[str, Compact] = run["nodes"]
    for e in events:
        if e["s"] <= run["last"]:
            continue
        run["last"] = e["s"]
        node = nodes.get(e["n"])
        match e["k"]:
            case "fin":
                run["status"], run["seconds"] = e.get("st"), e.get("sec")
                for one in nodes.values():
                    one["status"] = "interrupted" if one["status"] == "running" else one["status"]
            case "again":
                run["status"], run["seconds"] = "running", None
                for one in e["nodes"]:
                    nodes[one] |= {"status": "running", "seconds": None}
            case "node":
                nodes[e["n"]] = _node(e)
            case "end" if node:
                node["status"], node["seconds"] = e.get("st"), e.get("sec")
            case "reply" if node:
                node["turns"] += 1
                node["tokens"] += e.get("tok") or 0
            case "cell" if node:
                node["cells"][e["i"]] = "running"
            case "done" if node:
                node["cells"][e["i"]] = e.get("st")
            case "call" if node:
                node["calls"] += 1
            case "out" if node:
                node["outputs"] += 1
    return run


def _node(e: Compact) -> Compact:
    return {
        "parent": e.get("p"),
        "kind": e["kind"],
        "depth": e.get("d"),
        "cell": e.get("c"),
        "call": e.get("call"),
        "index": e.get("ix"),
        "status": "running",
        "seconds": None,
        "turns": 0,
        "tokens": 0,
        "cells": {},
        "calls": 0,
        "outputs": 0,
    }
