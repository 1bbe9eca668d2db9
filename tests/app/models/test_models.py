"""The models of the app over HTTP and by command: found, inspected, refused, downloaded."""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.command_line.commands import models as models_command
from app.command_line.main import ROOT, run
from app.models.download import downloads as fetch
from app.models.model_files import Shelf
from app.models.service import Models
from engine.errors import InputError
from tests.app.models.at_work import current, dropped, own, row, settled, until
from tests.app.models.bad_ggufs import write_all
from tests.app.models.download.hub_server import HubServer
from tests.engine.llm.gguf.make_gguf import lora_adapter, random_model

GIB = 1 << 30
FILE = "Qwen3-4B-Q4_K_M.gguf"


# --- what is there ---------------------------------------------------------------------------------------------


def test_a_model_that_was_named_is_loaded_and_described(workbench, client):
    found = client.get("/api/models").json()
    assert not found["loaded"]["default"] and found["loaded"]["path"] == own(workbench)
    assert found["loaded"]["window"] == 8192 and found["loaded"]["memory"] > 10 << 20
    assert found["problem"] is None and found["loading"] is None
    assert found["hardware"]["build"]["backends"][0] == "CPU"
    assert [f["loaded"] for f in found["files"] if f["path"] == own(workbench)] == [True]


def test_a_dropped_file_appears_and_followers_are_told(workbench, client):
    told = workbench.hub.subscribe()
    path = dropped(workbench, "dropped.gguf", n_ctx=1024)
    until(lambda: any(m.name == "app" and m.data["kind"] == "models" for m in told.take()))
    found = row(client, path)
    assert found and found["state"] == "ready" and found["window_trained"] == 1024
    assert found["fit"]["ok"] and found["fit"]["memory"] > found["size"]
    path.unlink()
    until(lambda: any(m.name == "app" and m.data["kind"] == "models" for m in told.take()))
    assert row(client, path) is None
    told.close()


def test_a_file_that_is_still_being_copied_is_said_to_change_and_then_appears(workbench, client, monkeypatch):
    monkeypatch.setattr("app.models.model_files.SETTLED", 300.0)
    whole = random_model(workbench.data_dir / "whole.bin").read_bytes()
    path = workbench.data_dir / "models" / "copied.gguf"
    path.write_bytes(whole[:20000])
    assert row(client, path)["state"] == "growing"
    old = time.time() - 600
    os.utime(path, (old, old))
    assert row(client, path)["state"] == "bad" and "cut off" in row(client, path)["problem"]
    path.write_bytes(whole)
    assert row(client, path)["state"] == "ready"
    path.unlink()


def test_a_header_is_read_once_until_its_file_changes(tmp_path, data_dir, monkeypatch):
    from app.models import model_files as module
    from app.preferences import Preferences

    read: list[Path] = []
    real = module.read_facts
    monkeypatch.setattr(module, "read_facts", lambda path: read.append(path) or real(path))
    path = random_model(tmp_path / "a.gguf")
    shelf = Shelf([tmp_path], Preferences(data_dir))
    assert [b.facts.name for b in shelf.books() if b.facts] == ["a"] and len(read) == 1
    shelf.books()
    assert len(read) == 1
    random_model(path, layers=3)
    assert shelf.books()[0].facts.layers == 3 and len(read) == 2


def test_the_shelf_survives_what_folders_may_hold(tmp_path, data_dir):
    from app.preferences import Preferences

    random_model(tmp_path / "sub" / "deep" / "a.gguf") if (tmp_path / "sub" / "deep").mkdir(
        parents=True
    ) else None
    random_model(tmp_path / "sub" / "deep" / "a.gguf")
    (tmp_path / "folder.gguf").mkdir()
    os.mkfifo(tmp_path / "pipe.gguf")
    (tmp_path / "dangling.gguf").symlink_to(tmp_path / "nowhere")
    (tmp_path / "circle").symlink_to(tmp_path)
    (tmp_path / "again.gguf").symlink_to(tmp_path / "sub" / "deep" / "a.gguf")
    (tmp_path / ".hidden.gguf").write_bytes(b"x")
    shutil.copy(tmp_path / "sub" / "deep" / "a.gguf", tmp_path / "m-00002-of-00003.gguf")
    books = Shelf([tmp_path, tmp_path / "absent"], Preferences(data_dir)).books()
    assert [b.path.name for b in books] == ["again.gguf"]  # one file, however often it is named


def test_a_file_or_folder_elsewhere_can_be_added_and_is_remembered(tmp_path, workbench, client):
    path = random_model(tmp_path / "elsewhere.gguf")
    workbench.models.add(tmp_path)
    assert row(client, path)["state"] == "ready"
    again = Shelf([], Models(workbench)._preferences)
    assert again.added() == [tmp_path]
    workbench.models.remove(tmp_path)
    assert row(client, path) is None and workbench.models.shelf.added() == []
    for bad in (Path("relative/path"), tmp_path / "absent", ROOT / "README.md", Path("/dev/null")):
        with pytest.raises(InputError, match=re.escape(str(bad))):
            workbench.models.add(bad)


# --- malformed files -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bad_files(tmp_path_factory) -> dict[str, Path]:
    return write_all(tmp_path_factory.mktemp("bad"))


def test_every_malformed_file_is_explained_and_the_app_lives(workbench, client, small, bad_files):
    assert len(bad_files) >= 20
    model = workbench.engine.model
    reached_llama = []
    for name, path in bad_files.items():
        loading = client.post("/api/models/load", json={"path": str(path)})
        if loading.status_code == 202:  # only llama.cpp can tell
            reached_llama.append(name)
            settled(workbench)
            if current(workbench) != str(path):
                problem = client.get("/api/models").json()["problem"]
                assert problem["path"] == str(path) and len(problem["message"]) > 30, name
        else:
            assert loading.status_code == 400, name
            assert path.name in loading.json()["error"] or "bad-" in loading.json()["error"], name
    assert len(reached_llama) >= 3
    until(lambda: client.get("/api/models").status_code == 200)
    if workbench.engine.model is model:
        assert model.count("alive") > 0


def test_malformed_files_on_the_shelf_are_listed_with_their_reason(workbench, client, bad_files):
    folder = next(iter(bad_files.values())).parent
    for path in bad_files.values():
        os.utime(path, (1, 1))
    workbench.models.add(folder)
    listed = [f for f in client.get("/api/models").json()["files"] if f["folder"] == str(folder)]
    assert len(listed) == len(bad_files)
    assert all(f["problem"] for f in listed if f["state"] == "bad")
    workbench.models.remove(folder)


# --- downloads and commands --------------------------------------------------------------------------------------


@pytest.fixture
def hub(tmp_path, monkeypatch) -> Iterator[HubServer]:
    """A Hub that holds one real model under a name of the catalogue."""
    content = random_model(tmp_path / "hub.gguf").read_bytes()
    server = HubServer({"Qwen/Qwen3-4B-GGUF": {FILE: content}})
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    for name in list(os.environ):
        if name.upper() in fetch.KEPT_PROXIES:
            monkeypatch.delenv(name)
    yield server
    server.close()


def listed(client: TestClient, id: str) -> dict:
    return next(e for e in client.get("/api/models").json()["catalogue"] if e["id"] == id)


def test_a_model_of_the_catalogue_is_downloaded_and_then_loads(workbench, client, hub, small):
    assert listed(client, "qwen3-4b")["there"] is None
    assert client.post("/api/models/download", json={"name": "qwen3-4b"}).status_code == 202
    until(lambda: [one.state for one in workbench.models.fetches.all()] == ["finished"])
    there = listed(client, "qwen3-4b")["there"]
    client.post("/api/models/load", json={"path": there})
    settled(workbench)
    assert current(workbench) == there
    Path(there).unlink()


def test_a_download_is_cancelled_resumed_and_discarded(client, hub):
    hub.files["Qwen/Qwen3-4B-GGUF"][FILE] *= 12
    hub.slow, hub.held = 0.03, 200_000
    assert client.post("/api/models/download", json={"name": "qwen3-4b"}).status_code == 202
    until(lambda: (listed(client, "qwen3-4b")["download"] or {}).get("done", 0) > 20_000)
    assert client.post("/api/models/download", json={"name": "qwen3-4b"}).status_code == 409
    assert client.post("/api/models/download/qwen3-4b/pause").status_code == 200
    until(lambda: listed(client, "qwen3-4b")["download"]["state"] == "paused")
    assert client.delete("/api/models/download/qwen3-4b").json()["freed"] > 0
    assert listed(client, "qwen3-4b")["download"] is None
    assert client.delete("/api/models/download/qwen3-4b").status_code == 404
    assert client.post("/api/models/download/qwen3-4b/pause").status_code == 404


def test_the_hub_is_asked_for_sizes_only_when_a_person_asks(workbench, client, hub):
    client.get("/api/models")
    assert hub.requests == []
    assert workbench.models.check() == {"online": True, "message": ""}
    entry = listed(client, "qwen3-4b")
    assert entry["asked"] and entry["bytes"] > 0 and entry["license"] == "apache-2.0"
    assert "no such repository" in listed(client, "qwen3.5-9b")["problem"]
    hub.close()
    answer = workbench.models.check()
    assert answer["online"] is False and "cannot be reached" in answer["message"]


def test_an_unknown_name_is_refused(client):
    refused = client.post("/api/models/download", json={"name": "../../etc/passwd"})
    assert refused.status_code == 400 and "not in the catalogue" in refused.json()["error"]


def test_the_command_lists_inspects_and_downloads(hub, tmp_path, capsys, monkeypatch):
    data = tmp_path / "data"
    assert run(["models", "get", "qwen3-4b", "--data", str(data)]) == 0
    path = capsys.readouterr().out.strip()
    assert Path(path) == data / "models" / FILE
    assert run(["models", "--json", "--data", str(data)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert path in [f["path"] for f in found["files"]]
    assert next(e for e in found["catalogue"] if e["id"] == "qwen3-4b")["there"] == path
    assert run(["models", "inspect", path, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["fit"]["ok"]
    assert run(["models", "inspect", path]) == 0
    assert "fits with a window" in capsys.readouterr().out
    assert run(["models", "list", "--data", str(data)]) == 0
    listed = " ".join(capsys.readouterr().out.split())
    assert "Catalogue" in listed and "mit-oasys/rlm-qwen3-30b-a3b-v0.1" in listed
    assert "convert_lora_to_gguf.py --base-model-id" in listed and "--lora ADAPTER.gguf@root" in listed
    monkeypatch.setattr(models_command, "Fetches", lambda *a: pytest.fail("nothing should be downloaded"))
    assert run(["models", "get", "no-such-model", "--data", str(data)]) == 2
    assert run(["models", "inspect", str(ROOT / "README.md")]) == 2
    assert "not a GGUF model" in capsys.readouterr().err


def test_the_command_says_that_it_is_offline(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert run(["models", "get", "qwen3-4b", "--json", "--data", str(tmp_path)]) == 1
    captured = capsys.readouterr()
    assert json.loads(captured.out)["kind"] == "offline" and "cannot be reached" in captured.err


def test_an_adapter_is_put_on_a_model_or_refused_and_named(workbench, client, small, tmp_path):
    path, adapter = dropped(workbench, "base.gguf"), lora_adapter(tmp_path / "law.gguf")
    refused = client.post("/api/models/load", json={"path": own(workbench), "lora": [str(adapter)]})
    assert refused.status_code == 400 and "law.gguf" in refused.json()["error"]
    refused = client.post("/api/models/load", json={"path": str(path), "lora": [f"{adapter}@all"]})
    assert refused.status_code == 400 and "'all' is no scope" in refused.json()["error"]
    wanted = {"path": str(path), "lora": [f"{adapter}:2@sub"]}
    assert client.post("/api/models/load", json=wanted).status_code == 202
    settled(workbench)
    (found,) = client.get("/api/models").json()["loaded"]["adapters"]
    assert (found["name"], found["scale"], found["scope"]) == ("law", 2, "sub")
