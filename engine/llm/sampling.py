"""How the tokens of a model are drawn: as its publisher recommends, as a person says, otherwise after a failure. Pure.

The recommendation is taken from the file (`general.sampling.*`, which llama.cpp reads too), else from the family that
its name tells, else there is none: then the likeliest token is taken (greedy).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from engine.types import CallRole, ModelInfo, Sampling

FILE = "the file"
RETRY_TEMPERATURE = 0.6  # at least, of a reply that is asked for again; each further time it grows
RETRY_STEP = 0.1
RETRY_MOST = 0.8  # hotter, a small model only babbles to its limit
RETRY_PENALTY = 1.1  # at least


@dataclass(frozen=True, slots=True)
class Advice:
    """How a model is to be drawn from; `source` says who says so ("" where nobody does). `thinks`: before it answers."""

    sampling: Sampling = field(default_factory=Sampling)
    source: str = ""
    thinks: bool = False


class Family(NamedTuple):
    """Models of one publisher whose card or generation_config.json recommends the same."""

    name: str
    pattern: str
    sampling: Sampling
    thinks: bool = False


# The first that matches counts. Values are those of the publishers' model cards or generation_config.json files.
FAMILIES = (
    Family("DeepSeek-R1", r"deepseek.?r1|r1.?distill", Sampling(0.6, 0.95), thinks=True),
    Family("QwQ", r"\bqwq\b", Sampling(0.6, 0.95, top_k=40), thinks=True),
    Family("Qwen3-Coder", r"qwen3.?coder", Sampling(0.7, 0.8, top_k=20, penalty=1.05)),
    Family("Qwen3-Instruct", r"qwen3\b(?![.]\d).*instruct", Sampling(0.7, 0.8, top_k=20)),
    Family("Qwen3", r"qwen3(?:moe)?\b(?![.]\d)", Sampling(0.6, 0.95, top_k=20), thinks=True),
    Family("Qwen2.5", r"qwen2\.5", Sampling(0.7, 0.8, top_k=20, penalty=1.05)),
    Family("SmolLM3", r"smollm3", Sampling(0.6, 0.95), thinks=True),
    Family("SmolLM2", r"smollm2", Sampling(0.2, 0.9)),
    Family("gpt-oss", r"gpt.?oss", Sampling(1.0, 1.0), thinks=True),
    Family("Gemma 3", r"gemma.?3n?\b", Sampling(1.0, 0.95, top_k=64)),
    Family("LFM2", r"\blfm2\b(?![.]\d)", Sampling(0.3, 1.0, min_p=0.15, penalty=1.05)),
    Family("Magistral", r"magistral", Sampling(0.7, 0.95), thinks=True),
    Family("Mistral Small 3", r"mistral.?small.*\b(?:3|25\d\d)\b|devstral", Sampling(0.15, 1.0)),
    Family("Phi-4-reasoning", r"phi.?4.*reasoning", Sampling(0.8, 0.95, top_k=50), thinks=True),
    Family("Llama 3", r"llama.?3\b", Sampling(0.6, 0.9)),
)
_KEYS = {  # of the file, each with the field and the range that makes sense
    "temp": ("temperature", 0.0, 5.0),
    "top_p": ("top_p", 0.0, 1.0),
    "top_k": ("top_k", 0, 1_000_000),
    "min_p": ("min_p", 0.0, 1.0),
    "penalty_repeat": ("penalty", 0.5, 3.0),
}
_THINKING = re.compile(
    r"<think>|\[THINK\]|<\|channel\|?>|<\|START_THINKING\|>|enable_thinking|reasoning_content"
)


def advise(values: Mapping[str, Any], template: str | None = None) -> Advice:
    """Say how to draw from a model with these keys in its header, and this chat template."""
    thinks = _THINKING.search(template or "") is not None
    said: dict[str, Any] = {}
    for key, (setting, least, most) in _KEYS.items():
        value = values.get(f"general.sampling.{key}")
        if isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most:
            said[setting] = int(value) if setting == "top_k" else round(float(value), 4)
    names = [values.get(f"general.{key}") for key in ("name", "basename", "finetune")]
    name = " ".join(name for name in names if isinstance(name, str)) or str(
        values.get("general.architecture", "")
    )
    known = advise_by_name(name)
    if said:
        return Advice(replace(Sampling(top_p=1.0), **said), FILE, thinks or known.thinks)
    return replace(known, thinks=thinks or known.thinks)


def advise_by_name(name: str) -> Advice:
    """Say how to draw from a model of which only the name is known."""
    plain = re.sub(r"[\s_/-]+", " ", name.lower())
    found = next((family for family in FAMILIES if re.search(family.pattern, plain)), None)
    return Advice(found.sampling, found.name, found.thinks) if found else Advice()


def choose_sampling(
    info: ModelInfo, temperature: float | None, seed: int, role: CallRole = "root"
) -> Sampling:
    """How the tokens of a run are drawn for requests of a role: as is recommended, but with what a person set.

    A LoRA adapter makes another model of it, for which no recommendation holds.
    """
    advised = Sampling() if any(one.serves(role) for one in info.adapters) else info.sampling
    return replace(
        advised, seed=seed, temperature=advised.temperature if temperature is None else temperature
    )


def vary(sampling: Sampling, failures: int) -> Sampling:
    """How to draw a reply after as many before it led nowhere: more freely, with less repetition and another seed.

    The same failures lead to the same draw.
    """
    if not failures:
        return sampling
    freer = max(sampling.temperature, RETRY_TEMPERATURE) + RETRY_STEP * (failures - 1)
    return replace(
        sampling,
        temperature=round(min(freer, max(RETRY_MOST, sampling.temperature)), 4),
        penalty=max(sampling.penalty, RETRY_PENALTY),
        seed=sampling.seed + failures,
    )


def describe(sampling: Sampling) -> str:
    """Say in words how tokens are drawn."""
    if sampling.temperature <= 0 and sampling.penalty == 1:
        return "the likeliest token"
    parts = [f"temperature {sampling.temperature:g}"]
    if sampling.temperature > 0:
        parts += [f"top-p {sampling.top_p:g}"] if sampling.top_p < 1 else []
        parts += [f"top-k {sampling.top_k}"] if sampling.top_k else []
        parts += [f"min-p {sampling.min_p:g}"] if sampling.min_p else []
    parts += [f"repeat penalty {sampling.penalty:g}"] if sampling.penalty != 1 else []
    return ", ".join(parts)
