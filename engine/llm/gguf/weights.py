"""How the weights of a GGUF file are spread and stored: bytes by part, by type, and what a sequence keeps. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

# Bytes of one block of values, by ggml type: (values, bytes). Types that are not here are not checked.
BLOCKS = {
    0: (1, 4),
    1: (1, 2),
    2: (32, 18),
    3: (32, 20),
    6: (32, 22),
    7: (32, 24),
    8: (32, 34),
    10: (256, 84),
    11: (256, 110),
    12: (256, 144),
    13: (256, 176),
    14: (256, 210),
    20: (32, 18),
    23: (256, 136),
    30: (1, 2),
    39: (32, 17),
}
BLOCKS |= {16: (256, 66), 17: (256, 74), 18: (256, 98), 19: (256, 50), 21: (256, 110), 22: (256, 82)}
BLOCKS |= {29: (256, 56), 34: (256, 54), 35: (256, 66)}
# Names of general.file_type, as llama.cpp numbers them.
_FILE_TYPES = {
    0: "F32",
    1: "F16",
    2: "Q4_0",
    3: "Q4_1",
    7: "Q8_0",
    8: "Q5_0",
    9: "Q5_1",
    10: "Q2_K",
    11: "Q3_K_S",
    12: "Q3_K_M",
    13: "Q3_K_L",
    14: "Q4_K_S",
    15: "Q4_K_M",
    16: "Q5_K_S",
    17: "Q5_K_M",
    18: "Q6_K",
    19: "IQ2_XXS",
    20: "IQ2_XS",
    21: "Q2_K_S",
    22: "IQ3_XS",
    23: "IQ3_XXS",
    24: "IQ1_S",
    25: "IQ4_NL",
    26: "IQ3_S",
    27: "IQ3_M",
    28: "IQ2_S",
    29: "IQ2_M",
    30: "IQ4_XS",
    31: "IQ1_M",
    32: "BF16",
    36: "TQ1_0",
    37: "TQ2_0",
    38: "MXFP4",
}
_TYPES = {
    0: "F32",
    1: "F16",
    2: "Q4_0",
    8: "Q8_0",
    12: "Q4_K",
    13: "Q5_K",
    14: "Q6_K",
    30: "BF16",
    39: "MXFP4",
}

# Tensors by which a block shows what it keeps of a sequence. Gated delta-nets fuse their projections as well, and
# then keep a state and no cache.
_KEEPERS = {
    "cache": re.compile(r"attn_(k|kv_a_mqa)\.weight"),
    "fused": re.compile(r"attn_qkv\.weight"),
    "state": re.compile(r"ssm_|time_mix_|shortconv"),
}


@dataclass(frozen=True, slots=True)
class Weights:
    """Bytes of tensors: of the repeated blocks, of the token embedding, of the rest (norm, output head).

    `matrices`: bytes by ggml type of what matrices are multiplied with; the embedding, a table, is not in it.
    `attention` and `recurrent` count the blocks that keep a cache or a state.
    """

    blocks: int = 0
    embedding: int = 0
    output: int = 0
    matrices: tuple[tuple[int, int], ...] = ()
    attention: int = 0
    recurrent: int = 0
    tied: bool = False


@dataclass(frozen=True, slots=True)
class Tensor:
    """One entry of a header. `end` counts bytes from the start of all tensors; `shape` is as ggml writes it."""

    name: str
    dimensions: int
    values: int
    kind: int
    bytes: int
    end: int
    shape: tuple[int, ...] = ()


def weigh(tensors: Sequence[Tensor]) -> Weights:
    """Sum up the tensors of all parts of a model, by what they are for."""
    sums = {"blocks": 0, "embedding": 0, "output": 0}
    matrices: dict[int, int] = {}
    kept: dict[str, set[str]] = {"cache": set(), "fused": set(), "state": set()}
    for tensor in tensors:
        within = re.fullmatch(r"blk\.(\d+)\.(.+)", tensor.name)
        embedding = tensor.name.startswith("token_embd")
        sums["blocks" if within else "embedding" if embedding else "output"] += tensor.bytes
        if tensor.dimensions >= 2 and not embedding:
            matrices[tensor.kind] = matrices.get(tensor.kind, 0) + tensor.bytes
        for what, form in _KEEPERS.items() if within else ():
            if within and form.match(within[2]):
                kept[what].add(within[1])
    return Weights(
        **sums,
        matrices=tuple(sorted(matrices.items())),
        attention=len(kept["cache"] | (kept["fused"] - kept["state"])),
        recurrent=len(kept["state"]),
        tied=not any(tensor.name == "output.weight" for tensor in tensors),
    )


def state_bytes(number: Callable[[str, int], int], width: int) -> int:
    """Return the bytes that one recurrent block keeps for one sequence, in F32 as llama.cpp does."""
    inner, state = number("ssm.inner_size", 0), number("ssm.state_size", 0)
    convolution = max(0, number("ssm.conv_kernel", 0) - 1) * (
        inner + 2 * number("ssm.group_count", 0) * state
    )
    if not inner:
        convolution = width * (max(0, number("shortconv.l_cache", 0) - 1) + number("token_shift_count", 0))
    return 4 * (convolution + inner * state + width * number("wkv.head_size", 0))


def quantization(values: dict[str, Any], weights: Weights) -> str:
    """Name the quantization: as the file says, else by the type of most of the matrices."""
    stated = values.get("general.file_type")
    if isinstance(stated, int) and stated in _FILE_TYPES:
        return _FILE_TYPES[stated]
    if not weights.matrices:
        return ""
    return _TYPES.get(max(weights.matrices, key=lambda entry: entry[1])[0], "")
