"""How many threads of the processor compute: one number for a reply alone, one for several tokens in a step."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Threads:
    """`alone`: for a step of one token; `together`: for one of more, of prompts too. llama.cpp keeps the two apart."""

    alone: int
    together: int


def candidates(most: int) -> list[int]:
    """The numbers worth trying where at most `most` threads may compute: one, half, all."""
    return sorted({1, max(1, most // 2), max(1, most)})
