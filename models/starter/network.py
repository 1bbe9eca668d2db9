"""The network: a small llama (RMSNorm, SwiGLU, rotary positions on consecutive pairs, tied embeddings)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class Shape:
    """Sizes of the network. `window` is the longest sequence in tokens that training can take."""

    vocabulary: int = 2048
    layers: int = 5
    width: int = 256
    heads: int = 4
    hidden: int = 688
    window: int = 2048
    rope_base: float = 500_000.0

    @property
    def head(self) -> int:
        """Width of one attention head."""
        return self.width // self.heads


class Block(nn.Module):
    """Attention and feed-forward, each behind a norm and added to the stream."""

    def __init__(self, shape: Shape):
        super().__init__()
        self.shape = shape
        self.attn_norm = nn.RMSNorm(shape.width, eps=1e-5)
        self.qkv = nn.Linear(shape.width, 3 * shape.width)
        self.out = nn.Linear(shape.width, shape.width, bias=False)
        self.ffn_norm = nn.RMSNorm(shape.width, eps=1e-5)
        self.gate_up = nn.Linear(shape.width, 2 * shape.hidden, bias=False)
        self.down = nn.Linear(shape.hidden, shape.width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        batch, length, width = x.shape
        heads = self.shape.heads
        q, k, v = self.qkv(self.attn_norm(x)).view(batch, length, 3, heads, -1).permute(2, 0, 3, 1, 4)
        mixed = attend(rotate(q, cos, sin), rotate(k, cos, sin), v)
        x = x + self.out(mixed.transpose(1, 2).reshape(batch, length, width))
        gate, up = self.gate_up(self.ffn_norm(x)).chunk(2, dim=-1)
        return x + self.down(F.silu(gate) * up)


def attend(q: Tensor, k: Tensor, v: Tensor, block: int = 256) -> Tensor:
    """Causal attention in blocks of queries. On a CPU this compiles to something faster than the fused kernel."""
    parts = []
    for start in range(0, q.shape[2], block):
        end = start + block
        scores = (q[:, :, start:end] * q.shape[-1] ** -0.5) @ k[:, :, :end].transpose(-1, -2)
        seen = torch.ones(block, end, dtype=torch.bool, device=q.device).tril(start)
        weights = scores.masked_fill(~seen, float("-inf")).float().softmax(-1).to(q.dtype)
        parts.append(weights @ v[:, :, :end])
    return torch.cat(parts, 2)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotate consecutive pairs, the order of llama.cpp's `llama` architecture."""
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack((even * cos - odd * sin, even * sin + odd * cos), dim=-1).flatten(-2).to(x.dtype)


class Network(nn.Module):
    """Token ids in, hidden states out; `logits` maps hidden states to the vocabulary."""

    def __init__(self, shape: Shape):
        super().__init__()
        self.shape = shape
        self.embed = nn.Embedding(shape.vocabulary, shape.width)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = nn.RMSNorm(shape.width, eps=1e-5)
        angles = torch.outer(
            torch.arange(shape.window).float(),
            shape.rope_base ** (-torch.arange(0, shape.head, 2).float() / shape.head),
        )
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2:
                deep = name.endswith(("out.weight", "down.weight"))
                nn.init.normal_(parameter, std=0.02 / ((2 * shape.layers) ** 0.5 if deep else 1.0))
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.embed(tokens) * self.shape.width**0.5  # else the first block drowns what token it is
        cos, sin = self.cos[: tokens.shape[1]], self.sin[: tokens.shape[1]]
        for block in self.blocks:
            x = block(x, cos, sin)
        return self.norm(x)

    def logits(self, hidden: Tensor) -> Tensor:
        """Scores over the vocabulary; the embedding is the output matrix too."""
        return F.linear(hidden, self.embed.weight)


def seed_copying(network: Network, gain: float = 0.3, match: float = 1.7, copy: float = 1.0) -> None:
    """Set some heads up as a copying circuit (Olsson et al. 2022, "In-context Learning and Induction Heads").

    A network this small finds that circuit late, or never in the minutes it is trained. A head of the first block
    looks at the previous token, by its biases alone; heads of the next two look for the places whose previous
    token equals the current one and pass on the token found there. Training goes on from here.
    """
    shape = network.shape
    size, width, last = shape.head, shape.width, shape.heads - 1
    generator = torch.Generator().manual_seed(0)
    basis = torch.linalg.qr(torch.randn(width, width, generator=generator)).Q
    angles = shape.rope_base ** (-torch.arange(0, size, 2).float() / size)
    seen, written = basis[:size], basis[size : 2 * size]

    def rows(head: int) -> tuple[slice, slice, slice, slice]:
        q, k, v = (slice(part * width + head * size, part * width + (head + 1) * size) for part in range(3))
        return q, k, v, slice(head * size, (head + 1) * size)

    with torch.no_grad():
        block = network.blocks[0]
        q, k, v, out = rows(last)
        block.qkv.weight[q] = 0
        block.qkv.weight[k] = 0
        block.qkv.bias[q] = 8.0 * torch.stack((angles.cos(), angles.sin().neg()), -1).flatten()
        block.qkv.bias[k] = 8.0 * torch.tensor([1.0, 0.0]).repeat(size // 2)
        block.qkv.weight[v] = seen
        block.out.weight[:, out] = gain * written.T
        steady = 40  # the pairs of a head that hardly turn within a few hundred tokens; they compare contents
        for at, (number, head) in enumerate(((1, last), (1, last - 1), (2, last))):
            block = network.blocks[number]
            q, k, v, out = rows(head)
            chosen = slice((at % 2) * (size - steady), (at % 2) * (size - steady) + steady)
            block.qkv.weight[q] = 0
            block.qkv.weight[k] = 0
            block.qkv.weight[q][size - steady :] = match * seen[chosen]
            block.qkv.weight[k][size - steady :] = match * written[chosen]
            carried = basis[at * size : (at + 1) * size]
            block.qkv.weight[v] = carried
            block.out.weight[:, out] = copy * carried.T
