"""The forms of the Models view, without a browser: what their handlers answer to the page."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Any

import gradio as gr
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.models.view.form import form
from tests.app.models.at_work import own
from tests.engine.llm.gguf.make_gguf import random_model

Call = Callable[..., list[Any]]


@pytest.fixture
def call(workbench) -> Call:
    """Call a handler by its name as the page does; gives what it answers for each component."""
    with gr.Blocks(analytics_enabled=False) as blocks:
        form(workbench)
    http = TestClient(gr.mount_gradio_app(FastAPI(), blocks, path="/"))

    def answer(name: str, *data: Any, nth: int = 0) -> list[Any]:
        index = [n for n, fn in blocks.fns.items() if fn.fn and fn.fn.__name__ == name][nth]
        told = http.post("/gradio_api/run/predict", json={"fn_index": index, "data": [*data]})
        assert told.status_code == 200, told.text
        return told.json()["data"]

    return answer


def test_looking_again_changes_no_choice_of_a_person(workbench, call, tmp_path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
        workbench.models.add(folder)
    other = random_model(tmp_path / "other.gguf")
    shutil.move(other, second / "other.gguf")

    chosen = str(second / "other.gguf")
    which, added = pickers(call("look", chosen, str(second)))
    assert chosen in [path for _, path in which["choices"]] and "value" not in which
    assert added["choices"] == [[str(first), str(first)], [str(second), str(second)]]
    assert "value" not in added  # else "Remove from the list" would remove the first one

    which, added = pickers(call("look", "/gone.gguf", "/gone"))
    assert (which["value"], added["value"], added["visible"]) == (own(workbench), str(first), True)
    for folder in (first, second):
        call("forget", str(folder))
    _, added = pickers(call("look", own(workbench), str(first)))
    assert (added["value"], added["visible"]) == (None, False)


def test_what_the_system_refuses_is_said_beside_the_form(workbench, call, monkeypatch) -> None:
    long = f"/{'x' * 300}"
    refused = "**The system refused\\: File name too long\\.**"
    said, box = call("handler", long)  # by path
    assert said == refused and "value" not in box  # what was typed stays
    assert call("load", own(workbench), 1024, long, "both") == [refused]
    monkeypatch.setattr(workbench.models, "check", raising(OSError(28, "No space left on device")))
    assert call("check") == ["**The system refused\\: No space left on device\\.**"]


def test_a_model_that_was_trained_for_a_short_window_loads_with_it(workbench, call, monkeypatch) -> None:
    path = str(random_model(workbench.data_dir / "models" / "short.gguf", n_ctx=256))
    wanted: list[int] = []
    monkeypatch.setattr(workbench.models, "load", lambda path, *, window, **rest: wanted.append(window))
    assert {"__type__": "update", "value": 256} in call("choose", path)
    assert call("load", path, 256, "", "both") == [""] and wanted == [256]
    assert call("load", path, 100, "", "both") == ["**A window has at least 256 tokens.**"]
    assert call("load", own(workbench), 100, "", "both") == ["**A window has at least 512 tokens.**"]


def raising(error: Exception) -> Callable[[], None]:
    """Work that ends with this error."""

    def work() -> None:
        raise error

    return work


def pickers(updates: list[Any]) -> list[dict[str, Any]]:
    """The updates of the two pickers."""
    return [one for one in updates if isinstance(one, dict) and "choices" in one]
