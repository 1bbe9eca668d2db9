"""Compact events: what lists, tree, timeline and playback need of a run's log, a hundred bytes each. Pure.

    {"s": seq, "ts": Unix seconds, "n": node, "k": kind, ...}

Kinds are run, node, turn, reply, draft, cell, out, done, call, ret, note, end, fin. Texts are heads on one line; bodies
are read from the log when a person looks at them (`app.detail`). `fold` is the reference of what a log comes to.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from engine.types import Event, Json

HEAD = 160  # bytes of a question, an answer, a note
CODE_HEAD = 80  # bytes of a cell's first line
NODE_KINDS = {"root": "root", "rlm": "child", "llm": "leaf"}

Compact = dict[str, Any]


def compact(event: Event) -> Compact:
    """The compact form of one event; its payload may hold references to large values."""
    base = {"s": event.seq, "ts": round(event.ts, 3), "n": event.node}
    kind, more = _more(event)
    return {**base, "k": kind, **{name: value for name, value in more.items() if value is not None}}


def encode(value: Json) -> str:
    """JSON on one line, as short as it gets."""
    return (
        json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        .encode("utf-8", "replace")
        .decode("utf-8")
    )


def head(text: Json, most: int = HEAD) -> str:
    """The beginning of a text on one line, at most `most` bytes; "" for what is no text (a large one by reference)."""
    if not isinstance(text, str):
        return ""
    line = " ".join(text[: most * 2].split())
    data = line.encode("utf-8", "replace")
    if len(data) <= most:
        return data.decode("utf-8")
    return data[: most - 3].decode("utf-8", "ignore").rstrip() + "…"


def _more(event: Event) -> tuple[str, Compact]:
    p = event.payload
    match event.kind:
        case "run_started":
            model = p.get("model")
            return "run", {
                "q": head(p.get("question")),
                "corpus": p.get("corpus"),
                "model": model.get("name") if isinstance(model, dict) else None,
                "session": p.get("session") or event.run,
            }
        case "run_finished":
            return "fin", {"st": p.get("status"), "a": _answer(p), "sec": _seconds(p)}
        case "node_started":
            return "node", {
                "p": p.get("parent"),
                "kind": NODE_KINDS.get(p.get("kind", ""), "child"),
                "q": head(p.get("question")),
                "d": p.get("depth"),
                "c": p.get("cell"),
                "call": p.get("call"),
                "ix": p.get("index"),
            }
        case "node_finished":
            usage = p.get("usage") or {}
            return "end", {
                "st": p.get("status"),
                "tok": usage.get("completion_tokens"),
                "sec": _seconds(p),
                "a": _answer(p),
            }
        case "turn_started":
            return "turn", {"i": p.get("turn")}
        case "draft":
            return "draft", {}
        case "turn_finished":
            usage = p.get("usage") or {}
            return "reply", {
                "i": p.get("turn"),
                "tok": usage.get("completion_tokens"),
                "in": usage.get("prompt_tokens"),
                "re": usage.get("reused_tokens"),
                "sec": _short(usage.get("seconds")),
                "st": p.get("finish"),
            }
        case "cell_started":
            return "cell", {"i": p.get("cell"), "h": head(_first_line(p.get("code")), CODE_HEAD)}
        case "output":
            return "out", {"i": p.get("cell"), "t": _type(p.get("output"))}
        case "cell_finished":
            final = bool(p.get("final"))
            return "done", {"i": p.get("cell"), "st": p.get("status"), "sec": _seconds(p), "fin": final}
        case "call_started":
            prompts = p.get("prompts") or ()
            return "call", {
                "i": p.get("cell"),
                "call": p.get("call"),
                "name": p.get("kind"),
                "m": len(prompts) if isinstance(prompts, list) else 1,
            }
        case "call_finished":
            return "ret", {"i": p.get("cell"), "call": p.get("call"), "sec": _seconds(p)}
        case "note":
            return "note", {"l": p.get("level"), "h": head(p.get("text"))}
        case _:
            return str(event.kind), {}


def _answer(payload: Json) -> str | None:
    answer = payload.get("answer")
    return None if answer is None else head(answer)


def _seconds(payload: Json) -> float | None:
    return _short(payload.get("seconds"))


def _short(seconds: Json) -> float | None:
    return round(seconds, 3) if isinstance(seconds, int | float) else None


def _first_line(code: Json) -> str | None:
    if not isinstance(code, str):
        return None
    return next((line for line in code[:2000].splitlines() if line.strip()), "")


def _type(output: Json) -> str:
    """What a person sees of an output: stream, result, image, table or error."""
    if not isinstance(output, dict):
        return "stream"
    kind = output.get("output_type")
    if kind in ("stream", "error"):
        return str(kind)
    data = output.get("data") if isinstance(output.get("data"), dict) else {}
    if any(name.startswith("image/") for name in data):
        return "image"
    return "table" if "<table" in str(data.get("text/html", ""))[:2000] else "result"


# --- what a log comes to ----------------------------------------------------------------------------------


def fold(events: Iterable[Compact]) -> Compact:
    """What compact events come to: {"status", "seconds", "last", "nodes": {id: {...}}}.

    A node has parent, kind, depth, cell, call, index, status ("running" without an end), seconds, turns, tokens,
    cells {index: status}, calls, outputs. A run that ended before a node did leaves that node "interrupted".
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
