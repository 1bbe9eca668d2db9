"""Files that look like models and are none: each breaks one thing that llama.cpp or a reader would trust."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from pathlib import Path

from tests.engine.llm.gguf.make_gguf import random_model

STRING, ARRAY, UINT32, FLOAT32 = 8, 9, 4, 6
HUGE = 1 << 62


def header(*pairs: bytes, version: int = 3, tensors: int = 0, keys: int | None = None) -> bytes:
    """The beginning of a GGUF file."""
    return (
        b"GGUF"
        + struct.pack("<IQQ", version, tensors, len(pairs) if keys is None else keys)
        + b"".join(pairs)
    )


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value)) + value.encode()


def pair(key: str, value: str | int | float | list[str]) -> bytes:
    """One key with its value."""
    if isinstance(value, str):
        return text(key) + struct.pack("<I", STRING) + text(value)
    if isinstance(value, list):
        return text(key) + struct.pack("<IIQ", ARRAY, STRING, len(value)) + b"".join(map(text, value))
    if isinstance(value, float):
        return text(key) + struct.pack("<If", FLOAT32, value)
    return text(key) + struct.pack("<II", UINT32, value)


LLAMA = pair("general.architecture", "llama")
WORDS = [pair("tokenizer.ggml.model", "gpt2"), pair("tokenizer.ggml.tokens", ["a", "b"])]
SHAPE = [pair("llama.block_count", 1), pair("llama.embedding_length", 64), pair("llama.context_length", 512)]


def tensor(name: str, *dimensions: int, kind: int = 0, offset: int = 0) -> bytes:
    """One entry of the list of tensors."""
    return (
        text(name)
        + struct.pack("<I", len(dimensions))
        + struct.pack(f"<{len(dimensions)}Q", *dimensions)
        + struct.pack("<IQ", kind, offset)
    )


def swap(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    """Change one thing of a good file."""

    def change(content: bytes) -> bytes:
        assert old in content
        return content.replace(old, new, 1)

    return change


def number(key: str, value: int) -> bytes:
    return key.encode() + struct.pack("<II", UINT32, value)


NESTED = text("a") + struct.pack("<IIQ", ARRAY, ARRAY, 1) * 40
RAW: dict[str, bytes] = {
    "empty": b"",
    "only the magic": b"GGUF",
    "wrong magic": b"GGUX" + bytes(500),
    "big-endian": b"FUGG" + bytes(500),
    "an archive": b"PK\x03\x04" + bytes(500),
    "a page of the web": b"<!DOCTYPE html><title>Please sign in</title>" + bytes(99),
    "a pointer of Git LFS": b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 4\n",
    "version of the future": header(LLAMA, version=77),
    "version 1": header(LLAMA, version=1),
    "countless tensors": header(LLAMA, tensors=HUGE),
    "countless keys": header(keys=HUGE),
    "as many keys as fit": header(LLAMA, keys=9_999),
    "endless key": header(struct.pack("<Q", HUGE)),
    "endless text": header(text("a") + struct.pack("<IQ", STRING, HUGE)),
    "text longer than the file": header(text("a") + struct.pack("<IQ", STRING, 1 << 20)),
    "endless list": header(text("a") + struct.pack("<IIQ", ARRAY, UINT32, HUGE)),
    "list of endless texts": header(text("a") + struct.pack("<IIQQ", ARRAY, STRING, 5, HUGE)),
    "lists in lists in lists": header(NESTED + bytes(64)),
    "unknown type of value": header(text("a") + struct.pack("<I", 200)),
    "unknown type in a list": header(text("a") + struct.pack("<IIQ", ARRAY, 99, 4) + bytes(99)),
    "no architecture": header(pair("general.name", "x")),
    "architecture is a number": header(pair("general.architecture", 7), *WORDS, *SHAPE, tensors=0),
    "architecture is a list": header(pair("general.architecture", ["llama"]), *WORDS),
    "no tensors": header(LLAMA, *WORDS, *SHAPE),
    "no vocabulary": header(LLAMA, *SHAPE, tensors=1) + tensor("t", 1) + bytes(64),
    "no count of layers": header(LLAMA, *WORDS, tensors=1) + tensor("t", 1) + bytes(64),
    "tensor without dimensions": header(LLAMA, *WORDS, *SHAPE, tensors=1) + tensor("t") + bytes(64),
    "tensor of 9 dimensions": header(LLAMA, *WORDS, *SHAPE, tensors=1) + tensor("t", *[1] * 9) + bytes(64),
    "tensor larger than the world": header(LLAMA, *WORDS, *SHAPE, tensors=1)
    + tensor("t", 1 << 40, 1 << 40, 1 << 40)
    + bytes(64),
    "tensor beyond the file": header(LLAMA, *WORDS, *SHAPE, tensors=1)
    + tensor("t", 4, offset=1 << 50)
    + bytes(64),
    "alignment of 0": header(LLAMA, pair("general.alignment", 0), *WORDS, *SHAPE),
    "alignment of 7": header(LLAMA, pair("general.alignment", 7), *WORDS, *SHAPE),
    "alignment is a text": header(LLAMA, pair("general.alignment", "wide"), *WORDS, *SHAPE),
    "an adapter": header(LLAMA, pair("general.type", "adapter")),
    "the vision part": header(pair("general.architecture", "clip")),
    "an embedding model": header(pair("general.architecture", "bert")),
    "a language model made to embed": header(LLAMA, *WORDS, *SHAPE, pair("llama.pooling_type", 3), tensors=1)
    + tensor("t", 1)
    + bytes(64),
    "names itself a part of another": header(LLAMA, pair("split.count", 3), *WORDS, *SHAPE),
}
# What only a whole file can get wrong; llama.cpp itself sees these in its own process.
CHANGED: dict[str, Callable[[bytes], bytes]] = {
    "unknown architecture": swap(b"\x05\0\0\0\0\0\0\0llama", b"\x05\0\0\0\0\0\0\0lambs"),
    "unknown tokenizer": swap(b"\x04\0\0\0\0\0\0\0gpt2", b"\x04\0\0\0\0\0\0\0gpt9"),
    "a tensor is missing": swap(b"output_norm.weight", b"output_harm.weight"),
    "more layers than tensors": swap(number("llama.block_count", 2), number("llama.block_count", 3)),
    "no heads": swap(number("llama.attention.head_count", 4), number("llama.attention.head_count", 0)),
    "wrong width": swap(number("llama.embedding_length", 64), number("llama.embedding_length", 4096)),
    "a file type that is a float": swap(b"llama.embedding_length\x04", b"llama.embedding_length\x06"),
    "cut at half": lambda content: content[: len(content) // 2],
    "cut by one byte of the tensors": lambda content: content[:-64],
    "its beginning is cut off": lambda content: content[1000:],
    "zeros in its header": lambda content: content[:24] + bytes(3000) + content[3024:],
    "bits of its header turned": lambda content: (
        content[:40] + bytes(b ^ 0x5A for b in content[40:900]) + content[900:]
    ),
}
OVERRIDES: dict[str, dict[str, float]] = {
    "0 layers": {"block_count": 0},
    "5,000 layers": {"block_count": 5000},
    "an epsilon that is no number": {"eps": math.nan},
}


def write_all(folder: Path) -> dict[str, Path]:
    """Write all of them; by what is wrong."""
    folder.mkdir(parents=True, exist_ok=True)
    good = random_model(folder / "good.bin")
    content = good.read_bytes()
    good.unlink()
    files = {**RAW, **{name: change(content) for name, change in CHANGED.items()}}
    paths = {}
    for number_, (name, data) in enumerate(files.items()):
        paths[name] = folder / f"bad-{number_:02}.gguf"
        paths[name].write_bytes(data)
    for name, overrides in OVERRIDES.items():
        paths[name] = random_model(folder / f"bad-{len(paths):02}.gguf", overrides=overrides)
    return paths
