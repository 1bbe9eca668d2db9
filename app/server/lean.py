"""Holds the memory of the app process down: what Gradio could use and nothing here does is not loaded with it."""

from __future__ import annotations

import ctypes
import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from engine.unused import later, without

ARENAS = 2  # heaps that all threads share; glibc makes eight for each core
M_ARENA_MAX = -8


@contextmanager
def lean() -> Iterator[None]:
    """Gradio is to be imported in this block, the first time in this process."""
    with without("mcp", "IPython"), without_stubs():  # it offers more with them
        later("pandas")
        yield
    utils = sys.modules["gradio.utils"]
    # Around each event it would load matplotlib, to draw no windows; no figures are drawn in this process.
    utils.MatplotlibBackendMananger = nullcontext  # type: ignore[attr-defined]


@contextmanager
def without_stubs() -> Iterator[None]:
    """Components of Gradio's own that are defined in this block lay no stubs for editors beside their files.

    For a stub the file of a component is read as Python twice: more than half of the time that importing Gradio takes. A
    class that has no file gets none.
    """
    getfile = inspect.getfile

    def file_of(thing: Any) -> str:
        if isinstance(thing, type) and thing.__module__.partition(".")[0] == "gradio":
            raise OSError("its file is not told")
        return getfile(thing)

    inspect.getfile = file_of  # type: ignore[assignment]
    try:
        yield
    finally:
        inspect.getfile = getfile


def share_heaps() -> None:
    """Let all threads of this process share a few heaps, where glibc is the C library. Before it has many threads."""
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # other C libraries have none
        if mallopt is not None:
            mallopt(M_ARENA_MAX, ARENAS)
