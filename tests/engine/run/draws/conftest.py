"""Whole runs of a small scripted model."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.engine import Engine
from engine.llm.scripted import ScriptedModel
from engine.replay.verify import verify
from engine.types import Settings


@pytest.fixture
def ask(data_dir, folder, kernels):
    """Ask a model of 135 million parameters, or of `parameters`; returns the answer, the events and the requests."""

    def ask(replies, parameters=135_000_000, question="How many letters mention Halden?", **settings):
        model = ScriptedModel(replies)
        model.info = replace(model.info, parameters=parameters)
        with Engine(data_dir, model, kernels) as engine:
            answer = engine.ask(question, engine.add([folder]), Settings(**settings))
            assert verify(engine.store, kernels, answer.run).holds
            return answer, engine.store.events(answer.run), model.requests

    return ask
