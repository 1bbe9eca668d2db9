"""Routes of sessions: list, search, rename, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Response
from pydantic import BaseModel

from app.runs.listing import thread
from app.runs.listing.session_rows import receipt_words
from app.runs.listing.sessions_page import PAGE, Look, sessions_page
from app.runs.routes import as_json
from engine.types import Json

if TYPE_CHECKING:
    from app.workbench import Workbench

RECENT = 5  # sessions below an empty form


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
        return as_json(found)

    @api.get("/sessions/shown")
    def shown(query: str = "", corpus: str = "", limit: int = PAGE, first: str = "") -> Response:
        look = Look(query.strip(), corpus, limit, first)
        found = sessions.list(look.query, corpus or None, limit)
        return as_json(sessions_page(found, workbench.library.cards(), look))

    @api.get("/sessions/lately")
    def lately() -> Response:
        return as_json(thread.lately(sessions.list(limit=RECENT)))

    @api.get("/runs/{run}/earlier")
    def earlier(run: str) -> Response:
        row = workbench.runs.row(run)
        return as_json(thread.earlier(sessions.thread(row["session"]), run))

    @api.get("/sessions/{session}")
    def one(session: str) -> Response:
        return as_json(sessions.thread(session))

    @api.patch("/sessions/{session}")
    def rename(session: str, body: Title) -> Json:
        return {"id": session, "title": sessions.rename(session, body.title)}

    @api.delete("/sessions/{session}")
    def delete(session: str) -> Json:
        receipt = sessions.delete(session)
        return receipt | {"told": receipt_words(receipt)}

    return api
