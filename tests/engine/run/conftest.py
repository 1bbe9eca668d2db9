"""A folder of letters, and whole runs over it with a scripted model."""

from __future__ import annotations

import pytest

from engine.engine import Engine
from engine.llm.scripted import ScriptedModel
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


def cell(code):
    return f"```repl\n{code}\n```"


def kinds(events, kind, node=None):
    return [e.payload for e in events if e.kind == kind and node in (None, e.node)]


def last_user(model, index=-1):
    return model.requests[index].messages[-1].content
