"""Chance in a worker: the random bytes that cells draw are kept, and given again where that cell is executed again.

What needs no seed of its own comes of `os.urandom` here: `secrets`, `uuid4`, `SystemRandom`, generators that nobody seeds.
The real one stays until a cell names chance, or one is executed again whose record holds some.
"""

from __future__ import annotations

import os
import random
import re
from collections import deque
from typing import Any

from engine.types import Json

MOST_BYTES = 16_384  # drawn in a cell that are kept
NAMED = re.compile(r"\b(?:\w*random\w*|secrets|uuid\w*|default_rng)\b")

_real_urandom, _real_seed = os.urandom, random.Random.seed
_kept: list[str] = []
_left = MOST_BYTES
_given: deque[bytes] = deque()


def begin(code: str, readings: dict[str, Json]) -> None:
    """A cell begins. `readings`: what a recorded cell drew, as `taken` gave it."""
    global _left
    if os.urandom is _real_urandom and (readings.get("chance") or NAMED.search(code)):
        os.urandom = random._urandom = _urandom  # type: ignore[attr-defined]
        random.Random.seed = _seed  # type: ignore[method-assign]
        random.seed = random._inst.seed
    _kept.clear()
    _given.clear()
    _given.extend(map(bytes.fromhex, readings.get("chance", [])))
    _left = MOST_BYTES


def taken() -> dict[str, Json]:
    """What the cell drew, a hexadecimal text for each draw; {} where it drew nothing."""
    return {"chance": [*_kept]} if _kept else {}


def _urandom(size: int, /) -> bytes:
    global _left
    drawn = _given.popleft() if _given else b""
    if len(drawn) != size:
        drawn = _real_urandom(size)
    _left -= size
    if _left >= 0:
        _kept.append(drawn.hex())
    return drawn


def _seed(self: random.Random, a: Any = None, version: int = 2) -> None:
    _real_seed(self, int.from_bytes(os.urandom(32)) if a is None else a, version)
