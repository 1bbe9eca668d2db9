"""A base model and a LoRA adapter, both GGUF, made into one GGUF file: W + alpha/rank * B A, quantised anew.

A model with its adapter put on top computes both for every token; a merged one costs what the base costs. What
llama.cpp would do with `--lora`, it does too: the scale is `adapter.lora.alpha` by the rank, or 1 where alpha is 0
(LoRA: Hu and others, arXiv 2106.09685).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from gguf.quants import dequantize, quantize

from engine import disk
from engine.errors import InputError
from engine.llm.gguf.adapters import Adapter, check_adapters
from engine.llm.gguf.facts import GgufFacts, read_facts
from engine.llm.gguf.header import read_contents

SPARE = 16 << 20  # bytes above those of the tensors: header and alignment
FILE_TYPES = {
    "Q8_0": gguf.LlamaFileType.MOSTLY_Q8_0,
    "F16": gguf.LlamaFileType.MOSTLY_F16,
    "F32": gguf.LlamaFileType.ALL_F32,
}

Pair = tuple[np.ndarray, np.ndarray]


def merge(
    base: Path,
    adapter: Path,
    target: Path,
    *,
    kind: str = "Q8_0",
    replaced: Mapping[str, str | float] | None = None,
    on_progress: Callable[[float], object] | None = None,
) -> None:
    """Write the GGUF file `target`: `base` with `adapter` worked into its weights.

    Matrices and the embedding become `kind` (Q8_0, F16 or F32; F16 where a row is no multiple of a block); vectors (norms, biases) stay as they are, as does
    what is of that kind already and not changed. `replaced`: keys of the header with other values, text or number.
    `on_progress` gets the fraction done, 0 to 1. The file is written under another name beside it and renamed when
    it is whole and on the disk. Takes memory for one tensor at a time, about 12 bytes a value.

    Raises InputError where a file is none, the two do not belong together by architecture, names or shapes, or a
    weight is stored in a way that cannot be read; StoreError where the disk is too full.
    """
    facts = read_facts(base)
    if len(facts.parts) > 1:
        raise InputError(
            f"{base} is a model in {len(facts.parts)} parts; only one in a single file is merged."
        )
    check_adapters([Adapter(adapter)], facts)
    changes = _changes(adapter, facts)
    reader = gguf.GGUFReader(base)
    wanted = gguf.GGMLQuantizationType[kind]
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    writer = gguf.GGUFWriter(None, facts.architecture)
    _copy_header(reader, writer, {"general.file_type": FILE_TYPES[kind].value, **(replaced or {})})
    size = 0
    for tensor in reader.tensors:
        size += _announce(writer, tensor, _kind_for(tensor, wanted))
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    disk.require(target.parent, size + SPARE, f"{target.name} cannot be made")
    try:
        writer.write_header_to_file(part)
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
        for number, tensor in enumerate(reader.tensors, 1):
            change = changes.get(tensor.name)
            writer.write_tensor_data(_merged(base, tensor, change, _kind_for(tensor, wanted)))
            if on_progress is not None:
                on_progress(number / len(reader.tensors))
        writer.close()
        with part.open("rb+") as whole:
            os.fsync(whole.fileno())
        part.replace(target)
    finally:
        writer.close()
        part.unlink(missing_ok=True)


def _changes(adapter: Path, base: GgufFacts) -> dict[str, Pair]:
    """Return A and B by the tensor they change, B multiplied with the scale."""
    alpha = float(read_contents(adapter).values.get("adapter.lora.alpha") or 0.0)
    shapes = {tensor.name: tensor.shape for tensor in read_contents(base.path).tensors}
    sides: dict[str, dict[str, np.ndarray]] = {}
    for tensor in gguf.GGUFReader(adapter).tensors:
        name, _, side = tensor.name.rpartition(".lora_")
        sides.setdefault(name, {})[side] = _values(adapter, tensor)
    pairs = {}
    for name, found in sides.items():
        if set(found) != {"a", "b"}:
            raise InputError(f"The adapter {adapter} is not whole: of {name} it has one side only.")
        a, b = found["a"], found["b"]
        if name.startswith("token_embd") or {len(shapes[name]), a.ndim, b.ndim} != {2}:
            raise InputError(
                f"The adapter {adapter} changes {name}, which cannot be merged; use it with --lora instead."
            )
        if a.shape[0] != b.shape[1] or (a.shape[1], b.shape[0]) != shapes[name]:
            raise InputError(
                f"The adapter {adapter} does not fit {base.name}: {name} has {shapes[name]} values, and its sides "
                f"{a.shape[::-1]} and {b.shape[::-1]}. Choose the model it was trained on."
            )
        pairs[name] = (a, b * (alpha / a.shape[0] if alpha else 1.0))
    return pairs


def _kind_for(tensor: Any, wanted: Any) -> Any:
    """Return the type that a tensor is stored in: vectors keep theirs, odd rows become F16."""
    if len(tensor.shape) < 2:
        return tensor.tensor_type
    block, _ = gguf.GGML_QUANT_SIZES[wanted]
    return gguf.GGMLQuantizationType.F16 if int(tensor.shape[0]) % block else wanted


def _announce(writer: Any, tensor: Any, kind: Any) -> int:
    """Tell the writer of a tensor that comes later; return its bytes."""
    shape = tuple(int(length) for length in reversed(tensor.shape))
    block, size = gguf.GGML_QUANT_SIZES[kind]
    count = int(tensor.n_elements) // block * size
    # A dtype that is none of numpy's plain ones goes with the shape in values, which is what the header holds.
    writer.add_tensor_info(tensor.name, shape, np.dtype(np.float32), count, raw_dtype=kind)
    return count


def _merged(base: Path, tensor: Any, change: Pair | None, kind: Any) -> np.ndarray:
    """Return the data of a tensor as it is stored: as it was, or with its change and in another type."""
    if change is None and kind == tensor.tensor_type:
        return np.ascontiguousarray(tensor.data)
    values = _values(base, tensor)
    if change is not None:
        a, b = change
        values = values + b @ a
    return np.ascontiguousarray(quantize(values, kind))


def _values(path: Path, tensor: Any) -> np.ndarray:
    """Return the values of a tensor, F32. Raises InputError for a type that the gguf library cannot read."""
    try:
        return np.asarray(dequantize(tensor.data, tensor.tensor_type), dtype=np.float32)
    except NotImplementedError as error:
        raise InputError(
            f"{path} stores {tensor.name} as {tensor.tensor_type.name}, which cannot be merged. Choose another "
            "quantisation of the model."
        ) from error


def _copy_header(reader: Any, writer: Any, replaced: Mapping[str, str | float]) -> None:
    """Copy all keys but those that describe the file itself; put the replaced ones in their place or at the end."""
    for field in reader.fields.values():
        own = field.name.startswith("GGUF.") or field.name in ("general.architecture", "general.alignment")
        if own or field.name in replaced:
            continue
        inner = field.types[-1] if field.types[0] == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(field.name, field.contents(), field.types[0], sub_type=inner)
    for key, value in replaced.items():
        if isinstance(value, str):
            writer.add_string(key, value)
        elif isinstance(value, int):
            writer.add_uint32(key, value)
        else:
            writer.add_float32(key, value)
