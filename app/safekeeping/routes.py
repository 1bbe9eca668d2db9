"""Routes of evidence and safekeeping.

GET    /api/safekeeping              {"checks": overview, "backup": overview}
GET    /api/kept                     the kept questions with all their results
PUT    /api/kept/RUN {answer?}       keep the question of a run; None stands for its own answer
DELETE /api/kept/RUN                 keep it no longer
POST   /api/checks {run?}            ask all kept questions again, or one
DELETE /api/checks                   stop that
POST   /api/backup {file?, over?}    back up to a file of this machine; {save: true} for one that the browser saves
DELETE /api/backup                   stop that
GET    /api/backup/file              the one that the browser saves; it is removed when it was sent
PUT    /api/import?name&again        the bytes of a log as the body
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Body, Query, Request, Response
from fastapi.responses import FileResponse, JSONResponse
from starlette.background import BackgroundTask
from starlette.requests import ClientDisconnect

from app.runs.routes import as_json
from app.safekeeping import imports
from engine.types import Json

if TYPE_CHECKING:
    from app.workbench import Workbench


def router(workbench: Workbench) -> APIRouter:
    """These routes, below /api."""
    api = APIRouter(prefix="/api")
    checks, backups = workbench.checks, workbench.backups

    @api.get("/safekeeping")
    def overview() -> Response:
        return as_json({"checks": checks.overview(), "backup": backups.overview()})

    @api.get("/kept")
    def kept() -> Response:
        return as_json(workbench.engine.store.kept())

    @api.put("/kept/{run}")
    def keep(run: str, answer: Annotated[str | None, Body(embed=True)] = None) -> Json:
        return checks.keep(run, answer)

    @api.delete("/kept/{run}")
    def drop(run: str) -> Json:
        checks.drop(run)
        return {"removed": run}

    @api.post("/checks", status_code=202)
    def ask(run: Annotated[str | None, Body(embed=True)] = None) -> Json:
        return checks.start(run)

    @api.delete("/checks")
    def stop_asking() -> Json:
        return {"stopped": checks.stop()}

    @api.post("/backup", status_code=202)
    def back_up(
        file: Annotated[str, Body()] = "",
        over: Annotated[bool, Body()] = False,
        save: Annotated[bool, Body()] = False,
    ) -> Json:
        return backups.start_saving() if save else backups.start(file, over=over)

    @api.delete("/backup")
    def stop_backup() -> Json:
        return {"stopped": backups.stop()}

    @api.get("/backup/file")
    def file() -> FileResponse:
        made = backups.file()
        headers = {"Cache-Control": "no-store"}
        done = BackgroundTask(backups.saved)
        return FileResponse(made, 200, headers, "application/zip", background=done, filename=made.name)

    @api.put("/import", response_model=None)
    async def take(
        request: Request, name: Annotated[str, Query(min_length=1, max_length=255)], again: bool = False
    ) -> Json | JSONResponse:
        try:
            return await imports.receive(workbench, name, request.stream(), again=again)
        except ClientDisconnect:
            return JSONResponse({"error": "The browser stopped sending; nothing was imported."}, 400)

    return api
