"""A workbench on a small corpus with a scripted model, and its routes without Gradio and without the gate."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from app.errors import status_of
from app.runs import routes as runs
from app.runs import session_routes as sessions
from app.workbench import Workbench
from engine.errors import TaprootError
from engine.kernel.host.host import KernelHost
from tests.app.script import Holding, cell

LETTERS = {
    "letters/anna.txt": "Dear Tom,\nthe ferry to Halden leaves at noon.\nAnna Brisk\n",
    "letters/tom.txt": "Dear Anna,\nI will miss it. Halden can wait.\nTom Reed\n",
    "notes.md": "# Notes\n\nThe deposit is 450 crowns.\n",
}


def papers(folder: Path) -> Path:
    for name, text in LETTERS.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def api(workbench: Workbench) -> FastAPI:
    """The routes with the app's way of telling errors."""
    app = FastAPI()
    app.include_router(runs.router(workbench))
    app.include_router(sessions.router(workbench))

    @app.exception_handler(TaprootError)
    def explain(request: Request, error: TaprootError) -> JSONResponse:
        return JSONResponse({"error": str(error)}, status_of(error))

    return app


def until(true: Callable[[], object], seconds: float = 120.0) -> object:
    """Wait until something is true; the limit only keeps a broken test from hanging."""
    deadline = time.monotonic() + seconds
    while not (value := true()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)
    return value


class Bench:
    """A workbench whose model answers with `say`, a function of the request; a reply that is HOLD has no end."""

    def __init__(self, workbench: Workbench, corpus: str):
        self.workbench, self.corpus = workbench, corpus
        self.store, self.runs = workbench.engine.store, workbench.runs
        self.say: Callable = lambda request: cell("FINAL('2')")
        self.model = Holding(lambda request: self.say(request), delta_seconds=0.002, n_ctx=8192)
        workbench.engine.use(self.model)

    def start(self, question: str = "How many letters mention Halden?", **more) -> str:
        return self.runs.start(question, self.corpus, **more).run

    def ended(self, run: str) -> dict:
        until(lambda: self.store.run(run)["status"] != "running" and run not in self.runs.live())
        return self.store.run(run)

    def ask(self, question: str = "How many letters mention Halden?", **more) -> dict:
        return self.ended(self.start(question, **more))


@contextmanager
def opened(data: Path, folder: Path, kernels: KernelHost | None = None) -> Iterator[Bench]:
    """`kernels` is shared by many tests; without it the workbench has its own, in its data folder."""
    with Workbench(data, host=kernels) as workbench:
        yield Bench(workbench, workbench.engine.add([papers(folder)]).id)


@contextmanager
def served(workbench: Workbench) -> Iterator[str]:
    """The routes on a real uvicorn; gives the address. Ends as the app does: the hub first."""
    config = uvicorn.Config(api(workbench), port=0, log_level="error", timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        workbench.hub.close()
        server.should_exit = True
        thread.join(60)
        assert not thread.is_alive()


class Stream:
    """A follower as a browser is: collects what comes until told to leave, in a thread of its own."""

    def __init__(self, address: str, headers: dict[str, str] | None = None, **query):
        self.frames: list[dict] = []
        self.ended = threading.Event()
        self.leaving = threading.Event()
        self._url, self._headers, self._query = f"{address}/api/live", headers, query
        self.status = 0
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self) -> None:
        try:
            with httpx.stream(
                "GET", self._url, params=self._query, headers=self._headers, timeout=60
            ) as answer:
                self.status = answer.status_code
                frame: dict = {}
                for line in answer.iter_lines():
                    if self.leaving.is_set():
                        return
                    name, _, value = line.partition(": ")
                    if line:
                        frame[name] = value
                    elif frame:
                        if "data" in frame:
                            self.frames.append({**frame, "data": json.loads(frame["data"])})
                        frame = {}
        except httpx.HTTPError:
            pass
        finally:
            self.ended.set()

    def of(self, name: str) -> list[dict]:
        return [frame["data"] for frame in list(self.frames) if frame.get("event") == name]

    def leave(self) -> int:
        """Close the connection; returns the number of the last event."""
        self.leaving.set()
        return max((event["s"] for event in self.of("run")), default=0)
