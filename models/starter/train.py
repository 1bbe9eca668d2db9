"""Train the starter: AdamW, cosine, bf16, compiled; loss on the assistant's tokens, a little on the others.

    python -m models.starter.train DATA OUT --minutes 40        (torch; see requirements.txt)

Conversations are packed whole into windows of two lengths. Stops by the clock, so that the same command makes
the best of slow and fast machines; the schedule follows the clock too.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import time
from array import array
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import torch
import torch.nn.functional as F

from models.starter.network import Network, Shape, seed_copying
from models.starter.tokenizer import ASSISTANT, END, PAD, USER, Tokenizer, train

DROPOUT = 0.06
LAST = 2.5  # weight of a token of the last reply, where reading decides
SHORT = (
    8  # tokens; a shorter last reply weighs as much as one of that many, but for NONE, which is easily said
)
OTHERS = 0.03  # weight of a token that the assistant does not write
VOCABULARY = 2048
Windows = list[tuple[int, int]]  # tokens of a sequence, sequences of a batch; ascending


def encode(
    tokenizer: Tokenizer, talk: list[dict[str, str]], rng: random.Random | None
) -> tuple[list[int], list[int]]:
    """Tokens of a conversation as the chat template writes it, and the weight of each in tenths.

    What the assistant does not write weighs nothing here, and a reply that is "given" is read, not learnt.
    """
    tokens: list[int] = []
    written: list[int] = []
    for message in talk:
        own = message["role"] == "assistant"
        body = tokenizer.encode(message["content"], DROPOUT if rng and not own else 0.0, rng)
        part = [*body, *([] if message.get("open") else [END])] if own else [USER, *body, ASSISTANT]
        tokens += part
        weight = 0.0 if not own or message.get("given") else 1.0
        if own and (message is talk[-1] or message.get("alone")):
            weight = LAST * (1.0 if message["content"] == "NONE" else max(1.0, SHORT / len(part)))
        written += [round(10 * weight)] * len(part)
    return tokens, written


def encode_file(path: Path, vocabulary: Path, seed: int) -> list[tuple[bytes, bytes]]:
    """All conversations of one file of data, as packed 16-bit tokens and 8-bit marks."""
    tokenizer, rng = Tokenizer.load(vocabulary), random.Random(f"{path.name} {seed}")
    found = []
    for line in path.read_text("utf-8").splitlines():
        tokens, written = encode(tokenizer, json.loads(line)[1], rng)
        found.append((array("H", tokens).tobytes(), bytes(written)))
    return found


def pack(
    talks: list[tuple[bytes, bytes]], windows: Windows, rng: random.Random
) -> dict[int, list[tuple[bytes, bytes]]]:
    """Fill windows with whole conversations: short ones together, long ones in the longer windows."""
    rows: dict[int, list[tuple[bytes, bytes]]] = {}
    order = sorted(range(len(talks)), key=lambda i: rng.random())
    shorter = 0
    for window, _ in windows:
        filled: list[list[bytes]] = []
        for i in order:
            tokens, marks = talks[i]
            if not shorter < len(marks) <= window:
                continue
            for row in filled[-40:]:
                if len(row[1]) + len(marks) <= window:
                    row[0] += tokens
                    row[1] += marks
                    break
            else:
                filled.append([tokens, marks])
        rows[window] = [(row[0], row[1]) for row in filled]
        shorter = window
    return rows


def batches(
    talks: list[tuple[bytes, bytes]], windows: Windows, seed: int
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Endless batches of (tokens, marks); windows of every length in their natural shares."""
    epoch = 0
    while True:
        rng = random.Random(f"{seed} {epoch}")
        rows = pack(talks, windows, rng)
        plan = [
            (window, rows[window][i : i + size])
            for window, size in windows
            for i in range(0, len(rows[window]) - size + 1, size)
        ]
        rng.shuffle(plan)
        for window, chosen in plan:
            tokens = torch.full((len(chosen), window), PAD, dtype=torch.long)
            marks = torch.full((len(chosen), window), -1, dtype=torch.long)
            for at, (row, mark) in enumerate(chosen):
                tokens[at, : len(mark)] = torch.frombuffer(bytearray(row), dtype=torch.int16).long()
                marks[at, : len(mark)] = torch.frombuffer(bytearray(mark), dtype=torch.uint8).long()
            yield tokens, marks
        epoch += 1


def run(options: argparse.Namespace) -> None:
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    options.out.mkdir(parents=True, exist_ok=True)
    vocabulary = options.out / "merges.json"
    files = sorted(options.data.glob("*.jsonl"))
    if not vocabulary.exists():
        texts = (
            m["content"] for f in files[:4] for line in f.open(encoding="utf-8") for m in json.loads(line)[1]
        )
        train(texts, VOCABULARY).save(vocabulary)
    started = time.monotonic()
    with ProcessPoolExecutor(2) as pool:
        parts = pool.map(encode_file, files, [vocabulary] * len(files), [options.seed] * len(files))
        talks = [talk for part in parts for talk in part]
    total = sum(len(marks) for _, marks in talks)
    longer = sum(len(marks) > options.windows[-1][0] for _, marks in talks)
    print(
        f"{len(talks):,} conversations, {total:,} tokens, encoded in {time.monotonic() - started:.0f} s; "
        f"{longer:,} are longer than the longest window and are left out",
        flush=True,
    )

    shape = Shape(layers=options.layers, width=options.width, heads=options.heads, hidden=options.hidden)
    network = Network(shape).to(device)
    if not options.resume:
        seed_copying(network)
    else:
        weights = torch.load(options.resume, map_location=device)["weights"]
        move_vocabulary(weights, options.resume.with_name("merges.json"), vocabulary)
        network.load_state_dict(weights)
    print(f"{sum(p.numel() for p in network.parameters()):,} parameters on {device}", flush=True)
    decayed = [p for p in network.parameters() if p.dim() == 2]
    plain = [p for p in network.parameters() if p.dim() != 2]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.05}, {"params": plain, "weight_decay": 0.0}],
        lr=options.rate,
        betas=(0.9, 0.98),
        fused=True,
    )

    def loss_of(
        tokens: torch.Tensor, at: torch.Tensor, targets: torch.Tensor, weights: torch.Tensor
    ) -> torch.Tensor:
        with torch.autocast(device, torch.bfloat16):
            hidden = network(tokens).flatten(0, 1)[at]
            logits = network.logits(hidden)
        return (
            F.cross_entropy(logits.float(), targets, reduction="none") * weights
        ).sum() / weights.sum().clamp(min=1)

    rng = torch.Generator().manual_seed(options.seed)
    if options.compile:
        for block in network.blocks:
            block.compile(dynamic=False)
        waited = time.monotonic()
        for window, size in options.windows:
            tokens = torch.zeros(size, window, dtype=torch.long)
            loss_of(*(t.to(device) for t in (tokens, *choose(tokens, tokens, rng)))).backward()
        optimizer.zero_grad(set_to_none=True)
        print(f"compiled in {time.monotonic() - waited:.0f} s", flush=True)
    seen, step, shown = 0, 0, time.monotonic()
    begun = time.monotonic()
    sums = [0.0, 0.0]
    for tokens, marks in batches(talks, options.windows, options.seed):
        elapsed = (time.monotonic() - begun) / (60 * options.minutes)
        if elapsed >= 1:
            break
        rate = (
            options.rate
            * min(1.0, (step + 1) / options.warmup)
            * (options.floor + (1 - options.floor) * 0.5 * (1 + math.cos(math.pi * elapsed)))
        )
        for group in optimizer.param_groups:
            group["lr"] = rate
        at, targets, weights = choose(tokens, marks, rng)
        loss = loss_of(tokens.to(device), at.to(device), targets.to(device), weights.to(device))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        step += 1  # noqa: SIM113  the loop ends by the clock
        seen += int((marks >= 0).sum())
        sums = [sums[0] + loss.item(), sums[1] + 1]
        if time.monotonic() - shown > 30:
            shown = time.monotonic()
            speed = seen / (shown - begun)
            print(
                f"{elapsed:6.1%} step {step} tokens {seen:,} ({speed:,.0f}/s) loss {sums[0] / sums[1]:.4f}",
                flush=True,
            )
            sums = [0.0, 0.0]
        if step % 250 == 0:
            save(network, options.out / "weights.pt")
    save(network, options.out / "weights.pt")
    print(f"done: {seen:,} tokens in {(time.monotonic() - begun) / 60:.1f} minutes", flush=True)


SLOTS = 0.42  # share of a batch's positions at which logits are computed: all assistant tokens, some others


def move_vocabulary(weights: dict[str, torch.Tensor], old: Path, new: Path) -> None:
    """Give tokens that both vocabularies know their old vectors; the others get the mean of their bytes'."""
    before, after = Tokenizer.load(old), Tokenizer.load(new)
    if before.tokens == after.tokens:
        return
    table = weights["embed.weight"]
    rows = []
    for token in after.tokens:
        ids = [before.id[token]] if token in before.id else [before.id[c] for c in token]
        rows.append(table[ids].mean(0))
    weights["embed.weight"] = torch.stack(rows)


def choose(tokens: torch.Tensor, marks: torch.Tensor, rng: torch.Generator) -> tuple[torch.Tensor, ...]:
    """A fixed number of positions with their targets and weights: what the assistant writes comes first."""
    targets = torch.roll(tokens, -1, 1).flatten()
    kind = torch.roll(marks, -1, 1)
    kind[:, -1] = -1
    kind = kind.flatten()
    score = torch.rand(len(kind), generator=rng) + 2.0 * (kind > 0) - 2.0 * (kind < 0)
    at = score.topk(int(SLOTS * len(kind))).indices.sort().values
    weights = kind[at].clamp(min=0) / 10 + OTHERS * (kind[at] == 0).float()
    return at, targets[at], weights


def save(network: Network, path: Path) -> None:
    shape = {name: getattr(network.shape, name) for name in Shape.__dataclass_fields__}
    torch.save({"shape": shape, "weights": network.state_dict()}, path)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--floor", type=float, default=0.02, help="share of the rate that is left at the end")
    parser.add_argument("--warmup", type=int, default=100, help="steps until the full rate")
    parser.add_argument(
        "--windows",
        type=lambda text: [tuple(map(int, pair.split("x"))) for pair in text.split(",")],
        default=[(512, 12), (1024, 6)],
        help="tokens x sequences of a batch, as 512x12,1024x6",
    )
    parser.add_argument("--layers", type=int, default=5)
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--hidden", type=int, default=688)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--resume", type=Path)
    parser.add_argument("--compile", action=argparse.BooleanOptionalAction, default=True)
    run(parser.parse_args())


if __name__ == "__main__":
    main()
