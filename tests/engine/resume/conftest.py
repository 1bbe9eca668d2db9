"""A run with leaves and children under a scripted model, and its record cut off at any event."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.engine import Engine
from engine.events import Event, RunEnded, RunResumed, RunStarted
from engine.llm.scripted import ScriptedModel
from engine.types import Settings
from tests.engine.conftest import fill
from tests.engine.run.conftest import LETTERS

QUESTION = "How many letters mention Halden?"
CELLS = (
    "names = [d.name for d in context]\nprint(len(names))",
    "said = map_query('Which place is named?', list(context))\nprint(said)",
    "told = rlm_query_batched(['Count the words.', 'Count the lines.'], [context[0], context[1]])\nprint(told)",
    "FINAL(f'{len(names)} files, {said[0]}, {told[0]} and {told[1]}')",
)
CHILD = (
    "first = llm_query('Say how long: ' + context[:20])\nprint(first)",
    "FINAL(first + ' ' + str(len(context)))",
)
ANSWER = "3 files, Halden, long 57 and long 53"


class Desk:
    """An engine over a folder of letters, whose model is scripted and counts what it is asked."""

    def __init__(self, engine: Engine, folder: Path):
        self.engine = engine
        self.corpus = engine.add([folder])
        self.model = ScriptedModel(reply)
        engine.use(self.model)

    def ask(self, **settings: Any) -> list[Event]:
        """Ask; the events of the run."""
        self.fresh()
        return self.engine.store.events(self.engine.ask(QUESTION, self.corpus, Settings(**settings)).run)

    def fresh(self, script: Any = None, **options: Any) -> ScriptedModel:
        """A model that was asked nothing yet."""
        self.model = ScriptedModel(script or reply, **options)
        self.engine.use(self.model)
        return self.model

    def cut(self, events: list[Event], end: RunEnded | None = None) -> str:
        """A run with these events, which then was interrupted."""
        first, *rest = events
        assert isinstance(first.fact, RunStarted)
        run = self.engine.store.new_run(first.fact)
        for event in rest:
            self.engine.store.append(run, event.node, event.fact)
        self.engine.store.append(run, "0", end or INTERRUPTED)
        return run


INTERRUPTED = RunEnded("interrupted", None, (), None, None, 1.5, 1, "The program ended.", False, (), None)


def reply(request: Any) -> str:
    """What the model says: cells by the number of the turn, and of a sub-call a word."""
    if request.role == "sub":
        told = request.messages[-1].content
        return "long" if "Say how long" in told else "Halden" if "Halden" in told else "none"
    cells = CELLS if request.conversation.endswith("/0") else CHILD
    return f"```repl\n{cells[(len(request.messages) - 2) // 2]}\n```"


def asked(model: ScriptedModel) -> Counter[tuple[str, int]]:
    """How often the model was asked what: sub-calls by their words, turns by node and number of messages."""
    return Counter(
        (request.messages[-1].content, 0)
        if request.role == "sub"
        else (request.conversation.rpartition("/")[2], len(request.messages))
        for request in model.requests
    )


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, kernels: Any) -> Iterator[Desk]:
    root = tmp_path_factory.mktemp("resume")
    fill(root / "papers", LETTERS)
    with Engine(root / "data", ScriptedModel(reply), kernels) as engine:
        yield Desk(engine, root / "papers")


def resumed(events: list[Event]) -> list[Event]:
    """The events after the run was resumed last."""
    at = max(i for i, event in enumerate(events) if isinstance(event.fact, RunResumed))
    return events[at + 1 :]
