"""The header of a GGUF file of any kind: its keys and tensors, and whether the file is whole.

Nothing in it is believed: sizes and counts are bounded before they are used. Format: the GGUF specification of ggml
(versions 2 and 3, little-endian).
"""

from __future__ import annotations

import hashlib
import math
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from engine.errors import InputError
from engine.llm.gguf.weights import BLOCKS, Tensor

MAX_HEADER = 512 << 20  # bytes; the largest real vocabularies make headers of about 20 MB
MAX_STRING = 16 << 20  # bytes; chat templates reach 20 kB
MAX_ITEMS = 16 << 20  # entries of an array; the largest real vocabulary has 262,144
MAX_TENSORS = 100_000
MAX_KEYS = 10_000
MAX_VALUES = 1 << 44  # of one tensor
KEPT_ITEMS = 2048  # longer arrays (the vocabulary) are walked over, not kept
SAMPLE_BYTES = 64 << 10
SAMPLES = 32

Read = TypeVar("Read")
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
_LOOKS = {
    b"PK\x03\x04": "a ZIP archive",
    **dict.fromkeys((b"\x80\x02", b"\x80\x04"), "a PyTorch file"),
    b"\x1f\x8b": "a gzip archive",
    **dict.fromkeys((b"ggml", b"ggjt"), "a model in an older ggml format"),
    b"FUGG": "a big-endian GGUF file",
    b"version https://git-lfs": "a Git LFS pointer; the model itself was not downloaded",
    **dict.fromkeys((b"<!DOCTYPE", b"<html"), "a web page"),
}


class _Short(Exception):
    """The file ends inside its header."""


class BadHeader(Exception):
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
                raise BadHeader("its header is larger than that of any real model")
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
            raise BadHeader("a text in its header is longer than any real one")
        return self.take(length).decode("utf-8", "replace")

    def value(self, kind: int) -> Any:
        if kind in _SCALARS:
            return self.number(_SCALARS[kind])
        if kind == _STRING:
            return self.text()
        if kind != _ARRAY:
            raise BadHeader(f"its header holds a value of unknown type {kind}")
        item, count = self.number("<I"), self.number("<Q")
        if count > MAX_ITEMS:
            raise BadHeader("a list in its header is longer than any real one")
        if item in _SCALARS and count > KEPT_ITEMS:
            self.take(struct.calcsize(_SCALARS[item]) * count)
            return count
        if item == _ARRAY:
            raise BadHeader("its header holds lists within lists")
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


def read_contents(path: Path) -> Contents:
    """Read the header of a GGUF file of any kind. Raises InputError where it is no whole GGUF file."""
    return guarded(path, lambda file: contents_of(path, file))


def guarded(path: Path, read: Callable[[BinaryIO], Read]) -> Read:
    """Read a file, turning what is wrong with it into a sentence for a person."""
    if not path.exists():
        raise InputError(f"There is no model at {path}. Give the path of a GGUF file.")
    if path.is_dir():
        raise InputError(f"{path} is a folder, not a model. Give the path of a GGUF file in it.")
    if not path.is_file():  # a pipe would be waited for
        raise InputError(f"{path} is a device or a pipe, not a file. Give the path of a GGUF file.")
    if path.stat().st_size == 0:
        raise InputError(f"The model {path} is empty (0 bytes). Download it again.")
    try:
        with path.open("rb") as file:
            return read(file)
    except OSError as error:
        raise InputError(f"The model {path} cannot be read: {error.strerror}.") from error
    except _Short:
        raise InputError(f"The model {path} is cut off inside its header. Download it again.") from None
    except (BadHeader, OverflowError) as error:
        raise InputError(f"The model {path} cannot be used: {error}.") from None


def contents_of(
    path: Path, file: BinaryIO, *, check: Callable[[dict[str, Any], int], None] | None = None
) -> Contents:
    """Read a header and look whether the file is whole; `check` may refuse the keys and the number of tensors."""
    start = file.read(32)
    file.seek(0)
    if start[:4] != b"GGUF":
        raise InputError(f"{path} is not a GGUF model: {_look(start)}. Choose a file in the GGUF format.")
    header = _Header(file)
    header.take(4)
    version = header.number("<I")
    if version not in (2, 3):
        raise BadHeader(f"its GGUF version is {version}; versions 2 and 3 are understood")
    tensors, keys = header.number("<Q"), header.number("<Q")
    if tensors > MAX_TENSORS or keys > MAX_KEYS:
        raise BadHeader("its header counts more tensors or keys than any real model")
    values: dict[str, Any] = {}
    for _ in range(keys):
        key = header.text()
        values[key] = header.value(header.number("<I"))
    alignment = values.get("general.alignment", 32)
    if not isinstance(alignment, int) or alignment <= 0 or alignment & (alignment - 1):
        raise BadHeader(f"its alignment of {alignment} is no power of two")
    found = _tensors(header, tensors)
    if check is not None:
        check(values, tensors)
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
            raise BadHeader(f"the tensor {name[:64]!r} has {dimensions} dimensions")
        shape = tuple(header.number("<Q") for _ in range(dimensions))
        values = math.prod(shape)
        kind, offset = header.number("<I"), header.number("<Q")
        if values > MAX_VALUES:
            raise BadHeader(f"the tensor {name[:64]!r} is larger than any real one")
        block, size = BLOCKS.get(kind, (1, 0))
        taken = values // block * size
        found.append(Tensor(name, dimensions, values, kind, taken, offset + taken, shape))
    return found


def part_tensors(path: Path) -> list[Tensor]:
    """Return the tensors of a further part of a split model. Raises InputError as `read_facts` does."""
    with path.open("rb") as file:
        header = _Header(file)
        if header.take(4) != b"GGUF":
            raise InputError(f"The part {path} of a split model is not a GGUF file. Download it again.")
        header.number("<I")
        tensors, keys = header.number("<Q"), header.number("<Q")
        if tensors > MAX_TENSORS or keys > MAX_KEYS:
            raise BadHeader(f"the header of {path.name} counts more tensors or keys than any real model")
        for _ in range(keys):
            header.text()
            header.value(header.number("<I"))
        found = _tensors(header, tensors)
        if path.stat().st_size < header.at + max((tensor.end for tensor in found), default=0):
            raise InputError(f"The part {path} of a split model is cut off. Download it again.")
        return found


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
