"""The routes below /v1, which other programs use as those of OpenAI. Every refusal has OpenAI's form.

GET  /v1/models             the corpora of the library
GET  /v1/models/NAME        one of them
POST /v1/chat/completions   ask; with "stream": true server-sent events
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from app.errors import Busy, status_of, words_of
from app.live.leaving import left
from app.programs import following, names
from app.programs.openai import errors, requests, responses, service
from app.programs.openai.requests import Refusal
from engine.errors import KernelError, ModelError, SandboxError, StoreError, TaprootError
from engine.types import Json

if TYPE_CHECKING:
    from app.workbench import Workbench

DRAINED = (
    4 * requests.MOST_BYTES
)  # bytes of a body that is too large which are read, so that the refusal is seen
RETRY_SECONDS = 5
LATER = (ModelError, KernelError, SandboxError, StoreError)
UNKNOWN = "Taproot has no such address; there are GET /v1/models and POST /v1/chat/completions."
FRESH = {"Cache-Control": "no-store"}


def mount(app: Starlette, workbench: Workbench) -> None:
    """Serve them in an app."""
    app.add_route(errors.ADDRESS, unknown)
    app.mount(errors.ADDRESS, application(workbench))


async def unknown(request: Request) -> Response:
    """The address that all others begin with, which is none."""
    return as_json(errors.error(404, UNKNOWN), 404)


def application(workbench: Workbench) -> Starlette:
    """What answers below it."""

    async def models(request: Request) -> Response:
        cards = await asyncio.to_thread(workbench.library.cards)
        data = [responses.model(name, card) for name, card in names.named(cards).items()]
        return as_json({"object": "list", "data": data})

    async def model(request: Request) -> Response:
        cards = await asyncio.to_thread(workbench.library.cards)
        card = names.find(cards, request.path_params["name"])
        name = next(name for name, one in names.named(cards).items() if one is card)
        return as_json(responses.model(name, card))

    async def completions(request: Request) -> Response:
        asked = requests.read(await body_of(request))
        if asked.stream:
            return Stream(workbench, await service.begin(workbench, asked))
        working = asyncio.create_task(whole(workbench, asked))
        leaving = asyncio.create_task(left(request))
        try:
            await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
            if not working.done():  # nobody waits for the answer any more
                working.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            return as_json(await working)
        return Response(status_code=400)  # to nobody

    app = Starlette(
        routes=[
            Route("/models", models),
            Route("/models/{name:path}", model),
            Route("/chat/completions", completions, methods=["POST"]),
        ],
        exception_handlers={
            TaprootError: explain,
            OSError: explain,
            ClientDisconnect: lambda request, error: Response(status_code=400),
            HTTPException: explain_http,
            Exception: confess,
        },
    )
    app.router.redirect_slashes = False
    return app


class Stream(StreamingResponse):
    """A streamed answer. However it ends, its run does not go on after it."""

    def __init__(self, workbench: Workbench, chat: service.Chat):
        super().__init__(service.stream(workbench, chat), media_type="text/event-stream", headers=FRESH)
        self.stop = lambda: following.stop(workbench, chat.run)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Send it, to its end or until the program leaves."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self.stop()


async def whole(workbench: Workbench, asked: requests.Asked) -> Json:
    """Begin a run and wait for its answer; who cancels this stops it."""
    return await service.answer(workbench, await service.begin(workbench, asked))


async def body_of(request: Request) -> bytes:
    """The body of a request. Raises Refusal when it is no JSON or too large."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Refusal("Send the body as JSON, with Content-Type: application/json.", status=415)
    if request.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise Refusal("Send the body as it is, without Content-Encoding.", status=415)
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size <= requests.MOST_BYTES:
            parts.append(part)
        elif size > DRAINED:
            break
    if size > requests.MOST_BYTES:
        most = requests.MOST_BYTES >> 20
        raise Refusal(f"A request may hold {most} MiB; leave out the oldest messages.", status=413)
    return b"".join(parts)


def as_json(value: Json, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A response of JSON; halves of characters are written by number, as JSON may."""
    return Response(json.dumps(value), status, {**FRESH, **(headers or {})}, "application/json")


def explain(request: Request, error: Exception) -> Response:
    """An expected error, with the status and the words that say what to do."""
    text = words_of(error)
    param = code = None
    if isinstance(error, Refusal):
        status, param, code = error.status, error.param, error.code
    elif isinstance(error, OSError):
        status = status_of(error)
    elif isinstance(error, Busy):
        status = 429
    else:
        status = 503 if isinstance(error, LATER) and status_of(error) == 400 else status_of(error)
    headers = {"Retry-After": str(RETRY_SECONDS)} if status in (429, 503) else {}
    if code == "run_failed":
        headers = {"x-should-retry": "false"}  # the clients of OpenAI would ask it all again
    return as_json(errors.error(status, text, param, code), status, headers)


def explain_http(request: Request, error: Exception) -> Response:
    """An address or method that there is not."""
    assert isinstance(error, HTTPException)
    text = UNKNOWN if error.status_code in (404, 405) else str(error.detail)
    return as_json(errors.error(error.status_code, text), error.status_code, dict(error.headers or {}))


def confess(request: Request, error: Exception) -> Response:
    """A defect of ours: named without its message, which might hold text of a document."""
    where = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{type(error).__name__} at {Path(where.filename).name}:{where.lineno}"
    return as_json(
        errors.error(500, f"Taproot made a mistake ({place}). Nothing that was shown is lost."), 500
    )
