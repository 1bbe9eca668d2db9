"""What loading a model taught, kept in the data folder: the mode that worked, why not another, the fastest threads.

Kept for a file's content, a version of llama-cpp-python and a processor: with another of them all is tried again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path

from engine.llm.gguf.facts import GgufFacts
from engine.llm.local.load.load_options import SafeMode
from engine.llm.local.load.measured import Measured
from engine.llm.machine.hardware import processor, usable_cores
from engine.llm.machine.records import Records
from engine.types import Json

FILE = "probes.json"
MOST_MODELS = 200


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a model: the mode to begin with, a sentence for each thing that is switched off, how often
    its process had to be started again to find that out, and what its first tokens showed, by where its layers are.
    """

    mode: SafeMode = SafeMode.USUAL
    reasons: tuple[str, ...] = ()
    retreats: int = 0
    measured: Mapping[str, Measured] = field(default_factory=dict)

    @classmethod
    def from_json(cls, value: Json) -> Known:
        """Take back what was written. Raises KeyError, TypeError or ValueError for anything else."""
        measured = {place: Measured.from_json(one) for place, one in value["measured"].items()}
        return cls(SafeMode(value["mode"]), tuple(value["reasons"]), int(value["retreats"]), measured)


class ProbeRecords:
    """The records of a data folder; without a folder nothing is kept. Thread-safe."""

    def __init__(self, folder: Path | None):
        self._records = Records(folder / FILE, MOST_MODELS) if folder is not None else None

    def of(self, facts: GgufFacts) -> Known:
        """Return what is known of a model; the usual mode when nothing is."""
        try:
            return Known.from_json(self._records.get(_key(facts)) if self._records is not None else None)
        except (AttributeError, KeyError, TypeError, ValueError):
            return Known()

    def note(self, facts: GgufFacts, known: Known) -> None:
        """Remember what worked."""
        if self._records is not None:
            self._records.change(_key(facts), lambda before: {"model": facts.name, **asdict(known)})

    def forget(self, facts: GgufFacts) -> None:
        """Forget a model, so that all is tried again."""
        if self._records is not None:
            self._records.change(_key(facts), lambda before: None)


def _key(facts: GgufFacts) -> str:
    try:
        version = metadata.version("llama_cpp_python")
    except metadata.PackageNotFoundError:
        version = ""
    known_by = (facts.fingerprint, version, processor(), usable_cores())
    return hashlib.sha256(repr(known_by).encode()).hexdigest()[:24]
