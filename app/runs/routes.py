"""Routes of runs: start, follow, look into, stop, delete."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from app.errors import NotFound
from app.live import stream as live
from app.live.leaving import while_here
from app.live.trace import encode
from app.runs.answer.verdict import verdict_panel
from engine.errors import InputError
from engine.types import Json

if TYPE_CHECKING:
    from app.workbench import Workbench

SHA256 = re.compile(r"[0-9a-f]{64}")
PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")  # PNG and JPEG; browsers tell them apart by themselves
NOSNIFF = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}


class Question(BaseModel):
    """The body of POST /api/runs."""

    question: str
    corpus: str
    settings: dict[str, Any] = {}
    session: str | None = None
    follows: str | None = None


class Again(BaseModel):
    """The body of POST /api/runs/{run}/resume: limits that are other than before (max_seconds, depth)."""

    settings: dict[str, Any] = {}


class Fork(BaseModel):
    """The body of POST /api/runs/{run}/fork: the cell to go on from; without `code` the model is asked anew."""

    cell: int
    node: str = "0"
    code: str | None = None
    question: str | None = None
    settings: dict[str, Any] = {}


class What(BaseModel):
    """The body of POST /api/runs/{run}/stop: one node, several, or (with neither) the whole run."""

    node: str | None = None
    nodes: list[str] | None = None


class Limit(BaseModel):
    """The body of POST /api/runs/{run}/limit: the time limit in seconds since the run began."""

    seconds: float


def router(workbench: Workbench) -> APIRouter:
    """The routes of runs, below /api."""
    api = APIRouter(prefix="/api")
    runs = workbench.runs
    live.add(api, workbench)

    @api.post("/runs")
    def start(body: Question) -> Json:
        started = runs.start(
            body.question, body.corpus, body.settings, session=body.session, follows=body.follows
        )
        return {"run": started.run, "session": started.session}

    @api.get("/runs/{run}/log")
    def log(run: str, after: int = 0) -> Response:
        return as_text(runs.log_text(run, max(0, after)))

    @api.get("/runs/{run}/nodes/{node}")
    def node(run: str, node: str, upto: int | None = None) -> Response:
        return as_json(runs.node(run, node, upto))

    @api.get("/runs/{run}/nodes/{node}/pane")
    def pane(run: str, node: str, upto: int | None = None) -> Response:
        return as_json(runs.pane(run, node, upto))

    @api.post("/runs/{run}/fork")
    def fork(run: str, body: Fork) -> Json:
        wanted = partial(runs.fork, node=body.node, code=body.code)
        started = wanted(run, body.cell, question=body.question, settings=body.settings)
        return {"run": started.run, "session": started.session}

    @api.post("/runs/{run}/verify")
    async def verify(run: str, request: Request) -> Response:
        found = await while_here(request, partial(runs.verify, run))
        return as_json(found | {"panel": verdict_panel(found)})

    @api.post("/runs/{run}/stop")
    def stop(run: str, body: What | None = None) -> Json:
        nodes = [] if body is None else [*(body.nodes or ()), *([body.node] if body.node else ())]
        return {"stopped": runs.stop(run, nodes)}

    @api.post("/runs/{run}/resume")
    def resume(run: str, body: Again | None = None) -> Json:
        started = runs.resume(run, body.settings if body else {})
        return {"run": started.run, "session": started.session}

    @api.post("/runs/{run}/limit")
    def limit(run: str, body: Limit) -> Json:
        return {"seconds": runs.allow(run, body.seconds)}

    @api.delete("/runs/{run}")
    def delete(run: str) -> Json:
        return runs.delete(run)

    @api.get("/blobs/{sha256}")
    def blob(sha256: str) -> Response:
        if not SHA256.fullmatch(sha256):
            raise NotFound("There is no stored value of this name.")
        try:
            mime, data = workbench.engine.store.blob(sha256)
        except InputError as error:
            raise NotFound(str(error)) from error
        if mime.startswith("image/") and data.startswith(PICTURES):
            return Response(data, media_type="image/png", headers=NOSNIFF)
        attached = {**NOSNIFF, "Content-Disposition": f'attachment; filename="{sha256[:12]}.bin"'}
        return Response(data, media_type="application/octet-stream", headers=attached)

    return api


def as_json(value: Json) -> Response:
    """JSON as short as it gets; text that UTF-8 cannot hold is replaced, not refused."""
    return as_text(encode(value))


def as_text(json: str) -> Response:
    """JSON that is text already."""
    return Response(json, media_type="application/json", headers={"Cache-Control": "no-store"})
