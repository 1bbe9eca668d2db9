"""The whole app on a loopback port for browser tests: real engine, kernel and pages; the model reads a script.

A script names, for each question, the replies in order; a reply that is `HOLD` writes on until it is let go.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, expect

from app.server import build
from app.workbench import Workbench
from engine.llm.base import Reply, Request
from engine.llm.scripted import ScriptedModel, ScriptedReply

TOKEN = "a-token-of-the-tests"
READY = "body[data-mounted]"
expect.set_options(timeout=20_000)  # nothing is measured by it; a busy machine may take long
HOLD = "I am still looking at the letters. "
LETTERS = {
    "ferry.txt": "Dear Tom,\n\nthe ferry to Halden leaves at noon.\nBring the blue trunk.\n\nAnna Brisk\n",
    "trunk.txt": "Dear Anna,\n\nthe blue trunk is at Halden already.\n\nTom Reed\n",
    "notes.md": "# Notes\n\nThe deposit is 450 crowns.\n",
}


def cell(code: str) -> str:
    """A reply that is one cell."""
    return f"```repl\n{code}\n```"


SCRIPT: dict[str, list[str]] = {
    "When does the ferry leave?": [
        "I search first.\n" + cell("hits = context.search('ferry', 2)\nhits"),
        cell("FINAL('At **noon**.', hits[0])"),
    ],
    "And where to?": [cell("FINAL('To Halden.', context.search('ferry', 1)[0])")],
    "Look for ever": [HOLD],
    "Ask two children": [
        cell(
            "said = rlm_query_batched(['the quick part', 'the held part'], [context[0], context[1]])\nprint(said)"
        ),
        cell("FINAL('; '.join(said))"),
    ],
    "the quick part": [cell("FINAL('quick done')")],
    "the held part": [HOLD],
    "Draw the crowns": [
        cell(
            "import matplotlib.pyplot as plt\nplt.figure(figsize=(4, 2.4))\n"
            "plt.plot([1, 2, 3], [450, 300, 150])\nplt.title('Crowns')\nplt.show()"
        ),
        cell("FINAL('It falls.')"),
    ],
    "Ask about each letter": [
        cell("said = map_query('Who wrote this?', [str(d) for d in context])\nsaid"),
        cell("FINAL(str(len(said)), *context.search('Dear', 2))"),
    ],
    "Who wrote this?": ["NONE"],
    "Cite what is not there": [cell("FINAL('It is so.', 'The moon is made of green cheese and salt.')")],
    "Be hostile": [
        cell(
            "print('\\x1b[31m<img src=x onerror=window.pwned=1>\\x1b[0m')\n"
            "FINAL('<img src=x onerror=window.pwned=1><script>window.pwned=1</script> ![p](https://evil.example/x.png) "
            "[go](javascript:window.pwned=1) ${window.pwned=1} {{1}} \\u202egnp.exe')"
        )
    ],
}


class Model(ScriptedModel):
    """Answers by SCRIPT. A reply that holds writes on until it is cancelled, or until `go` is set."""

    def __init__(self) -> None:
        self.go = threading.Event()
        super().__init__(self._say, delta_seconds=0.01, delta_chars=24, name="scripted")

    def _say(self, request: Request) -> str:
        asked = next(m.content for m in request.messages if m.role == "user")
        turn = sum(m.role == "assistant" for m in request.messages)
        question = next((q for q in SCRIPT if f"{q}\n" in f"{asked}\n" or asked.startswith(q)), None)
        return SCRIPT[question][turn] if question else cell("FINAL('not in these documents')")

    def _write(self, stream, request, reply, usage, extended, cancelled) -> None:  # type: ignore[no-untyped-def]
        if reply.text == HOLD:
            written = ""
            while not (self.go.is_set() or stream.done or cancelled.wait(0.05)):
                written += HOLD
                stream.push(HOLD)
            if cancelled.is_set() or stream.done:
                stream.finish(Reply(written, "cancelled", usage, extended))
                return
            reply = ScriptedReply(written + cell("FINAL('let go')"))
        super()._write(stream, request, reply, usage, extended, cancelled)


class Desk:
    """One app with one corpus of letters, served from a thread."""

    def __init__(self, data: Path):
        self.data = data
        self.workbench = Workbench(data)
        self.model = Model()
        self.workbench.engine.use(self.model)
        self.corpus = self.add("Letters", LETTERS)
        self._serve()

    def add(self, name: str, files: dict[str, str]) -> str:
        """Make a corpus of these files; its id."""
        folder = self.data.parent / name
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        return self.workbench.engine.add([folder]).id

    def _serve(self) -> None:
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        app = build(self.workbench, TOKEN, self.port)
        config = uvicorn.Config(app, log_level="warning", ws="none", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([listener],), daemon=True)
        self._thread.start()
        until(lambda: self._server.started)

    def close(self) -> None:
        """End the server and the workbench."""
        self._server.should_exit = True
        self._thread.join(20)
        self.workbench.close()

    # --- pages ------------------------------------------------------------------------------------------

    def open(self, context: BrowserContext, path: str = "") -> Page:
        """A page of the app, past the gate, with all views mounted. Errors of the page are in `page.problems`."""
        page = context.new_page()
        watch(page)
        page.goto(f"http://127.0.0.1:{self.port}/?t={TOKEN}{path and '&' + path}")
        page.wait_for_selector(READY, timeout=60_000)
        expect(page.locator("#corpus input")).not_to_have_value("", timeout=20_000)
        return page

    def visit(self, browser: Browser, path: str = "", **options: Any) -> Page:
        """A page in a context of its own."""
        return self.open(browser.new_context(viewport={"width": 1280, "height": 860}, **options), path)

    def ended(self, run: str) -> Any:
        """Wait for a run's end; its row."""
        until(lambda: self.workbench.engine.store.run(run)["status"] != "running")
        return self.workbench.engine.store.run(run)


def watch(page: Page) -> None:
    """Collect what a page complains about."""
    page.problems = []  # type: ignore[attr-defined]
    page.on("pageerror", lambda error: page.problems.append(str(error)))  # type: ignore[attr-defined]
    page.on(
        "console",
        lambda said: page.problems.append(said.text) if said.type == "error" else None,  # type: ignore[attr-defined]
    )


def ask(page: Page, question: str) -> str:
    """Type a question, ask it with Ctrl+Enter, and wait until its run is shown; the run's id."""
    before = run_of(page)
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


def until(true: Callable[[], object], seconds: float = 60.0) -> object:
    """Wait until something is true; the limit only keeps a broken test from hanging."""
    deadline = time.monotonic() + seconds
    while not (value := true()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)
    return value
