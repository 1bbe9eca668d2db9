"""Tiny models for the tests of engine/llm, made on the spot."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from llama_cpp import llama_cpp as native

from engine.llm.gguf.fit import Wish
from engine.llm.local.model import LocalModel
from engine.llm.local.text.tokens import Vocabulary
from tests.engine.llm.gguf.make_gguf import ENDLESS, chain_model, random_model

TEMPLATES = Path(__file__).parent / "templates"


def template_named(name: str) -> str:
    """Return the text of a template of this folder."""
    return (TEMPLATES / f"{name}.jinja").read_text()


def until(true: Callable[[], Any]) -> Any:
    """Wait until something is true, and return it; the limit only keeps a broken test from hanging."""
    deadline = time.monotonic() + 120
    while not (found := true()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)
    return found


@pytest.fixture(scope="session")
def random_gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with random weights and a ChatML template."""
    return random_model(tmp_path_factory.mktemp("gguf") / "random.gguf")


@pytest.fixture(scope="session")
def vocabulary(random_gguf: Path) -> Iterator[Vocabulary]:
    """The vocabulary that all models of these tests share."""
    parameters = native.llama_model_default_params()
    parameters.vocab_only = True
    model = native.llama_model_load_from_file(str(random_gguf).encode(), parameters)
    yield Vocabulary(native.llama_model_get_vocab(model))
    native.llama_model_free(model)


@pytest.fixture
def open_local() -> Iterator[Callable[..., LocalModel]]:
    """Open models that are closed when the test ends."""
    opened: list[LocalModel] = []

    def open_one(
        path: Path, *, n_ctx: int | None = None, threads: int | None = None, **options
    ) -> LocalModel:
        options.setdefault("wish", Wish(window=n_ctx, threads=threads))
        opened.append(LocalModel(path, **options))
        return opened[-1]

    yield open_one
    for model in opened:
        model.close()


@pytest.fixture(scope="session")
def endless_gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that never ends its reply."""
    path = tmp_path_factory.mktemp("gguf") / "endless.gguf"
    return chain_model(path, ENDLESS, end=ENDLESS[0], n_ctx=32768)
