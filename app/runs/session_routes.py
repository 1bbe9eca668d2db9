"""Routes of sessions: list, search, rename, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Response
from pydantic import BaseModel

from app.runs.listing.session_rows import receipt_words, session_row
from app.runs.routes import as_json
from engine.types import Json

if TYPE_CHECKING:
    from app.workbench import Workbench


class Title(BaseModel):
    """The body of PATCH /api/sessions/{session}."""

    title: str


def router(workbench: Workbench) -> APIRouter:
    """The routes of sessions, below /api."""
    api = APIRouter(prefix="/api")
    sessions = workbench.sessions

    @api.get("/sessions")
    def list_sessions(query: str = "", corpus: str | None = None, limit: int = 100) -> Response:
        found = sessions.list(query, corpus or None, limit)
        return as_json([one | {"panel": session_row(one, query)} for one in found])

    @api.get("/sessions/{session}")
    def thread(session: str) -> Response:
        return as_json(sessions.thread(session))

    @api.patch("/sessions/{session}")
    def rename(session: str, body: Title) -> Json:
        return {"id": session, "title": sessions.rename(session, body.title)}

    @api.delete("/sessions/{session}")
    def delete(session: str) -> Json:
        receipt = sessions.delete(session)
        return receipt | {"told": receipt_words(receipt)}

    return api
