"""Facts of a GGUF file read from its header, and every check that can be made before llama.cpp sees the file.

Some bad headers make llama.cpp abort instead of returning an error; those are refused here. Format: the GGUF
specification of ggml (versions 2 and 3, little-endian).
"""

from __future__ import annotations

import hashlib
import math
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from engine.errors import InputError
from engine.llm.gguf.weights import BLOCKS, Tensor, Weights, quantization, state_bytes, weigh
from engine.llm.sampling import Advice, advise

MAX_HEADER = 512 << 20  # bytes; the largest real vocabularies make headers of about 20 MB
MAX_STRING = 16 << 20  # bytes; chat templates reach 20 kB
MAX_ITEMS = 16 << 20  # entries of an array; the largest real vocabulary has 262,144
MAX_TENSORS = 100_000
MAX_KEYS = 10_000
MAX_VALUES = 1 << 44  # of one tensor
MAX_LAYERS = 1000  # llama.cpp aborts beyond its own limit of 512
KEPT_ITEMS = 2048  # longer arrays (the vocabulary) are walked over, not kept
SAMPLE_BYTES = 64 << 10
SAMPLES = 32

Read = TypeVar("Read")

POOLINGS = (1, 2, 3, 4)  # llama.cpp's enum: mean, first token, last token, rank; models that write have none
_SCALARS = {
    0: "<B",
    1: "<b",
    2: "<H",
    3: "<h",
    4: "<I",
    5: "<i",
    6: "<f",
    7: "<?",
    10: "<Q",
    11: "<q",
    12: "<d",
}
_STRING, _ARRAY = 8, 9
_ENCODERS = ("bert", "t5encoder", "wavtokenizer")
_LOOKS = {
    b"PK\x03\x04": "a ZIP archive",
    **dict.fromkeys((b"\x80\x02", b"\x80\x04"), "a PyTorch file"),
    b"\x1f\x8b": "a gzip archive",
    **dict.fromkeys((b"ggml", b"ggjt"), "a model in an older ggml format"),
    b"FUGG": "a big-endian GGUF file",
    b"version https://git-lfs": "a Git LFS pointer; the model itself was not downloaded",
    **dict.fromkeys((b"<!DOCTYPE", b"<html"), "a web page"),
}


@dataclass(frozen=True, slots=True)
class GgufFacts:
    """What the header tells. Sizes in bytes; `n_ctx_train` in tokens; `kv_bytes` is per token of the window.

    `parts` are all files of a split model, in order. `fingerprint` names the content: header and samples of
    the weights, not the path. `head_lengths`: of keys and values. `weights` says how the bytes of the tensors are spread, for `engine.llm.gguf.fit`;
    `state_bytes` is per sequence (recurrent and hybrid models). `license` is what the file itself says, or "".
    `advice`: how its tokens are to be drawn.
    """

    path: Path
    parts: tuple[Path, ...]
    size: int
    name: str
    architecture: str
    n_ctx_train: int
    n_ctx_original: int
    layers: int
    kv_bytes: int
    parameters: int
    template: str | None
    fingerprint: str
    quantization: str = ""
    license: str = ""
    width: int = 0
    heads: int = 0
    head_lengths: tuple[int, int] = (64, 64)
    vocabulary: int = 0
    state_bytes: int = 0
    weights: Weights = field(default_factory=Weights)
    advice: Advice = field(default_factory=Advice)


class _Short(Exception):
    """The file ends inside its header."""


class _Bad(Exception):
    """The header says something that cannot be."""


class _Header:
    """Reads a header front to back without loading the whole file."""

    def __init__(self, file: BinaryIO):
        self._file = file
        self._data = b""
        self.at = 0

    def take(self, count: int) -> bytes:
        while self.at + count > len(self._data):
            if self.at + count > MAX_HEADER:
                raise _Bad("its header is larger than that of any real model")
            more = self._file.read(max(8 << 20, self.at + count - len(self._data)))
            if not more:
                raise _Short
            self._data += more
        self.at += count
        return self._data[self.at - count : self.at]

    def number(self, form: str) -> Any:
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def text(self) -> str:
        length = self.number("<Q")
        if length > MAX_STRING:
            raise _Bad("a text in its header is longer than any real one")
        return self.take(length).decode("utf-8", "replace")

    def value(self, kind: int) -> Any:
        if kind in _SCALARS:
            return self.number(_SCALARS[kind])
        if kind == _STRING:
            return self.text()
        if kind != _ARRAY:
            raise _Bad(f"its header holds a value of unknown type {kind}")
        item, count = self.number("<I"), self.number("<Q")
        if count > MAX_ITEMS:
            raise _Bad("a list in its header is longer than any real one")
        if item in _SCALARS and count > KEPT_ITEMS:
            self.take(struct.calcsize(_SCALARS[item]) * count)
            return count
        if item == _ARRAY:
            raise _Bad("its header holds lists within lists")
        if count > KEPT_ITEMS:
            for _ in range(count):
                self.value(item)
            return count
        return [self.value(item) for _ in range(count)]

    def digest(self) -> bytes:
        return hashlib.sha256(self._data[: self.at]).digest()


@dataclass(frozen=True, slots=True)
class Contents:
    """The keys and tensors of one GGUF file, whatever it holds."""

    values: dict[str, Any]
    tensors: list[Tensor]
    fingerprint: str
    size: int


def read_facts(path: Path) -> GgufFacts:
    """Read and check the header of a GGUF file.

    Raises InputError with a sentence for a person: missing, a directory, empty, not GGUF, truncated, a part of
    a split model, an adapter, an encoder, or a header that would crash llama.cpp.
    """
    path = path.expanduser()
    return _guarded(path, lambda file: _read(path, file))


def read_contents(path: Path) -> Contents:
    """Read the header of a GGUF file of any kind. Raises InputError where it is no whole GGUF file."""
    return _guarded(path, lambda file: _contents(path, file))


def _guarded(path: Path, read: Callable[[BinaryIO], Read]) -> Read:
    """Read a file, turning what is wrong with it into a sentence for a person."""
    if not path.exists():
        raise InputError(f"There is no model at {path}. Give the path of a GGUF file.")
    if path.is_dir():
        raise InputError(f"{path} is a folder, not a model. Give the path of a GGUF file in it.")
    if path.stat().st_size == 0:
        raise InputError(f"The model {path} is empty (0 bytes). Download it again.")
    try:
        with path.open("rb") as file:
            return read(file)
    except OSError as error:
        raise InputError(f"The model {path} cannot be read: {error.strerror}.") from error
    except _Short:
        raise InputError(f"The model {path} is cut off inside its header. Download it again.") from None
    except (_Bad, OverflowError) as error:
        raise InputError(f"The model {path} cannot be used: {error}.") from None


def _read(path: Path, file: BinaryIO) -> GgufFacts:
    found = _contents(path, file, check=True)
    parts = _parts(path, found.values)
    tensors = [*found.tensors, *chain.from_iterable(_part_tensors(part) for part in parts[1:])]
    return _facts(path, parts, found.values, tensors, found.fingerprint)


def _contents(path: Path, file: BinaryIO, *, check: bool = False) -> Contents:
    """Read a header and look whether the file is whole; `check`: it has to be a language model."""
    start = file.read(32)
    file.seek(0)
    if start[:4] != b"GGUF":
        raise InputError(f"{path} is not a GGUF model: {_look(start)}. Choose a file in the GGUF format.")
    header = _Header(file)
    header.take(4)
    version = header.number("<I")
    if version not in (2, 3):
        raise _Bad(f"its GGUF version is {version}; versions 2 and 3 are understood")
    tensors, keys = header.number("<Q"), header.number("<Q")
    if tensors > MAX_TENSORS or keys > MAX_KEYS:
        raise _Bad("its header counts more tensors or keys than any real model")
    values: dict[str, Any] = {}
    for _ in range(keys):
        key = header.text()
        values[key] = header.value(header.number("<I"))
    alignment = values.get("general.alignment", 32)
    if not isinstance(alignment, int) or alignment <= 0 or alignment & (alignment - 1):
        raise _Bad(f"its alignment of {alignment} is no power of two")
    found = _tensors(header, tensors)
    if check:
        _check(values, tensors, len(_parts(path, values)))
    data_start = -(-header.at // alignment) * alignment
    size = path.stat().st_size
    end = max((tensor.end for tensor in found), default=0)
    if size < data_start + end:
        missing = data_start + end - size
        raise InputError(
            f"The model {path} is cut off: {missing:,} of its bytes are missing. Download it again."
        )
    return Contents(values, found, _fingerprint(header, file, size), size)


def _tensors(header: _Header, count: int) -> list[Tensor]:
    """Return the tensors that the header lists. `end` counts from the start of all tensors."""
    found = []
    for _ in range(count):
        name = header.text()
        dimensions = header.number("<I")
        if not 1 <= dimensions <= 4:
            raise _Bad(f"the tensor {name[:64]!r} has {dimensions} dimensions")
        shape = tuple(header.number("<Q") for _ in range(dimensions))
        values = math.prod(shape)
        kind, offset = header.number("<I"), header.number("<Q")
        if values > MAX_VALUES:
            raise _Bad(f"the tensor {name[:64]!r} is larger than any real one")
        block, size = BLOCKS.get(kind, (1, 0))
        taken = values // block * size
        found.append(Tensor(name, dimensions, values, kind, taken, offset + taken, shape))
    return found


def _part_tensors(path: Path) -> list[Tensor]:
    """Return the tensors of a further part of a split model. Raises InputError as `read_facts` does."""
    with path.open("rb") as file:
        header = _Header(file)
        if header.take(4) != b"GGUF":
            raise InputError(f"The part {path} of a split model is not a GGUF file. Download it again.")
        header.number("<I")
        tensors, keys = header.number("<Q"), header.number("<Q")
        if tensors > MAX_TENSORS or keys > MAX_KEYS:
            raise _Bad(f"the header of {path.name} counts more tensors or keys than any real model")
        for _ in range(keys):
            header.text()
            header.value(header.number("<I"))
        found = _tensors(header, tensors)
        if path.stat().st_size < header.at + max((tensor.end for tensor in found), default=0):
            raise InputError(f"The part {path} of a split model is cut off. Download it again.")
        return found


def _check(values: dict[str, Any], tensors: int, parts: int) -> None:
    """Refuse what is no language model, and the headers on which llama.cpp aborts."""
    architecture = values.get("general.architecture")
    if not isinstance(architecture, str) or not architecture:
        raise _Bad("its header names no architecture")
    if values.get("general.type") == "adapter":
        raise _Bad("it is a LoRA adapter; choose the model it was made for, and give this one with --lora")
    if architecture in ("clip", "mmproj") or values.get("general.type") == "mmproj":
        raise _Bad("it holds only the vision part of a model; choose the language model beside it")
    if any(word in architecture for word in _ENCODERS):
        raise _Bad(f"it is an embedding model ({architecture}) and cannot write text; choose a chat model")
    if values.get(f"{architecture}.pooling_type") in POOLINGS:
        raise _Bad("it is an embedding or ranking model and cannot write text; choose a chat model")
    if tensors == 0 and parts == 1:
        raise _Bad("it holds a vocabulary but no weights")
    if "tokenizer.ggml.model" not in values or "tokenizer.ggml.tokens" not in values:
        raise _Bad("its header holds no vocabulary")
    layers = values.get(f"{architecture}.block_count")
    if not isinstance(layers, int) or not 1 <= layers <= MAX_LAYERS:
        raise _Bad(f"its header counts {'no' if layers is None else layers} layers")
    for key, value in values.items():
        if key.endswith("_epsilon") and isinstance(value, float) and not 0 <= value < 1:
            raise _Bad(f"its header gives {key} as {value}")


def _parts(path: Path, values: dict[str, Any]) -> tuple[Path, ...]:
    """Return all files of a split model. Raises InputError when `path` is not the first or one is missing."""
    count = values.get("split.count", 0)
    if not isinstance(count, int) or count <= 1:
        return (path,)
    found = re.fullmatch(r"(.*)-(\d{5})-of-(\d{5})\.gguf", path.name)
    if not found or int(found[3]) != count:
        raise _Bad(f"it is one of {count} parts, and its name does not end in -00001-of-{count:05}.gguf")
    parts = tuple(path.with_name(f"{found[1]}-{n:05}-of-{count:05}.gguf") for n in range(1, count + 1))
    if int(found[2]) != 1:
        raise InputError(
            f"{path} is part {int(found[2])} of {count} of a model. Choose the first: {parts[0].name}."
        )
    missing = [part.name for part in parts if not part.exists()]
    if missing:
        raise InputError(f"The model {path} has {count} parts; missing beside it: {', '.join(missing)}.")
    return parts


def _facts(
    path: Path, parts: tuple[Path, ...], values: dict[str, Any], tensors: list[Tensor], fingerprint: str
) -> GgufFacts:
    architecture = values["general.architecture"]
    weights = weigh(tensors)

    def number(key: str, otherwise: int) -> int:
        value = values.get(f"{architecture}.{key}", otherwise)
        return value if isinstance(value, int) and value > 0 else otherwise

    layers = number("block_count", 1)
    heads = number("attention.head_count", 1)
    kv_heads = values.get(f"{architecture}.attention.head_count_kv", heads)
    keeping = weights.attention or layers  # a hybrid keeps a cache in some of its layers only
    if isinstance(kv_heads, list):
        all_kv_heads = sum(n for n in kv_heads if isinstance(n, int))
    else:
        all_kv_heads = keeping * (kv_heads if isinstance(kv_heads, int) else 0)
    width = number("embedding_length", 64)
    head_length = width // heads
    lengths = number("attention.key_length", head_length), number("attention.value_length", head_length)
    n_ctx_train = number("context_length", 2048)
    template = values.get("tokenizer.chat_template")
    template = template if isinstance(template, str) and template.strip() else None
    return GgufFacts(
        path=path,
        parts=parts,
        size=sum(part.stat().st_size for part in parts),
        name=_text(values, "general.name") or path.stem,
        architecture=architecture,
        n_ctx_train=n_ctx_train,
        n_ctx_original=number("rope.scaling.original_context_length", n_ctx_train),
        layers=layers,
        kv_bytes=all_kv_heads * sum(lengths) * 2,
        head_lengths=lengths,
        parameters=sum(tensor.values for tensor in tensors),
        template=template,
        fingerprint=fingerprint,
        quantization=quantization(values, weights),
        license=_text(values, "general.license")[:80],
        width=width,
        heads=heads,
        vocabulary=_length(values["tokenizer.ggml.tokens"]),
        state_bytes=weights.recurrent * state_bytes(number, width),
        weights=weights,
        advice=advise(values, template),
    )


def _text(values: dict[str, Any], key: str) -> str:
    found = values.get(key)
    return found.strip() if isinstance(found, str) else ""


def _length(value: Any) -> int:
    """Return the entries of a list, also of one that was walked over and only counted."""
    return len(value) if isinstance(value, list) else value if isinstance(value, int) else 0


def _fingerprint(header: _Header, file: BinaryIO, size: int) -> str:
    """Hash the header, the size and evenly spaced samples: quick for any size, different for other weights."""
    digest = hashlib.sha256(header.digest())
    digest.update(str(size).encode())
    for sample in range(SAMPLES):
        file.seek((size - min(size, SAMPLE_BYTES)) * sample // (SAMPLES - 1))
        digest.update(file.read(SAMPLE_BYTES))
    return digest.hexdigest()[:32]


def _look(start: bytes) -> str:
    """Say in a few words what a file that is no GGUF looks like."""
    for magic, words in _LOOKS.items():
        if start.startswith(magic):
            return f"it looks like {words}"
    if start[8:9] == b"{":
        return "it looks like a safetensors file"
    if all(byte in b"\t\n\r" or 32 <= byte < 127 for byte in start):
        return "it looks like a text file"
    return "it does not begin with the letters GGUF"
