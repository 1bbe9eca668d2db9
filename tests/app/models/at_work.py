"""A workbench with models at work: what is loaded, and waiting until it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from fastapi.testclient import TestClient

from app.workbench import Workbench
from tests.engine.llm.gguf.make_gguf import random_model
from tests.small_model import small_model


def own(workbench: Workbench) -> str:
    """The path of the small model in the data folder."""
    return str(workbench.data_dir / "models" / small_model().name)


def until(true: Callable[[], object], seconds: float = 90.0) -> object:
    deadline = time.monotonic() + seconds
    while not (value := true()):
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)
    return value


def settled(workbench: Workbench) -> None:
    """Wait until nothing is being loaded."""
    until(lambda: workbench.models.overview()["loading"] is None, seconds=300)


def current(workbench: Workbench) -> str:
    return workbench.engine.model.info.path


def dropped(workbench: Workbench, name: str, **options) -> Path:
    """Put a model with random weights into the data folder."""
    return random_model(workbench.data_dir / "models" / name, **options)


def row(client: TestClient, path: Path) -> dict | None:
    return next((f for f in client.get("/api/models").json()["files"] if f["path"] == str(path)), None)
