"""A random model in a process of its own, and what most tests ask of it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from engine.llm.base import Request
from engine.llm.local.model import LocalModel
from engine.types import Message

SYSTEM = Message("system", "You answer from the documents only.")
QUESTION = Message("user", "How long is the notice period?")
CELL = ["I look.\n", "```repl\n", "print(context)", "\n```", "\nOutput: six months"]


def ask(*messages: Message, key: str = "", tokens: int = 24, **options) -> Request:
    return Request(messages=messages, max_tokens=tokens, conversation=key, **options)


@contextmanager
def standing_still(model: LocalModel) -> Iterator[None]:
    """Stop the process of a model, so that all it is asked meanwhile reaches it together."""
    assert model.pid is not None
    os.kill(model.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(model.pid, signal.SIGCONT)


@pytest.fixture
def model(open_local, random_gguf) -> LocalModel:
    return open_local(random_gguf)
