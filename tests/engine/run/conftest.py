"""A folder of letters, and whole runs over it with a scripted model."""

from __future__ import annotations

import time
from dataclasses import dataclass

import pytest

from engine import engine as engines
from engine.engine import Engine
from engine.llm.scripted import ScriptedModel
from engine.run.budget import Ledger
from engine.types import Settings

LETTERS = {
    "letters/anna.txt": "Dear Tom,\nthe ferry to Halden leaves at noon.\nAnna Brisk\n",
    "letters/tom.txt": "Dear Anna,\nI will miss it. Halden can wait.\nTom Reed\n",
    "notes.md": "# Notes\n\nThe deposit is 450 crowns.\n\nNothing else.\n",
}


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "papers"
    for name, text in LETTERS.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.fixture
def run(data_dir, folder, kernels):
    """Ask with scripted replies; returns the answer and the events. Keeps the model for inspection."""

    def ask(
        replies, question="How many letters mention Halden?", hooks=None, stop=None, n_ctx=8192, **settings
    ):
        ask.model = ScriptedModel(replies, n_ctx=n_ctx)
        with Engine(data_dir, ask.model, kernels) as engine:
            corpus = engine.add([folder])
            answer = engine.ask(question, corpus, Settings(**settings), hooks=hooks, stop=stop)
            return answer, engine.store.events(answer.run)

    return ask


@dataclass
class Clock:
    """What runs take for the time: that of the machine, `pace` times slower, and what was skipped."""

    pace: float = 1.0
    skipped: float = 0.0

    def __call__(self) -> float:
        return time.monotonic() / self.pace + self.skipped

    def skip(self, seconds: float) -> None:
        self.skipped += seconds


@pytest.fixture
def clock(monkeypatch) -> Clock:
    """The clock by which the time limits of runs go."""
    clock = Clock()
    monkeypatch.setattr(engines, "Ledger", lambda settings: Ledger(settings, clock))
    return clock


def cell(code):
    return f"```repl\n{code}\n```"


def kinds(events, kind, node=None):
    return [e.payload for e in events if e.kind == kind and node in (None, e.node)]


def last_user(model, index=-1):
    return model.requests[index].messages[-1].content
