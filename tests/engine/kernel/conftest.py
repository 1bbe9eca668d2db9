"""A worker with a text in it, and a short way to run cells."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from engine.kernel.host.host import Call, CellResult, Worker

TEXT = "The lease begins in May.\nThe notice period is six months.\nThe deposit is 450 crowns.\n"


def echo(call: Call) -> list[str]:
    """Answer every prompt or question with itself."""
    return [f"<{text}>" for text in call.arguments.get("prompts") or call.arguments["questions"]]


@dataclass
class Ran:
    """What one cell gave: its result and its outputs."""

    result: CellResult
    outputs: list[dict[str, Any]] = field(default_factory=list)

    @property
    def status(self) -> str:
        return self.result.status

    @property
    def final(self) -> str | None:
        return None if self.result.final is None else self.result.final["content"]

    @property
    def printed(self) -> str:
        return "".join(o["text"] for o in self.outputs if o["output_type"] == "stream")

    @property
    def streams(self) -> list[tuple[str, str]]:
        """(name, text) of what was printed; a text comes in pieces where its cell is slow, which are put together here."""
        joined: list[tuple[str, str]] = []
        for o in self.outputs:
            if joined and joined[-1][0] == o["name"]:
                joined[-1] = (o["name"], joined[-1][1] + o["text"])
            else:
                joined.append((o["name"], o["text"]))
        return joined

    @property
    def echoed(self) -> str:
        return "".join(o["data"]["text/plain"] for o in self.outputs if o["output_type"] == "execute_result")

    @property
    def error(self) -> str:
        return "\n".join(line for o in self.outputs if o["output_type"] == "error" for line in o["traceback"])


class Session:
    """A worker together with `run`, which executes a cell and collects what it gave."""

    def __init__(self, worker: Worker):
        self.worker = worker

    def run(
        self, code: str, *, timeout: float = 300, on_call=echo, cancel: threading.Event | None = None
    ) -> Ran:
        outputs: list[dict[str, Any]] = []
        result = self.worker.execute(
            code, on_call=on_call, on_output=outputs.append, timeout=timeout, cancel=cancel
        )
        return Ran(result, outputs)

    def write(self, name: str) -> None:
        """Make an empty file in the folder of the cells."""
        (self.worker._process.folder / name).touch()

    def wait_for(self, name: str) -> None:
        """Wait until the cells, or a thread of theirs, have made this file in their folder."""
        deadline = time.monotonic() + 60
        while not (self.worker._process.folder / name).exists():
            assert time.monotonic() < deadline, f"{name} is not made"
            time.sleep(0.01)

    def once_made(self, name: str, then: Callable[[], object]) -> None:
        """Do something from another thread once the running cell has made this file."""

        def wait() -> None:
            self.wait_for(name)
            then()

        threading.Thread(target=wait, daemon=True).start()


@pytest.fixture
def open_session(kernels):
    """Make sessions; all are closed after the test."""
    made: list[Session] = []

    def make(text: str = TEXT, limits=None) -> Session:
        made.append(Session(kernels.worker(None, {"kind": "text", "text": text}, limits)))
        return made[-1]

    yield make
    for session in made:
        session.worker.close()


@pytest.fixture
def session(open_session):
    return open_session()
