"""Which sequence of llama.cpp's memory holds which tokens, what is shared, and what must go when it is full."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from engine.llm.local.cache.cells import Numbers, Range, distinct, first
from engine.llm.local.cache.saved_sequences import MIN_TOKENS, Saved, Saves, below, common

MIN_SHARED = 16  # tokens; a shorter common start is not worth a copy
MAX_IDLE_LEAVES = 2  # every resident token slows attention down, so finished sub-calls do not pile up
MAX_MARKS = 2  # per sequence
MAX_PARKED = 2  # shared starts kept for exact models


class Memory(Protocol):
    """The operations of llama.cpp's memory that the cache needs. States are sized values."""

    def remove(self, sequence: int, start: int) -> bool:
        """Remove the tokens of a sequence from position `start`; False when the model cannot."""
        ...

    def copy(self, source: int, target: int, count: int) -> None:
        """Let `target`, which is empty, share the first `count` tokens of `source`."""
        ...

    def save(self, sequence: int) -> Any: ...

    def load(self, sequence: int, state: Any) -> bool: ...

    def mark(self, sequence: int) -> Any: ...

    def unmark(self, sequence: int, state: Any, count: int) -> bool: ...


@dataclass(eq=False, slots=True)
class Slot:
    """One sequence: the tokens evaluated in it, with which set of adapters, the cells they take, and who it belongs to.

    `parked`: a start that others copy and none continues. `marks`: states to go back to, by number of tokens
    (exact models). `shared`: how many of its tokens were copied from or to another sequence.
    """

    number: int
    tokens: list[int] = field(default_factory=list)
    cells: list[Range] = field(default_factory=list)
    owner: str = ""
    pinned: bool = False
    busy: bool = False
    parked: bool = False
    used: int = 0
    shared: int = 0
    adapters: int = 0
    marks: list[tuple[int, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Source:
    """Where the first `count` tokens of a prompt can be had."""

    count: int
    slot: Slot | None = None
    mark: Any = None
    saved: Saved | None = None


class Cache:
    """Sequences kept from request to request in a memory of `cells` tokens. `exact`: the model (hybrid or
    recurrent) cannot forget the end of a sequence, so only a whole one can be continued or copied.

    What was evaluated with one set of adapters is nothing to prompts that need another, and stays.
    """

    def __init__(self, memory: Memory, slots: int, cells: int, *, exact: bool, saves: Saves):
        self._memory = memory
        self._exact = exact
        self._cells = cells
        self._slots = [Slot(number) for number in range(slots)]
        self._numbers = Numbers()
        self._saves = saves
        self._clock = 0

    @property
    def held(self) -> int:
        """Cells in use."""
        return distinct(slot.cells for slot in self._slots)

    def shared(self, tokens: Sequence[int], owner: str, adapters: int = 0) -> int:
        """Return how many tokens of a prompt `claim` would find evaluated."""
        return self._best(tokens, self._own(owner, adapters), adapters).count

    def claim(
        self,
        tokens: Sequence[int],
        owner: str,
        pinned: bool,
        *,
        adapters: int = 0,
        room: int = 0,
        promised: int = 0,
    ) -> tuple[Slot, int] | None:
        """Give a prompt a sequence that holds as much of its start as possible, evaluated with a set of adapters.

        `room`: cells to keep for its reply; `promised`: cells that busy sequences may still take. Returns the
        sequence, now busy, and how many tokens of the prompt it holds: always fewer than all, as the last one
        must be evaluated to go on. None when every sequence is busy or the rest would not fit beside those.
        """
        own = self._own(owner, adapters)
        source = self._best(tokens, own, adapters)
        kept = [slot.cells for slot in self._slots if slot.busy]
        there = 0
        if source.slot is not None:
            there = source.count
            kept.append(first(source.slot.cells, there))
        if distinct(kept) + promised + len(tokens) - there + room > self._cells:
            return None
        slot = self._fill(source, own)
        if slot is None:
            return None
        count = len(slot.tokens)
        self._clock += 1
        slot.owner, slot.pinned, slot.busy, slot.used = owner, pinned, True, self._clock
        slot.adapters = adapters
        wanted = promised + len(tokens) - count + room
        while self.held + wanted > self._cells and self.evict():
            pass
        if self._exact and count and owner:
            self._mark(slot)
        return slot, count

    def grow(self, slot: Slot, tokens: Sequence[int]) -> None:
        """Note tokens that were evaluated in a sequence."""
        self._numbers.grow(slot.cells, len(tokens), fresh=len(slot.tokens) == slot.shared)
        slot.tokens += tokens

    def release(self, slot: Slot) -> None:
        """Keep a finished sequence for the next request that starts like it."""
        self._clock += 1
        slot.busy, slot.used = False, self._clock
        leaves = [s for s in self._slots if s.tokens and not (s.busy or s.pinned or s.parked)]
        if len(leaves) > MAX_IDLE_LEAVES:
            self.clear(min(leaves, key=lambda s: s.used))

    def park(self, slot: Slot) -> None:
        """Keep what a sequence of an exact model holds now as a start that others can copy."""
        if any(s.parked and s.adapters == slot.adapters and s.tokens == slot.tokens for s in self._slots):
            return
        parked = [s for s in self._slots if s.parked and not s.busy]
        spare = min(parked, key=lambda s: s.used) if len(parked) >= MAX_PARKED else self._spare(keep=slot)
        if spare is None:
            return
        self._give_up(spare)
        self._share(slot, spare, len(slot.tokens))
        self._clock += 1
        spare.owner, spare.pinned, spare.parked, spare.used = "", False, True, self._clock

    def clear(self, slot: Slot) -> None:
        """Forget all tokens of a sequence."""
        self._memory.remove(slot.number, 0)
        slot.tokens, slot.cells, slot.marks, slot.shared = [], [], [], 0

    def evict(self) -> bool:
        """Give up the idle sequence that is least worth keeping; False when none is left."""
        idle = [slot for slot in self._slots if not slot.busy and slot.tokens]
        if not idle:
            return False
        self._give_up(min(idle, key=_worth))
        return True

    def cut(self, slot: Slot, count: int) -> None:
        """Make sure a sequence holds its first `count` tokens and nothing more; all or nothing where the
        model cannot forget a part.
        """
        if not self._memory.remove(slot.number, count):
            self.clear(slot)
            return
        slot.tokens = slot.tokens[:count]
        slot.cells = first(slot.cells, count)
        slot.marks = [mark for mark in slot.marks if mark[0] <= count]
        slot.shared = len(slot.tokens)  # what comes next takes new cells

    def preempt(self, slot: Slot) -> None:
        """Take a sequence from its request before the end; the request will ask for it again."""
        slot.busy = False
        self._save(slot)
        self._give_up(slot, keep=False)

    def forget(self, conversation: str) -> None:
        """Give up what is kept for a conversation that has ended, and for those below it."""
        for slot in self._slots:
            if not slot.busy and below(slot.owner, conversation):
                self._give_up(slot, keep=False)
        self._saves.forget(conversation)

    def stops(self, tokens: Sequence[int], count: int, starts: Sequence[int]) -> list[int]:
        """Return the lengths between `count` and the end of a prompt at which `keep` is to be called.

        `starts`: how long the starts are that others share or will share.
        """
        if not self._exact:
            return []
        return sorted({n for n in starts if max(count, MIN_SHARED) < n < len(tokens)})

    def keep(self, slot: Slot) -> None:
        """A sequence has reached one of its stops."""
        self.park(slot)

    # --- finding ----------------------------------------------------------------------------------------

    def _own(self, owner: str, adapters: int) -> Slot | None:
        return next(
            (s for s in self._slots if owner and s.owner == owner and s.adapters == adapters and not s.busy),
            None,
        )

    def _best(self, tokens: Sequence[int], own: Slot | None, adapters: int) -> _Source:
        alike = [slot for slot in self._slots if slot.adapters == adapters]
        found = [_Source(0), *(_Source(self._usable(slot, tokens), slot) for slot in alike)]
        if own is not None:
            same = common(own.tokens, tokens)
            found += [_Source(n, own, mark) for n, mark in own.marks if n <= min(same, len(tokens) - 1)]
        best = max(found, key=lambda s: (s.count, s.slot is own, s.slot is not None and not s.slot.busy))
        if best.count < MIN_SHARED and best.slot is not own:
            best = _Source(0)
        saved = self._saves.best(tokens[:-1], exact=self._exact, adapters=adapters)
        if saved is not None and saved[1] > best.count + MIN_TOKENS:
            return _Source(saved[1], saved=saved[0])
        return best

    def _usable(self, slot: Slot, tokens: Sequence[int]) -> int:
        """Return how many tokens of a prompt a sequence can lend it."""
        count = min(common(slot.tokens, tokens), len(tokens) - 1)
        return 0 if self._exact and count < len(slot.tokens) else count

    # --- filling ----------------------------------------------------------------------------------------

    def _fill(self, source: _Source, own: Slot | None) -> Slot | None:
        """Bring the tokens of a source into a sequence that may be continued; None when none is free."""
        slot = source.slot
        if slot is not None and slot is own:
            self._back_to(slot, source)
            return slot
        takes = slot is not None and not (slot.busy or slot.pinned or slot.parked or self._exact)
        if not takes:
            spare = own or self._spare(keep=slot)
            if spare is not None:
                self._give_up(spare, keep=spare is not own)
                if slot is not None and source.count:
                    self._share(slot, spare, source.count)
                elif source.saved is not None:
                    self._restore(spare, source.saved, source.count)
                return spare
            if slot is None or slot.busy:
                return None
            self._save(slot)  # the only idle one; what it holds goes on in the new request
        assert slot is not None
        if own is not None:
            self._give_up(own, keep=False)
        self._back_to(slot, source)
        slot.parked = False
        return slot

    def _back_to(self, slot: Slot, source: _Source) -> None:
        if source.mark is None:
            self.cut(slot, source.count)
        elif self._memory.unmark(slot.number, source.mark, source.count):
            slot.tokens, slot.cells = slot.tokens[: source.count], first(slot.cells, source.count)
            slot.marks = [mark for mark in slot.marks if mark[0] <= source.count]
            slot.shared = source.count
        else:
            self.clear(slot)

    def _share(self, source: Slot, target: Slot, count: int) -> None:
        self._memory.copy(source.number, target.number, count)
        target.tokens, target.cells = source.tokens[:count], first(source.cells, count)
        target.shared, target.adapters = count, source.adapters
        source.shared = max(source.shared, count)

    def _restore(self, slot: Slot, saved: Saved, count: int) -> None:
        while self.held + len(saved.tokens) > self._cells and self.evict():
            pass
        if not self._memory.load(slot.number, saved.state):
            self.clear(slot)
            return
        self._saves.use(saved, saved.owner)
        self.grow(slot, saved.tokens)
        if count < len(saved.tokens):
            self.cut(slot, count)

    def _mark(self, slot: Slot) -> None:
        if all(count != len(slot.tokens) for count, _ in slot.marks):
            state = self._memory.mark(slot.number)
            if state is not None:
                slot.marks = [*slot.marks, (len(slot.tokens), state)][-MAX_MARKS:]

    # --- giving up --------------------------------------------------------------------------------------

    def _spare(self, keep: Slot | None) -> Slot | None:
        """Return the idle sequence to give to another prompt: an empty one if there is one."""
        idle = [slot for slot in self._slots if not slot.busy and slot is not keep]
        return min(idle, key=_worth, default=None)

    def _give_up(self, slot: Slot, *, keep: bool = True) -> None:
        """Empty a sequence, saving what will be asked for again."""
        if keep and (slot.pinned or slot.parked):
            self._save(slot)
        self.clear(slot)
        slot.owner, slot.pinned, slot.parked = "", False, False

    def _save(self, slot: Slot) -> None:
        if len(slot.tokens) >= MIN_TOKENS and self._saves.budget:
            state = self._memory.save(slot.number)
            if state is not None:
                self._saves.put(Saved(slot.owner, list(slot.tokens), state, slot.adapters))


def _worth(slot: Slot) -> tuple[bool, bool, bool, int]:
    """Order idle sequences: empty ones first, then leaves, shared starts, nodes that come back; oldest first."""
    return bool(slot.tokens), slot.pinned, slot.parked, slot.used
