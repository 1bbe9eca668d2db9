"""Sequences of the cache are shared and given up in the right order."""

from __future__ import annotations

import random

import pytest

from engine.llm.local.cache.cache import MAX_IDLE_LEAVES, Cache, Slot
from engine.llm.local.cache.cells import Numbers, distinct, first
from engine.llm.local.cache.saved_sequences import MIN_TOKENS, Saved, Saves, common

ROOT = list(range(100))


class State(list[int]):
    """Saved tokens, and the set of adapters they were evaluated with."""

    def __init__(self, tokens: list[int], made: int):
        super().__init__(tokens)
        self.made = made


class FakeMemory:
    """Keeps what llama.cpp would hold, so that every test can compare it with what the cache believes.

    Each token lies in a cell; copies share cells. `state` is what a recurrent model has read of a sequence. `now` is
    the set of adapters that a context has on, `made` the one that a sequence was evaluated with.
    """

    def __init__(self, exact: bool = False):
        self.exact = exact
        self.held: dict[int, list[int]] = {}
        self.cells: dict[int, list[object]] = {}
        self.state: dict[int, list[int]] = {}
        self.now = 0
        self.made: dict[int, int] = {}

    def evaluate(self, sequence: int, tokens: list[int]) -> None:
        assert not self.held.get(sequence) or self.made[sequence] == self.now, "adapters mixed up"
        self.made[sequence] = self.now
        assert self.state.setdefault(sequence, []) == self.held.setdefault(sequence, []), "a mixed-up state"
        self.held[sequence] += tokens
        self.state[sequence] = list(self.held[sequence])
        self.cells.setdefault(sequence, []).extend(object() for _ in tokens)

    def remove(self, sequence: int, start: int) -> bool:
        held = self.held.setdefault(sequence, [])
        if self.exact and 0 < start < len(held) and self.state.get(sequence) != held[:start]:
            return False
        del held[start:], self.cells.setdefault(sequence, [])[start:]
        self.state[sequence] = list(held)
        return True

    def copy(self, source: int, target: int, count: int) -> None:
        assert not self.held.get(target)
        assert not self.exact or count == len(self.held[source])
        self.held[target] = self.held[source][:count]
        self.cells[target] = self.cells[source][:count]
        self.state[target] = list(self.held[target])
        self.made[target] = self.made[source]

    def save(self, sequence: int) -> State:
        return State(self.held[sequence], self.made[sequence])

    def load(self, sequence: int, state: State) -> bool:
        assert not self.held.get(sequence)
        self.evaluate(sequence, state)
        self.made[sequence] = state.made
        return True

    def mark(self, sequence: int) -> list[int]:
        return list(self.state[sequence])

    def unmark(self, sequence: int, state: list[int], count: int) -> bool:
        self.state[sequence] = list(state)
        return self.remove(sequence, count)

    @property
    def used(self) -> int:
        return len({cell for cells in self.cells.values() for cell in cells})


@pytest.fixture(params=[False, True], ids=["attention", "recurrent"])
def memory(request) -> FakeMemory:
    return FakeMemory(request.param)


def run(
    cache: Cache,
    memory: FakeMemory,
    tokens: list[int],
    owner: str,
    pinned: bool = False,
    adapters: int = 0,
) -> int:
    """Do what a request does, and return how many tokens it did not have to evaluate."""
    slot, count = begin(cache, memory, tokens, owner, pinned, adapters)
    cache.release(slot)
    assert cache.held == memory.used
    return count


def begin(
    cache: Cache,
    memory: FakeMemory,
    tokens: list[int],
    owner: str,
    pinned: bool = False,
    adapters: int = 0,
) -> tuple[Slot, int]:
    """Evaluate a prompt, keeping what the cache asks to keep on the way; its sequence stays busy."""
    memory.now = adapters
    claimed = cache.claim(tokens, owner, pinned, adapters=adapters)
    assert claimed is not None
    slot, count = claimed
    assert memory.held.get(slot.number, []) == slot.tokens == tokens[:count]
    starts = [len(ROOT)] if tokens[: len(ROOT)] == ROOT else []
    for stop in [*cache.stops(tokens, count, starts), len(tokens)]:
        memory.evaluate(slot.number, tokens[len(slot.tokens) : stop])
        cache.grow(slot, tokens[len(slot.tokens) : stop])
        if stop < len(tokens):
            cache.keep(slot)
    return slot, count


def new_cache(memory: FakeMemory, slots: int, *, cells: int = 10_000, budget: int = 0) -> Cache:
    return Cache(memory, slots, cells, exact=memory.exact, saves=Saves(budget))


def test_a_conversation_continues_where_it_stopped(memory):
    cache = new_cache(memory, 4)
    assert run(cache, memory, ROOT, "root", pinned=True) == 0
    assert run(cache, memory, [*ROOT, 7, 7], "root", pinned=True) == 100


def test_sub_calls_do_not_cost_a_node_its_cache(memory):
    cache = new_cache(memory, 4)
    run(cache, memory, ROOT, "root", pinned=True)
    for number in range(20):
        run(cache, memory, [1000 + number] * 50, f"leaf {number}")
    assert run(cache, memory, [*ROOT, 7], "root", pinned=True) == 100


def test_sub_calls_share_their_common_start():
    memory = FakeMemory()
    cache = new_cache(memory, 4)
    run(cache, memory, [*ROOT, 1, 1], "leaf 1")
    assert run(cache, memory, [*ROOT, 2, 2], "leaf 2") == 100


def test_a_recurrent_model_never_reuses_a_part():
    memory = FakeMemory(exact=True)
    cache = new_cache(memory, 4)
    run(cache, memory, [*ROOT[:50], 1, 1], "leaf 1")
    assert run(cache, memory, [*ROOT[:50], 2, 2], "leaf 2") == 0
    assert run(cache, memory, [*ROOT[:50], 2, 3], "leaf 2") == 0


def test_a_recurrent_model_shares_a_start_that_was_parked_whole():
    memory = FakeMemory(exact=True)
    cache = new_cache(memory, 5)
    assert run(cache, memory, [*ROOT, 1, 1], "child 1", pinned=True) == 0
    assert run(cache, memory, [*ROOT, 2, 2], "child 2", pinned=True) == 100
    assert run(cache, memory, [*ROOT, 3, 3], "child 3", pinned=True) == 100
    assert run(cache, memory, [*ROOT, 1, 1, 5], "child 1", pinned=True) == 102


def test_a_recurrent_model_goes_back_to_where_a_turn_began():
    memory = FakeMemory(exact=True)
    cache = new_cache(memory, 4)
    run(cache, memory, [*ROOT, 1], "root", pinned=True)
    run(cache, memory, [*ROOT, 1, 2, 2], "root", pinned=True)
    run(cache, memory, [*ROOT, 1, 2, 2, 3, 3], "root", pinned=True)
    assert run(cache, memory, [*ROOT, 1, 2, 2, 4, 4], "root", pinned=True) == 103


def test_what_other_adapters_evaluated_is_not_used_and_stays(memory):
    cache = new_cache(memory, 6)
    assert run(cache, memory, [*ROOT, 1], "run/0", pinned=True, adapters=0) == 0
    assert cache.shared([*ROOT, 1, 2], "run/0", 1) == 0
    assert run(cache, memory, [*ROOT, 1, 2], "run/0", pinned=True, adapters=1) == 0
    assert run(cache, memory, [*ROOT, 2], "run/1", adapters=1) == len(ROOT)
    assert run(cache, memory, [*ROOT, 1, 3], "run/0", pinned=True, adapters=0) == len(ROOT) + 1
    assert run(cache, memory, [*ROOT, 1, 2, 3], "run/0", pinned=True, adapters=1) == len(ROOT) + 2


def test_saved_states_belong_to_their_adapters():
    memory = FakeMemory()
    cache = new_cache(memory, 1, budget=1000)
    tokens = list(range(MIN_TOKENS + 50))
    for adapters in (0, 1):
        assert run(cache, memory, tokens, "run/0", pinned=True, adapters=adapters) == 0
    run(cache, memory, [5] * MIN_TOKENS, "run/1", pinned=True)
    for adapters in (1, 0):  # both are saved now, the one that is not wanted first
        assert run(cache, memory, [*tokens, 7], "run/0", pinned=True, adapters=adapters) == len(tokens)


def test_a_prompt_evaluated_before_is_never_reused_whole(memory):
    cache = new_cache(memory, 4)
    run(cache, memory, ROOT, "root", pinned=True)
    assert run(cache, memory, ROOT, "root", pinned=True) == (0 if memory.exact else 99)


def test_a_child_starts_from_the_shared_start_and_leaves_its_parent_alone():
    memory = FakeMemory()
    cache = new_cache(memory, 4)
    run(cache, memory, [*ROOT, 1], "root", pinned=True)
    assert run(cache, memory, [*ROOT, 2], "child", pinned=True) == 100
    assert run(cache, memory, [*ROOT, 1, 1], "root", pinned=True) == 101


def test_finished_sub_calls_do_not_pile_up(memory):
    cache = new_cache(memory, 8)
    for number in range(20):
        run(cache, memory, [1000 + number] * 50, f"leaf {number}")
    assert sum(bool(held) for held in memory.held.values()) <= MAX_IDLE_LEAVES


def test_leaves_are_evicted_before_nodes_and_the_oldest_first(memory):
    cache = new_cache(memory, 4)
    for owner, tokens, pinned in [("a", [1] * 50, True), ("b", [2] * 50, False), ("c", [3] * 50, True)]:
        run(cache, memory, tokens, owner, pinned)
    order = []
    while cache.evict():
        order.append({held[0] for held in memory.held.values() if held})
    assert order == [{1, 3}, {3}, set()]


def test_busy_sequences_are_neither_given_away_nor_evicted(memory):
    cache = new_cache(memory, 2)
    one, two = begin(cache, memory, [1] * 50, "a"), begin(cache, memory, [2] * 50, "b")
    assert one[0] is not two[0]
    assert cache.claim([3] * 50, "c", False) is None
    assert not cache.evict()


def test_a_prompt_is_let_in_only_when_it_fits_beside_the_others_with_room_for_its_reply(memory):
    cache = new_cache(memory, 4, cells=200)
    begin(cache, memory, [1] * 100, "a")
    assert cache.claim([2] * 60, "b", False, room=41) is None
    assert cache.claim([2] * 60, "b", False, room=30, promised=11) is None
    assert cache.claim([2] * 60, "b", False, room=30, promised=10) is not None


def test_what_is_shared_counts_once():
    memory = FakeMemory()
    cache = new_cache(memory, 4, cells=130)
    begin(cache, memory, [*ROOT, 1], "a")
    for name in "bcd":
        begin(cache, memory, [*ROOT, *[ord(name)] * 9], name)
    assert cache.held == memory.used == 101 + 27


def test_idle_sequences_make_room(memory):
    cache = new_cache(memory, 4, cells=200)
    for number in range(8):
        run(cache, memory, [number] * 90, f"node {number}", pinned=True)
        assert memory.used <= 200


def test_a_node_that_had_to_leave_comes_back_from_its_saved_state(memory):
    cache = new_cache(memory, 4, cells=400, budget=10_000)
    run(cache, memory, [7] * 300, "root", pinned=True)
    run(cache, memory, [8] * 300, "child", pinned=True)
    assert run(cache, memory, [*[7] * 300, 1], "root", pinned=True) == 300
    assert run(cache, memory, [*[8] * 300, 1], "child", pinned=True) == 300


def test_a_job_that_makes_room_keeps_its_place_in_the_saved_states(memory):
    cache = new_cache(memory, 4, cells=400, budget=10_000)
    slot, _ = begin(cache, memory, [7] * 300, "leaf")
    cache.preempt(slot)
    assert cache.held == 0
    assert run(cache, memory, [*[7] * 300, 1], "leaf") == 300


def test_a_conversation_that_has_ended_leaves_nothing_behind(memory):
    cache = new_cache(memory, 4, cells=400, budget=10_000)
    run(cache, memory, [7] * 300, "run/0.1", pinned=True)
    run(cache, memory, [8] * 300, "run/0.10", pinned=True)
    cache.forget("run/0.1")
    assert run(cache, memory, [*[7] * 300, 1], "run/0.1", pinned=True) == 0
    assert run(cache, memory, [*[8] * 300, 1], "run/0.10", pinned=True) == 300
    cache.forget("run")
    assert cache.held == 0


def test_saved_states_stay_within_their_budget():
    saves = Saves(1000)
    for number in range(10):
        saves.put(Saved(f"node {number}", [number] * MIN_TOKENS, bytes(300)))
    assert saves.bytes == 900
    assert saves.best([9] * MIN_TOKENS, exact=True) is not None
    assert saves.best([0] * MIN_TOKENS, exact=True) is None
    saves.put(Saved("huge", [1] * MIN_TOKENS, bytes(1001)))
    assert saves.bytes == 900


@pytest.mark.parametrize("seed", range(10))
def test_cells_are_counted_as_sets_would(seed):
    rng = random.Random(seed)
    numbers = Numbers()
    sequences: list[list[tuple[int, int]]] = [[]]
    for _ in range(40):
        if rng.random() < 0.3:
            one = rng.choice(sequences)
            sequences.append(first(one, rng.randrange(1 + sum(b - a for a, b in one))))
            numbers.grow(sequences[-1], rng.randrange(5), fresh=True)
        else:
            numbers.grow(rng.choice(sequences), rng.randrange(5), fresh=rng.random() < 0.5)
    sequences = [s for s in sequences if s]
    sets = [{n for a, b in one for n in range(a, b)} for one in sequences]
    assert distinct(sequences) == len(set().union(*sets))


@pytest.mark.parametrize("sets", [1, 2])
@pytest.mark.parametrize("budget", [0, 500])
@pytest.mark.parametrize("seed", range(20))
def test_the_cache_always_knows_what_the_memory_holds(memory, seed, budget, sets):
    rng = random.Random(seed)
    cache = new_cache(memory, 4, cells=400, budget=budget)
    for _ in range(60):
        owner = rng.choice("abcde")
        start = rng.choice([ROOT, ROOT[:50], [5] * 30])
        run(
            cache,
            memory,
            start + [rng.randrange(3) for _ in range(rng.randrange(1, 9))],
            owner,
            owner in "ab",
            rng.randrange(sets),
        )
        if rng.random() < 0.1:
            cache.evict()


@pytest.mark.parametrize("seed", range(10))
def test_the_common_start_is_found(seed):
    rng = random.Random(seed)
    one, two = ([rng.randrange(2) for _ in range(rng.randrange(12))] for _ in range(2))
    expected = next((i for i, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), None)
    assert common(one, two) == (min(len(one), len(two)) if expected is None else expected)
