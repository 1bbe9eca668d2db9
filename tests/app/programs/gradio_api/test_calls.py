"""Calls of programs that leave while something begins. No server."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.library.jobs import Job
from app.programs.gradio_api.calls import Calls
from tests.app.server.own_loop import finish

SECONDS = 300.0  # nothing is measured by it


def test_who_leaves_while_a_reading_begins_leaves_none_behind(tmp_path: Path) -> None:
    begins, go, stopped = threading.Event(), threading.Event(), list[str]()

    def add(paths: list[str], name: str) -> Job:
        begins.set()
        assert go.wait(SECONDS)
        return Job("j1", "add", "papers")

    library: Any = SimpleNamespace(add=add, jobs=SimpleNamespace(stop=stopped.append))
    calls = Calls(SimpleNamespace(library=library), tmp_path)  # type: ignore[arg-type]

    async def leave() -> None:
        task = asyncio.create_task(anext(calls.add(["/papers"], [], "")))  # type: ignore[arg-type]
        assert await asyncio.to_thread(begins.wait, SECONDS)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        go.set()
        while not stopped:
            await asyncio.sleep(0.01)

    finish(asyncio.wait_for(leave(), SECONDS))
    assert stopped == ["j1"]
