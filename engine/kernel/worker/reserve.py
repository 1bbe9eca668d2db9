"""Memory that a worker sets aside while a cell runs, so that the worker itself has some when the cell has taken all."""

from __future__ import annotations

import ctypes
import sys
from collections import deque
from collections.abc import Iterable
from itertools import chain, islice
from typing import Any

SIZE = 16 << 20  # bytes set aside
HEADROOM = 8 << 20  # bytes that a cell gets before anything is set aside
STEP = 1 << 20
SAMPLE = 1000  # items of a variable that are measured
SHOWN = 3  # large variables that are named

# Bytes from the allocator that everything else uses, for what it holds free counts too; they are never written.
_stretch = ctypes.pythonapi.PyBytes_FromStringAndSize
_stretch.argtypes, _stretch.restype = (ctypes.c_char_p, ctypes.c_ssize_t), ctypes.py_object


class Reserve:
    """A stretch of memory that nobody uses. Take it before a cell, give it back after one or when memory runs out."""

    def __init__(self) -> None:
        self._held: bytes | None = None

    def take(self) -> bool:
        """Set aside as much of SIZE as leaves HEADROOM to a cell, perhaps nothing; return whether it is all."""
        self.give_back()
        for size in range(SIZE, 0, -STEP):
            if _fits(size, HEADROOM):
                self._held = _stretch(None, size)
                return size == SIZE
        return False

    def give_back(self) -> None:
        """Let the worker have it. May be called at any time, and needs no memory."""
        self._held = None

    def is_whole(self) -> bool:
        """Say whether the next cell will find HEADROOM and all that is set aside. Gives back what is held."""
        whole = self.take()
        self.give_back()
        return whole


def _fits(*sizes: int) -> bool:
    try:
        return len([_stretch(None, size) for size in sizes]) == len(sizes)
    except MemoryError:
        return False


def full(variables: Iterable[tuple[str, Any]]) -> str:
    """Say that the memory is nearly full, which of the (name, value) pairs hold most of it, and what to do."""
    sizes = ((_size(value), name, type(value).__name__) for name, value in variables)
    large = sorted((row for row in sizes if row[0] >= STEP), reverse=True)[:SHOWN]
    first = f"`del {', '.join(name for _, name, _ in large)}`" if large else "`del name`"
    listed = "; ".join(f"{name} ({kind}, {size >> 20:,} MiB)" for size, name, kind in large)
    return (
        "The memory of this session is nearly full. Free what is no longer needed before anything else: "
        f"{first}{f', the largest are {listed}' if large else ''}. Then work on one document or one piece at a time."
    )


def _size(value: Any) -> int:
    """Roughly the bytes of a value, with those of the items of a list, set or dict; runs no code of a cell's class."""
    if type(value) in (list, tuple, set, frozenset, deque):
        return _own(value) + _items(value, len(value))
    if type(value) is dict:
        return _own(value) + _items(chain(value, value.values()), 2 * len(value))
    return _own(value)


def _own(value: Any) -> int:
    library = type(value).__module__ in ("builtins", "collections", "array", "numpy")
    return sys.getsizeof(value) if library else object.__sizeof__(value)


def _items(items: Iterable[Any], count: int) -> int:
    """The bytes of items, judged by the first of them."""
    seen = [_own(item) for item in islice(items, SAMPLE)]
    return sum(seen) * count // len(seen) if seen else 0
