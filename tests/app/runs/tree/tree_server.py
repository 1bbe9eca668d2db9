"""For the tests of the tree alone: one page with `<rlm-tree>` and nothing else, over a real store and its real routes.

Runs that were made up are written into the store as the engine would have: `finished(name, facts)` (and `write`, without
a server) whole, with the times they were given, `begin(facts)` a run that goes on, whose next facts `release` commits.
"""

from __future__ import annotations

import socket
import sqlite3
import threading
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from app.errors import status_of
from app.runs import routes as runs
from app.server import static
from app.server.gate import POLICY
from app.workbench import Workbench
from engine.errors import TaprootError
from engine.store.database.database import FILE_NAME
from engine.store.log import hash_chain as events
from engine.store.log import log
from tests.app.runs.tree.tree_fixture import Fact
from tests.engine.events.facts import fact as made
from tests.engine.events.facts import started

PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Tree</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="/ui/shell/style.css"><script type="module" src="/page.js"></script></head>
<body class="ready"><main style="padding: 16px"></main></body></html>"""
SCRIPT = """import { api } from "/ui/shell/api.js";
import { createLive } from "/ui/live/live.js";
import "/ui/runs/tree/element.js";
const query = new URLSearchParams(location.search);
if (query.get("dark")) {
  document.body.classList.add("dark");
  document.documentElement.classList.add("dark-page");
}
const tree = document.createElement("rlm-tree");
Object.assign(window, { tree, toasts: [], keys: [] });
tree.app = { api, toast: (...said) => toasts.push(said), shortcut: (...key) => keys.push(key) };
if (query.get("node")) tree.setAttribute("node", query.get("node"));
document.querySelector("main").append(tree);
const log = await tree.load(query.get("run"));
if (query.get("follow")) {
  const live = createLive();
  live.follow(query.get("run"), log.last, { event: (event) => tree.fold([event]), draft: (draft) => tree.draft(draft) });
}
"""


class TreeServer:
    """The server; `url` once it is made. Close it at the end."""

    def __init__(self, folder: Path):
        self.workbench = Workbench(folder)
        self.store = self.workbench.engine.store
        self.waiting: dict[str, list[Fact]] = {}
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self.server = uvicorn.Server(uvicorn.Config(site(self.workbench), log_level="warning"))
        self.thread = threading.Thread(target=self.server.run, args=([listener],), daemon=True)
        self.thread.start()
        while not self.server.started:
            time.sleep(0.01)

    def close(self) -> None:
        self.workbench.hub.close()
        self.server.should_exit = True
        self.thread.join(60)
        self.workbench.close()

    def events(self, run: str, after: int = 0) -> list[dict[str, Any]]:
        """The compact events of a run."""
        return self.workbench.runs.log(run, after)["events"]

    def finished(self, run: str, facts: Sequence[Fact]) -> str:
        """Write a whole run under the id `run`; return the id."""
        write(self.store.folder, run, facts)
        return run

    def begin(self, facts: Sequence[Fact], happened: float = 0.6) -> str:
        """Start a run, of which that share has happened; return its id."""
        run = self.store.new_run(started(**facts[0].payload))
        self.waiting[run] = list(facts[1:])
        self.release(run, int(len(facts) * happened))
        return run

    def release(self, run: str, count: int) -> list[dict[str, Any]]:
        """Commit the next facts of a run; return their compact events."""
        before = len(self.store.events(run))
        now, self.waiting[run] = self.waiting[run][:count], self.waiting[run][count:]
        for fact in now:
            self.store.append(run, fact.node, made(fact.kind, fact.payload))
        self.store.flush()
        return self.events(run, before)


def write(folder: Path, run: str, facts: Sequence[Fact]) -> None:
    """Write a run into the database of a data folder in one go, with the times that its facts have."""
    with closing(sqlite3.connect(folder / FILE_NAME, timeout=300)) as db, db:
        previous = events.GENESIS
        for seq, fact in enumerate(facts, 1):
            ready = log.prepare(fact.node, made(fact.kind, fact.payload))
            previous = log.insert(db, previous, run, seq, fact.ts, ready).hash


def site(workbench: Workbench) -> FastAPI:
    """The page, our files, and the routes of runs."""
    app = FastAPI()

    @app.middleware("http")
    async def policy(request: Request, call: Any) -> Response:
        answer = await call(request)
        answer.headers["content-security-policy"] = POLICY.format(nonce="none")
        return answer

    @app.exception_handler(TaprootError)
    def explain(request: Request, error: TaprootError) -> JSONResponse:
        return JSONResponse({"error": str(error)}, status_of(error))

    @app.get("/")
    def page() -> HTMLResponse:
        return HTMLResponse(PAGE)

    @app.get("/page.js")
    def script() -> Response:
        return Response(SCRIPT, media_type="text/javascript")

    app.include_router(runs.router(workbench))
    static.mount(app)
    return app
