"""Runs over a folder of letters with a scripted model, and their records."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.engine import Engine
from engine.llm.scripted import ScriptedModel
from engine.replay import RunRecord, read_record
from engine.types import Settings
from tests.engine.conftest import fill
from tests.engine.run.conftest import LETTERS


class Desk:
    """One engine over a folder; `ask(*cells)` runs these cells and gives the record of the run.

    `leaf` answers sub-calls; `child` gives the cells of children by their number.
    """

    def __init__(self, engine: Engine, folder: Path):
        self.engine, self.folder = engine, folder
        self.corpus = engine.add([folder])

    def ask(
        self, *cells: str, question: str = "How many letters mention Halden?", **settings: Any
    ) -> RunRecord:
        self.engine.use(ScriptedModel(script(*cells)))
        answer = self.engine.ask(question, self.corpus, Settings(**settings))
        return self.record(answer.run)

    def record(self, run: str) -> RunRecord:
        return read_record(self.engine.store.events(run))


def script(*cells: str, child: str = "FINAL(str(len(context)))") -> Callable[[Any], str]:
    """Replies: these cells in turn at the root, `child` in a child, and for a sub-call the words after "Say: "."""

    def reply(request: Any) -> str:
        told = request.messages[-1].content
        if request.role == "sub":
            return told.rpartition("Say: ")[2].split("\n")[0] if "Say: " in told else "yes"
        if not request.conversation.endswith("/0"):
            return f"```repl\n{child}\n```"
        return f"```repl\n{cells[(len(request.messages) - 2) // 2]}\n```"

    return reply


@pytest.fixture(scope="module")
def desk(tmp_path_factory, kernels) -> Iterator[Desk]:
    root = tmp_path_factory.mktemp("replay")
    fill(root / "papers", LETTERS)
    with Engine(root / "data", ScriptedModel([]), kernels) as engine:
        yield Desk(engine, root / "papers")
