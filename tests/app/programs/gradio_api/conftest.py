"""An app of its own, which these tests add to, and real clients of `gradio_client` that use it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from gradio_client import Client

from app.programs.keys import KeyFile
from engine.kernel.host.host import KernelHost
from tests.app.desk import Desk, until


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, kernels: KernelHost) -> Iterator[Desk]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("sent")))
        data: Path = tmp_path_factory.mktemp("gradio") / "data"
        data.mkdir(mode=0o700)
        made = Desk(data, kernels)
        KeyFile(data).make()
        yield made
        made.close()


@pytest.fixture
def connect(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Client]]:
    """Clients of the app, which bear its key or other headers; what they began is stopped."""
    monkeypatch.setenv("GRADIO_ANALYTICS_ENABLED", "False")  # the client would tell the Hub that it is used
    made = []

    def connect(**headers: str) -> Client:
        given = headers or {"authorization": f"Bearer {KeyFile(desk.data).read()}"}
        address = f"http://127.0.0.1:{desk.port}/"
        patient = {"timeout": 120.0}  # a busy machine may take long
        made.append(
            Client(address, headers=given, analytics_enabled=False, verbose=False, httpx_kwargs=patient)
        )
        return made[-1]

    desk.model.go.clear()
    until(lambda: not desk.workbench.runs.live())  # a run is told to be over a moment before it is
    yield connect
    for run in desk.workbench.runs.live():
        desk.workbench.runs.stop(run)
        desk.ended(run)
    for client in made:
        client.close()


@pytest.fixture
def client(connect: Callable[..., Client]) -> Client:
    return connect()
