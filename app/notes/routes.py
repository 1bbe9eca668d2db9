"""Routes of the notes.

GET  /api/notes                              {"cards": {card: status}}; see `app.notes.service.Noting`
PUT  /api/notes/CARD {on, budget?}           make notes of a card while it is quiet, or no longer -> status
GET  /api/corpora/ID/documents/N/notes       {"notes": [{kind, text, start, end, place, model, made}], "shown": trees}
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Body

from app.notes.shown import notes_of
from engine.types import Json

if TYPE_CHECKING:
    from app.workbench import Workbench


def router(workbench: Workbench) -> APIRouter:
    """The routes of the notes, below /api."""
    api = APIRouter(prefix="/api")
    noting = workbench.notes

    @api.get("/notes")
    def overview() -> Json:
        return noting.overview()

    @api.put("/notes/{card}")
    def choose(card: str, on: Annotated[bool, Body()], budget: Annotated[int | None, Body()] = None) -> Json:
        return noting.set(card, on, budget)

    @api.get("/corpora/{name}/documents/{number}/notes")
    def of(name: str, number: int) -> Json:
        found = noting.of(workbench.library.corpus(name), number)
        return {**found, "shown": notes_of(found["notes"])}

    return api
