"""Runs, bursts, cancellations, kills and switches of models for minutes: `python -m tests.proof.model_host`.

Eight made-up runs hold conversations with bursts between turns over two small models, a dense and a hybrid one;
requests are cancelled at random, and in the first third processes are killed and models switched under the runs again
and again. Shown at the end: replies that hang (none may), replies that are not those of a model asked alone (none
may), and how fast the memory of all processes grows in the last half (less than 1 MiB per minute).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import psutil

from engine.errors import ModelError
from engine.llm.base import Model, Request
from engine.llm.gguf.fit import Wish
from engine.llm.local.model import LocalModel
from engine.loaded import Loaded
from engine.types import Message, Sampling
from tests.engine.llm.gguf.shapes import dense_model, hybrid_model

RUNS = 8
PATIENCE = 120.0  # seconds until a reply counts as hanging
QUESTIONS = 40
CALM = 0.33  # share of the time after which no process is killed any more: a new one grows until each slot was used
MOST_SLOPE = 1.0  # MiB per minute


class Soak:
    """Two places for models, each used by half of the runs, and what became of their requests."""

    def __init__(self, paths: list[Path], minutes: float):
        self.paths = paths
        begun = time.monotonic()
        self.calm, self.half, self.end = (begun + 60 * minutes * share for share in (CALM, 0.5, 1.0))
        self.seen: Counter[str] = Counter()
        self.memory: list[
            tuple[float, float, float]
        ] = []  # minute; MiB of the app, MiB of the model processes
        self._lock = threading.Lock()
        self._expected: dict[str, list[str]] = {}
        self.places = [Loaded() for _ in paths]
        for place, path in zip(self.places, paths, strict=True):
            model = self.open(path)
            replies = [model.submit(_leaf(n, "alone")).result().text for n in range(QUESTIONS)]
            self._expected[model.info.path] = replies
            place.use(model)

    @staticmethod
    def open(path: Path) -> LocalModel:
        """Load a model with one thread, so that two of them share two cores."""
        return LocalModel(path, wish=Wish(threads=1))

    def note(self, what: str) -> None:
        """Count an outcome."""
        with self._lock:
            self.seen[what] += 1

    def run(self, number: int) -> None:
        """Hold conversations with bursts until the time is up."""
        rng = random.Random(number)
        while time.monotonic() < self.end:
            with self.places[number % len(self.places)].lent() as model:
                self.converse(model, number, rng)

    def converse(self, model: Model, number: int, rng: random.Random) -> None:
        """Hold one conversation with bursts between its turns."""
        expected = self._expected[model.info.path]
        messages: tuple[Message, ...] = (Message("user", f"run {number} {rng.random()}"),)
        key = f"run{number}-{rng.randrange(1 << 30)}"
        for turn in range(rng.randrange(1, 6)):
            sampling = Sampling(temperature=rng.choice([0.0, 0.7]), seed=turn)
            request = Request(messages, 40, sampling, f"{key}/0", stop_at_cell=True, pinned=True)
            stream = model.submit(request)
            if rng.random() < 0.1:
                time.sleep(rng.random() * 0.1)
                stream.cancel()
            text = self.settle(stream, None)
            asked = rng.sample(range(QUESTIONS), rng.randrange(1, 9))
            streams = [(n, model.submit(_leaf(n, f"{key}/{turn}.{n}"))) for n in asked]
            for n, leaf in streams:
                if rng.random() < 0.2:
                    leaf.cancel()
                self.settle(leaf, expected[n])
            output = Message("user", f"Output {turn}: {rng.random()}")
            messages = (*messages, Message("assistant", text), output)
        model.forget(key)

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

    def trouble(self) -> None:
        """Kill processes and switch models now and then in the first third; note memory in the last half."""
        rng = random.Random(99)
        while time.monotonic() < self.calm:
            time.sleep(rng.uniform(1, 6))
            if rng.random() < 0.5:
                self.kill(rng)
            else:
                self.switch(rng.randrange(len(self.places)), rng.choice(self.paths))
        for number, path in enumerate(self.paths):  # one of each for the rest
            if self.places[number].current().info.path != str(path):
                self.switch(number, path)
        while time.monotonic() < self.end:
            time.sleep(2)
            if time.monotonic() > self.half:
                own = psutil.Process()
                models = sum(p.memory_info().rss for p in own.children(recursive=True))
                self.memory.append((time.monotonic() / 60, own.memory_info().rss / 2**20, models / 2**20))

    def switch(self, place: int, path: Path) -> None:
        """Let new conversations use another model; those under way keep theirs."""
        self.places[place].use(self.open(path))
        self.note("switches")

    def kill(self, rng: random.Random) -> None:
        """Kill the process of a model."""
        model = rng.choice(self.places).current()
        if isinstance(model, LocalModel) and (pid := model.pid) is not None:
            os.kill(pid, signal.SIGKILL)
            self.note("kills")


def _leaf(number: int, key: str) -> Request:
    return Request((Message("user", f"{'What does it say? ' * 4}{number}"),), 12, conversation=key)


def main() -> int:
    """Soak both models and print one JSON object. Returns 1 when something hung, was wrong or grew."""
    parser = argparse.ArgumentParser(description="A long rehearsal of the model host")
    parser.add_argument("--minutes", type=float, default=10.0)
    minutes = parser.parse_args().minutes
    with tempfile.TemporaryDirectory() as folder:
        soak = Soak(
            [make(Path(folder) / f"{make.__name__}.gguf") for make in (dense_model, hybrid_model)], minutes
        )
        threads = [threading.Thread(target=soak.run, args=(n,)) for n in range(RUNS)]
        threads.append(threading.Thread(target=soak.trouble))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for place in soak.places:
            place.close()
    when, app, models = zip(*soak.memory, strict=True)
    slopes = [statistics.linear_regression(when, sizes).slope for sizes in (app, models)]
    slope = sum(slopes)
    figures = {
        "minutes": minutes,
        **soak.seen,
        "MiB per minute in the last half": round(slope, 2),
        "of the app, of the model processes": [round(one, 2) for one in slopes],
    }
    print(json.dumps(figures, indent=1))
    return int(soak.seen["hanging"] > 0 or soak.seen["other than alone"] > 0 or slope >= MOST_SLOPE)


if __name__ == "__main__":
    sys.exit(main())
