"""The whole app on a loopback port for browser tests: real engine, kernel and pages; the model reads a script."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, expect

from app.server.application import build
from app.workbench import Workbench
from engine.kernel.host.host import KernelHost
from tests.app.contexts import PATIENCE, enter
from tests.app.script import Model

TOKEN = "a-token-of-the-tests"
READY = "body[data-mounted]"
LETTERS = {
    "ferry.txt": "Dear Tom,\n\nthe ferry to Halden leaves at noon.\nBring the blue trunk.\n\nAnna Brisk\n",
    "trunk.txt": "Dear Anna,\n\nthe blue trunk is at Halden already.\n\nTom Reed\n",
    "notes.md": "# Notes\n\nThe deposit is 450 crowns.\n",
}


@contextmanager
def served(workbench: Workbench) -> Iterator[int]:
    """Serve a workbench from a thread; gives the port."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    app = build(workbench, TOKEN, port)
    config = uvicorn.Config(app, log_level="warning", ws="none", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    until(lambda: server.started)
    yield port
    server.should_exit = True
    thread.join(60)


class Desk:
    """One app with one corpus of letters, served from a thread. With a `host` its cells run there, and it stays open."""

    def __init__(self, data: Path, host: KernelHost | None = None):
        self.data = data
        self.workbench = Workbench(data, host=host)
        self.model = Model()
        self.workbench.engine.use(self.model)
        self.corpus = self.add("Letters", LETTERS)
        self._serving = served(self.workbench)
        self.port = self._serving.__enter__()

    def add(self, name: str, files: dict[str, str]) -> str:
        """Make a corpus of these files; its id."""
        folder = self.data.parent / name
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        return self.workbench.engine.add([folder]).id

    def close(self) -> None:
        """End the server and the workbench."""
        self._serving.__exit__(None, None, None)
        self.workbench.close()

    # --- pages ------------------------------------------------------------------------------------------

    def open(self, context: BrowserContext, path: str = "") -> Page:
        """A page of the app, past the gate, with all views mounted. Errors of the page are in `page.problems`."""
        return self._turn(context.new_page(), path)

    def visit(self, browser: Browser, path: str = "", **options: Any) -> Page:
        """A page as in a browser of its own; `tests.app.contexts.leave` closes it."""
        return self._turn(enter(browser, self.address, **options), path)

    @property
    def address(self) -> str:
        """Where the app is."""
        return f"http://127.0.0.1:{self.port}"

    def _turn(self, page: Page, path: str) -> Page:
        page.set_default_timeout(PATIENCE)
        watch(page)
        page.goto(f"{self.address}/?t={TOKEN}{path and '&' + path}")
        page.wait_for_selector(READY, timeout=60_000)
        expect(page.locator("#corpus input")).not_to_have_value("")
        return page

    def ended(self, run: str) -> Any:
        """Wait for a run's end, also in the app; its row."""
        store, runs = self.workbench.engine.store, self.workbench.runs
        until(lambda: store.run(run)["status"] != "running" and run not in runs.live())
        return self.workbench.engine.store.run(run)


def watch(page: Page) -> None:
    """Collect what a page complains about, and every request that is for another host."""
    page.problems = []  # type: ignore[attr-defined]
    page.on("request", lambda asked: None if is_ours(asked.url) else page.problems.append(asked.url))  # type: ignore[attr-defined]
    page.on("pageerror", lambda error: page.problems.append(str(error)))  # type: ignore[attr-defined]
    page.on(
        "console",
        lambda said: page.problems.append(said.text) if said.type == "error" else None,  # type: ignore[attr-defined]
    )


def is_ours(url: str) -> bool:
    """Whether a request stays on this machine."""
    return urlsplit(url).hostname == "127.0.0.1" or url.startswith(("data:", "blob:"))


def ask(page: Page, question: str) -> str:
    """Type a question, ask it with Ctrl+Enter, and wait until its run is shown; the run's id."""
    before = run_of(page)
    expect(page.locator("#corpus input")).not_to_have_value("")  # the form has been told what there is
    box = page.locator("#question textarea")
    box.fill(question)
    box.press("Control+Enter")
    page.wait_for_function(
        "(before) => { const run = new URLSearchParams(location.search).get('run'); return run && run !== before; }",
        arg=before,
    )
    run = run_of(page)
    page.wait_for_selector(f'rlm-tree[run="{run}"][ready]')
    return str(run)


def run_of(page: Page) -> str | None:
    """The run in the address."""
    return page.evaluate("new URLSearchParams(location.search).get('run')")


def until(true: Callable[[], object], page: Page | None = None, seconds: float = 60.0) -> object:
    """Wait until something is true, with a `page` what its listeners saw; the limit only keeps a broken test from hanging."""
    deadline = time.monotonic() + seconds
    while not (value := true()):
        assert time.monotonic() < deadline, "it did not happen"
        page.wait_for_timeout(20) if page else time.sleep(0.02)
    return value
