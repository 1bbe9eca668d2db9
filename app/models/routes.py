"""Routes of models: what is there, load, cancel, download."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import pydantic
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from app.models.view import layout
from engine.types import Json

if TYPE_CHECKING:
    from app.workbench import Workbench


class Choice(BaseModel):
    """The body of POST /api/models/load."""

    path: str
    window: int | None = Field(default=None, ge=512)
    lora: list[str] = Field(default=[], max_length=16)
    force: bool = False


class Place(BaseModel):
    """A path on this machine."""

    path: str


class Wanted(BaseModel):
    """The body of POST /api/models/download: an id of the catalogue, or OWNER/REPOSITORY/FILE.gguf."""

    name: str


def router(workbench: Workbench) -> APIRouter:
    """The routes of models, below /api."""
    api = APIRouter(prefix="/api/models")
    models = workbench.models

    @api.get("")
    def overview() -> Json:
        return models.overview()

    @api.get("/page")
    def page(unfolded: Annotated[pydantic.Json[list[str]], Query(default_factory=list)]) -> Json:
        return layout.shown(models.overview(), unfolded)

    @api.post("/load", status_code=202)
    def load(body: Choice) -> Json:
        models.load(body.path, window=body.window, lora=body.lora, force=body.force)
        return {"loading": body.path}

    @api.post("/cancel", status_code=202)
    def cancel(body: Place) -> Json:
        name = models.cancel(body.path)
        return {"cancelled": body.path, "said": f"Loading {name} was cancelled."}

    @api.post("/download", status_code=202)
    def download(body: Wanted) -> Json:
        return asdict(models.download(body.name))

    @api.post("/download/{id}/pause")
    def pause(id: str) -> Json:
        models.pause(id)
        return {"paused": id}

    @api.delete("/download/{id}")
    def discard(id: str) -> Json:
        return {"freed": models.discard(id)}

    return api
