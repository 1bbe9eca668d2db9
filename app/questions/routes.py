"""Routes of lists of questions: what there is, read a file, start, stop, go on, the rows, the table, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from app.errors import TooLarge
from engine.questions import reading
from engine.types import Json

if TYPE_CHECKING:
    from app.workbench import Workbench

MIME = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class Wanted(BaseModel):
    """The body of POST /api/questions: a question on each line of `questions`."""

    corpus: str
    questions: str
    each: bool = False
    title: str = ""
    settings: dict[str, Any] = {}


def router(workbench: Workbench) -> APIRouter:
    """The routes of lists, below /api."""
    api = APIRouter(prefix="/api/questions")
    asking = workbench.questions

    @api.get("")
    def overview() -> Json:
        return asking.overview()

    @api.post("/read")
    async def read(request: Request, name: str, column: str | None = None) -> Json:
        data = bytearray()
        async for chunk in request.stream():
            data += chunk
            if len(data) > reading.LARGEST:
                raise TooLarge(f"{name[:80]} is larger than {reading.LARGEST // 1_000_000} MB.")
        found = await run_in_threadpool(
            reading.parse, bytes(data), name[:200], column or None
        )  # it may take seconds
        return {"questions": found.questions, "notices": found.notices}

    @api.post("", status_code=202)
    def start(body: Wanted) -> Json:
        return asking.start(
            body.corpus, body.questions, each=body.each, title=body.title[:200], settings=body.settings
        )

    @api.post("/stop")
    def stop() -> Json:
        return {"stopped": asking.stop()}

    @api.post("/{name}/resume", status_code=202)
    def resume(name: str) -> Json:
        return asking.resume(name)

    @api.get("/{name}/rows")
    def rows(name: str) -> Json:
        return asking.rows(name)

    @api.get("/{name}/table.{kind}")
    def table(name: str, kind: Literal["csv", "xlsx"]) -> Response:
        headers = {
            "Content-Disposition": f'attachment; filename="answers.{kind}"',
            "Cache-Control": "no-store",
        }
        return Response(asking.table(name, kind), media_type=MIME[kind], headers=headers)

    @api.delete("/{name}")
    def delete(name: str) -> Json:
        return asking.delete(name)

    return api
