"""The files that a Python process reads on its own account, on any system."""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

import engine


def python_paths() -> list[Path]:
    """Return the directories of the interpreter, its packages and this engine.

    Never a prefix itself: where that is a home directory or the root, it would hold far more than Python.
    """
    found = [Path(engine.__file__).parent]
    for prefix in {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}:
        found += [Path(prefix, name) for name in ("lib", "lib64", "share", "bin", "pyvenv.cfg")]
    found += [Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    found.append(Path(sys.executable).resolve())
    return found


def existing(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Keep the paths that exist, each once, in order, and none that lies below another one."""
    kept = dict.fromkeys(path.resolve() for path in paths if path.exists())
    return tuple(path for path in kept if not any(parent in kept for parent in path.parents))
