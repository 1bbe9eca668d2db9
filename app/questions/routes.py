"""Routes of lists of questions: what the page shows, stop, go on, the table, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Depends, Response

from app.questions.view import Look
from engine.types import Json

if TYPE_CHECKING:
    from app.workbench import Workbench

MIME = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def router(workbench: Workbench) -> APIRouter:
    """The routes of lists, below /api."""
    api = APIRouter(prefix="/api/questions")
    asking = workbench.questions

    @api.get("")
    def shown(look: Annotated[Look, Depends()], list: str = "") -> Json:
        return asking.shown(list, look)

    @api.post("/stop")
    def stop() -> Json:
        return {"stopped": asking.stop()}

    @api.post("/{name}/resume", status_code=202)
    def resume(name: str) -> Json:
        return asking.resume(name)

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
