"""Sequences kept in ordinary memory after they had to leave llama.cpp's: a copy costs less than reading again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

MIN_TOKENS = 128  # a shorter start is read again sooner than it is worth keeping


@dataclass(frozen=True, slots=True)
class Saved:
    """The state of a sequence that held `tokens`, evaluated with a set of `adapters`; `owner` is "" for a start that
    several share.
    """

    owner: str
    tokens: list[int]
    state: Any
    adapters: int = 0


class Saves:
    """Saved sequences, at most `budget` bytes of them, those not used for longest given up first."""

    def __init__(self, budget: int):
        self.budget = budget
        self._kept: list[Saved] = []  # oldest use first

    def put(self, saved: Saved) -> None:
        """Keep a state instead of what its owner had here before."""
        if len(saved.state) > self.budget:
            return
        self._kept = [
            old
            for old in self._kept
            if old.adapters != saved.adapters
            or (not (saved.owner and old.owner == saved.owner) and old.tokens != saved.tokens)
        ]
        self._kept.append(saved)
        while self.bytes > self.budget:
            self._kept.pop(0)

    def best(self, tokens: Sequence[int], *, exact: bool, adapters: int = 0) -> tuple[Saved, int] | None:
        """Return the state that holds most of the start of `tokens`, and how many; whole states if `exact`."""
        found: tuple[Saved, int] | None = None
        for saved in self._kept:
            count = common(saved.tokens, tokens)
            if saved.adapters != adapters or (exact and count < len(saved.tokens)):
                continue
            if count >= MIN_TOKENS and (found is None or count > found[1]):
                found = saved, count
        return found

    def use(self, saved: Saved, owner: str) -> None:
        """Note that a state was used; one of its own is not needed again by `owner`."""
        self._kept.remove(saved)
        if not owner or saved.owner != owner:
            self._kept.append(saved)

    def forget(self, conversation: str) -> None:
        """Drop the states of a conversation that has ended, and of those below it."""
        self._kept = [saved for saved in self._kept if not below(saved.owner, conversation)]

    @property
    def bytes(self) -> int:
        """How many bytes are kept."""
        return sum(len(saved.state) for saved in self._kept)


def below(owner: str, conversation: str) -> bool:
    """Whether an owner is a conversation or stands below it: "run" has "run/0", and "run/0" has "run/0.1"."""
    return owner == conversation or owner.startswith((f"{conversation}/", f"{conversation}."))


def common(first: Sequence[int], second: Sequence[int]) -> int:
    """Return the length of the common start of two lists, by comparing slices instead of items."""
    low, high = 0, min(len(first), len(second))
    if first[:high] == second[:high]:
        return high
    while high - low > 1:
        middle = (low + high) // 2
        if first[low:middle] == second[low:middle]:
            low = middle
        else:
            high = middle
    return low
