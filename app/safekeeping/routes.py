"""Routes of evidence and safekeeping.

GET    /api/safekeeping              {"checks": overview, "backup": overview, "shown": trees}
GET    /api/kept                     the kept questions with all their results
PUT    /api/kept/RUN {answer?}       keep the question of a run; None stands for its own answer
DELETE /api/kept/RUN                 keep it no longer
POST   /api/checks {run?}            ask all kept questions again, or one
DELETE /api/checks                   stop that
DELETE /api/backup                   stop the backup that is made
GET    /api/backup/file              the one that the browser saves; it is removed when it was sent whole
PUT    /api/import?name&again        the bytes of a log as the body -> {"program", "runs", "shown": trees}
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Body, Query, Request, Response
from fastapi.responses import FileResponse, JSONResponse
from starlette.requests import ClientDisconnect

from app.live.leaving import left
from app.runs.routes import as_json
from app.safekeeping import imports, shown
from engine.types import Json

if TYPE_CHECKING:
    from app.workbench import Workbench


class Handed(FileResponse):
    """A file for the browser to save. `saved` hears of it when all was sent to somebody who was still there."""

    def __init__(self, file: Path, saved: Callable[[Path], None]):
        super().__init__(file, 200, {"Cache-Control": "no-store"}, "application/zip", filename=file.name)
        self.saved = saved

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Send the whole of it, whatever part is asked for."""
        whole = {**scope, "headers": [pair for pair in scope["headers"] if pair[0] != b"range"]}
        leaving, sent = asyncio.create_task(left(Request(scope, receive))), False

        async def watched(message: Any) -> None:
            nonlocal sent
            here = not leaving.done()
            await send(message)
            sent = here and message["type"] == "http.response.body" and not message.get("more_body")

        try:
            await super().__call__(whole, receive, watched)
        finally:
            leaving.cancel()
        if sent:
            await asyncio.to_thread(self.saved, Path(self.path))


def router(workbench: Workbench) -> APIRouter:
    """These routes, below /api."""
    api = APIRouter(prefix="/api")
    checks, backups = workbench.checks, workbench.backups

    @api.get("/safekeeping")
    def overview() -> Response:
        asked, backup = checks.overview(), backups.overview()
        trees = {
            "kept": shown.kept_questions(asked),
            "logs": shown.logs(),
            "backup": shown.backup(backup["size"], backup["free"]),
            "state": shown.backup_state(backup),
        }
        return as_json({"checks": asked, "backup": backup, "shown": trees})

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

    @api.delete("/backup")
    def stop_backup() -> Json:
        return {"stopped": backups.stop()}

    @api.get("/backup/file")
    def file() -> FileResponse:
        return Handed(backups.file(), backups.saved)

    @api.put("/import", response_model=None)
    async def take(
        request: Request, name: Annotated[str, Query(min_length=1, max_length=255)], again: bool = False
    ) -> Json | JSONResponse:
        try:
            found = await imports.receive(workbench, name, request.stream(), again=again)
            return {**found, "shown": shown.taken(name, found)}
        except ClientDisconnect:
            return JSONResponse({"error": "The browser stopped sending; nothing was imported."}, 400)

    return api
