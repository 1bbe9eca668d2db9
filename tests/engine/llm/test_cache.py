"""Sequences of the cache are shared and given up in the right order."""

from __future__ import annotations

import random

import pytest

from engine.llm.cache import MAX_IDLE_LEAVES, Cache, common

ROOT = list(range(100))


class FakeMemory:
    """Keeps what llama.cpp would hold, so that every test can compare it with what the cache believes."""

    def __init__(self, exact: bool = False):
        self.exact = exact
        self.held: dict[int, list[int]] = {}

    def remove(self, sequence: int, start: int) -> bool:
        held = self.held.setdefault(sequence, [])
        if self.exact and 0 < start < len(held):
            return False
        del held[start:]
        return True

    def copy(self, source: int, target: int, count: int) -> None:
        assert not self.held.get(target)
        assert not self.exact or count == len(self.held[source])
        self.held[target] = self.held[source][:count]


@pytest.fixture(params=[False, True], ids=["attention", "recurrent"])
def memory(request) -> FakeMemory:
    return FakeMemory(request.param)


def run(cache: Cache, memory: FakeMemory, tokens: list[int], owner: str, pinned: bool = False) -> int:
    """Do what a request does, and return how many tokens it did not have to evaluate."""
    claimed = cache.claim(tokens, owner, pinned)
    assert claimed is not None
    slot, count = claimed
    assert memory.held.get(slot.number, []) == slot.tokens == tokens[:count]
    memory.held[slot.number] = list(tokens)
    slot.tokens = list(tokens)
    cache.release(slot)
    return count


def test_a_conversation_continues_where_it_stopped(memory):
    cache = Cache(memory, 4, exact=memory.exact)
    assert run(cache, memory, ROOT, "root", pinned=True) == 0
    assert run(cache, memory, [*ROOT, 7, 7], "root", pinned=True) == 100


def test_sub_calls_do_not_cost_a_node_its_cache(memory):
    cache = Cache(memory, 4, exact=memory.exact)
    run(cache, memory, ROOT, "root", pinned=True)
    for number in range(20):
        run(cache, memory, [1000 + number] * 50, f"leaf {number}")
    assert run(cache, memory, [*ROOT, 7], "root", pinned=True) == 100


def test_sub_calls_share_their_common_start():
    memory = FakeMemory()
    cache = Cache(memory, 4, exact=False)
    run(cache, memory, [*ROOT, 1, 1], "leaf 1")
    assert run(cache, memory, [*ROOT, 2, 2], "leaf 2") == 100


def test_a_recurrent_model_never_reuses_a_part():
    memory = FakeMemory(exact=True)
    cache = Cache(memory, 4, exact=True)
    run(cache, memory, [*ROOT, 1, 1], "leaf 1")
    assert run(cache, memory, [*ROOT, 2, 2], "leaf 2") == 0
    assert run(cache, memory, [*ROOT, 2, 3], "leaf 2") == 0


def test_a_prompt_evaluated_before_is_never_reused_whole(memory):
    cache = Cache(memory, 4, exact=memory.exact)
    run(cache, memory, ROOT, "root", pinned=True)
    assert run(cache, memory, ROOT, "root", pinned=True) == (0 if memory.exact else 99)


def test_a_child_starts_from_the_shared_start_and_leaves_its_parent_alone():
    memory = FakeMemory()
    cache = Cache(memory, 4, exact=False)
    run(cache, memory, [*ROOT, 1], "root", pinned=True)
    assert run(cache, memory, [*ROOT, 2], "child", pinned=True) == 100
    assert run(cache, memory, [*ROOT, 1, 1], "root", pinned=True) == 101


def test_finished_sub_calls_do_not_pile_up(memory):
    cache = Cache(memory, 8, exact=memory.exact)
    for number in range(20):
        run(cache, memory, [1000 + number] * 50, f"leaf {number}")
    assert sum(bool(held) for held in memory.held.values()) <= MAX_IDLE_LEAVES


def test_leaves_are_evicted_before_nodes_and_the_oldest_first(memory):
    cache = Cache(memory, 4, exact=memory.exact)
    for owner, tokens, pinned in [("a", [1] * 50, True), ("b", [2] * 50, False), ("c", [3] * 50, True)]:
        run(cache, memory, tokens, owner, pinned)
    order = []
    while cache.evict():
        order.append({held[0] for held in memory.held.values() if held})
    assert order == [{1, 3}, {3}, set()]


def test_busy_sequences_are_neither_given_away_nor_evicted(memory):
    cache = Cache(memory, 2, exact=memory.exact)
    first, second = cache.claim([1] * 50, "a", False), cache.claim([2] * 50, "b", False)
    assert first is not None and second is not None and first[0] is not second[0]
    first[0].tokens = second[0].tokens = [9]
    assert cache.claim([3] * 50, "c", False) is None
    assert not cache.evict()


@pytest.mark.parametrize("seed", range(20))
def test_the_cache_always_knows_what_the_memory_holds(memory, seed):
    rng = random.Random(seed)
    cache = Cache(memory, 4, exact=memory.exact)
    for _ in range(60):
        owner = rng.choice("abcde")
        start = rng.choice([ROOT, ROOT[:50], [5] * 30])
        run(
            cache,
            memory,
            start + [rng.randrange(3) for _ in range(rng.randrange(1, 9))],
            owner,
            owner in "ab",
        )
        if rng.random() < 0.1:
            cache.evict()


@pytest.mark.parametrize("seed", range(10))
def test_the_common_start_is_found(seed):
    rng = random.Random(seed)
    first, second = ([rng.randrange(2) for _ in range(rng.randrange(12))] for _ in range(2))
    expected = next((i for i, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), None)
    assert common(first, second) == (min(len(first), len(second)) if expected is None else expected)
