"""Which sequence of the KV cache holds which tokens, and which one a new prompt takes over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

MIN_SHARED = 16  # tokens; a shorter common start is not worth a copy
MAX_IDLE_LEAVES = 2  # every resident token slows attention down, so finished sub-calls do not pile up


class Memory(Protocol):
    """The operations of llama.cpp's memory that the cache needs."""

    def remove(self, sequence: int, start: int) -> bool:
        """Remove the tokens of a sequence from position `start`; False when the model cannot."""
        ...

    def copy(self, source: int, target: int, count: int) -> None:
        """Let `target`, which is empty, share the first `count` tokens of `source`."""
        ...


@dataclass(eq=False, slots=True)
class Slot:
    """One sequence: the tokens evaluated in it and who it belongs to."""

    number: int
    tokens: list[int] = field(default_factory=list)
    owner: str = ""
    pinned: bool = False
    busy: bool = False
    used: int = 0


class Cache:
    """Sequences kept from request to request. `exact`: the model (hybrid or recurrent) cannot forget the end
    of a sequence, so only a whole one can be continued or copied.
    """

    def __init__(self, memory: Memory, slots: int, *, exact: bool):
        self._memory = memory
        self._exact = exact
        self._slots = [Slot(number) for number in range(slots)]
        self._clock = 0

    def claim(self, tokens: Sequence[int], owner: str, pinned: bool) -> tuple[Slot, int] | None:
        """Give a prompt a sequence that holds as much of its start as possible.

        Returns the sequence, now busy, and how many tokens of the prompt it holds: always fewer than all, as
        the last one must be evaluated to go on. None when every sequence is busy.
        """
        shared = {slot.number: self._usable(slot, tokens) for slot in self._slots}
        best = max(self._slots, key=lambda slot: (shared[slot.number], slot.owner == owner, not slot.busy))
        own = next((s for s in self._slots if owner and s.owner == owner and not s.busy), None)
        count = shared[best.number]
        if own is not None and shared[own.number] == count:
            slot = own
            count = self._truncate(slot, count)
        elif count >= MIN_SHARED and not best.busy and not best.pinned:
            slot = best
            count = self._truncate(slot, count)
        else:
            spare = own or self._spare(keep=best if count >= MIN_SHARED else None)
            if spare is None:
                return None
            slot = spare
            self.clear(slot)
            if count >= MIN_SHARED:
                self._memory.copy(best.number, slot.number, count)
                slot.tokens = list(tokens[:count])
            else:
                count = 0
        self._clock += 1
        slot.owner, slot.pinned, slot.busy, slot.used = owner, pinned, True, self._clock
        return slot, count

    def release(self, slot: Slot) -> None:
        """Keep a finished sequence for the next request that starts like it."""
        self._clock += 1
        slot.busy, slot.used = False, self._clock

    def clear(self, slot: Slot) -> None:
        """Forget all tokens of a sequence."""
        self._memory.remove(slot.number, 0)
        slot.tokens = []

    def evict(self) -> bool:
        """Give up the idle sequence that is least worth keeping; False when none is left."""
        idle = [slot for slot in self._slots if not slot.busy and slot.tokens]
        if not idle:
            return False
        slot = min(idle, key=_worth)
        self.clear(slot)
        slot.owner, slot.pinned = "", False
        return True

    def cut(self, slot: Slot, count: int) -> None:
        """Make sure a sequence holds its first `count` tokens and nothing more; all or nothing where the
        model cannot forget a part.
        """
        self._truncate(slot, count)

    def _truncate(self, slot: Slot, count: int) -> int:
        if not self._memory.remove(slot.number, count):
            self._memory.remove(slot.number, 0)
            count = 0
        slot.tokens = slot.tokens[:count]
        return count

    def _usable(self, slot: Slot, tokens: Sequence[int]) -> int:
        """Return how many tokens of a prompt a sequence can lend it."""
        count = min(common(slot.tokens, tokens), len(tokens) - 1)
        return 0 if self._exact and count < len(slot.tokens) else count

    def _spare(self, keep: Slot | None) -> Slot | None:
        """Return the idle sequence to give to another prompt: an empty one, unless enough leaves lie about."""
        idle = [slot for slot in self._slots if not slot.busy and slot is not keep]
        leaves = [slot for slot in idle if slot.tokens and not slot.pinned]
        if len(leaves) >= MAX_IDLE_LEAVES:
            idle = leaves
        return min(idle, key=_worth, default=None)


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


def _worth(slot: Slot) -> tuple[bool, bool, int]:
    """Order idle sequences: empty ones first, then leaves, then nodes that will come back; oldest first."""
    return bool(slot.tokens), slot.pinned, slot.used
