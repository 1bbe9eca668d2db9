"""Train the adapter on conversations, on the processor, within a given time.

python -m models.default.training.learning.train BASE.gguf --data look.jsonl:30 page.jsonl:20 --minutes 40 --out weights.pt

Each line of a data file is a conversation: a list of {"role", "content"}. `:SHARE` is the share of all tokens that a file
gets, `:SHARE*WEIGHT` also how much its loss counts. Loss is on the assistant's tokens, summed over a reply and averaged
over replies: of a cell one token in fifty may be the one that decides, and it must count as much as a word of an answer.
Files are read again every ten minutes, when weights are saved, too.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import time
from collections.abc import Iterator
from pathlib import Path

import torch
import torch.nn.functional as F

from models.default.training.learning.network import LONGEST, Network
from models.default.training.learning.tokenizer import tokenizer

WARM_UP = 20  # steps
SAVE_SECONDS = 600
POOL = 256  # conversations that are sorted by length together
Encoded = tuple[list[int], list[float]]  # tokens, and what each weighs in the loss


class Data:
    """Draws conversations from files by their share of tokens."""

    def __init__(self, specs: list[str], base: Path, longest: int):
        self._specs, self._longest = [_spec(spec) for spec in specs], min(longest, LONGEST)
        self._tokens = tokenizer(base)
        self.read()

    def read(self) -> None:
        """Read the files as they are now."""
        self._lines = [path.read_text("utf-8").splitlines() for path, _, _ in self._specs]
        mean = [sum(map(len, lines)) / max(1, len(lines)) for lines in self._lines]
        self._weights = [
            share / size if size else 0 for (_, share, _), size in zip(self._specs, mean, strict=True)
        ]
        self._left: list[list[str]] = [[] for _ in self._lines]

    def _draw(self) -> tuple[str, float]:
        """A line of a file and its weight; every line of a file is drawn once before any is drawn twice."""
        which = random.choices(range(len(self._lines)), self._weights)[0]
        if not self._left[which]:
            self._left[which] = random.sample(self._lines[which], len(self._lines[which]))
        return self._left[which].pop(), self._specs[which][2]

    def _encode(self, line: str, counts: float) -> Encoded:
        ids: list[int] = []
        weights: list[float] = []
        for turn in json.loads(line):
            begin = self._tokens.encode(f"<|im_start|>{turn['role']}\n").ids
            body = self._tokens.encode(turn["content"]).ids + self._tokens.encode("<|im_end|>").ids
            after = self._tokens.encode("\n").ids
            weight = counts if turn["role"] == "assistant" else 0.0
            ids += begin + body + after
            weights += [0.0] * len(begin) + [weight] * len(body) + [0.0] * len(after)
        return ids, weights

    def batches(self, tokens: int) -> Iterator[list[Encoded]]:
        """Conversations of similar length, at most `tokens` with their padding, without end."""
        while True:
            pool = [self._encode(*self._draw()) for _ in range(POOL)]
            pool = sorted((one for one in pool if len(one[0]) <= self._longest), key=lambda one: len(one[0]))
            made: list[list[Encoded]] = [[]]
            for one in pool:
                if made[-1] and (len(made[-1]) + 1) * len(one[0]) > tokens:
                    made.append([])
                made[-1].append(one)
            random.shuffle(made)
            yield from made


def _spec(spec: str) -> tuple[Path, float, float]:
    """File, share and weight of "FILE:SHARE" or "FILE:SHARE*WEIGHT"."""
    path, numbers = spec.rsplit(":", 1)
    share, _, weight = numbers.partition("*")
    return Path(path), float(share), float(weight or 1)


def loss_of(network: Network, batch: list[Encoded]) -> tuple[torch.Tensor, int]:
    """Weighted cross entropy of the assistant's replies, and how many tokens were read."""
    length = max(len(ids) for ids, _ in batch)
    ids, weights = torch.zeros(len(batch), length, dtype=torch.long), torch.zeros(len(batch), length)
    for row, (tokens, given) in enumerate(batch):
        ids[row, : len(tokens)], weights[row, : len(tokens)] = torch.tensor(tokens), torch.tensor(given)
    wanted = weights[:, 1:] > 0
    logits = network.output(network.hidden(ids)[:, :-1][wanted]).float()
    each = F.cross_entropy(logits, ids[:, 1:][wanted], reduction="none")
    replies = (wanted[:, 1:] & ~wanted[:, :-1]).sum() + wanted[:, 0].sum()
    return (each * weights[:, 1:][wanted]).sum() / replies, ids.numel()


def rate(step: int, done: float, top: float, floor: float) -> float:
    """Learning rate: a short warm-up, then half a cosine from `top` to `floor` of it; `done` runs from 0 to 1."""
    return top * min(1, (step + 1) / WARM_UP) * (floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * done)))


def save(network: Network, path: Path) -> None:
    """Keep A and B of every matrix, named as in the GGUF, in half precision."""
    weights = {}
    for name, a, b in network.adapter():
        weights[f"{name}.a"], weights[f"{name}.b"] = a.detach().half(), b.detach().half()
    torch.save(weights, path.with_suffix(".part"))
    path.with_suffix(".part").replace(path)


def resume(network: Network, path: Path) -> None:
    """Take up kept weights. Raises KeyError when they are of another network."""
    weights = torch.load(path)
    with torch.no_grad():
        for name, a, b in network.adapter():
            a.copy_(weights[f"{name}.a"])
            b.copy_(weights[f"{name}.b"])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("base", type=Path)
    parser.add_argument("--data", nargs="+", required=True, metavar="FILE:SHARE")
    parser.add_argument("--minutes", type=float, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--resume", type=Path)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--floor", type=float, default=0.05, help="the last rate, as a part of the first")
    parser.add_argument("--rank", type=int, default=32)
    parser.add_argument("--first", type=int, default=0, help="the first block that is trained")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tokens", type=int, default=3072, help="of one step")
    parser.add_argument(
        "--longest", type=int, default=1100, help="tokens of a conversation; longer ones are left out"
    )
    options = parser.parse_args()
    random.seed(options.seed)
    torch.manual_seed(options.seed)
    network = Network(options.base, options.rank, 2 * options.rank, options.first)
    if options.resume:
        resume(network, options.resume)
    data = Data(options.data, options.base, options.longest)
    learnt = [p for p in network.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(learnt, lr=options.rate, weight_decay=0.0, betas=(0.9, 0.98))
    started = saved = time.monotonic()
    tokens, mean = 0, 0.0
    for step, batch in enumerate(data.batches(options.tokens)):
        spent = time.monotonic() - started
        if spent > options.minutes * 60:
            break
        for group in optimizer.param_groups:
            group["lr"] = rate(step, spent / 60 / options.minutes, options.rate, options.floor)
        loss, count = loss_of(network, batch)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(learnt, 1.0)
        optimizer.step()
        tokens += count
        mean = loss.item() if not step else 0.95 * mean + 0.05 * loss.item()
        if step % 10 == 0:
            pace = tokens / (time.monotonic() - started)
            print(
                f"{spent / 60:.1f} min, step {step}, {tokens:,} tokens, {pace:.0f} a second, loss {mean:.3f}",
                flush=True,
            )
        if time.monotonic() - saved > SAVE_SECONDS:
            saved = time.monotonic()
            save(network, options.out)
            data.read()
    save(network, options.out)
    print(f"kept in {options.out}", flush=True)


if __name__ == "__main__":
    main()
