"""What the first tokens after loading showed of a model on this machine."""

from __future__ import annotations

from dataclasses import dataclass

from engine.llm.local.load.threads import Threads
from engine.types import Json


@dataclass(frozen=True, slots=True)
class Measured:
    """Tokens per second: read, written by one reply alone, and by several together (0: not tried); the threads that
    were fastest; and how many seconds it took to find out.
    """

    read: float
    alone: float
    together: float
    threads: Threads
    seconds: float

    @classmethod
    def from_json(cls, value: Json) -> Measured:
        """Take back what `engine.types.to_json` made of it. Raises KeyError or TypeError for anything else."""
        return cls(**{**value, "threads": Threads(**value["threads"])})
