"""An app with a scripted model and a corpus of letters, and clients of the official packages that use it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from openai import OpenAI

from engine.kernel.host.host import KernelHost
from tests.app.desk import TOKEN, Desk, until


@pytest.fixture(scope="package")
def desk(tmp_path_factory: pytest.TempPathFactory, kernels: KernelHost) -> Iterator[Desk]:
    data: Path = tmp_path_factory.mktemp("programs") / "data"
    data.mkdir(mode=0o700)
    made = Desk(data, kernels)
    yield made
    made.close()


@pytest.fixture
def client(desk: Desk) -> Iterator[OpenAI]:
    """The client of OpenAI, which asks once: a refusal is a result here. No run of an earlier test goes on."""
    until(lambda: not desk.workbench.runs.live())
    address = f"http://127.0.0.1:{desk.port}/v1"
    with OpenAI(base_url=address, api_key=TOKEN, max_retries=0, timeout=120) as made:
        yield made
