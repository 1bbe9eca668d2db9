"""The one stream of a tab (server-sent events): events of the followed run, live text, news of the app.

    event: run     id: SEQ, data: a compact event with what it changes (`app.live.logs`), gap-free from `after` + 1 on
    event: draft   data: {"n": node, "x": more text, "at": UTF-16 units before it, "i": turn}; not stored. With "past":
                    true it was written before the tab came
    event: head    data: trees that say how the run stands (`app.runs.head.live`), while it goes on
    event: app     data: {"kind": "runs"|"corpora"|"models"|"progress"|..., ...}

A follower that falls too far behind finds the stream ended, as at the end of the app, and comes back with the number
of its last event in `Last-Event-ID` or `after`.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterable
from typing import TYPE_CHECKING

from fastapi import APIRouter, Header
from fastapi.responses import StreamingResponse

from app.live.broadcast import Message
from app.live.trace import encode

if TYPE_CHECKING:
    from app.workbench import Workbench

HEARTBEAT_SECONDS = 15.0  # a comment this often, so that a connection that is gone shows
HEAD_SECONDS = 0.5  # between two messages of how a run stands
RETRY_MILLISECONDS = 500
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def add(api: APIRouter, workbench: Workbench) -> None:
    """Add GET /live to a router."""

    @api.get("/live")
    async def live(
        run: str | None = None, after: int = 0, last_event_id: str | None = Header(None)
    ) -> StreamingResponse:
        if run is not None:
            await asyncio.to_thread(workbench.runs.row, run)  # an unknown one is 404
        if last_event_id and last_event_id.isdigit():
            after = max(after, int(last_event_id))
        stream = follow(workbench, run, max(0, after))
        return StreamingResponse(stream, media_type="text/event-stream", headers=HEADERS)


async def follow(workbench: Workbench, run: str | None, after: int) -> AsyncIterator[str]:
    """The stream as text, until the follower leaves, falls behind, or the app ends."""
    loop = asyncio.get_running_loop()
    came = asyncio.Event()

    def wake() -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(came.set)

    subscription = workbench.hub.subscribe(run, after, wake)
    try:
        yield f"retry: {RETRY_MILLISECONDS}\n\n"
        followed = await asyncio.to_thread(workbench.runs.followed, run, after) if run else None
        told = 0.0
        messages = await asyncio.to_thread(subscription.catch_up)
        while True:
            now = time.time()
            if messages:
                yield written(messages)
            if followed:
                await asyncio.to_thread(followed.take, messages, now)
                followed = None if followed.over else followed
            if followed and now >= told + HEAD_SECONDS:
                told = now
                yield written([Message("head", encode(followed.shown(now)))])
            came.clear()
            messages = await asyncio.to_thread(subscription.take)
            if messages:
                continue
            if subscription.closed:
                return
            try:
                await asyncio.wait_for(came.wait(), HEAD_SECONDS if followed else HEARTBEAT_SECONDS)
            except TimeoutError:
                if not followed:
                    yield ": still here\n\n"
    finally:
        subscription.close()


def written(messages: Iterable[Message]) -> str:
    """Messages in the form of the stream."""
    parts = []
    for message in messages:
        number = f"id: {message.seq}\n" if message.seq else ""
        parts.append(f"{number}event: {message.name}\ndata: {message.text}\n\n")
    return "".join(parts)
