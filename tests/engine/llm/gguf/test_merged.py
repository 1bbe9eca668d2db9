"""A merged file computes what llama.cpp does with the adapter on top; what cannot be merged is a sentence."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import gguf
import numpy as np
import pytest

from engine.errors import InputError, StoreError
from engine.llm.gguf import merged
from engine.llm.gguf.facts import read_facts
from engine.llm.gguf.header import read_contents
from engine.llm.gguf.merged import merge
from models import default
from tests.engine.llm.gguf.make_gguf import lora_adapter, random_model


def logits(out: Path, *files: Path) -> np.ndarray:
    """What llama.cpp computes with a model and the adapters after it."""
    command = [sys.executable, "-m", "tests.engine.llm.gguf.logits", str(out), *map(str, files)]
    done = subprocess.run(command, cwd=Path(__file__).parents[4], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return np.load(out)


def distance(found: np.ndarray, expected: np.ndarray) -> float:
    """How far apart two sets of logits are, as a part of the spread of the expected ones."""
    return float(np.sqrt(np.mean((found - expected) ** 2)) / expected.std())


@pytest.mark.parametrize(("kind", "most"), [("F32", 0.001), ("F16", 0.02), ("Q8_0", 0.2)])
@pytest.mark.parametrize("alpha", [1.0, 0.0])
def test_a_merged_model_computes_what_base_and_adapter_compute(tmp_path, random_gguf, kind, most, alpha):
    adapter = lora_adapter(tmp_path / "law.gguf", alpha=alpha, seed=3)
    merge(random_gguf, adapter, tmp_path / "merged.gguf", kind=kind)
    expected = logits(tmp_path / "both.npy", random_gguf, adapter)
    plain = distance(logits(tmp_path / "plain.npy", random_gguf), expected)
    assert plain > 0.3, "the adapter changes too little to tell"
    assert distance(logits(tmp_path / "merged.npy", tmp_path / "merged.gguf"), expected) < most * plain
    assert read_facts(tmp_path / "merged.gguf").quantization == kind


@pytest.mark.realmodel
def test_the_default_model_computes_what_its_base_and_adapter_compute(tmp_path, real_gguf, default_gguf):
    expected = logits(tmp_path / "both.npy", real_gguf, default.ADAPTER)
    plain = distance(logits(tmp_path / "plain.npy", real_gguf), expected)
    assert plain > 0.3, "the adapter changes too little to tell"
    assert distance(logits(tmp_path / "merged.npy", default_gguf), expected) < plain / 5


def test_all_matrices_and_the_embedding_are_quantised_and_vectors_are_not(tmp_path, random_gguf):
    merge(random_gguf, lora_adapter(tmp_path / "law.gguf"), tmp_path / "merged.gguf")
    before = {t.name: t.shape for t in read_contents(random_gguf).tensors}
    after = read_contents(tmp_path / "merged.gguf").tensors
    assert {t.name: t.shape for t in after} == before
    q8, f32 = gguf.GGMLQuantizationType.Q8_0, gguf.GGMLQuantizationType.F32
    assert {t.name: t.kind for t in after} == {n: q8 if len(s) > 1 else f32 for n, s in before.items()}


def test_what_is_stored_in_blocks_already_and_not_changed_stays_to_the_bit(tmp_path, random_gguf):
    merge(random_gguf, lora_adapter(tmp_path / "law.gguf"), tmp_path / "once.gguf")
    merge(tmp_path / "once.gguf", lora_adapter(tmp_path / "two.gguf", layers=[0]), tmp_path / "twice.gguf")
    once, twice = (
        {t.name: t.data.tobytes() for t in gguf.GGUFReader(tmp_path / f"{name}.gguf").tensors}
        for name in ("once", "twice")
    )
    assert [name for name in once if once[name] != twice[name]] == ["blk.0.attn_output.weight"]


def test_a_row_that_is_no_multiple_of_a_block_is_kept_in_halves(tmp_path):
    base = random_model(tmp_path / "odd.gguf", width=48)
    merge(base, lora_adapter(tmp_path / "law.gguf", width=48), tmp_path / "merged.gguf")
    assert {t.kind for t in read_contents(tmp_path / "merged.gguf").tensors if t.dimensions > 1} == {1}
    assert np.isfinite(logits(tmp_path / "m.npy", tmp_path / "merged.gguf")).all()


def test_the_header_stays_but_for_what_is_replaced(tmp_path, random_gguf):
    told = []
    replaced = {"general.name": "mine", "tokenizer.chat_template": "{{ x }}", "general.sampling.temp": 0.0}
    adapter = lora_adapter(tmp_path / "law.gguf")
    merge(random_gguf, adapter, tmp_path / "a" / "merged.gguf", replaced=replaced, on_progress=told.append)
    before, after = (read_contents(p).values for p in (random_gguf, tmp_path / "a" / "merged.gguf"))
    changed = {key: value for key, value in after.items() if before.get(key) != value}
    assert changed == {**replaced, "general.file_type": 7}
    assert set(before) <= set(after)
    assert told == sorted(told) and told[-1] == 1.0 and len(told) > 3
    assert [file.name for file in (tmp_path / "a").iterdir()] == ["merged.gguf"]
    tokens = [
        gguf.GGUFReader(p).fields["tokenizer.ggml.tokens"].contents()
        for p in (random_gguf, tmp_path / "a" / "merged.gguf")
    ]
    assert tokens[0] == tokens[1] and len(tokens[0]) > 200


def without_rank(path: Path) -> Path:
    """An adapter whose sides have different ranks."""
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_tensor("blk.0.attn_output.weight.lora_a", np.ones((4, 64), np.float32))
    writer.add_tensor("blk.0.attn_output.weight.lora_b", np.ones((64, 5), np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda path: lora_adapter(path, architecture="qwen2"), "made for a model of the architecture qwen2"),
        (
            lambda path: lora_adapter(path, layers=[0, 9]),
            "changes blk.9.attn_output.weight, which .* not have",
        ),
        (lambda path: lora_adapter(path, width=32), "not in this size"),
        (lambda path: lora_adapter(path, sides="a"), "of blk.0.attn_output.weight it has one side only"),
        (lambda path: lora_adapter(path, kind="other"), "another kind than LoRA"),
        (without_rank, r"does not fit .*\(64, 4\) and \(5, 64\)"),
        (random_model, "is no adapter"),
    ],
)
def test_an_adapter_that_does_not_fit_is_refused_and_nothing_is_written(
    tmp_path, random_gguf, make, sentence
):
    (tmp_path / "out").mkdir()
    with pytest.raises(InputError, match=sentence):
        merge(random_gguf, make(tmp_path / "odd.gguf"), tmp_path / "out" / "merged.gguf")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_merge_that_breaks_off_leaves_the_file_before_and_no_half(tmp_path, random_gguf, monkeypatch):
    target = tmp_path / "out" / "merged.gguf"
    merge(random_gguf, lora_adapter(tmp_path / "law.gguf"), target)
    before = target.read_bytes()

    def full(fraction: float) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        merge(random_gguf, lora_adapter(tmp_path / "two.gguf", seed=9), target, on_progress=full)
    assert target.read_bytes() == before and len(list(target.parent.iterdir())) == 1
    monkeypatch.setattr(merged.disk, "room", lambda path: 1000)
    with pytest.raises(StoreError, match=r"merged.gguf cannot be made: the disk .* nearly full"):
        merge(random_gguf, lora_adapter(tmp_path / "two.gguf", seed=9), target)
    assert target.read_bytes() == before
