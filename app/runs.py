"""Runs of this process: started in threads of their own, followed, stopped as a whole or by subtree."""

from __future__ import annotations

from dataclasses import dataclass

from app.hub import Hub
from engine.engine import Engine
from engine.errors import InputError
from engine.types import Json

MOST = 4  # runs at once


class Busy(InputError):
    """What was asked for collides with what goes on now; the same may be done later."""


@dataclass(frozen=True, slots=True)
class Started:
    """A run that has begun, and the session it belongs to."""

    run: str
    session: str


class Runs:
    """Thread-safe."""

    def __init__(self, engine: Engine, hub: Hub):
        self._engine = engine
        self._hub = hub

    def live(self) -> list[str]:
        """Ids of the runs that go on in this process."""
        return []

    def start(
        self,
        question: str,
        corpus: str,
        settings: dict[str, Json] | None = None,
        *,
        session: str | None = None,
        follows: str | None = None,
    ) -> Started:
        """Begin a run in a thread and return once its first event is committed.

        `settings` may hold depth, max_turns, max_calls, max_tokens, max_seconds, temperature, seed. A follow-up
        names the run it `follows`, or the `session`, whose last run is meant then. Raises InputError for bad
        input, ModelError without a model, Busy when 4 runs go on already.
        """
        raise InputError("runs cannot be started yet")

    def stop(self, run: str, nodes: list[str] | None = None) -> None:
        """Stop a run, or only the subtrees of some nodes; what was done is kept. Raises InputError, Busy."""

    def log(self, run: str, after: int = 0) -> Json:
        """The run's row and its compact events (`app.trace`) with a number above `after`."""
        raise InputError(f"There is no run {run}.")

    def node(self, run: str, node: str, upto: int | None = None) -> Json:
        """All about one node, as it stood at event `upto` (None: now)."""
        raise InputError(f"There is no run {run}.")

    def speed(self, model: str) -> Json:
        """What past runs with the model of this name took, {"runs": 0} when there are none.

        {"prefill_tps", "decode_tps": tokens per second or None, "calls", "tokens", "seconds": means per run,
        "runs": how many runs this rests on}.
        """
        return {"prefill_tps": None, "decode_tps": None, "calls": 0, "tokens": 0, "seconds": 0.0, "runs": 0}

    def delete(self, run: str) -> Json:
        """Delete a run for good; return the store's receipt. Raises InputError, Busy while it runs."""
        raise InputError(f"There is no run {run}.")

    def close(self) -> None:
        """Stop all runs and wait for them to wind down."""
