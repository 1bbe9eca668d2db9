"""Work that is done for a request alone, and stopped when whoever asked for it has gone away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from starlette.requests import Request

from engine.stop import Stop

T = TypeVar("T")


async def left(request: Request) -> None:
    """Wait until the program that asked has gone away. The body has been read, or there is none."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def while_here(request: Request, work: Callable[[Stop], T]) -> T:
    """What `work` gives, in a thread; its stop is requested when whoever asked goes away. Raises what it raises."""
    stop = Stop()
    working = asyncio.create_task(asyncio.to_thread(work, stop))
    leaving = asyncio.create_task(left(request))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        leaving.cancel()
        if not working.done():
            stop.request()
    return await working
