"""LoRA adapters: GGUF files that change a base model, checked against it before llama.cpp sees them."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.errors import InputError
from engine.llm.gguf.facts import GgufFacts
from engine.llm.gguf.header import read_contents
from engine.llm.gguf.weights import Tensor
from engine.paths import expanded
from engine.types import AdapterInfo, Scope

MOST_SCALE = 100.0
NAMED = 3  # tensors named in a refusal
SIDES = len(".lora_a")
SCOPES: dict[str, Scope] = {"root": "root", "sub": "sub", "both": "both"}
WORDS = {"root": " for the root alone", "sub": " for sub-calls alone", "both": ""}


@dataclass(frozen=True, slots=True)
class Adapter:
    """An adapter to be put on a model. `scale` multiplies what it changes; 0 leaves the model as it is. `scope`: the
    requests that it works for.
    """

    path: Path
    scale: float = 1.0
    scope: Scope = "both"

    @classmethod
    def read(cls, spec: str) -> Adapter:
        """Read `FILE[:SCALE][@SCOPE]`, where a scale needs a file named .gguf, a scope is root, sub or both, and @@
        stands for an @ of the file's name. Raises InputError for a scale or a scope that cannot be.
        """
        spec, scope = _cut_scope(spec)
        found = re.fullmatch(r"(.+\.gguf):([^:/\\]*)", spec, re.IGNORECASE)
        name = found[1] if found else spec
        path = expanded(name.replace("@@", "@")).absolute()
        if found is None:
            return cls(path, scope=scope)
        try:
            scale = float(found[2])
        except ValueError:
            scale = math.nan
        if not abs(scale) <= MOST_SCALE:
            raise InputError(
                f"{found[2]!r} is no scale of an adapter; write FILE.gguf:SCALE with a number up to {MOST_SCALE:g}"
            )
        return cls(path, scale, scope)


def _cut_scope(spec: str) -> tuple[str, Scope]:
    """Part `@SCOPE` from the end of a spec; without one the scope is both."""
    rest, _, word = spec.rpartition("@")
    escaped = (len(rest) - len(rest.rstrip("@"))) % 2 == 1
    if not rest or escaped:
        return spec, "both"
    if word in SCOPES:
        return rest, SCOPES[word]
    whole = re.search(r"\.gguf(:[^:/\\]*)?$", rest, re.IGNORECASE)
    if whole and not re.search(r"[/\\]|\.gguf(:|$)", word, re.IGNORECASE):
        raise InputError(
            f"{word!r} is no scope of an adapter; write FILE.gguf@root (the turns that write cells), @sub (the calls "
            "that read) or @both, a scale before it (FILE.gguf:0.5@root), and @@ for an @ of the file's name"
        )
    return spec, "both"


def check_adapters(adapters: Sequence[Adapter], base: GgufFacts) -> tuple[tuple[AdapterInfo, ...], int]:
    """Look whether adapters belong on a model; return what the record says of them, and their bytes.

    Raises InputError for a file that is no LoRA adapter, is cut off, or was made for another model.
    """
    if not adapters:
        return (), 0
    shapes = {tensor.name: tensor.shape for part in base.parts for tensor in read_contents(part).tensors}
    found, size = [], 0
    for adapter in adapters:
        contents = read_contents(adapter.path)
        values = contents.values
        if values.get("general.type") != "adapter":
            raise InputError(
                f"{adapter.path} is no adapter. Give a model with --model, and with --lora what was trained on it."
            )
        if values.get("adapter.type") != "lora":
            raise InputError(f"{adapter.path} is an adapter of another kind than LoRA, which cannot be used.")
        architecture = values.get("general.architecture")
        if architecture != base.architecture:
            raise InputError(
                f"The adapter {adapter.path} was made for a model of the architecture {architecture}, and {base.name} "
                f"is {base.architecture}. Choose the model it was trained on."
            )
        changed = {re.sub(r"\.lora_[ab]$", "", tensor.name) for tensor in contents.tensors}
        if not changed:
            raise InputError(f"The adapter {adapter.path} changes nothing: it holds no tensors.")
        strange = sorted(changed - set(shapes))
        strange += [t.name for t in contents.tensors if t.name[:-SIDES] in shapes and not _matches(t, shapes)]
        if strange:
            more = f" and {len(strange) - NAMED} more" if len(strange) > NAMED else ""
            raise InputError(
                f"The adapter {adapter.path} changes {', '.join(strange[:NAMED])}{more}, which {base.name} does not "
                "have, or not in this size. Choose the model it was trained on."
            )
        name = values.get("general.name")
        named = name if isinstance(name, str) and name.strip() else adapter.path.stem
        found.append(
            AdapterInfo(named, adapter.path.name, adapter.scale, contents.fingerprint, adapter.scope)
        )
        size += contents.size
    return tuple(found), size


def fingerprint_with(base: str, adapters: Sequence[AdapterInfo]) -> str:
    """Name the content of a model's file with adapters on it; `base` itself without any. 32 hexadecimal digits."""
    if not adapters:
        return base
    parts = [(one.fingerprint, one.scale, one.scope) for one in adapters]
    return hashlib.sha256(repr((base, parts)).encode()).hexdigest()[:32]


def say(adapter: AdapterInfo) -> str:
    """An adapter in a line: its file, its scale, and for what it works if not for all."""
    return f"{adapter.file} at {adapter.scale:g}{WORDS[adapter.scope]}"


def _matches(tensor: Tensor, shapes: dict[str, tuple[int, ...]]) -> bool:
    """Whether one side of a change fits the matrix it changes; llama.cpp looks at those of the embedding itself."""
    shape, changed = tensor.shape, shapes[tensor.name[:-SIDES]]
    if tensor.name.startswith("token_embd") or len(shape) < 2 or len(changed) < 2:
        return True
    return shape[0] == changed[0] if tensor.name.endswith("a") else shape[1] == changed[1]
