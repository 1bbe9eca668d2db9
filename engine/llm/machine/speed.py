"""How fast a model is on this machine: measured by runs, kept in the data folder, for the estimate before the next.

before = counts_of(model)
...                                         # a run
Speeds(data_dir).note(model.info, before, counts_of(model))
Speeds(data_dir).of(model.info)             # tokens per second, or None
"""

from __future__ import annotations

import hashlib
import platform
from dataclasses import dataclass
from pathlib import Path

from engine.errors import ModelError
from engine.llm.base import Model
from engine.llm.machine.hardware import usable_cores
from engine.llm.machine.records import Records
from engine.types import Json, ModelInfo

FILE = "speed.json"
# What a model counts, each with the seconds that took. Alone: one reply was written; together: several.
KINDS = ("read", "alone", "together")
KEPT = 0.8  # of what was measured before, at each new run: machines and drivers change
LEAST = {"read": 50, "alone": 20, "together": 20}  # tokens; less says nothing
MOST_MODELS = 200


@dataclass(frozen=True, slots=True)
class Speed:
    """Tokens per second: read (prompts), written by one reply alone, and by all replies written together.

    `together` is None where no sub-calls ran at the same time yet. `runs`: how many runs this rests on; 0: only
    on the first tokens after loading.
    """

    read: float
    write: float
    together: float | None = None
    runs: int = 1


def counts_of(model: Model) -> Json:
    """Tokens and seconds that a model counted since it was loaded; {} for one that does not count, or stopped."""
    counts = getattr(model, "counts", None)
    try:
        return counts() if counts is not None else {}
    except ModelError:
        return {}


class Speeds:
    """The measured speeds of a data folder, by machine, model and how it was loaded. Thread-safe."""

    def __init__(self, folder: Path):
        self._records = Records(folder / FILE, MOST_MODELS)

    def of(self, info: ModelInfo) -> Speed | None:
        """Return what runs measured, else what the first tokens showed after loading; None where nothing did."""
        found = self._records.get(_key(info))
        rates = {kind: _rate(found, kind) for kind in KINDS}
        write = rates["alone"] or rates["together"]
        if found is not None and rates["read"] is not None and write is not None:
            return Speed(rates["read"], write, rates["together"], found["runs"])
        if info.read_rate and info.write_rate:
            return Speed(info.read_rate, info.write_rate, info.burst_rate or None, runs=0)
        return None

    def note(self, info: ModelInfo, before: Json, after: Json) -> None:
        """Add what a run measured: the difference of two counts. A disk that is full forgets it."""
        fresh = {
            f"{kind}_{unit}": after.get(f"{kind}_{unit}", 0) - before.get(f"{kind}_{unit}", 0)
            for kind in KINDS
            for unit in ("tokens", "seconds")
        }
        if not any(fresh.values()) or min(fresh.values()) < 0:  # nothing, or counted from the start again
            return

        def added(old: Json) -> Json:
            old = old or {}
            sums = {name: round(old.get(name, 0) * KEPT + value, 4) for name, value in fresh.items()}
            return {"model": info.name, **sums, "runs": old.get("runs", 0) + 1}

        self._records.change(_key(info), added)


def _rate(sums: Json, kind: str) -> float | None:
    try:
        tokens, seconds = float(sums[f"{kind}_tokens"]), float(sums[f"{kind}_seconds"])
    except (KeyError, TypeError, ValueError):
        return None
    return round(tokens / seconds, 2) if tokens >= LEAST[kind] and seconds > 0 else None


def _key(info: ModelInfo) -> str:
    """Name machine, model and way of loading; what else changes the speed is measured anew by the next runs."""
    machine = (platform.node(), platform.machine(), usable_cores())
    loaded = (
        info.fingerprint,
        info.gpu_layers,
        info.cache_type,
        info.threads,
        info.slots,
    )
    return hashlib.sha256(repr((machine, loaded)).encode()).hexdigest()[:24]
