"""Run a coroutine from a plain test, also while Playwright's event loop lives in this thread."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def finish(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run to the end in a thread of its own and return (or raise) what came of it.

    Playwright's synchronous API keeps a running loop in the main thread from its first test to the
    end of the session; `asyncio.run` refuses there, so whether it works would depend on the order of tests.
    """
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()
