"""Run a coroutine from a plain test, also while Playwright's event loop lives in this thread."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any


def finish(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run to the end in a loop of our own, which all tests share, and return (or raise) what came of it.

    Playwright's synchronous API keeps a running loop in the main thread from its first test to the
    end of the session; `asyncio.run` refuses there, so whether it works would depend on the order of tests.
    """
    thread, runner = _loop()
    return thread.submit(runner.run, _alone(coroutine)).result()


@cache
def _loop() -> tuple[ThreadPoolExecutor, asyncio.Runner]:
    return ThreadPoolExecutor(1), asyncio.Runner()


async def _alone(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Leave no task behind for who comes next."""
    try:
        return await coroutine
    finally:
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
