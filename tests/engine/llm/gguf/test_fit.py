"""What fits a machine: estimates against a real process, and choices over made-up machines."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from engine.errors import InputError
from engine.llm.gguf.facts import GgufFacts, read_facts
from engine.llm.gguf.fit import MAX_SAVED, SLOTS, Room, Wish, choose, largest
from engine.llm.gguf.memory import GIB, MIB, MIN_SLOTS, estimate, sequences_for
from engine.llm.gguf.weights import Weights
from tests.engine.llm.gguf.make_gguf import recurrent_model
from tests.small_model import small_model


@pytest.fixture
def eight(random_gguf: Path) -> GgufFacts:
    """A model in the shape of an 8B at four bits: 32 layers, 128 KiB of cache per token."""
    return replace(
        read_facts(random_gguf),
        name="Eight",
        size=int(4.6 * GIB),
        layers=32,
        kv_bytes=128 << 10,
        width=4096,
        heads=32,
        head_lengths=(128, 128),
        vocabulary=128_256,
        n_ctx_train=131_072,
        n_ctx_original=131_072,
        weights=Weights(4 * GIB, 300 * MIB, 300 * MIB, ((12, 4 * GIB),), attention=32),
    )


def test_the_estimate_is_near_what_a_model_really_takes(open_local):
    facts = read_facts(small_model())
    model = open_local(small_model(), threads=1)
    measured = psutil.Process(model.pid).memory_info().rss
    estimated = estimate(facts, model.info.n_ctx, pool=model.info.pool).resident
    assert abs(estimated - measured) < 24 * MIB  # Python and the libraries are most of it


def test_the_cache_is_exact(random_gguf):
    facts = read_facts(random_gguf)
    assert estimate(facts, 1024, pool=1024).cache == facts.kv_bytes * 1024
    assert estimate(facts, 1000, pool=1000).cache == facts.kv_bytes * 1024  # rounded up as llama.cpp does


def test_a_recurrent_model_keeps_a_state_and_no_cache(tmp_path):
    facts = read_facts(recurrent_model(tmp_path / "m.gguf"))
    need = estimate(facts, 4096, sequences=4)
    assert (facts.weights.attention, facts.weights.recurrent) == (0, 2)
    assert need.state == 4 * 2 * 4 * (3 * 128 + 128 * 16)  # slots, layers, bytes, convolution and state


def test_repacked_weights_count_twice_where_the_system_shows_them_and_once_where_they_are_needed(eight):
    x86, plain = (
        estimate(replace(eight, weights=w), 4096, processor="x86") for w in (eight.weights, Weights())
    )
    assert x86.resident - plain.resident == 4 * GIB
    assert x86.ram == plain.ram


def test_a_machine_with_room_gets_the_usual_window_and_twice_that_in_memory(eight):
    fit = choose(eight, Room(32 * GIB))
    assert (fit.ok, fit.window, fit.pool, fit.gpu_layers, fit.tight) == (True, 8192, 16384, 0, False)
    assert fit.notices == ()


def test_a_smaller_machine_gets_a_smaller_window_and_is_told(eight):
    fit = choose(eight, Room(6 * GIB))
    assert fit.ok and fit.window < 8192 and fit.tight
    assert f"{fit.window:,} tokens" in fit.notices[0]
    assert fit.need.ram <= 6 * GIB


def test_what_is_too_large_is_refused_with_what_would_fit(eight):
    fit = choose(eight, Room(4 * GIB))
    assert not fit.ok
    assert "Eight needs 5." in fit.problem and "4.0 GiB of memory are free" in fit.problem
    assert "up to 3.0 GB fits" in fit.problem  # the size of a file that fits
    assert choose(replace(eight, size=largest(Room(4 * GIB)), weights=Weights()), Room(4 * GIB)).ok


def test_a_window_asked_for_is_taken_or_refused_never_changed(eight):
    assert choose(eight, Room(64 * GIB), Wish(window=65536)).window == 65536
    refused = choose(eight, Room(12 * GIB), Wish(window=65536))
    assert not refused.ok and "A window of 8,192 tokens fits" in refused.problem
    beyond = choose(eight, Room(640 * GIB), Wish(window=500_000))
    assert beyond.window == 131_072 and "trained for 131,072" in beyond.notices[0]


def test_a_gpu_takes_the_whole_model_or_what_fits_of_it(eight):
    whole = choose(eight, Room(32 * GIB, gpu=24 * GIB))
    assert (whole.gpu_layers, whole.window, whole.cache_type) == (32, 8192, "f16")
    assert whole.need.ram < 2 * GIB
    part = choose(eight, Room(32 * GIB, gpu=4 * GIB))
    assert 0 < part.gpu_layers < 32 and "layers fit the GPU" in part.notices[-1]
    assert choose(eight, Room(32 * GIB, gpu=256 * MIB)).gpu_layers == 0


def test_an_eight_bit_cache_is_chosen_only_where_it_keeps_the_model_on_the_gpu(eight):
    large = replace(eight, kv_bytes=1 << 20)
    fits = [choose(large, Room(64 * GIB, gpu=n * GIB)) for n in range(6, 40)]
    eight_bit = [fit for fit in fits if fit.cache_type == "q8_0"]
    assert eight_bit and all(fit.gpu_layers == 32 and "8 bits" in fit.notices[-1] for fit in eight_bit)
    assert all(fit.cache_type == "f16" for fit in (choose(large, Room(n * GIB)) for n in range(6, 40)))
    assert not any(
        choose(large, Room(64 * GIB, gpu=n * GIB), Wish(cache_type="f16")).cache_type == "q8_0"
        for n in range(6, 40)
    )


def test_shared_memory_is_counted_once(eight):
    assert choose(eight, Room(16 * GIB, gpu=16 * GIB, shared=True)).gpu_layers == 32
    assert not choose(eight, Room(4 * GIB, gpu=4 * GIB, shared=True)).ok


@pytest.mark.parametrize("free", [0, 1, 300 * MIB, 2 * GIB, 5 * GIB, 9 * GIB, 900 * GIB])
@pytest.mark.parametrize("gpu", [0, 1 * GIB, 6 * GIB, 80 * GIB])
def test_what_is_chosen_always_fits(eight, free, gpu):
    fit = choose(eight, Room(free, gpu=gpu))
    assert fit.ok or fit.problem
    if fit.ok:
        assert fit.need.ram <= free and fit.need.gpu <= gpu


def test_what_is_asked_for_is_taken(eight):
    wish = Wish(window=4096, gpu_layers=20, threads=3, cache_type="q8_0", batch=256, slots=4)
    fit = choose(eight, Room(32 * GIB, gpu=24 * GIB, threads=7), wish)
    assert (fit.window, fit.gpu_layers, fit.threads, fit.cache_type) == (4096, 20, 3, "q8_0")
    assert (fit.batch, fit.slots, fit.notices) == (256, 4, ())
    assert choose(eight, Room(32 * GIB, threads=7)).threads == 7


def test_a_cache_whose_heads_do_not_fit_eight_bits_is_refused(eight):
    odd = replace(eight, head_lengths=(80, 80))
    assert "no multiple of 32" in choose(odd, Room(32 * GIB), Wish(cache_type="q8_0")).problem
    assert choose(odd, Room(64 * GIB, gpu=6 * GIB)).cache_type == "f16"


def test_flash_attention_is_for_gpus_and_eight_bit_caches(eight):
    assert not choose(eight, Room(32 * GIB)).flash
    assert choose(eight, Room(32 * GIB), Wish(cache_type="q8_0")).flash
    assert choose(eight, Room(32 * GIB, gpu=24 * GIB)).flash


def test_layers_for_a_gpu_that_is_not_there_are_told(eight):
    fit = choose(eight, Room(32 * GIB), Wish(gpu_layers=20))
    assert (fit.ok, fit.gpu_layers) == (True, 0) and "no GPU" in fit.notices[0]
    assert choose(eight, Room(32 * GIB, offloads=True), Wish(gpu_layers=20)).gpu_layers == 20


def test_more_layers_than_the_gpu_holds_are_refused_with_what_fits(eight):
    refused = choose(eight, Room(32 * GIB, gpu=4 * GIB), Wish(gpu_layers=32))
    assert not refused.ok and "32 layers on the GPU" in refused.problem
    fitting = choose(eight, Room(32 * GIB, gpu=4 * GIB))
    assert f"with {fitting.gpu_layers} layers on the GPU fits" in refused.problem


def test_short_memory_means_smaller_steps_before_it_means_no_model(eight):
    wide = replace(eight, vocabulary=1_000_000)
    batches = {(fit := choose(wide, Room(n * GIB // 4))).ok and fit.batch for n in range(4, 60)}
    assert batches == {False, 128, 512}


def test_a_model_whose_conversations_cost_megabytes_writes_as_many_at_once_as_fit(eight):
    hybrid = replace(eight, state_bytes=100 * MIB)
    slots = [fit.slots for n in range(5, 40) if (fit := choose(hybrid, Room(n * GIB))).ok]
    assert slots == sorted(slots) and (slots[0], slots[-1]) == (MIN_SLOTS, SLOTS)
    for n in range(5, 40):
        fit = choose(hybrid, Room(n * GIB))
        states = sequences_for(fit.slots, keeps_state=True) * hybrid.state_bytes
        assert not fit.ok or fit.need.ram - fit.need.state + states + fit.saved <= n * GIB
        assert fit.saved <= MAX_SAVED


@pytest.mark.parametrize(
    "wrong",
    [{"window": 3}, {"threads": 0}, {"batch": 64}, {"slots": 400}, {"cache_type": "f8"}, {"gpu_layers": -1}],
)
def test_wishes_that_cannot_be_are_refused_by_name(wrong):
    with pytest.raises(InputError, match=next(iter(wrong)).replace("_", " ")):
        Wish(**wrong)
