"""The sandbox of cells, document parsers and the model process: one policy, one call, no way back.

Linux is built and attacked by the tests; macOS is written but untested; Windows has none, so no cell runs.
"""

from __future__ import annotations

import sys
from pathlib import Path

from engine.errors import SandboxError
from engine.sandbox.policy import Level, Policy

if sys.platform.startswith("linux"):
    from engine.sandbox.linux import confinement as _system
elif sys.platform == "darwin":
    from engine.sandbox import macos as _system
else:
    from engine.sandbox import windows as _system

__all__ = [
    "Level",
    "Policy",
    "SandboxError",
    "confine",
    "default_read_paths",
    "level",
]


def confine(policy: Policy) -> int | None:
    """Take away for good all rights of the calling process that `policy` does not name.

    Call it once, while the process has one thread, after everything that needs other rights: descriptors
    already open keep working, `prctl(PR_SET_PDEATHSIG)`, `setrlimit` and `chmod` are refused afterwards.
    With `policy.metered` returns the descriptor on which calls that write wait: hand it to another process and
    close it before anything untrusted runs. None means that none will come: without `metered`, or where another
    process answers for this tree of processes already; then nothing can be written at all.

    Raises SandboxError when it cannot be done in full; the process may then be half confined and should end.
    """
    return _system.confine(policy)


def level() -> Level:
    """Say which sandbox this machine has, without using it up: cheap and without side effects."""
    return _system.level()


def default_read_paths() -> tuple[Path, ...]:
    """Return what Python itself must read: interpreter, packages, shared libraries, zones, fonts, this code.

    Nothing of the user's is in it. Only paths that exist are returned.
    """
    return _system.default_read_paths()
