"""A store in a folder of its own, a short but complete run, and a second process to share the folder with."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.store import Store
from tests.engine.events.facts import fact, started

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def store(folder: Path) -> Iterator[Store]:
    with Store(folder) as opened:
        yield opened


def begin(store: Store, question: str = "How long is the notice period?", corpus: str = "c1") -> str:
    return store.new_run(started(question=question, corpus=corpus, corpus_name="lease", model={"name": "m"}))


def tell(store: Store, run: str, secret: str = "six months") -> None:
    """Append one of every kind of event, with `secret` in every place that holds text."""
    stream = {"output_type": "stream", "name": "stdout", "text": secret}
    image = {"output_type": "display_data", "data": {"image/png": PNG, "text/plain": secret}, "metadata": {}}
    store.append(
        run, "0", fact("node_started", {"parent": None, "kind": "root", "question": secret, "depth": 0})
    )
    store.append(
        run, "0", fact("turn_started", {"turn": 1, "messages": [{"role": "user", "content": secret}]})
    )
    store.append(run, "0", fact("draft", {"turn": 1, "text": f"prin {secret}"}))
    store.append(
        run, "0", fact("turn_finished", {"turn": 1, "text": secret, "code": secret, "finish": "stop"})
    )
    store.append(run, "0", fact("cell_started", {"cell": 1, "turn": 1, "code": f"print({secret!r})"}))
    store.append(run, "0", fact("call_started", {"cell": 1, "call": 1, "kind": "llm", "prompts": [secret]}))
    store.append(
        run,
        "0",
        fact("call_finished", {"cell": 1, "call": 1, "answers": [secret], "seconds": 0.5, "error": None}),
    )
    store.append(run, "0", fact("output", {"cell": 1, "output": stream}))
    store.append(run, "0", fact("output", {"cell": 1, "output": image}))
    store.append(run, "0", fact("cell_finished", {"cell": 1, "status": "ok", "seconds": 0.75, "final": None}))
    store.append(run, "0", fact("note", {"text": secret, "level": "info"}))
    store.append(run, "0", fact("node_finished", {"status": "answered", "answer": secret, "seconds": 1.0}))
    store.append(
        run, "0", fact("run_finished", {"status": "answered", "answer": secret, "seconds": 1.5, "nodes": 1})
    )


Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start `python -m tests.engine.store.other_process ...`; every process is ended after the test."""
    with contextlib.ExitStack() as stack:

        def begin_process(*arguments: object) -> subprocess.Popen[str]:
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.engine.store.other_process", *map(str, arguments)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            return process

        yield begin_process
