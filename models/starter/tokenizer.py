"""Byte-level BPE made for copying: few merges, digits one by one, and merges dropped at random while training.

The pre-tokenizer is llama.cpp's `smollm`: single digits, then GPT-2's pattern. Bytes are written with GPT-2's
printable stand-ins, as GGUF files want them.
"""

from __future__ import annotations

import heapq
import itertools
import json
import random
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

SPECIAL = ("<|end|>", "<|user|>", "<|assistant|>", "<|pad|>")
END, USER, ASSISTANT, PAD = range(4)
DIGIT = re.compile(
    "([" + "".join(chr(c) for c in range(0x3400) if unicodedata.category(chr(c))[0] == "N") + "])"
)
WORD = re.compile(r"'s|'t|'re|'ve|'m|'ll|'d| ?[^\W\d_]+| ?(?:[^\s\w]|_)+|\s+(?!\S)|\s+")


def _stand_ins() -> dict[int, str]:
    kept = [*range(33, 127), *range(161, 173), *range(174, 256)]
    table = {byte: chr(byte) for byte in kept}
    extra = 0
    for byte in range(256):
        if byte not in table:
            table[byte] = chr(256 + extra)
            extra += 1
    return table


BYTE = _stand_ins()


def pieces(text: str) -> list[str]:
    """Cut a text into pre-tokens, in printable stand-ins."""
    found: list[str] = []
    for at, part in enumerate(DIGIT.split(text)):
        found += [part] if at % 2 else WORD.findall(part)
    return ["".join([BYTE[b] for b in piece.encode("utf-8")]) for piece in found]


class Tokenizer:
    """Text to token ids. `dropout` skips each merge with that probability (BPE dropout, Provilkov et al. 2020)."""

    def __init__(self, merges: list[tuple[str, str]]):
        self.merges = merges
        self.rank = {pair: i for i, pair in enumerate(merges)}
        self.tokens = [*SPECIAL, *(BYTE[b] for b in range(256)), *(a + b for a, b in merges)]
        self.id = {token: i for i, token in enumerate(self.tokens)}
        self._whole = lru_cache(maxsize=200_000)(self._merge)

    @classmethod
    def load(cls, path: Path) -> Tokenizer:
        return cls([tuple(pair) for pair in json.loads(path.read_text("utf-8"))])

    def save(self, path: Path) -> None:
        path.write_text(json.dumps(self.merges, ensure_ascii=False), "utf-8")

    def encode(self, text: str, dropout: float = 0.0, rng: random.Random | None = None) -> list[int]:
        """Token ids of a plain text; special tokens in it stay text."""
        if not dropout or rng is None:
            return [i for piece in pieces(text) for i in self._whole(piece)]
        out: list[int] = []
        for piece in pieces(text):
            if (
                rng.random() < 3 * dropout
            ):  # only some pieces are cut otherwise; the others come from the cache
                out += self._merge(piece, 1 / 3, rng)
            else:
                out += self._whole(piece)
        return out

    def decode(self, ids: Iterable[int]) -> str:
        back = {c: b for b, c in BYTE.items()}
        text = "".join(self.tokens[i] for i in ids if i >= len(SPECIAL))
        return bytes(back[c] for c in text).decode("utf-8", "replace")

    def _merge(self, piece: str, dropout: float = 0.0, rng: random.Random | None = None) -> tuple[int, ...]:
        parts = list(piece)
        while len(parts) > 1:
            options = [
                (self.rank[pair], i)
                for i, pair in enumerate(itertools.pairwise(parts))
                if pair in self.rank and (rng is None or rng.random() >= dropout)
            ]
            if not options:
                break
            _, at = min(options)
            parts[at : at + 2] = [parts[at] + parts[at + 1]]
        return tuple(self.id[part] for part in parts)


def train(texts: Iterable[str], size: int) -> Tokenizer:
    """Learn merges until the vocabulary has `size` tokens, special tokens and bytes included.

    A space is never joined with a capital, so that a name has the same tokens after a space and after a quote:
    otherwise copying it would mean spelling it anew.
    """
    counts = Counter(piece for text in texts for piece in pieces(text))
    words = [list(piece) for piece in counts]
    weights = list(counts.values())
    pairs: Counter[tuple[str, str]] = Counter()
    where: dict[tuple[str, str], set[int]] = defaultdict(set)
    for i, word in enumerate(words):
        for pair in itertools.pairwise(word):
            pairs[pair] += weights[i]
            where[pair].add(i)
    merges: list[tuple[str, str]] = []
    heap = [(-count, pair) for pair, count in pairs.items()]
    heapq.heapify(heap)
    while len(merges) < size - 256 - len(SPECIAL) and heap:
        count, best = heapq.heappop(heap)
        if -count != pairs[best]:
            if pairs[best] > 0:
                heapq.heappush(heap, (-pairs[best], best))
            continue
        if best[0] == BYTE[32] and best[1][0].isupper():
            continue
        merges.append(best)
        changed: set[tuple[str, str]] = set()
        for i in where.pop(best, ()):
            word, weight = words[i], weights[i]
            for pair in itertools.pairwise(word):
                pairs[pair] -= weight
                changed.add(pair)
            at = 0
            while at < len(word) - 1:
                if (word[at], word[at + 1]) == best:
                    word[at : at + 2] = [word[at] + word[at + 1]]
                at += 1
            for pair in itertools.pairwise(word):
                pairs[pair] += weight
                where[pair].add(i)
                changed.add(pair)
        for pair in changed:
            if pairs[pair] > 0:
                heapq.heappush(heap, (-pairs[pair], pair))
    return Tokenizer(merges)
