"""Routes of lists of questions, without a browser."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.questions import routes
from engine.questions import reading


def test_reading_a_large_file_of_questions_holds_up_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    app = FastAPI()
    app.include_router(routes.router(SimpleNamespace(questions=None)))  # type: ignore[arg-type]
    threads: list[Any] = []

    @app.middleware("http")
    async def note(request: Any, following: Any) -> Any:
        threads.append(threading.current_thread())
        return await following(request)

    real = reading.parse
    monkeypatch.setattr(
        reading, "parse", lambda *args: threads.append(threading.current_thread()) or real(*args)
    )
    with TestClient(app) as client:
        found = client.post("/api/questions/read", params={"name": "q.csv"}, content=b"question\nWho?\n")
    assert found.json() == {"questions": ["Who?"], "notices": []}
    loop, parsed = threads
    assert parsed is not loop
