"""A file that is no usable model is refused with one sentence, before or by llama.cpp, and never crashes us."""

from __future__ import annotations

import math
import os
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import gguf
import pytest

from engine.errors import InputError
from engine.llm import open_model
from engine.llm.gguf.facts import read_facts
from tests.engine.llm.gguf.make_gguf import CHATML, random_model


def test_facts_are_those_of_the_file(random_gguf):
    facts = read_facts(random_gguf)
    assert (facts.name, facts.architecture, facts.n_ctx_train, facts.layers) == ("random", "llama", 2048, 2)
    assert facts.template == CHATML
    assert facts.size == random_gguf.stat().st_size
    assert facts.kv_bytes == 2 * 2 * (16 + 16) * 2  # layers, heads, key and value length, bytes
    tensors = gguf.GGUFReader(random_gguf).tensors
    assert facts.parameters == sum(int(t.n_elements) for t in tensors)


def test_the_fingerprint_names_the_content_and_not_the_path(random_gguf, tmp_path):
    copy = shutil.copy(random_gguf, tmp_path / "copy.gguf")
    other = random_model(tmp_path / "random.gguf", seed=1)
    assert read_facts(Path(copy)).fingerprint == read_facts(random_gguf).fingerprint
    assert read_facts(other).fingerprint != read_facts(random_gguf).fingerprint


def header(*pairs: bytes, version: int = 3, tensors: int = 0, keys: int | None = None) -> bytes:
    count = len(pairs) if keys is None else keys
    return b"GGUF" + struct.pack("<IQQ", version, tensors, count) + b"".join(pairs)


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value)) + value.encode()


def pair(key: str, value: str) -> bytes:
    return text(key) + struct.pack("<I", 8) + text(value)


LLAMA = pair("general.architecture", "llama")
BAD_BYTES = {
    "empty": (b"", "empty"),
    "text": (b"This is a README file and not a model at all.\n" * 9, "text file"),
    "zip": (b"PK\x03\x04" + bytes(200), "ZIP"),
    "lfs pointer": (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "LFS"),
    "safetensors": (struct.pack("<Q", 90) + b'{"weight":{"dtype":"F32"}}' + bytes(90), "safetensors"),
    "web page": (b"<!DOCTYPE html><title>Sign in</title>" + bytes(99), "web page"),
    "magic only": (b"GGUF", "cut off"),
    "other version": (header(LLAMA, version=9), "version is 9"),
    "big-endian version": (header(LLAMA, version=3 << 24), "version is"),
    "countless tensors": (header(LLAMA, tensors=1 << 60), "counts more"),
    "countless keys": (header(keys=1 << 60), "counts more"),
    "endless text": (header(struct.pack("<Q", 1 << 62)), "longer than any"),
    "endless list": (header(text("a") + struct.pack("<IIQ", 9, 4, 1 << 62)), "longer than any"),
    "nested lists": (header(text("a") + struct.pack("<IIQ", 9, 9, 1) + bytes(64)), "lists within lists"),
    "unknown type": (header(text("a") + struct.pack("<I", 77)), "unknown type 77"),
    "no architecture": (header(pair("general.name", "x")), "no architecture"),
    "no weights": (header(LLAMA), "no weights"),
    "adapter": (header(LLAMA, pair("general.type", "adapter")), "adapter"),
    "vision part": (header(pair("general.architecture", "clip")), "vision part"),
    "encoder": (header(pair("general.architecture", "nomic-bert")), "embedding model"),
    "random bytes": (b"GGUF\x03\0\0\0" + bytes(range(256)) * 20, "counts more"),
}


@pytest.mark.parametrize(("content", "reason"), BAD_BYTES.values(), ids=BAD_BYTES)
def test_a_file_that_is_no_model_is_refused_with_its_reason(content, reason, tmp_path):
    path = tmp_path / "bad.gguf"
    path.write_bytes(content)
    with pytest.raises(InputError, match=reason) as caught:
        open_model(str(path))
    assert str(path) in str(caught.value)


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(InputError, match="no model at"):
        open_model(str(tmp_path / "absent.gguf"))
    with pytest.raises(InputError, match="folder"):
        open_model(str(tmp_path))


def test_a_pipe_and_a_device_are_refused_without_waiting_for_them(tmp_path):
    os.mkfifo(tmp_path / "pipe.gguf")
    for path in (tmp_path / "pipe.gguf", os.devnull):
        with pytest.raises(InputError, match="a device or a pipe, not a file"):
            open_model(str(path))


@pytest.mark.parametrize("share", [0.001, 0.02, 0.3, 0.7, 0.999])
def test_a_truncated_model_is_refused_wherever_it_ends(share, random_gguf, tmp_path):
    path = tmp_path / "cut.gguf"
    content = random_gguf.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(InputError, match="cut off"):
        open_model(str(path))


@pytest.mark.parametrize("overrides", [{"block_count": 0}, {"block_count": 5000}, {"eps": math.nan}])
def test_headers_on_which_llama_cpp_aborts_are_refused_before_it_sees_them(overrides, tmp_path):
    path = random_model(tmp_path / "bad.gguf", overrides=overrides)
    with pytest.raises(InputError, match="its header"):
        read_facts(path)


def replaced(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    return lambda content: content.replace(old, new, 1)


BROKEN = {
    "unknown architecture": replaced(b"\x05\0\0\0\0\0\0\0llama", b"\x05\0\0\0\0\0\0\0lambs"),
    "unknown tokenizer": replaced(b"\x04\0\0\0\0\0\0\0gpt2", b"\x04\0\0\0\0\0\0\0gpt9"),
    "missing tensor": replaced(b"output_norm.weight", b"output_harm.weight"),
    "more layers than tensors": replaced(
        b"llama.block_count" + struct.pack("<II", 4, 2), b"llama.block_count" + struct.pack("<II", 4, 3)
    ),
}


@pytest.mark.parametrize("damage", BROKEN.values(), ids=BROKEN)
def test_what_only_llama_cpp_can_see_is_refused_in_its_own_process(damage, random_gguf, tmp_path):
    content = damage(random_gguf.read_bytes())
    assert content != random_gguf.read_bytes()
    path = tmp_path / "broken.gguf"
    path.write_bytes(content)
    with pytest.raises(InputError) as caught:
        open_model(str(path))
    assert str(path) in str(caught.value)


def test_parts_of_a_split_model_are_told_apart(tmp_path):
    writer = gguf.GGUFWriter(str(tmp_path / "m-00001-of-00002.gguf"), "llama")
    writer.add_uint16("split.no", 0)
    writer.add_uint16("split.count", 2)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    first, second = tmp_path / "m-00001-of-00002.gguf", tmp_path / "m-00002-of-00002.gguf"
    with pytest.raises(InputError, match=second.name):
        open_model(str(first))
    shutil.copy(first, second)
    with pytest.raises(InputError, match=f"part 2 of 2.*{first.name}"):
        open_model(str(second))
    with pytest.raises(InputError, match="its name does not end in"):
        open_model(str(shutil.copy(first, tmp_path / "renamed.gguf")))
