"""A small server for the tests of the tree alone: one page with `<rlm-tree>`, and runs that were made up.

A run is asked for by name: "30" is a finished run of 30 nodes, "30-live" the first 60 % of one that goes on,
"hostile" one whose every text tries to be more than text. `?run=&node=&dark=1` choose what the page shows. It answers
the routes that the tree uses; `Tree.release` lets a live run go on, `Tree.posted` holds what was posted.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from fastapi.staticfiles import StaticFiles

from app.gate import POLICY
from tests.app.tree_fixture import Fact, grow, hostile

STATIC = Path(__file__).resolve().parents[2] / "app" / "static"
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Tree</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="/ui/style.css"><script type="module" src="/page.js"></script></head>
<body class="ready"><main style="padding: 16px"><h1 style="font-size: 16px">Tree</h1></main></body></html>"""
SCRIPT = """import { api } from "/ui/api.js";
import "/ui/tree/element.js";
const query = new URLSearchParams(location.search);
if (query.get("dark")) for (const [part, name] of [["body", "dark"], ["documentElement", "dark-page"]])
  document[part].classList.add(name);
const tree = document.createElement("rlm-tree");
window.toasts = [];
window.keys = [];
tree.app = { api, toast: (...said) => toasts.push(said), shortcut: (...key) => keys.push(key) };
window.tree = tree;
if (query.get("node")) tree.setAttribute("node", query.get("node"));
document.querySelector("main").append(tree);
tree.load(query.get("run"));
"""
KINDS = {"root": "root", "rlm": "child", "llm": "leaf"}


def compact(seq: int, fact: Fact) -> dict[str, Any]:
    """The event that a browser gets for a fact."""
    return {"s": seq, "ts": round(fact.ts, 3), "n": fact.node, **SHORT[fact.kind](fact.payload)}


def _reply(p: dict[str, Any]) -> dict[str, Any]:
    used = p["usage"]
    tokens = {"tok": used["completion_tokens"], "in": used["prompt_tokens"], "re": used["reused_tokens"]}
    return {"k": "reply", "i": p["turn"], **tokens, "sec": round(used["seconds"], 3), "st": p["finish"]}


def _node(p: dict[str, Any]) -> dict[str, Any]:
    place = {"d": p["depth"], "c": p["cell"], "call": p["call"], "ix": p["index"]}
    return {"k": "node", "p": p["parent"], "kind": KINDS[p["kind"]], "q": p["question"][:160], **place}


SHORT: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "run_started": lambda p: {"k": "run", "q": p["question"][:200], "corpus": p["corpus"]},
    "node_started": _node,
    "turn_started": lambda p: {"k": "turn", "i": p["turn"]},
    "turn_finished": _reply,
    "cell_started": lambda p: {"k": "cell", "i": p["cell"], "h": p["code"][:80]},
    "output": lambda p: {"k": "out", "i": p["cell"], "t": p["output"]["output_type"]},
    "cell_finished": lambda p: {
        "k": "done",
        "i": p["cell"],
        "st": p["status"],
        "sec": p["seconds"],
        "fin": p["final"] is not None,
    },
    "call_started": lambda p: {
        "k": "call",
        "i": p["cell"],
        "call": p["call"],
        "name": p["kind"],
        "m": len(p["prompts"]),
    },
    "call_finished": lambda p: {"k": "ret", "i": p["cell"], "call": p["call"], "sec": p["seconds"]},
    "note": lambda p: {"k": "note", "l": p["level"], "h": p["text"][:120]},
    "node_finished": lambda p: {
        "k": "end",
        "st": p["status"],
        "tok": p["usage"]["completion_tokens"],
        "sec": p["seconds"],
        "a": (p["answer"] or "")[:200],
    },
    "run_finished": lambda p: {"k": "fin", "st": p["status"], "a": p["answer"][:200], "sec": p["seconds"]},
}


def detail(facts: list[Fact], node: str) -> dict[str, Any]:
    """All of one node, from the facts so far."""
    own: dict[str, Any] = {}
    turns: dict[int, dict[str, Any]] = {}
    cells: dict[int, dict[str, Any]] = {}
    notes = []
    for fact in facts:
        p = fact.payload
        if fact.node != node:
            continue
        match fact.kind:
            case "node_started" | "node_finished":
                own |= p
            case "turn_started":
                blank = {"thinking": "", "prose": "", "text": "", "usage": None}
                turns[p["turn"]] = {"index": p["turn"], "messages": p["messages"], **blank}
            case "turn_finished":
                prose = p["text"].split("```")[0].split("</think>")[-1] if p["code"] else p["text"]
                turns[p["turn"]] |= {key: p[key] for key in ("thinking", "text", "usage")} | {"prose": prose}
            case "cell_started":
                blank = {"status": None, "seconds": None, "outputs": [], "calls": [], "final": None}
                cells[p["cell"]] = {"index": p["cell"], "turn": p["turn"], "code": p["code"], **blank}
            case "output":
                cells[p["cell"]]["outputs"].append(p["output"])
            case "call_started":
                call = {"call": p["call"], "name": p["kind"], "nodes": p["children"]}
                cells[p["cell"]]["calls"].append(call)
            case "cell_finished":
                cells[p["cell"]] |= {key: p[key] for key in ("status", "seconds", "final")}
            case "note":
                notes.append({"level": p["level"], "text": p["text"]})
    return {
        "node": own,
        "turns": list(turns.values()),
        "cells": list(cells.values()),
        "notes": notes,
        "draft": "",
    }


@dataclass
class Canned:
    """One run, and how many of its events have happened."""

    facts: list[Fact]
    out: int

    @cached_property
    def events(self) -> list[dict[str, Any]]:
        return [compact(seq, fact) for seq, fact in enumerate(self.facts, 1)]

    @cached_property
    def text(self) -> str:
        return json.dumps(self.events, separators=(",", ":"), ensure_ascii=False)


@dataclass
class Tree:
    """The server. `url` once `start` returned."""

    url: str = ""
    posted: list[tuple[str, Any]] = field(default_factory=list)
    runs: dict[str, Canned] = field(default_factory=dict)
    down: bool = False

    def run(self, name: str) -> Canned:
        if name not in self.runs:
            size, _, rest = name.partition("-")
            facts = (
                hostile()
                if size == "hostile"
                else grow(3, int(size), int(size) * (2 if int(size) < 100 else 5 if int(size) < 5000 else 1))
            )
            self.runs[name] = Canned(facts, len(facts) * 6 // 10 if rest == "live" else len(facts))
        return self.runs[name]

    def release(self, name: str, count: int) -> list[dict[str, Any]]:
        """Let the next events of a run happen; return them."""
        run = self.run(name)
        before, run.out = run.out, min(len(run.facts), run.out + count)
        return run.events[before : run.out]

    def start(self) -> None:
        self.server = uvicorn.Server(uvicorn.Config(self.app(), port=0, log_level="warning"))
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        while not self.server.started:
            time.sleep(0.01)
        port = self.server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(5)

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.middleware("http")
        async def policy(request: Request, call: Any) -> Response:
            answer = await call(request)
            answer.headers["content-security-policy"] = POLICY.format(nonce="none")
            return answer

        @app.get("/")
        def page() -> HTMLResponse:
            return HTMLResponse(PAGE)

        @app.get("/page.js")
        def script() -> Response:
            return Response(SCRIPT, media_type="text/javascript")

        @app.get("/api/runs/{name}/log")
        def log(name: str, after: int = 0) -> Response:
            if name == "missing":
                return JSONResponse({"error": "There is no run missing."}, 404)
            run = self.run(name)
            live = run.out < len(run.facts)
            whole = after == 0 and not live
            events = run.text if whole else json.dumps(run.events[after : run.out], separators=(",", ":"))
            row = json.dumps({"run": name, "live": live})
            return Response(
                f'{{"run":{row},"events":{events},"last":{run.out}}}', media_type="application/json"
            )

        @app.get("/api/runs/{name}/nodes/{node}")
        def node(name: str, node: str, upto: int = 1 << 40) -> dict[str, Any]:
            run = self.run(name)
            return detail(run.facts[: min(upto, run.out)], node)

        @app.post("/api/{path:path}")
        async def post(path: str, request: Request) -> Any:
            self.posted.append((path, await request.json()))
            return JSONResponse({"error": "It has ended already."}, 409) if self.down else {"stopped": True}

        app.mount("/ui", StaticFiles(directory=STATIC))
        return app
