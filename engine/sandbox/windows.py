"""Windows, and every other system: no confinement, so no cell runs there. UNTESTED.

A job object limits memory and processes but stops neither reading files nor the network, and an AppContainer
can only be given by the process that starts another one. Until that is built and attacked like the Linux
sandbox, saying no is the honest answer. Under WSL 2 the Linux sandbox works.
"""

from __future__ import annotations

from pathlib import Path

from engine.errors import SandboxError
from engine.sandbox.paths import existing, python_paths
from engine.sandbox.policy import Level, Policy

REASON = "There is no sandbox for this system yet. Run Taproot on Linux, or on Windows inside WSL 2."


def level() -> Level:
    """Say that there is none."""
    return Level("none", False, REASON)


def default_read_paths() -> tuple[Path, ...]:
    """Return the paths Python reads."""
    return existing(python_paths())


def confine(policy: Policy) -> int | None:
    """Refuse. Raises SandboxError."""
    raise SandboxError(f"This process cannot be confined. {REASON}")
