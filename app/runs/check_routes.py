"""Routes of what is done with finished runs: compare two, keep the question of one as a check."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Response
from pydantic import BaseModel

from app.runs.answer.comparison import comparison_panel
from app.runs.routes import as_json
from engine.checks import keep
from engine.compare.stored import compare_stored
from engine.types import Json

if TYPE_CHECKING:
    from app.workbench import Workbench


class Accepted(BaseModel):
    """The body of PUT /api/kept/{run}: the accepted answer; None stands for the one of the run."""

    answer: str | None = None


def router(workbench: Workbench) -> APIRouter:
    """These routes, below /api."""
    api = APIRouter(prefix="/api")
    store = workbench.engine.store

    @api.get("/compare")
    def compare(left: str, right: str) -> Response:
        found = compare_stored(store, left, right).to_json()
        return as_json(found | {"panel": comparison_panel(found)})

    @api.get("/kept")
    def kept() -> Response:
        return as_json(store.kept())

    @api.put("/kept/{run}")
    def put(run: str, body: Accepted) -> Json:
        return keep(store, run, body.answer)

    @api.delete("/kept/{run}")
    def drop(run: str) -> Json:
        store.drop_kept(run)
        return {"removed": run}

    return api
