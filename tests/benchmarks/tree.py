"""Measure the tree of a run in the real app: Chromium, the gate, Gradio's page, the store, the live stream.

    python -m tests.benchmarks.tree [--json] [--rounds 5] [--chromium PATH] [--model GGUF]

Runs are made up from a seed and written into a store: one of 2,000 nodes and 10,000 cells, one of 10,000 nodes. Ready
is from the start of the navigation until the rows are painted: warm is a reload, cold a fresh server and a fresh
browser. Events of a live run are committed ten a second while the app's llama.cpp process writes on both cores (a model
of 0.6B with random weights, made once and kept in the temporary folder, unless --model names one); their latency is
from the time in the event until the row has changed. A seek moves the playhead and lays the page out.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.app.runs.tree.tree_fixture import grow
from tests.engine.events.facts import fact, started

GOALS = {"warm": 1500, "cold": 3000, "latency": 50, "bytes": 300, "seek": 20}
ARGUMENTS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
EVENTS = 150
A_SECOND = 10
SEEK = """async (count) => {
  const tree = document.querySelector("rlm-tree");
  const times = [];
  for (let i = 0; i < count; i += 1) {
    const seq = 1 + Math.floor((tree.last - 1) * ((i * 0.61803) % 1));
    const begun = performance.now();
    tree.seek(seq);
    tree.shadowRoot.querySelector(".space").getBoundingClientRect();
    times.push(performance.now() - begun);
    await new Promise(requestAnimationFrame);
  }
  tree.seek(Infinity);
  return times;
}"""
KEYS = """async (count) => {
  const tree = document.querySelector("rlm-tree");
  const rows = tree.shadowRoot.querySelector(".list");
  const times = [];
  for (let i = 0; i < count; i += 1) {
    const key = ["End", "PageUp", "ArrowUp", "Home", "PageDown", "ArrowDown"][i % 6];
    const begun = performance.now();
    rows.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, composed: true }));
    rows.getBoundingClientRect();
    times.push(performance.now() - begun);
    await new Promise(requestAnimationFrame);
  }
  return times;
}"""
WATCH = """() => {
  window.seen = {};
  const root = document.querySelector("rlm-tree").shadowRoot;
  const cell = root.querySelector('.row[data-id="0"] .tokens');
  new MutationObserver(() => {
    const shown = Number(cell.textContent.replace(/\\D/g, ""));
    if (shown) window.seen[shown] ??= Date.now();
  }).observe(cell, { childList: true, characterData: true, subtree: true });
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the tree of a run.")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--rounds", type=int, default=5, help="reloads that count")
    parser.add_argument("--chromium", default=shutil.which("chromium"), help="the browser's program")
    parser.add_argument("--model", type=Path, help="the GGUF file that keeps the cores busy")
    parser.add_argument("--serve", nargs=3, metavar=("DATA", "PORT", "TOKEN"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve:
        serve(Path(chosen.serve[0]), int(chosen.serve[1]), chosen.serve[2])
        return
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder), chosen.rounds, chosen.chromium, chosen.model or random_weights())
    if chosen.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:<52} {value:>12,}" if isinstance(value, int | float) else f"{name:<52} {value:>12}")


def random_weights() -> Path:
    """The model that keeps the cores busy, made the first time it is wanted."""
    from tests.engine.llm.gguf.shapes import DENSE_06B, dense_model

    path = Path(tempfile.gettempdir()) / "taproot-dense-0.6b-q4_k_m.gguf"
    if not path.exists():
        dense_model(path.with_suffix(".new"), DENSE_06B, kind="q4_k_m").rename(path)
    return path


def measure(folder: Path, rounds: int, chromium: str, model: Path) -> dict[str, Any]:
    """Return all figures by self-explaining names."""
    from engine.store import Store
    from tests.app.runs.tree.tree_server import write

    Store(folder).close()
    large, huge = grow(3, 2_000, 10_000), grow(3, 10_000, 10_000)
    write(folder, "large", large)
    write(folder, "huge", huge)
    figures: dict[str, Any] = {
        "run": "2,000 nodes, 10,000 cells, real app",
        "cores": os.cpu_count(),
        "load_average_before": round(os.getloadavg()[0], 2),
        "events_of_the_run": len(large),
    }
    with sync_playwright() as playwright:
        cold = []
        for _ in range(2):
            with app(folder) as server, chrome(playwright, chromium) as browser:
                cold.append(open_run(browser, server, "large")[1])
        figures["ready_cold_milliseconds_median"] = middle(cold)
        with app(folder) as server, chrome(playwright, chromium) as browser:
            page, first = open_run(browser, server, "large")
            figures["ready_first_visit_milliseconds"] = first
            warm = [reload(page) for _ in range(rounds)]
            figures["ready_warm_reload_milliseconds_median"] = middle(warm)
            figures["ready_warm_reload_milliseconds_worst"] = max(warm)
            log = page.evaluate(
                "(run) => fetch(`/api/runs/${run}/log?after=0`).then((answer) => answer.text())", "large"
            )
            sizes = [wire_bytes(event) for event in json.loads(log)["events"]]
            figures["bytes_per_event_on_the_wire"] = round(statistics.mean(sizes), 1)
            figures["bytes_per_event_on_the_wire_worst"] = max(sizes)
            figures |= spread("seek_milliseconds", page.evaluate(SEEK, 60))
            figures |= spread("key_milliseconds", page.evaluate(KEYS, 60))
            figures["rows_in_the_document"] = page.evaluate(
                "document.querySelector('rlm-tree').shadowRoot.querySelectorAll('.row').length"
            )
            page.close()
            page, first = open_run(browser, server, "huge")
            figures["ten_thousand_nodes_ready_milliseconds"] = first
            figures["ten_thousand_nodes_ready_warm_milliseconds"] = reload(page)
            figures |= spread("ten_thousand_nodes_seek_milliseconds", page.evaluate(SEEK, 60))
            figures |= spread("ten_thousand_nodes_key_milliseconds", page.evaluate(KEYS, 60))
            page.close()
            figures |= latency(browser, server, model)
    return figures | {
        "goal_warm_1500_met": figures["ready_warm_reload_milliseconds_median"] <= GOALS["warm"],
        "goal_cold_3000_met": figures["ready_cold_milliseconds_median"] <= GOALS["cold"],
        "goal_latency_p95_50_met": figures["event_to_row_milliseconds_p95"] <= GOALS["latency"],
        "goal_bytes_300_met": figures["bytes_per_event_on_the_wire"] < GOALS["bytes"],
        "goal_seek_20_met": figures["seek_milliseconds_p95"] <= GOALS["seek"],
    }


def wire_bytes(event: dict[str, Any]) -> int:
    """The size of a compact event in the live stream."""
    from app.live.broadcast import Message
    from app.live.stream import written
    from app.live.trace import encode

    return len(written([Message("run", encode(event), event["s"])]).encode())


def latency(browser: Browser, server: Server, model: Path) -> dict[str, Any]:
    """Commit events ten a second to a live run while llama.cpp writes, and see when its row changes."""
    run = server.ask({"begin": True})["run"]
    page, _ = open_run(browser, server, run)
    server.ask({"write": str(model)})
    page.wait_for_timeout(1000)
    page.evaluate(WATCH)
    sent = server.ask({"events": EVENTS})
    page.wait_for_timeout(1000)
    seen = sorted((int(tokens), at) for tokens, at in page.evaluate("seen").items())
    times = []
    for number, began in sent["times"].items():
        shown = [at for tokens, at in seen if tokens >= int(number)]  # one frame may show several events
        if shown:
            times.append(min(shown) - 1000 * began)
    page.close()
    return {
        "events_a_second": A_SECOND,
        "llama_cpp_model": model.name,
        "llama_cpp_cores_busy": sent["cores"],
        "llama_cpp_tokens_a_second": sent["speed"],
        "events_seen": f"{len(times)} of {EVENTS}",
        **spread("event_to_row_milliseconds", times),
    }


# --- the app, in a process of its own -----------------------------------------------------------------------


class Server:
    """The app as a child process; `ask` gives it an order and waits for the answer."""

    def __init__(self, folder: Path):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        token = secrets.token_urlsafe(12)
        self.url = f"http://127.0.0.1:{port}"
        self.entry = f"{self.url}/?t={token}"
        words = [sys.executable, "-m", "tests.benchmarks.tree", "--serve", str(folder), str(port), token]
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.answer()

    def ask(self, order: dict[str, Any]) -> Any:
        assert self.process.stdin is not None
        print(json.dumps(order), file=self.process.stdin, flush=True)
        return self.answer()

    def answer(self) -> Any:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("{"):
                return json.loads(line)
        sys.exit("the app did not start")


@contextmanager
def app(folder: Path) -> Iterator[Server]:
    server = Server(folder)
    yield server
    assert server.process.stdin is not None
    server.process.stdin.close()
    server.process.wait(20)


def serve(folder: Path, port: int, token: str) -> None:
    """Serve the real app, and obey the orders that come on stdin."""
    from app.server import offline

    offline.enforce(folder / "cache")
    import uvicorn

    from app.server.application import build
    from app.workbench import Workbench

    with Workbench(folder) as workbench:
        config = uvicorn.Config(
            build(workbench, token, port), port=port, log_level="error", timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        threading.Thread(target=server.run, daemon=True).start()
        while not server.started:
            time.sleep(0.01)
        print(json.dumps({"ready": True}), flush=True)
        run, writer = "", None
        for line in sys.stdin:
            order = json.loads(line)
            if "begin" in order:
                run = begin(workbench)
                print(json.dumps({"run": run}), flush=True)
            elif "write" in order:
                writer = Writer(order["write"])
                print(json.dumps({"written": writer.tokens}), flush=True)
            else:
                assert writer is not None
                before = writer.spent()
                told = commit(workbench, run, order["events"])
                seconds, cpu, tokens = (b - a for a, b in zip(before, writer.spent(), strict=True))
                more = {"cores": round(cpu / seconds, 2), "speed": round(tokens / seconds, 1)}
                print(json.dumps(told | more), flush=True)
        if writer is not None:
            writer.close()
        server.should_exit = True


class Writer:
    """A model process of the app that writes one reply after the other; ready once it has begun."""

    def __init__(self, model: str):
        import psutil

        from engine.llm import open_model

        before = {child.pid for child in psutil.Process().children(recursive=True)}
        self.model = open_model(model)
        children = psutil.Process().children(recursive=True)
        self.processes = [child for child in children if child.pid not in before]
        self.tokens, self.over = 0, False
        self.thread = threading.Thread(target=self.write, daemon=True)
        self.thread.start()
        while not self.tokens:
            time.sleep(0.01)

    def write(self) -> None:
        from engine.errors import ModelError
        from engine.llm.base import Message, Request

        while not self.over:
            messages = (Message("user", "Write a long letter."),)
            try:
                for _ in self.model.submit(Request(messages, 2000)):
                    self.tokens += 1  # a piece of text is a token or a few
            except ModelError:
                if not self.over:
                    raise

    def spent(self) -> tuple[float, float, int]:
        """Wall seconds, CPU seconds of the model's processes, and pieces of text until now."""
        cpu = [process.cpu_times() for process in self.processes]
        return time.monotonic(), sum(one.user + one.system for one in cpu), self.tokens

    def close(self) -> None:
        self.over = True
        self.model.close()


def begin(workbench: Any) -> str:
    """A run whose root is at work."""
    store = workbench.engine.store
    facts = grow(1, 1, 1)
    run = store.new_run(started(**facts[0].payload))
    store.append(run, "0", fact("node_started", facts[1].payload))
    return run


def commit(workbench: Any, run: str, count: int) -> dict[str, Any]:
    """Commit replies of one token each; tell when each was."""
    usage = {"calls": 1, "prompt_tokens": 1, "reused_tokens": 0, "completion_tokens": 1, "seconds": 0.1}
    said = {"text": "x", "thinking": "", "code": "", "finish": "stop", "usage": usage, "notes": []}
    times = {}
    for number in range(1, count + 1):
        event = workbench.engine.store.append(run, "0", fact("turn_finished", {"turn": number, **said}))
        times[number] = event.ts
        time.sleep(1 / A_SECOND)
    return {"times": times}


# --- the browser -----------------------------------------------------------------------------------------------


@contextmanager
def chrome(playwright: Any, program: str) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
    yield browser
    browser.close()


def open_run(browser: Browser, server: Server, run: str) -> tuple[Page, float]:
    """Open a run in a new profile; return the page and the milliseconds until its rows were painted."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(f"{server.entry}&view=ask&run={run}")
    return page, painted(page)


def reload(page: Page) -> float:
    page.reload()
    return painted(page)


def painted(page: Page) -> float:
    page.wait_for_selector("rlm-tree[ready]", timeout=60_000)
    return float(page.get_attribute("rlm-tree", "ready") or 0)


# --- figures ------------------------------------------------------------------------------------------------------


def middle(values: list[float]) -> float:
    return round(statistics.median(values), 1)


def spread(name: str, values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    at = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))] if ordered else float("nan")
    return {
        f"{name}_p50": middle(ordered),
        f"{name}_p95": round(at, 1),
        f"{name}_worst": round(ordered[-1], 1),
    }


if __name__ == "__main__":
    main()
