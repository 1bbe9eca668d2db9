"""What is tried before a model is called ready, and what is learnt from it."""

from __future__ import annotations

import numpy as np
import pytest

from engine.errors import Unsound
from engine.llm.local.context import DECODED
from engine.llm.local.load.measured import Measured
from engine.llm.local.load.probe import FEW_TOKENS, PROMPT_TOKENS, probe
from engine.llm.local.load.threads import Threads, candidates

PROMPT = list(range(PROMPT_TOKENS))


class Machine:
    """A context of a made-up machine: `costs` are seconds of a step by (rows, threads); it counts what it is asked."""

    def __init__(self, costs=None, logits=0.0, result=DECODED, sets=1):
        self.sets = sets
        self.put_on: list[int] = []  # the set of adapters of each step
        self.costs, self.now, self.threads = costs or {}, 0.0, Threads(0, 0)
        self.lengths: dict[int, int] = {}
        self.steps: list[tuple[int, int]] = []
        self._logits, self._result = np.full(8, logits, np.float32), result

    def clock(self) -> float:
        return self.now

    def decode(self, parts, adapters=0) -> int:
        for part in parts:
            assert part.start == self.lengths.get(part.sequence, 0), "positions follow each other"
            self.lengths[part.sequence] = part.start + len(part.tokens)
        tokens = sum(len(part.tokens) for part in parts)
        threads = self.threads.alone if tokens == 1 else self.threads.together
        self.steps.append((len(parts) if len(parts) > 1 else tokens, threads))
        self.put_on.append(adapters)
        self.now += self.costs.get((tokens, threads), 0.01)
        return self._result

    def logits(self, row):
        return self._logits

    def copy(self, source, target, count):
        self.lengths[target] = count

    def clear(self):
        self.lengths = {}

    def set_threads(self, threads):
        self.threads = threads


def test_a_prompt_several_replies_and_one_are_tried_with_each_number_of_threads():
    machine = Machine()
    probe(machine, PROMPT, candidates(8), rows=16, clock=machine.clock)
    assert machine.steps == [(64, 8), (16, 1), (1, 1), (16, 4), (1, 4), (16, 8), (1, 8)]
    assert machine.lengths == {}, "the memory is left empty"


def test_the_fastest_numbers_are_taken_for_one_reply_and_for_several():
    machine = Machine({(1, 1): 0.05, (1, 4): 0.02, (1, 8): 0.04, (16, 1): 0.9, (16, 4): 0.3, (16, 8): 0.2})
    found = probe(machine, PROMPT, [1, 4, 8], rows=16, clock=machine.clock)
    assert found.threads == machine.threads == Threads(4, 8)
    assert (found.alone, found.together) == (pytest.approx(50), pytest.approx(80))


def test_threads_that_bring_next_to_nothing_are_left_to_others():
    machine = Machine({(1, 1): 0.0105, (1, 2): 0.01, (16, 1): 0.11, (16, 2): 0.1})
    assert probe(machine, PROMPT, [1, 2], rows=16, clock=machine.clock).threads == Threads(1, 1)


def test_where_loading_took_long_more_rounds_tell_noise_from_speed():
    machine = Machine()
    probe(machine, PROMPT, [1, 2], rows=4, loading=100.0, clock=machine.clock)
    assert len(machine.steps) == 1 + 4 * 2 * 2


def test_a_model_that_was_probed_here_before_shows_only_that_it_computes():
    before = Measured(300.0, 40.0, 90.0, Threads(1, 2), 0.5)
    machine = Machine()
    found = probe(machine, PROMPT, [1, 2], before=before, clock=machine.clock)
    assert machine.steps == [(FEW_TOKENS, 2)]
    assert (found.read, found.threads, machine.threads) == (300.0, Threads(1, 2), Threads(1, 2))


@pytest.mark.parametrize("before", [None, Measured(1.0, 1.0, 1.0, Threads(1, 1), 0.1)])
@pytest.mark.parametrize(("machine", "words"), [(Machine(logits=np.nan), "NaN"), (Machine(result=-3), "-3")])
def test_what_is_no_number_is_unsound(machine, words, before):
    machine.clear()
    with pytest.raises(Unsound, match=words):
        probe(machine, PROMPT, [1], before=before, clock=machine.clock)


def test_every_set_of_adapters_is_tried_and_the_first_is_timed():
    machine = Machine({(1, 1): 0.05, (1, 2): 0.02}, sets=2)
    found = probe(machine, PROMPT, [1, 2], rows=4, clock=machine.clock)
    assert machine.put_on == [1, 1, 1, 0, 0, 0, 0, 0]
    assert machine.steps[:3] == [(64, 2), (4, 2), (1, 2)] and machine.lengths == {}
    assert found.alone == pytest.approx(50)
    known = Machine(sets=2)
    probe(known, PROMPT, [1, 2], before=found, clock=known.clock)
    assert known.put_on == [0, 1] and known.lengths == {}
