"""A model on a server: chosen, marked, described, and not there."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from app.command_line.commands import doctor
from app.command_line.main import run
from engine.llm.gguf.fit import Wish
from tests.app.models.at_work import current, settled
from tests.engine.llm.remote.openai_server import OpenAiServer, pieces
from tests.engine.llm.remote.reading_server import Reader

GIB = 1 << 30


@pytest.fixture
def server() -> Iterator[OpenAiServer]:
    """A server with one model."""
    opened = OpenAiServer(lambda request: pieces("yes"))
    yield opened
    opened.close()


def test_a_server_is_used_only_when_chosen_and_is_marked(workbench, client, small, server):
    spec = f"openai:stub@{server.url}"
    assert client.post("/api/models/load", json={"path": spec, "window": 2048}).status_code == 202
    settled(workbench)
    found = client.get("/api/models").json()
    assert found["problem"] is None and found["loaded"]["remote"] == server.url
    assert (found["loaded"]["name"], found["loaded"]["window"], found["loaded"]["outside"]) == (
        "stub",
        2048,
        False,
    )
    assert server.url in found["loaded"]["notices"][0]
    labels = dict((path, label) for label, path in workbench.models.choices()[0])
    assert "where text is sent" in labels[spec]
    kept = workbench.data_dir / "preferences.json"  # not there before anything is remembered
    assert not kept.exists() or "openai" not in (json.loads(kept.read_text()).get("last_model") or "")


def test_a_server_that_cuts_prompts_is_shown_with_its_true_window(workbench, client, small, server):
    server.answer = Reader(2048, "head")
    client.post("/api/models/load", json={"path": server.url})
    settled(workbench)
    workbench.engine.model.prove()
    loaded = client.get("/api/models").json()["loaded"]
    assert 1700 < loaded["window"] <= 2048 and "does not reach the model" in loaded["notices"][-1]
    told = doctor.model(server.url, Wish())
    assert 1700 < told["window"] <= 2048 and "does not reach the model" in told["notices"][-1]


def test_a_server_that_is_not_there_changes_nothing(workbench, client, small, server):
    server.close()
    before = current(workbench)
    client.post("/api/models/load", json={"path": server.url})
    settled(workbench)
    found = client.get("/api/models").json()
    assert "cannot be reached" in found["problem"]["message"] and current(workbench) == before
    wrong = client.post("/api/models/load", json={"path": "openai:name"})
    assert wrong.status_code == 400 and "names no server" in wrong.json()["error"]


def test_the_command_says_where_text_goes_before_it_goes(tmp_path, capsys, server):
    document = tmp_path / "a.txt"
    document.write_text("The notice period is six months.")
    words = ["ask", str(document), "How long?", "--quiet", "--turns", "1", "--data", str(tmp_path / "data")]
    run([*words, "--model", server.url])
    assert f"go to the server at {server.url}" in capsys.readouterr().err
    assert server.requests
