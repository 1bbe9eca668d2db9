"""Write GGUF models with random weights in the shapes of real ones: Qwen3 (dense) and Qwen3.5 (hybrid).

`python -m tests.engine.llm.gguf.shapes FOLDER` writes the 0.6B dense and the hybrid shape for the benchmarks.
"""

from __future__ import annotations

import argparse
import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np
from llama_cpp import llama_cpp as native

from tests.engine.llm.gguf.make_gguf import CHATML, _add_vocabulary, _finish, vocabulary

FTYPES = {"q4_k_m": 15, "q8_0": 7, "q4_0": 2, "f16": 1}


@native.llama_log_callback
def _silent(level: int, text: bytes, _: object) -> None:
    """llama.cpp keeps the callback it was given, so this one lives as long as the module."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of a model. Those of `DENSE_06B` are Qwen3-0.6B's, with a smaller vocabulary."""

    layers: int = 4
    width: int = 256
    feed: int = 512
    heads: int = 4
    kv_heads: int = 2
    head: int = 64
    tokens: int = 512
    n_ctx: int = 8192
    groups: int = 2  # of the delta net: key heads
    values: int = 4  # value heads
    state: int = 64  # length of a head of the state


DENSE_06B = Shape(28, 1024, 3072, 16, 8, 128, 32_000, 32_768)
HYBRID_08B = Shape(24, 1024, 3584, 8, 2, 256, 32_000, 32_768, groups=16, values=16, state=128)


def dense_model(path: Path, shape: Shape = Shape(), *, kind: str = "f32", seed: int = 0) -> Path:
    """Write a qwen3 model with random weights. `kind`: f32, or a key of FTYPES to quantize it to."""
    return _make(path, "qwen3", shape, kind, seed)


def hybrid_model(path: Path, shape: Shape = Shape(), *, kind: str = "f32", seed: int = 0) -> Path:
    """Write a qwen35 model with random weights: three of four layers are gated delta nets."""
    return _make(path, "qwen35", shape, kind, seed)


def _make(path: Path, architecture: str, shape: Shape, kind: str, seed: int) -> Path:
    plain = path if kind == "f32" else path.with_suffix(".plain")
    writer = gguf.GGUFWriter(str(plain), architecture)
    tokens, types, merges = vocabulary()
    extra = max(0, shape.tokens - len(tokens))
    tokens += [f"~{n}" for n in range(extra)]
    types += [int(gguf.TokenType.NORMAL)] * extra
    writer.add_name(path.stem)
    writer.add_context_length(shape.n_ctx)
    writer.add_embedding_length(shape.width)
    writer.add_block_count(shape.layers)
    writer.add_feed_forward_length(shape.feed)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_key_length(shape.head)
    writer.add_value_length(shape.head)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(1_000_000.0)
    if architecture == "qwen35":
        writer.add_rope_dimension_count(shape.head // 4)
        writer.add_rope_dimension_sections([shape.head // 8 - shape.head // 16, shape.head // 16, 0, 0])
        writer.add_ssm_conv_kernel(4)
        writer.add_ssm_state_size(shape.state)
        writer.add_ssm_group_count(shape.groups)
        writer.add_ssm_time_step_rank(shape.values)
        writer.add_ssm_inner_size(shape.values * shape.state)
        writer.add_full_attention_interval(4)
    _add_vocabulary(writer, tokens, types, merges, CHATML, "<|im_end|>", "<|endoftext|>", False)
    rng = np.random.default_rng(seed)
    for name, size in _tensors(architecture, shape, len(tokens)):
        if name.endswith(("norm.weight", "ssm_a")):
            value = -rng.uniform(0.1, 1.0, size) if name.endswith("ssm_a") else np.ones(size)
        else:
            value = rng.standard_normal(size, dtype=np.float32) * (1.0 / np.sqrt(size[-1]))
        if name == "output.weight":
            value[np.array(types) == int(gguf.TokenType.CONTROL)] = 0  # so that no reply ends by itself
        writer.add_tensor(name, value.astype(np.float32))
    _finish(writer, plain)
    if plain != path:
        _quantize(plain, path, FTYPES[kind])
        plain.unlink()
    return path


def _tensors(architecture: str, s: Shape, tokens: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield "token_embd.weight", (tokens, s.width)
    yield "output_norm.weight", (s.width,)
    yield "output.weight", (tokens, s.width)
    hybrid = architecture == "qwen35"
    keys, inner = s.groups * s.state, s.values * s.state
    for layer in range(s.layers):
        at = f"blk.{layer}."
        yield f"{at}attn_norm.weight", (s.width,)
        yield f"{at}{'post_attention_norm' if hybrid else 'ffn_norm'}.weight", (s.width,)
        if hybrid and (layer + 1) % 4:
            yield f"{at}attn_qkv.weight", (2 * keys + inner, s.width)
            yield f"{at}attn_gate.weight", (inner, s.width)
            yield f"{at}ssm_conv1d.weight", (2 * keys + inner, 4)
            yield f"{at}ssm_dt.bias", (s.values,)
            yield f"{at}ssm_a", (s.values,)
            yield f"{at}ssm_beta.weight", (s.values, s.width)
            yield f"{at}ssm_alpha.weight", (s.values, s.width)
            yield f"{at}ssm_norm.weight", (s.state,)
            yield f"{at}ssm_out.weight", (s.width, inner)
        else:
            yield f"{at}attn_q.weight", (s.heads * s.head * (2 if hybrid else 1), s.width)
            yield f"{at}attn_k.weight", (s.kv_heads * s.head, s.width)
            yield f"{at}attn_v.weight", (s.kv_heads * s.head, s.width)
            yield f"{at}attn_output.weight", (s.width, s.heads * s.head)
            yield f"{at}attn_q_norm.weight", (s.head,)
            yield f"{at}attn_k_norm.weight", (s.head,)
        yield f"{at}ffn_gate.weight", (s.feed, s.width)
        yield f"{at}ffn_up.weight", (s.feed, s.width)
        yield f"{at}ffn_down.weight", (s.width, s.feed)


def _quantize(source: Path, target: Path, ftype: int) -> None:
    parameters = native.llama_model_quantize_default_params()
    parameters.ftype = ftype
    parameters.nthread = 2
    native.llama_log_set(_silent, ctypes.c_void_p(0))
    done = native.llama_model_quantize(str(source).encode(), str(target).encode(), ctypes.byref(parameters))
    if done != 0:
        raise RuntimeError(f"{source} could not be quantized")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write models with random weights in real shapes")
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    print(dense_model(folder / "dense-0.6b-q4_k_m.gguf", DENSE_06B, kind="q4_k_m"))
    print(hybrid_model(folder / "hybrid-0.8b-q4_k_m.gguf", HYBRID_08B, kind="q4_k_m"))
