"""The cache of strict mode: replies do not depend on what else was asked, down to the last bit.

Low bits of a result depend on how many tokens are evaluated together and on which cells of the memory they lie
in. So one sequence at a time is in llama.cpp's memory, from its first cell on; prompts are evaluated in whole
blocks counted from their start, then the rest; and only whole blocks are used again. Others wait as saved
states. What follows is what an empty memory would give, token for token.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.llm.local.cache.cache import Memory, Slot
from engine.llm.local.cache.saved_sequences import MIN_TOKENS, Saved, Saves, common

BLOCK = 128  # tokens


class StrictCache:
    """One sequence in the memory, the others in `saves`. `exact` as in `engine.llm.local.cache.cache.Cache`."""

    def __init__(self, memory: Memory, *, exact: bool, saves: Saves):
        self._memory = memory
        self._exact = exact
        self._saves = saves
        self._slot = Slot(0)
        self._blocks = 0  # leading tokens of the sequence that were evaluated in whole blocks

    @property
    def held(self) -> int:
        """Cells in use."""
        return len(self._slot.tokens)

    def shared(self, tokens: Sequence[int], owner: str, adapters: int = 0) -> int:
        """Return how many tokens of a prompt can be used again."""
        saved = self._saved(tokens, adapters)
        return max(self._live(tokens, adapters), saved[1] if saved else 0)

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
        """Give a prompt the sequence, holding the whole blocks known of it. None while it is busy."""
        slot = self._slot
        if slot.busy:
            return None
        live, saved = self._live(tokens, adapters), self._saved(tokens, adapters)
        if saved is not None and saved[1] > live:
            self._put_away()
            self.clear(slot)
            self._restore(*saved)
        elif live:
            if slot.owner != owner:
                self._put_away()
            self._back_to(live)
        else:
            self._put_away()
            self.clear(slot)
        self._blocks = len(slot.tokens)
        slot.owner, slot.pinned, slot.busy, slot.adapters = owner, pinned, True, adapters
        return slot, len(slot.tokens)

    def forget(self, conversation: str) -> None:
        """Give up what is kept for a conversation that has ended, and for those below it."""
        self._saves.forget(conversation)

    def stops(self, tokens: Sequence[int], count: int, starts: Sequence[int]) -> list[int]:
        """Return the lengths of a prompt at which `keep` is to be called: whole blocks only."""
        ends = {_whole(n) for n in (*starts, len(tokens) - 1)}
        return sorted(n for n in ends if n > count)

    def keep(self, slot: Slot) -> None:
        """A sequence has reached one of its stops: an exact model can come back to it."""
        self._blocks = len(slot.tokens)
        if self._exact:
            state = self._memory.mark(slot.number)
            if state is not None:
                slot.marks.append((len(slot.tokens), state))
        if self._blocks >= MIN_TOKENS and len(slot.marks) == 1:
            self._save("")

    def grow(self, slot: Slot, tokens: Sequence[int]) -> None:
        """Note tokens that were evaluated."""
        slot.tokens += tokens

    def release(self, slot: Slot) -> None:
        """Keep the sequence for the next request."""
        slot.busy = False

    def clear(self, slot: Slot) -> None:
        """Forget all tokens."""
        self._memory.remove(slot.number, 0)
        slot.tokens, slot.marks = [], []
        self._blocks = 0

    def evict(self) -> bool:
        """There is nothing to give up beside the one sequence."""
        return False

    def cut(self, slot: Slot, count: int) -> None:
        """After a step that failed nothing is sure: begin again."""
        self.clear(slot)

    def preempt(self, slot: Slot) -> None:
        """Take the sequence from its request."""
        slot.busy = False
        self.clear(slot)

    def _live(self, tokens: Sequence[int], adapters: int) -> int:
        """Return the whole blocks of a prompt that the sequence holds and can be cut back to."""
        if self._slot.adapters != adapters:
            return 0
        same = min(common(self._slot.tokens[: self._blocks], tokens), len(tokens) - 1)
        if self._exact:
            return max((count for count, _ in self._slot.marks if count <= same), default=0)
        return _whole(same)

    def _saved(self, tokens: Sequence[int], adapters: int) -> tuple[Saved, int] | None:
        found = self._saves.best(tokens[:-1], exact=self._exact, adapters=adapters)
        if found is None or _whole(found[1]) == 0:
            return None
        return found[0], _whole(found[1])

    def _back_to(self, count: int) -> None:
        """Cut the sequence back to `count` tokens, which are whole blocks."""
        slot = self._slot
        if self._exact:
            state = next(state for marked, state in slot.marks if marked == count)
            done = self._memory.unmark(slot.number, state, count)
        else:
            done = self._memory.remove(slot.number, count)
        if not done:
            self.clear(slot)
            return
        slot.tokens = slot.tokens[:count]
        slot.marks = [mark for mark in slot.marks if mark[0] <= count]

    def _put_away(self) -> None:
        """Save the whole blocks of the sequence if they are worth it."""
        slot = self._slot
        most = slot.marks[-1][0] if self._exact and slot.marks else 0 if self._exact else self._blocks
        if most >= MIN_TOKENS and self._saves.budget:
            self._back_to(most)
            self._save(slot.owner)

    def _save(self, owner: str) -> None:
        slot = self._slot
        state = self._memory.save(slot.number) if self._saves.budget else None
        if state is not None and slot.tokens:
            self._saves.put(Saved(owner, list(slot.tokens), state, slot.adapters))

    def _restore(self, saved: Saved, count: int) -> None:
        slot = self._slot
        if not self._memory.load(slot.number, saved.state):
            self.clear(slot)
            return
        self._saves.use(saved, "")
        slot.tokens = list(saved.tokens)
        if self._exact:
            state = self._memory.mark(slot.number)
            slot.marks = [(len(slot.tokens), state)] if state is not None else []
        elif count < len(slot.tokens):
            self._back_to(count)


def _whole(count: int) -> int:
    return count // BLOCK * BLOCK
