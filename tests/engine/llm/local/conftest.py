"""A random model in a process of its own, and what most tests ask of it."""

from __future__ import annotations

import pytest

from engine.llm.base import Request
from engine.llm.local.model import LocalModel
from engine.types import Message

SYSTEM = Message("system", "You answer from the documents only.")
QUESTION = Message("user", "How long is the notice period?")
CELL = ["I look.\n", "```repl\n", "print(context)", "\n```", "\nOutput: six months"]


def ask(*messages: Message, key: str = "", tokens: int = 24, **options) -> Request:
    return Request(messages=messages, max_tokens=tokens, conversation=key, **options)


@pytest.fixture
def model(open_local, random_gguf) -> LocalModel:
    return open_local(random_gguf)
