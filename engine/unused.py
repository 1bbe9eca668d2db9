"""Packages that others import by the way and that are never used here: left out, or loaded only when they are used.

Each costs memory in every process and time at every start: pandas 25 MB, `mcp` 11 MB.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any


@contextmanager
def without(*packages: str) -> Iterator[None]:
    """Imports in this block go on as if these packages were not installed. Those that are loaded already stay.

    For importers that do without them; not while other threads may import them.
    """
    hidden = [name for name in packages if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


def later(package: str) -> None:
    """Let `import package` load it only when something of it is used. Nothing, where it is loaded or not installed."""
    spec = None if package in sys.modules else importlib.util.find_spec(package)
    if spec is not None:
        sys.modules[package] = _Later(package)
        sys.modules[package].__spec__ = spec


class _Later(ModuleType):
    """Stands for a package until something of it is used, its submodules among that."""

    def __getattr__(self, name: str) -> Any:
        with _loading:
            if sys.modules.get(self.__name__) is self:
                del sys.modules[self.__name__]
            return getattr(importlib.import_module(self.__name__), name)


_loading = threading.RLock()
