"""The computing part of the model process in this process, asked with tokens instead of messages."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path
from typing import Any

from engine.llm.gguf.facts import read_facts
from engine.llm.gguf.fit import Fit
from engine.llm.gguf.memory import estimate
from engine.llm.local.batch.compute import Compute
from engine.llm.local.batch.job import Job
from engine.llm.local.load.memory_layout import Layout
from engine.llm.local.load.native import Native
from engine.llm.local.text.template import GENERIC
from engine.llm.local.text.token_log import Log, Logs, Prompt
from engine.types import Message, Sampling

SAVED = 512 << 20


class Asked:
    """A job under way: `event` once it has ended."""

    def __init__(self, job: Job):
        self.job = job
        self.ended = threading.Event()
        self.event: dict[str, Any] = {}

    def tokens(self) -> list[int]:
        """Wait for the reply and return its tokens."""
        return self.report() and list(self.job.sampled)

    def report(self) -> dict[str, Any]:
        """Wait for the reply and return what the app would get."""
        assert self.ended.wait(300), "no reply within five minutes"
        return self.event["reply"]


class Host:
    """A loaded model with `pool` cells and a window of `window` tokens, computing in a thread.

    `order`: the numbers of the jobs that have ended, in the order of their ends.
    """

    def __init__(
        self,
        path: Path,
        *,
        pool: int = 4096,
        window: int = 2048,
        strict: bool = False,
        native: Native | None = None,
        saved: int = SAVED,
        slots: int = 16,
    ):
        facts = read_facts(path)
        self.native = native or Native(facts, gpu_layers=0, on_progress=lambda fraction: None)
        self.order: list[int] = []
        self._asked: dict[int, Asked] = {}
        logs = Logs(self.native.vocabulary, lambda day: GENERIC, window)
        need = estimate(facts, window, pool=pool)
        fit = Fit(True, window, pool, 0, "f16", need, slots=slots, threads=1, saved=saved)
        layout = Layout(self.native, fit, strict=strict)
        self.compute = Compute(logs, self._event, layout.make)
        self._thread = threading.Thread(target=self.compute.run, daemon=True)
        self._thread.start()

    def at_once(self) -> AbstractContextManager:
        """Hold the computing thread back, so that all that is asked meanwhile is there when the first may start."""
        return self.compute._arrived

    def ask(
        self,
        tokens: Sequence[int],
        count: int = 16,
        *,
        key: str = "",
        pinned: bool = False,
        start: int = 0,
        **options: Any,
    ) -> Asked:
        """Submit a prompt; `start` is how many of its tokens a system message would be."""
        log = Log(GENERIC, [Message("system", "")] if start else [], [start] if start else [], list(tokens))
        sampling = options.pop("sampling", Sampling())
        number = len(self._asked) + 1
        job = Job(number, (), count, sampling, key, False, pinned, date(2026, 1, 1), **options)
        job.prompt = Prompt(list(tokens), False, log)
        self._asked[number] = asked = Asked(job)
        self.compute.submit(job)
        return asked

    def close(self) -> None:
        """Stop the thread and free the context."""
        self.compute.stop()
        self._thread.join()
        self.compute.close()

    def _event(self, event: dict[str, Any]) -> None:
        if "id" in event and "delta" not in event:
            self.order.append(event["id"])
            asked = self._asked[event["id"]]
            asked.event = event
            asked.ended.set()


def text(seed: int, count: int) -> list[int]:
    """Make `count` tokens that depend on `seed` alone."""
    rng = random.Random(seed)
    return [rng.randrange(250) for _ in range(count)]


def alone(host: Host, path: Path, prompts: Sequence[list[int]], count: int) -> list[list[int]]:
    """What an empty memory gives for each prompt."""
    replies = []
    for prompt in prompts:
        one = Host(path, strict=True, native=host.native)
        replies.append(one.ask(prompt, count).tokens())
        one.close()
    return replies
