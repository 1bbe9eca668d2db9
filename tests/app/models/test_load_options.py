"""How models are loaded is chosen by the machine, by options and by variables, and stands in the record of a run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.command_line.main import run
from app.command_line.parser import build_parser
from app.models.load_options import wish_of
from engine.errors import InputError
from engine.llm.gguf.fit import Wish
from tests.engine.llm.gguf.make_gguf import lora_adapter, random_model
from tests.engine.llm.gguf.shapes import Shape, dense_model


def wished(words: list[str], **variables: str) -> Wish:
    return wish_of(build_parser().parse_args(words), variables)


def test_nothing_asked_for_leaves_all_to_the_machine():
    assert wished([]) == wished(["doctor"]) == wished(["ask", "a", "b"]) == Wish()


def test_options_count_more_than_variables():
    variables = {"TAPROOT_WINDOW": "4096", "TAPROOT_THREADS": "3", "TAPROOT_CACHE_TYPE": "q8_0"}
    expected = Wish(window=1024, threads=3, gpu_layers=0, cache_type="q8_0", batch=256, slots=2)
    options = ["--gpu-layers", "0", "--batch", "256", "--slots", "2"]
    assert wished(["ask", "a", "b", "--window", "1024", *options], **variables) == expected
    assert wished(["--context-window", "1024", *options], **variables) == expected
    assert wished(["doctor"], **variables) == Wish(window=4096, threads=3, cache_type="q8_0")


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"TAPROOT_THREADS": "many"}, "TAPROOT_THREADS holds 'many'"),
        ({"TAPROOT_WINDOW": "12"}, "window has to be from 256"),
        ({"TAPROOT_CACHE_TYPE": "f8"}, "cache type has to be f16 or q8_0"),
    ],
)
def test_a_variable_that_cannot_be_is_named(variables, words):
    with pytest.raises(InputError, match=words):
        wished([], **variables)


def test_how_the_model_was_loaded_stands_in_the_record_and_in_the_report(tmp_path: Path, capsys, monkeypatch):
    monkeypatch.setenv("TAPROOT_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("TAPROOT_SLOTS", "4")
    (tmp_path / "a.txt").write_text("The notice period is six months.")
    model = dense_model(tmp_path / "random.gguf", Shape(layers=1))
    wanted = ["--model", str(model), "--window", "4096", "--threads", "1", "--cache-type", "q8_0"]
    run(["ask", str(tmp_path / "a.txt"), "How long?", "--turns", "1", "--json", "--quiet", *wanted])
    answer = json.loads(capsys.readouterr().out)
    run(["show", answer["run"], "--json"])
    started = json.loads(capsys.readouterr().out)[0]
    loaded = {"n_ctx": 4096, "pool": 8192, "threads": 1, "cache_type": "q8_0", "batch": 512, "slots": 4}
    assert loaded.items() <= started["payload"]["model"].items()
    refused = run(["ask", str(tmp_path / "a.txt"), "How long?", "--model", str(model), "--window", "100"])
    assert refused == 2 and "window has to be" in capsys.readouterr().err


def test_an_adapter_is_put_on_by_option_and_stands_in_the_record(tmp_path: Path, capsys):
    (tmp_path / "a.txt").write_text("The notice period is six months.")
    model = random_model(tmp_path / "random.gguf", n_ctx=4096)
    adapter = lora_adapter(tmp_path / "law.gguf")
    words = ["ask", str(tmp_path / "a.txt"), "How long?", "--turns", "1", "--data", str(tmp_path / "data")]
    words += ["--model", str(model), "--json", "--quiet"]
    run([*words, "--lora", f"{adapter}:0.5@root"])
    run(["show", json.loads(capsys.readouterr().out)["run"], "--json", "--data", str(tmp_path / "data")])
    (found,) = json.loads(capsys.readouterr().out)[0]["payload"]["model"]["adapters"]
    assert (found["file"], found["scale"], found["scope"]) == ("law.gguf", 0.5, "root")
    assert run([*words, "--lora", f"{adapter}@leaf"]) == 2
    assert "'leaf' is no scope of an adapter; write FILE.gguf@root" in capsys.readouterr().err
    assert run([*words, "--lora", str(model)]) == 2
    assert "is no adapter" in capsys.readouterr().err
