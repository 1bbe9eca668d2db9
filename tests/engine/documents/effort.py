"""How much work something is, counted in what the same machine does just before: bounds that hold on slow and busy ones."""

from __future__ import annotations

import time
from collections.abc import Callable


def units(work: Callable[[], object]) -> float:
    """The processor's time of this thread that `work` takes; a unit is the time in which it adds two million numbers."""
    begun = time.thread_time()
    assert sum(n for n in range(2_000_000)) > 0
    unit = time.thread_time() - begun
    begun = time.thread_time()
    work()
    return (time.thread_time() - begun) / unit
