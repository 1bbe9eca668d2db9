"""Strict mode on real sizes: `python -m tests.proof.strict` (Qwen3-0.6B's shape and a hybrid of 0.8 billion parameters).

Growing conversations, with sub-calls in between, are asked in strict mode of a memory too small for all of them, so
that prefixes are used again, forgotten and restored from checkpoints. Each reply is compared, token for token, with
that of an empty memory. In a second round the same prompts are asked at once, in batched mode, and the share of
replies that differ is told: batching changes low bits on quantized weights.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.engine.llm.gguf.shapes import DENSE_06B, HYBRID_08B, dense_model, hybrid_model
from tests.engine.llm.local.batch.host import Host

SHAPES = {"dense": (dense_model, DENSE_06B), "hybrid": (hybrid_model, HYBRID_08B)}
POOL = 2048  # tokens kept in memory; the conversations come to more
SAVED = 256 << 20  # bytes for copies of sequences that had to leave
PATIENCE = 1800.0  # seconds until a batch counts as hanging
TOKENS = 24  # of a reply
SHARED, OWN, NEW, LEAF = (
    200,
    60,
    50,
    180,
)  # tokens of a prompt: in all, of a conversation, of a turn, of a sub-call


def text(seed: int, count: int) -> list[int]:
    """Tokens drawn by a seed."""
    rng = random.Random(seed)
    return [rng.randrange(250) for _ in range(count)]


def converse(path: Path, steps: int) -> tuple[list[list[int]], list[list[int]], dict[str, int]]:
    """Ask turns and sub-calls one after the other: the prompts, the replies, tokens evaluated and reused."""
    host = Host(path, strict=True, pool=POOL, window=POOL, saved=SAVED)
    rng = random.Random(11)
    talks = {
        key: text(0, SHARED) + text(n, OWN) for n, key in enumerate(["a/0", "a/1", "b/0", "c/0"], start=1)
    }
    prompts, replies = [], []
    tokens = {"evaluated": 0, "reused": 0}
    for step in range(steps):
        key = rng.choice(list(talks))
        if rng.random() < 0.3:
            prompt, key = text(50, LEAF) + text(step, OWN), f"a/leaf{step}"
        else:
            prompt = talks[key] = [*talks[key], *text(900 + step, NEW)]
        prompts.append(list(prompt))
        asked = host.ask(prompt, TOKENS, key=key, pinned=key in talks, start=LEAF)
        replies.append(asked.tokens())
        report = asked.report()
        tokens["reused"] += report["reused_tokens"]
        tokens["evaluated"] += len(prompt) - report["reused_tokens"]
        if key in talks:
            talks[key] = prompt + replies[-1]
    host.close()
    return prompts, replies, tokens


def alone(path: Path, prompts: list[list[int]]) -> list[list[int]]:
    """What an empty memory gives for each prompt."""
    first = Host(path, strict=True, pool=POOL, window=POOL)
    replies = []
    for prompt in prompts:
        one = Host(path, strict=True, pool=POOL, window=POOL, native=first.native)
        replies.append(one.ask(prompt, TOKENS).tokens())
        one.close()
    first.close()
    return replies


def at_once(path: Path, prompts: list[list[int]]) -> list[list[int]]:
    """The replies when all prompts are asked together."""
    host = Host(path, pool=8 * POOL, window=POOL)
    asked = [host.ask(prompt, TOKENS) for prompt in prompts]
    for one in asked:
        one.ended.wait(PATIENCE)
    replies = [one.tokens() for one in asked]
    host.close()
    return replies


def main() -> int:
    """Print one JSON object; returns 1 where a strict reply is not that of an empty memory."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=16, help="turns and sub-calls of each shape")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "taproot-shapes")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    found: dict[str, Any] = {}
    for name, (make, shape) in SHAPES.items():
        path = options.folder / f"{name}-q4.gguf"
        if not path.exists():
            make(path, shape, kind="q4_k_m")
        begun = time.monotonic()
        prompts, replies, tokens = converse(path, options.steps)
        expected = alone(path, prompts)
        batched = at_once(path, prompts)
        found[name] = {
            "replies": len(replies),
            "tokens compared": sum(map(len, expected)),
            "replies unlike an empty memory": sum(a != b for a, b in zip(replies, expected, strict=True)),
            "prompt tokens": tokens,
            "share that differs in batched mode": sum(a != b for a, b in zip(batched, expected, strict=True))
            / len(expected),
            "seconds": round(time.monotonic() - begun, 1),
        }
    print(json.dumps(found, indent=1))
    return int(any(row["replies unlike an empty memory"] for row in found.values()))


if __name__ == "__main__":
    sys.exit(main())
