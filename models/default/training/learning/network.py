"""SmolLM2 in PyTorch, read from its GGUF, with LoRA on every linear layer of every block.

The matrices that read the same input (query, key, value; gate, up) are one matrix here, and the low-rank part is
computed in the same product: [x, xA] times [W, B]. Rotary positions turn neighbouring pairs, as llama.cpp keeps them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

LAYERS = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")
LONGEST = 4096  # tokens of one conversation


class _LowRank(torch.autograd.Function):
    """y = x W' + (x A') B' for matrices that share their input; only A and B get gradients."""

    @staticmethod
    def forward(
        ctx: Any, x: torch.Tensor, weight: torch.Tensor, down: torch.Tensor, up: torch.Tensor
    ) -> torch.Tensor:
        """x (tokens, in), weight (out, in), down (ranks, in), up (out, ranks) -> (tokens, out)."""
        width = x.shape[1]
        both = x.new_empty(x.shape[0], width + down.shape[0])
        both[:, :width] = x
        both[:, width:] = x @ down.T
        joined = torch.cat((weight, up), 1)
        ctx.save_for_backward(both, joined, down)
        return both @ joined.T

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor | None, ...]:  # type: ignore[override]
        both, joined, down = ctx.saved_tensors
        width = both.shape[1] - down.shape[0]
        inner = grad @ joined
        low = inner[:, width:].contiguous()
        return (
            torch.addmm(inner[:, :width], low, down),
            None,
            low.T @ both[:, :width],
            (both[:, width:].T @ grad).T,
        )


class Linears(nn.Module):
    """Frozen matrices with one input, and a low-rank addition to each. `alpha / rank` scales the addition."""

    def __init__(self, weights: Sequence[torch.Tensor], rank: int, alpha: float):
        super().__init__()
        self.sizes = [w.shape[0] for w in weights]
        self.rank, self.scale = rank, alpha / rank
        self.weight = nn.Parameter(torch.cat(list(weights)), requires_grad=False)
        inputs = weights[0].shape[1]
        self.a = nn.ParameterList(torch.randn(rank, inputs) / math.sqrt(inputs) for _ in weights)
        self.b = nn.ParameterList(torch.zeros(w.shape[0], rank) for w in weights)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """x (tokens, in) -> one (tokens, out) for each matrix."""
        down = torch.cat(list(self.a)).to(x.dtype)
        up = torch.block_diag(*self.b).mul(self.scale).to(x.dtype)
        y = _LowRank.apply(x, self.weight, down, up)
        return y.split(self.sizes, 1)


class Block(nn.Module):
    def __init__(
        self, tensors: dict[str, torch.Tensor], number: int, shape: dict[str, Any], rank: int, alpha: float
    ):
        super().__init__()

        def weight(name: str) -> torch.Tensor:
            return tensors[f"blk.{number}.{name}.weight"]

        self.attn_norm = nn.Parameter(weight("attn_norm"), requires_grad=False)
        self.ffn_norm = nn.Parameter(weight("ffn_norm"), requires_grad=False)
        self.qkv = Linears([weight(n) for n in LAYERS[:3]], rank, alpha)
        self.out = Linears([weight("attn_output")], rank, alpha)
        self.gate_up = Linears([weight("ffn_gate"), weight("ffn_up")], rank, alpha)
        self.down = Linears([weight("ffn_down")], rank, alpha)
        self.shape = shape

    def forward(self, x: torch.Tensor, turn: tuple[torch.Tensor, torch.Tensor], rows: int) -> torch.Tensor:
        """x (rows * length, width); `turn` are cosine and sine (length, head size / 2)."""
        size, eps = self.shape["head"], self.shape["eps"]
        q, k, v = (
            part.reshape(rows, -1, part.shape[1] // size, size).transpose(1, 2)
            for part in self.qkv(F.rms_norm(x, x.shape[-1:], self.attn_norm, eps))
        )
        read = F.scaled_dot_product_attention(
            rotate(q, *turn), rotate(k, *turn), v, is_causal=True, enable_gqa=True
        )
        x = x + self.out(read.transpose(1, 2).reshape(x.shape))[0]
        gate, up = self.gate_up(F.rms_norm(x, x.shape[-1:], self.ffn_norm, eps))
        return x + self.down(F.silu(gate) * up)[0]


def rotate(x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    """Turn neighbouring pairs of x (rows, heads, length, size) by their position."""
    first, second = x[..., 0::2], x[..., 1::2]
    return torch.stack((first * cos - second * sin, first * sin + second * cos), -1).flatten(-2)


class Network(nn.Module):
    """The model of a GGUF of architecture llama; `hidden` gives what the last norm gives, `output` the logits.

    Blocks before number `first` are not trained, so nothing goes back through them.
    """

    def __init__(
        self,
        path: Path | str,
        rank: int = 32,
        alpha: float = 64,
        first: int = 0,
        dtype: torch.dtype = torch.bfloat16,
    ):
        super().__init__()
        self.first = first
        reader = gguf.GGUFReader(path)

        def fact(key: str) -> Any:
            return reader.fields[f"llama.{key}"].contents()

        heads = fact("attention.head_count")
        shape = {"head": fact("embedding_length") // heads, "eps": fact("attention.layer_norm_rms_epsilon")}
        tensors = {
            t.name: torch.from_numpy(np.array(gguf.dequantize(t.data, t.tensor_type), np.float32)).to(dtype)
            for t in reader.tensors
        }
        self.rank, self.alpha, self.shape = rank, alpha, shape
        self.embedding = nn.Parameter(tensors["token_embd.weight"], requires_grad=False)
        self.norm = nn.Parameter(tensors["output_norm.weight"], requires_grad=False)
        self.blocks = nn.ModuleList(Block(tensors, i, shape, rank, alpha) for i in range(fact("block_count")))
        for block in self.blocks[:first]:
            block.requires_grad_(False)
        pace = 1.0 / fact("rope.freq_base") ** (torch.arange(0, shape["head"], 2).float() / shape["head"])
        angle = torch.arange(LONGEST).float()[:, None] * pace
        self.register_buffer("cos", angle.cos().to(dtype), persistent=False)
        self.register_buffer("sin", angle.sin().to(dtype), persistent=False)

    def hidden(self, ids: torch.Tensor) -> torch.Tensor:
        """ids (rows, length) -> (rows, length, width)."""
        rows, length = ids.shape
        x = F.embedding(ids, self.embedding).flatten(0, 1)
        turn = self.cos[:length], self.sin[:length]
        for number, block in enumerate(self.blocks):
            with torch.set_grad_enabled(torch.is_grad_enabled() and number >= self.first):
                x = block(x, turn, rows)
        return F.rms_norm(x, x.shape[-1:], self.norm, self.shape["eps"]).view(rows, length, -1)

    def output(self, hidden: torch.Tensor) -> torch.Tensor:
        """hidden (tokens, width) -> logits (tokens, vocabulary)."""
        return hidden @ self.embedding.T

    def adapter(self) -> Iterator[tuple[str, nn.Parameter, nn.Parameter]]:
        """Name of each matrix in the GGUF, its A (rank, in) and its B (out, rank)."""
        for number, block in enumerate(self.blocks):
            groups = (
                (block.qkv, LAYERS[:3]),
                (block.out, LAYERS[3:4]),
                (block.gate_up, LAYERS[4:6]),
                (block.down, LAYERS[6:]),
            )
            for group, names in groups:
                for name, a, b in zip(names, group.a, group.b, strict=True):
                    yield f"blk.{number}.{name}.weight", a, b
