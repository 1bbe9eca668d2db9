"""Runs, bursts, cancellations and kills of the model process for minutes: `python -m tests.proof.model_host`.

Eight made-up runs hold conversations with bursts between turns over one small model; requests are cancelled at
random, and in the first half the model process is killed again and again. Shown at the end: replies that hang
(none may), the share of replies that are those of a model asked alone, and how fast memory grows in the last half.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import statistics
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import psutil

from engine.errors import ModelError
from engine.llm.base import Request
from engine.llm.fit import Wish
from engine.llm.local import LocalModel
from engine.types import Message, Sampling
from tests.engine.llm.shapes import dense_model, hybrid_model

RUNS = 8
PATIENCE = 120.0  # seconds until a reply counts as hanging
QUESTIONS = 40


class Soak:
    """One model and what became of its requests."""

    def __init__(self, path: Path, minutes: float):
        self.model = LocalModel(path, wish=Wish(threads=1))
        self.half = time.monotonic() + 30 * minutes
        self.end = time.monotonic() + 60 * minutes
        self.seen: Counter[str] = Counter()
        self.memory: list[tuple[float, float]] = []
        self._lock = threading.Lock()
        self._expected = [self.model.submit(_leaf(n, "alone")).result().text for n in range(QUESTIONS)]

    def note(self, what: str) -> None:
        """Count an outcome."""
        with self._lock:
            self.seen[what] += 1

    def run(self, number: int) -> None:
        """Hold conversations with bursts until the time is up."""
        rng = random.Random(number)
        while time.monotonic() < self.end:
            messages: tuple[Message, ...] = (Message("user", f"run {number} {rng.random()}"),)
            key = f"run{number}-{rng.randrange(1 << 30)}"
            for turn in range(rng.randrange(1, 6)):
                sampling = Sampling(temperature=rng.choice([0.0, 0.7]), seed=turn)
                request = Request(messages, 40, sampling, f"{key}/0", stop_at_cell=True, pinned=True)
                text = self.ask(request, rng)
                asked = rng.sample(range(QUESTIONS), rng.randrange(1, 9))
                streams = [(n, self.model.submit(_leaf(n, f"{key}/{turn}.{n}"))) for n in asked]
                for n, stream in streams:
                    if rng.random() < 0.2:
                        stream.cancel()
                    self.settle(stream, self._expected[n])
                messages = (
                    *messages,
                    Message("assistant", text),
                    Message("user", f"Output {turn}: {rng.random()}"),
                )

            self.model.forget(key)

    def ask(self, request: Request, rng: random.Random) -> str:
        """Make one request, cancelling it sometimes; returns its text."""
        stream = self.model.submit(request)
        if rng.random() < 0.1:
            time.sleep(rng.random() * 0.1)
            stream.cancel()
        return self.settle(stream, None)

    def settle(self, stream, expected: str | None) -> str:
        """Wait for a stream and count how it ended."""
        ended = threading.Event()
        found: list[str] = []

        def wait() -> None:
            try:
                reply = stream.result()
            except ModelError:
                self.note("told that the model stopped")
            else:
                found.append(reply.text)
                if reply.finish == "cancelled":
                    self.note("cancelled")
                elif expected is None:
                    self.note("turns")
                else:
                    self.note("as alone" if reply.text == expected else "other than alone")
                if reply.notice:
                    self.note("written again")
            ended.set()

        threading.Thread(target=wait, daemon=True).start()
        if not ended.wait(PATIENCE):
            self.note("hanging")
        return found[0] if found else ""

    def kill(self) -> None:
        """Kill the model process now and then during the first half; note memory during the last."""
        rng = random.Random(99)
        while time.monotonic() < self.end:
            time.sleep(rng.uniform(1, 6))
            if time.monotonic() < self.half:
                if (pid := self.model.pid) is not None:
                    os.kill(pid, signal.SIGKILL)
                    self.note("kills")
            elif (pid := self.model.pid) is not None:
                size = sum(psutil.Process(one).memory_info().rss for one in (os.getpid(), pid))
                self.memory.append((time.monotonic() / 60, size / 2**20))


def _leaf(number: int, key: str) -> Request:
    return Request((Message("user", f"{'What does it say? ' * 4}{number}"),), 12, conversation=key)


def main() -> None:
    """Soak a dense and a hybrid model and print one JSON object."""
    parser = argparse.ArgumentParser(description="A long rehearsal of the model host")
    parser.add_argument("--minutes", type=float, default=10.0, help="for each model")
    minutes = parser.parse_args().minutes
    figures = {}
    with tempfile.TemporaryDirectory() as folder:
        for make in (dense_model, hybrid_model):
            soak = Soak(make(Path(folder) / f"{make.__name__}.gguf"), minutes)
            threads = [threading.Thread(target=soak.run, args=(n,)) for n in range(RUNS)]
            threads.append(threading.Thread(target=soak.kill))
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            soak.model.close()
            figures[make.__name__] = dict(soak.seen)
            if len(soak.memory) > 2:
                slope = statistics.linear_regression(*zip(*soak.memory, strict=True)).slope
                figures[make.__name__]["MiB per minute in the last half"] = round(slope, 2)
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
