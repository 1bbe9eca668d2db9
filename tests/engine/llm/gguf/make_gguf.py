"""Write tiny GGUF models for tests: real llama.cpp files, made in well under a second.

`random_model` has random weights. `chain_model` has weights that make every token call for one fixed next
token, so that a real llama.cpp writes a text chosen by the test.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import gguf
import numpy as np

CONTROL = [
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<start_of_turn>",
    "<end_of_turn>",
    "<bos>",
    "<s>",
    "</s>",
    "[INST]",
    "[/INST]",
    "<|begin_of_text|>",
    "<|start_header_id|>",
    "<|end_header_id|>",
    "<|eot_id|>",
    "<|start|>",
    "<|end|>",
    "<|message|>",
    "<|channel|>",
    "<|return|>",
    "<|call|>",
]
ENDLESS = [f"piece {n} of a text that goes on, " for n in range(50)]  # too long a round to count as a loop
USER_DEFINED = ["<think>", "</think>", "<|tool_call>"]
MERGED = ["in", "er", "on", "re", "at", "en", "ou", "th"]
CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def byte_letters() -> dict[int, str]:
    """Map each byte to the printable letter that byte-level BPE vocabularies write for it (GPT-2)."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = {byte: chr(byte) for byte in printable}
    extra = 0
    for byte in range(256):
        if byte not in letters:
            letters[byte] = chr(256 + extra)
            extra += 1
    return letters


def spell(text: str | bytes) -> str:
    """Write a text in the letters of a byte-level vocabulary."""
    letters = byte_letters()
    return "".join(letters[b] for b in (text if isinstance(text, bytes) else text.encode()))


def vocabulary(words: Sequence[str | bytes] = ()) -> tuple[list[str], list[int], list[str]]:
    """Return tokens, their types and the merges. `words` become whole tokens of ordinary text."""
    ordinary = [byte_letters()[b] for b in range(256)] + MERGED + [spell(w) for w in words]
    tokens = ordinary + CONTROL + USER_DEFINED
    types = [gguf.TokenType.NORMAL] * len(ordinary)
    types += [gguf.TokenType.CONTROL] * len(CONTROL) + [gguf.TokenType.USER_DEFINED] * len(USER_DEFINED)
    merges = [f"{m[0]} {m[1]}" for m in MERGED]
    return tokens, [int(t) for t in types], merges


def random_model(
    path: Path,
    *,
    template: str | None = CHATML,
    eos: str = "<|im_end|>",
    bos: str = "<|endoftext|>",
    add_bos: bool = False,
    n_ctx: int = 2048,
    layers: int = 2,
    width: int = 64,
    seed: int = 0,
    overrides: dict[str, float] | None = None,
) -> Path:
    """Write a llama model with random weights and return its path.

    `overrides`: block_count, eps: written into the header whatever the tensors are; names with a dot are further keys.
    """
    tokens, types, merges = vocabulary()
    rng = np.random.default_rng(seed)

    def weights(rows: int, columns: int) -> np.ndarray:
        return rng.normal(0, 0.3, (rows, columns)).astype(np.float32)

    return _write(
        path, tokens, types, merges, template, eos, bos, add_bos, n_ctx, layers, width, weights, overrides
    )


def chain_model(
    path: Path,
    pieces: Sequence[str | bytes],
    *,
    start: str = "\n",
    end: str | bytes | None = None,
    template: str | None = CHATML,
    eos: str = "<|im_end|>",
    n_ctx: int = 2048,
) -> Path:
    """Write a model that answers every prompt ending in `start` with `pieces`, then ends its turn.

    Each piece, like `start`, must be different from the others: the next token depends on the last one only.
    `end`: a piece to go back to instead of ending, for a reply without end.
    """
    known = {byte_letters()[b]: b for b in range(256)}
    words = [p for p in pieces if p not in CONTROL + USER_DEFINED and spell(p) not in known]
    tokens, types, merges = vocabulary(words)
    index = {token: i for i, token in enumerate(tokens)}

    def find(piece: str | bytes) -> int:
        return index[piece] if piece in CONTROL + USER_DEFINED else index[spell(piece)]

    width = -(-len(tokens) // 64) * 64
    follow = dict.fromkeys(range(len(tokens)), find(pieces[0]))
    chain = [find(start), *(find(p) for p in pieces), find(end or eos)]
    follow.update(itertools.pairwise(chain))
    output = np.zeros((len(tokens), width), dtype=np.float32)
    for token, following in follow.items():
        output[following, token] = 8.0

    def weights(rows: int, columns: int) -> np.ndarray:
        return np.zeros((rows, columns), dtype=np.float32)

    embedding = np.eye(len(tokens), width, dtype=np.float32)
    return _write(
        path,
        tokens,
        types,
        merges,
        template,
        eos,
        "<|endoftext|>",
        False,
        n_ctx,
        1,
        width,
        weights,
        None,
        embedding,
        output,
    )


def recurrent_model(path: Path, *, template: str | None = CHATML, n_ctx: int = 2048, seed: int = 0) -> Path:
    """Write a mamba model with random weights: its state cannot forget the end of a text."""
    tokens, types, merges = vocabulary()
    rng = np.random.default_rng(seed)
    width, inner, convolution, state, rank = 64, 128, 4, 16, 4

    def weights(*shape: int) -> np.ndarray:
        return rng.normal(0, 0.3, shape).astype(np.float32)

    writer = gguf.GGUFWriter(str(path), "mamba")
    writer.add_name(path.stem)
    writer.add_context_length(n_ctx)
    writer.add_embedding_length(width)
    writer.add_feed_forward_length(0)
    writer.add_head_count(0)
    writer.add_block_count(2)
    writer.add_ssm_conv_kernel(convolution)
    writer.add_ssm_inner_size(inner)
    writer.add_ssm_state_size(state)
    writer.add_ssm_time_step_rank(rank)
    writer.add_layer_norm_rms_eps(1e-5)
    _add_vocabulary(writer, tokens, types, merges, template, "<|im_end|>", "<|endoftext|>", False)
    writer.add_tensor("token_embd.weight", weights(len(tokens), width))
    writer.add_tensor("output_norm.weight", np.ones(width, dtype=np.float32))
    writer.add_tensor("output.weight", weights(len(tokens), width))
    for layer in range(2):
        shapes = {
            "ssm_in.weight": (2 * inner, width),
            "ssm_conv1d.weight": (inner, convolution),
            "ssm_conv1d.bias": (inner,),
            "ssm_x.weight": (rank + 2 * state, inner),
            "ssm_dt.weight": (inner, rank),
            "ssm_dt.bias": (inner,),
            "ssm_d": (inner,),
            "ssm_out.weight": (width, inner),
        }
        writer.add_tensor(f"blk.{layer}.attn_norm.weight", np.ones(width, dtype=np.float32))
        writer.add_tensor(f"blk.{layer}.ssm_a", -np.abs(weights(inner, state)))
        for name, shape in shapes.items():
            writer.add_tensor(f"blk.{layer}.{name}", weights(*shape))
    return _finish(writer, path)


def _write(
    path: Path,
    tokens: list[str],
    types: list[int],
    merges: list[str],
    template: str | None,
    eos: str,
    bos: str,
    add_bos: bool,
    n_ctx: int,
    layers: int,
    width: int,
    weights,
    overrides: dict[str, float] | None,
    embedding: np.ndarray | None = None,
    output: np.ndarray | None = None,
) -> Path:
    overrides = overrides or {}
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_name(path.stem)
    writer.add_context_length(n_ctx)
    writer.add_embedding_length(width)
    writer.add_block_count(int(overrides.get("block_count", layers)))
    writer.add_feed_forward_length(width)
    writer.add_head_count(4)
    writer.add_head_count_kv(2)
    writer.add_layer_norm_rms_eps(overrides.get("eps", 1e-5))
    writer.add_rope_freq_base(10000.0)
    for key in (key for key in overrides if "." in key):
        writer.add_float32(key, overrides[key])
    _add_vocabulary(writer, tokens, types, merges, template, eos, bos, add_bos)
    ones = np.ones(width, dtype=np.float32)
    writer.add_tensor("token_embd.weight", weights(len(tokens), width) if embedding is None else embedding)
    writer.add_tensor("output_norm.weight", ones)
    writer.add_tensor("output.weight", weights(len(tokens), width) if output is None else output)
    for layer in range(layers):
        prefix = f"blk.{layer}"
        writer.add_tensor(f"{prefix}.attn_norm.weight", ones)
        writer.add_tensor(f"{prefix}.ffn_norm.weight", ones)
        for name, rows in [
            ("attn_q", width),
            ("attn_k", width // 2),
            ("attn_v", width // 2),
            ("attn_output", width),
        ]:
            writer.add_tensor(f"{prefix}.{name}.weight", weights(rows, width))
        for name in ["ffn_gate", "ffn_up", "ffn_down"]:
            writer.add_tensor(f"{prefix}.{name}.weight", weights(width, width))
    return _finish(writer, path)


def _add_vocabulary(
    writer: gguf.GGUFWriter,
    tokens: list[str],
    types: list[int],
    merges: list[str],
    template: str | None,
    eos: str,
    bos: str,
    add_bos: bool,
) -> None:
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges(merges)
    writer.add_bos_token_id(tokens.index(bos))
    writer.add_eos_token_id(tokens.index(eos))
    writer.add_add_bos_token(add_bos)
    if template is not None:
        writer.add_chat_template(template)


def _finish(writer: gguf.GGUFWriter, path: Path) -> Path:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def lora_adapter(
    path: Path,
    *,
    width: int = 64,
    rows: int | None = None,
    rank: int = 4,
    layers: Sequence[int] = (0, 1),
    architecture: str = "llama",
    kind: str = "lora",
    alpha: float = 4.0,
    sides: str = "ab",
    seed: int = 0,
) -> Path:
    """Write a LoRA adapter with random weights for the output matrices of a `random_model`'s attention.

    `rows`: columns of the base that its matrices are made for, if not its `width`.
    """
    rng = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(str(path), architecture)
    writer.add_type("adapter")
    writer.add_name(path.stem)
    writer.add_string("adapter.type", kind)
    writer.add_float32("adapter.lora.alpha", alpha)
    for layer in layers:
        name = f"blk.{layer}.attn_output.weight"
        writer.add_tensor(f"{name}.lora_a", rng.normal(0, 1, (rank, rows or width)).astype(np.float32))
        if "b" in sides:
            writer.add_tensor(f"{name}.lora_b", rng.normal(0, 1, (width, rank)).astype(np.float32))
    return _finish(writer, path)
