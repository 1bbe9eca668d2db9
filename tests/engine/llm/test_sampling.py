"""How tokens are drawn: by the file, the family, the person, and otherwise after a failure."""

from __future__ import annotations

from dataclasses import replace

import gguf
import pytest

from engine.llm.base import Request
from engine.llm.gguf.facts import read_facts
from engine.llm.sampling import FAMILIES, advise, advise_by_name, choose_sampling, describe, vary
from engine.types import AdapterInfo, Message, ModelInfo, Sampling, to_json
from tests.engine.llm.gguf.make_gguf import random_model
from tests.small_model import small_model

NAMES = {
    "Smollm2 135M 8k Lc100K Mix1 Ep2 smollm2": "SmolLM2",
    "HuggingFaceTB/SmolLM3-3B": "SmolLM3",
    "Qwen3 8B": "Qwen3",
    "Qwen3-30B-A3B-Instruct-2507": "Qwen3-Instruct",
    "Qwen3-Coder-30B-A3B-Instruct": "Qwen3-Coder",
    "Qwen2.5 7B Instruct": "Qwen2.5",
    "DeepSeek R1 Distill Llama 8B": "DeepSeek-R1",
    "Meta Llama 3.1 8B Instruct": "Llama 3",
    "Llama-3.2-1B-Instruct": "Llama 3",
    "Gemma 3 4b It": "Gemma 3",
    "gemma3n": "Gemma 3",
    "Mistral Small 3.2 24B Instruct 2506": "Mistral Small 3",
    "gpt-oss-20b": "gpt-oss",
    "LFM2 1.2B": "LFM2",
    "Phi 4 Mini Reasoning": "Phi-4-reasoning",
    "QwQ 32B": "QwQ",
    "Magistral Small 2509": "Magistral",
    # What their publishers recommend is not in the table.
    "Qwen3.5 35B A3B": "",
    "Mistral Small 24B Instruct 2409": "",
    "Gemma 2 9b": "",
    "Llama 2 7B Chat": "",
    "LFM2.5 1.2B Instruct": "",
    "small": "",
    "": "",
}


@pytest.mark.parametrize(("name", "family"), NAMES.items())
def test_a_family_is_told_by_the_name(name, family):
    assert advise_by_name(name).source == family


def test_every_family_of_the_table_is_reached_by_a_name():
    assert {family.name for family in FAMILIES} == set(NAMES.values()) - {""}


def test_what_the_file_says_counts_before_the_family():
    values = {
        "general.name": "Qwen3 8B",
        "general.sampling.temp": 0.55,
        "general.sampling.top_k": 33,
        "general.sampling.penalty_repeat": 1.02,
        "general.sampling.min_p": float("nan"),
        "general.sampling.top_p": "high",
    }
    advice = advise(values)
    assert advice.sampling == Sampling(0.55, 1.0, top_k=33, penalty=1.02)
    assert (advice.source, advice.thinks) == ("the file", True)


def test_an_architecture_tells_the_family_of_a_file_without_a_name():
    assert advise({"general.architecture": "qwen3"}).source == "Qwen3"
    assert advise({"general.architecture": "qwen3", "general.name": "Something else"}).source == ""


def test_a_model_thinks_where_its_template_says_so():
    assert advise({}, "{% if enable_thinking %}<think>{% endif %}").thinks
    assert not advise({}, "{{ messages }}").thinks


def test_the_keys_are_those_of_the_gguf_library(tmp_path):
    path = random_model(tmp_path / "says.gguf", overrides={gguf.Keys.General.SAMPLING_TEMP: 0.25})
    assert read_facts(path).advice.sampling.temperature == 0.25
    keys = gguf.Keys.General
    for key in ("TOP_K", "TOP_P", "MIN_P", "TEMP", "PENALTY_REPEAT"):
        name = getattr(keys, f"SAMPLING_{key}")
        assert advise({name: 1}).source == "the file", name


def test_unknown_models_are_greedy():
    assert read_facts(small_model()).advice.sampling == Sampling()
    assert choose_sampling(ModelInfo("x", "", "", 512), None, 3) == Sampling(seed=3)


def test_what_a_person_sets_wins_and_an_adapter_voids_the_recommendation():
    info = ModelInfo("x", "", "", 512, sampling=Sampling(0.6, 0.95, top_k=20), sampling_source="Qwen3")
    assert choose_sampling(info, None, 7) == Sampling(0.6, 0.95, 7, 20)
    assert choose_sampling(info, 0.0, 7).temperature == 0
    assert choose_sampling(info, 0.9, 7) == Sampling(0.9, 0.95, 7, 20)
    adapted = replace(info, adapters=(AdapterInfo("a", "a.gguf", 1.0, ""),))
    assert choose_sampling(adapted, None, 7) == Sampling(seed=7)
    aside = replace(info, adapters=(AdapterInfo("a", "a.gguf", 1.0, "", "root"),))
    assert choose_sampling(aside, None, 7) == Sampling(seed=7)
    assert choose_sampling(aside, None, 7, "sub") == choose_sampling(info, None, 7)


def test_info_survives_the_way_through_the_pipe():
    info = ModelInfo("x", "", "", 512, sampling=Sampling(0.6, 0.95, top_k=20), sampling_source="Qwen3")
    assert ModelInfo.from_json(to_json(info)) == info
    adapted = replace(info, adapters=(AdapterInfo("a", "a.gguf", 1.0, "", "sub"),))
    assert ModelInfo.from_json(to_json(adapted)) == adapted
    before = to_json(adapted)
    del before["adapters"][0]["scope"]  # as it was recorded when adapters had none
    assert ModelInfo.from_json(before).adapters[0].scope == "both"


def test_after_failures_the_draw_is_freer_each_time_and_the_same_for_the_same_failures():
    plain = Sampling(seed=5)
    draws = [vary(plain, failures) for failures in range(4)]
    assert draws[0] == plain
    assert [draw.temperature for draw in draws] == [0.0, 0.6, 0.7, 0.8]
    assert [draw.seed for draw in draws] == [5, 6, 7, 8]
    assert [draw.penalty for draw in draws] == [1.0, 1.1, 1.1, 1.1]
    assert draws == [vary(plain, failures) for failures in range(4)]
    assert vary(Sampling(temperature=2.0), 3).temperature == 2.0


def test_a_draw_is_described_in_words():
    assert describe(Sampling()) == "the likeliest token"
    assert describe(Sampling(0.6, 0.95, top_k=20)) == "temperature 0.6, top-p 0.95, top-k 20"
    assert (
        describe(Sampling(0.3, 1.0, min_p=0.15, penalty=1.05))
        == "temperature 0.3, min-p 0.15, repeat penalty 1.05"
    )


@pytest.mark.parametrize(
    "sampling",
    [
        Sampling(penalty=1.3),
        Sampling(0.8, top_k=1),
        Sampling(0.8, min_p=1.0),
        Sampling(5.0, 1.0, 3, 40, 0.01, 1.2),
    ],
)
def test_llama_cpp_draws_so_and_the_same_again(open_local, random_gguf, sampling):
    model = open_local(random_gguf)
    question = (Message("user", "What is the rent?"),)
    plain = model.submit(Request(question, 40)).result().text
    one, two = (model.submit(Request(question, 40, sampling)).result().text for _ in range(2))
    assert one == two
    greedy = sampling.penalty == 1 and (sampling.top_k == 1 or sampling.min_p == 1.0)
    assert (one == plain) == greedy
