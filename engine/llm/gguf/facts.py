"""Facts of a GGUF file read from its header, and every check that can be made before llama.cpp sees the file.

Some bad headers make llama.cpp abort instead of returning an error; those are refused here. Format: the GGUF
specification of ggml (versions 2 and 3, little-endian).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from engine.errors import InputError
from engine.llm.gguf.header import BadHeader, contents_of, guarded, part_tensors
from engine.llm.gguf.weights import Tensor, Weights, quantization, state_bytes, weigh
from engine.llm.sampling import Advice, advise
from engine.paths import expanded

MAX_LAYERS = 1000  # llama.cpp aborts beyond its own limit of 512

POOLINGS = (1, 2, 3, 4)  # llama.cpp's enum: mean, first token, last token, rank; models that write have none
_ENCODERS = ("bert", "t5encoder", "wavtokenizer")


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


def read_facts(path: Path) -> GgufFacts:
    """Read and check the header of a GGUF file.

    Raises InputError with a sentence for a person: missing, a directory, empty, not GGUF, truncated, a part of
    a split model, an adapter, an encoder, or a header that would crash llama.cpp.
    """
    path = expanded(path)
    return guarded(path, lambda file: _read(path, file))


def _read(path: Path, file: BinaryIO) -> GgufFacts:
    found = contents_of(
        path, file, check=lambda values, tensors: _check(values, tensors, len(_parts(path, values)))
    )
    parts = _parts(path, found.values)
    tensors = [*found.tensors, *chain.from_iterable(part_tensors(part) for part in parts[1:])]
    return _facts(path, parts, found.values, tensors, found.fingerprint)


def _check(values: dict[str, Any], tensors: int, parts: int) -> None:
    """Refuse what is no language model, and the headers on which llama.cpp aborts."""
    architecture = values.get("general.architecture")
    if not isinstance(architecture, str) or not architecture:
        raise BadHeader("its header names no architecture")
    if values.get("general.type") == "adapter":
        raise BadHeader(
            "it is a LoRA adapter; choose the model it was made for, and give this one with --lora"
        )
    if architecture in ("clip", "mmproj") or values.get("general.type") == "mmproj":
        raise BadHeader("it holds only the vision part of a model; choose the language model beside it")
    if any(word in architecture for word in _ENCODERS):
        raise BadHeader(
            f"it is an embedding model ({architecture}) and cannot write text; choose a chat model"
        )
    if values.get(f"{architecture}.pooling_type") in POOLINGS:
        raise BadHeader("it is an embedding or ranking model and cannot write text; choose a chat model")
    if tensors == 0 and parts == 1:
        raise BadHeader("it holds a vocabulary but no weights")
    if "tokenizer.ggml.model" not in values or "tokenizer.ggml.tokens" not in values:
        raise BadHeader("its header holds no vocabulary")
    layers = values.get(f"{architecture}.block_count")
    if not isinstance(layers, int) or not 1 <= layers <= MAX_LAYERS:
        raise BadHeader(f"its header counts {'no' if layers is None else layers} layers")
    for key, value in values.items():
        if key.endswith("_epsilon") and isinstance(value, float) and not 0 <= value < 1:
            raise BadHeader(f"its header gives {key} as {value}")


def _parts(path: Path, values: dict[str, Any]) -> tuple[Path, ...]:
    """Return all files of a split model. Raises InputError when `path` is not the first or one is missing."""
    count = values.get("split.count", 0)
    if not isinstance(count, int) or count <= 1:
        return (path,)
    found = re.fullmatch(r"(.*)-(\d{5})-of-(\d{5})\.gguf", path.name)
    if not found or int(found[3]) != count:
        raise BadHeader(f"it is one of {count} parts, and its name does not end in -00001-of-{count:05}.gguf")
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
