"""Switching between models: loaded, kept, unloaded first, refused, fallen back from."""

from __future__ import annotations

import threading

import pytest

from app.models import loader
from app.models.service import Models
from app.workbench import Workbench
from engine.errors import ModelError
from engine.llm.gguf.fit import Room
from tests.app.models.at_work import current, dropped, own, row, settled
from tests.engine.llm.gguf.make_gguf import random_model

GIB = 1 << 30


def test_switching_loads_the_new_model_and_remembers_it(workbench, client, small):
    path = dropped(workbench, "second.gguf")
    told = workbench.hub.subscribe()
    assert client.post("/api/models/load", json={"path": str(path)}).status_code == 202
    settled(workbench)
    assert current(workbench) == str(path)
    assert row(client, path)["loaded"] and client.get("/api/models").json()["loaded"]["file"] == "second.gguf"
    said = [m.data for m in told.take() if m.name == "app"]
    assert any(d["kind"] == "loading" and d["path"] == str(path) for d in said)
    assert Models(workbench)._preferences.get("last_model") == str(path)
    told.close()


def test_a_model_that_fails_to_load_leaves_the_old_one_in_use(workbench, client, small):
    before = workbench.engine.model
    path = workbench.data_dir / "models" / "broken.gguf"
    whole = random_model(workbench.data_dir / "whole.bin").read_bytes()
    path.write_bytes(whole.replace(b"output_norm.weight", b"output_harm.weight", 1))
    assert client.post("/api/models/load", json={"path": str(path)}).status_code == 202
    settled(workbench)
    found = client.get("/api/models").json()
    assert workbench.engine.model is before and before.count("still here") > 0
    assert found["problem"]["file"] == "broken.gguf" and "llama.cpp" in found["problem"]["message"]
    path.unlink()


def test_a_run_keeps_its_model_and_the_old_one_is_closed_when_it_ends(workbench, client, small):
    old = workbench.engine.model
    path = dropped(workbench, "third.gguf")
    with workbench.engine._models.lent() as lent:
        client.post("/api/models/load", json={"path": str(path)})
        settled(workbench)
        assert current(workbench) == str(path)
        assert lent is old and lent.count("a word") > 0
    with pytest.raises(ModelError):
        old.count("a word")


def test_only_one_model_is_loaded_at_a_time(workbench, client, small, monkeypatch):
    go = threading.Event()
    real = loader.open_model
    monkeypatch.setattr(loader, "open_model", lambda *a, **k: (go.wait(300), real(*a, **k))[1])
    path = dropped(workbench, "slow.gguf")
    assert client.post("/api/models/load", json={"path": str(path)}).status_code == 202
    assert client.get("/api/models").json()["loading"]["file"] == "slow.gguf"
    refused = client.post("/api/models/load", json={"path": own(workbench)})
    assert refused.status_code == 409 and "slow" in refused.json()["error"]
    go.set()
    settled(workbench)


def memory(workbench: Workbench, monkeypatch, free: int, given_back: int) -> None:
    """Pretend that so much memory is free, and that unloading gives so much more."""
    monkeypatch.setattr(workbench.models.machine, "room", lambda back: Room(free + back))
    monkeypatch.setattr(workbench.models.machine, "memory_of", lambda model: given_back)


def test_what_does_not_fit_is_refused_with_what_would(workbench, client, monkeypatch):
    path = dropped(workbench, "large.gguf")
    memory(workbench, monkeypatch, 45 << 20, 5 << 20)
    refused = client.post("/api/models/load", json={"path": str(path)})
    assert refused.status_code == 400
    assert "needs" in refused.json()["error"] and "memory are free" in refused.json()["error"]
    assert row(client, path)["fit"]["level"] == "none"
    path.unlink()


def test_it_can_be_loaded_all_the_same_when_a_person_insists(workbench, client, small, monkeypatch):
    path = dropped(workbench, "insist.gguf")
    memory(workbench, monkeypatch, 45 << 20, 5 << 20)
    assert client.post("/api/models/load", json={"path": str(path), "force": True}).status_code == 202
    settled(workbench)
    assert current(workbench) == str(path)


def test_where_memory_holds_no_two_the_old_model_is_unloaded_first(workbench, client, small, monkeypatch):
    path = dropped(workbench, "alone.gguf")
    memory(workbench, monkeypatch, 60 << 20, 500 << 20)
    seen: list[bool] = []
    real = loader.open_model

    def watching(*arguments, **options):
        with pytest.raises(ModelError):
            _ = workbench.engine.model
        seen.append(workbench.models.overview()["loading"]["unloaded"])
        return real(*arguments, **options)

    monkeypatch.setattr(loader, "open_model", watching)
    client.post("/api/models/load", json={"path": str(path)})
    settled(workbench)
    assert seen == [True] and current(workbench) == str(path)


def test_an_unloaded_model_comes_back_when_the_new_one_fails(workbench, client, small, monkeypatch):
    path = workbench.data_dir / "models" / "broken.gguf"
    whole = random_model(workbench.data_dir / "whole.bin").read_bytes()
    path.write_bytes(whole.replace(b"output_norm.weight", b"output_harm.weight", 1))
    before = current(workbench)
    memory(workbench, monkeypatch, 60 << 20, 500 << 20)
    client.post("/api/models/load", json={"path": str(path)})
    settled(workbench)
    assert current(workbench) == before and workbench.engine.model.count("back again") > 0
    assert client.get("/api/models").json()["problem"]["file"] == "broken.gguf"
    path.unlink()


def test_a_model_is_never_unloaded_under_a_run(workbench, client, small, monkeypatch):
    path = dropped(workbench, "alone.gguf")
    memory(workbench, monkeypatch, 60 << 20, 500 << 20)
    monkeypatch.setattr(workbench.runs, "live", lambda: ["a run"])
    refused = client.post("/api/models/load", json={"path": str(path)})
    assert refused.status_code == 409 and "Wait until it has ended" in refused.json()["error"]
    assert workbench.engine.model.count("undisturbed") > 0


def test_the_window_can_be_chosen_and_is_refused_where_it_cannot_be(workbench, client, small):
    path = dropped(workbench, "window.gguf", n_ctx=4096)
    assert client.post("/api/models/load", json={"path": str(path), "window": 1024}).status_code == 202
    settled(workbench)
    assert workbench.engine.model.info.n_ctx == 1024
    assert client.post("/api/models/load", json={"path": str(path), "window": 3}).status_code == 422


@pytest.mark.realmodel
def test_a_start_falls_back_to_the_default_when_the_last_model_is_broken(data_dir, default_gguf):
    bad = data_dir / "last.gguf"
    bad.write_bytes(b"GGUF nothing")
    with Workbench(data_dir) as opened:
        opened.models._preferences.put(last_model=str(bad))
        opened.start()
        settled(opened)
        assert current(opened) == str(default_gguf)
        found = opened.models.overview()
        assert found["problem"]["file"] == "last.gguf"
        assert found["loaded"]["default"] and found["loaded"]["license"] == "apache-2.0"
        assert found["files"][0]["path"] == str(default_gguf) and found["files"][0]["loaded"]
        assert "adapter.gguf" not in [one["file"] for one in found["files"]]
