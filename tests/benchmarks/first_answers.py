"""Measure how soon a fresh app answers, and the memory of all its processes while its first questions are asked.

    python -m tests.benchmarks.first_answers [--json] [--questions 3]

The real app is started on a fresh data folder, with the default model merged before, and asked the sample questions one
after the other, as a program asks. Every fifth of a second the memory of the app and of all that it started is taken:
what each process holds alone, and what they share, or others use too, once (a file that is mapped, pages of a process
that was forked). Chromium is not among them. Linux only.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
import urllib.request
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psutil
from gradio_client import Client

from app.paths import ROOT
from models.default.model import provide
from tests.app.command import Taproot
from tests.benchmarks.idle import PROGRAM, name_of, settled

MIB = 1 << 20
EVERY_SECONDS = 0.2
READY_SECONDS = 180.0


@dataclass
class Memory:
    """The most that was held at once, in MiB, and what each process held then."""

    total: float = 0.0
    parts: dict[str, float] = field(default_factory=dict)

    def take(self, pid: int) -> None:
        """Look once at a process and all below it."""
        alone: dict[str, float] = defaultdict(float)
        shared: dict[str, float] = defaultdict(float)
        for process in _tree(pid):
            try:
                name = name_of(process)
                for part in process.memory_maps(grouped=False):
                    alone[name] += (part.private_clean + part.private_dirty) / MIB
                    both = (part.shared_clean + part.shared_dirty) / MIB
                    place = f"{part.path} {part.addr}" if part.path.startswith("[") else part.path
                    shared[place] = max(shared[place], both)
            except psutil.Error:
                continue
        total = sum(alone.values()) + sum(shared.values())
        if total > self.total:
            self.total, self.parts = total, {**alone, "shared": sum(shared.values())}


def measure(questions: int) -> dict[str, object]:
    """Start the app, ask, and say what that took: seconds from the start, memory in MiB."""
    asked = [one["question"] for one in json.loads((ROOT / "app" / "sample" / "questions.json").read_text())][
        :questions
    ]
    provide()
    memory, over = Memory(), threading.Event()
    with tempfile.TemporaryDirectory() as folder:
        begun = time.monotonic()
        app = Taproot(Path(folder) / "data", model=None, program=(sys.executable, "-c", PROGRAM))

        def watch() -> None:
            while not over.wait(EVERY_SECONDS):
                memory.take(app.process.pid)

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            answers, seconds = [], []
            client = ready_client(app.url)
            ready = round(time.monotonic() - begun, 2)
            (sample,) = client.predict(api_name="/corpora")
            for question in asked:
                answers.append(_answer(client, question, sample["corpus"]))
                seconds.append(round(time.monotonic() - begun, 2))
        finally:
            over.set()
            watcher.join()
            app.end()
    return {
        "ready_seconds": ready,
        "first_seconds": seconds[0],
        "last_seconds": seconds[-1],
        "answers": answers,
        "most_mib": round(memory.total),
        "parts_mib": {name: round(size) for name, size in memory.parts.items()},
    }


def ready_client(url: str) -> Client:
    """A client of the app, once it has loaded its model and read the sample."""
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    deadline = time.monotonic() + READY_SECONDS
    while not settled(opener, url):
        assert time.monotonic() < deadline, "the app was not ready"
        time.sleep(0.1)
    place = urlsplit(url)
    token = parse_qs(place.query)["t"][0]
    headers = {"authorization": f"Bearer {token}"}
    patient = {"timeout": 120.0}  # a busy machine may take long
    address = f"http://{place.netloc}/"
    return Client(address, headers=headers, analytics_enabled=False, verbose=False, httpx_kwargs=patient)


def _answer(client: Client, question: str, corpus: str) -> str | None:
    *_, last = client.submit(question, corpus, api_name="/ask")
    return last["answer"]


def _tree(pid: int) -> list[psutil.Process]:
    try:
        root = psutil.Process(pid)
        return [root, *root.children(recursive=True)]
    except psutil.Error:
        return []


def main() -> None:
    """Print a few lines, or one object."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--questions", type=int, default=3, help="how many of the sample are asked")
    options = parser.parse_args()
    found = measure(options.questions)
    if options.json:
        print(json.dumps(found, indent=1))
        return
    for name, value in found.items():
        print(f"{name}: {value}")


if __name__ == "__main__":
    main()
