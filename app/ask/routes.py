"""Routes of asking: what a question would cost."""

from __future__ import annotations

from fastapi import APIRouter

from app.ask import service as asking
from app.errors import NotFound
from app.workbench import Workbench
from engine.types import Json, Settings


def router(workbench: Workbench) -> APIRouter:
    """The routes of asking, below /api."""
    routes = APIRouter(prefix="/api")
    usual = Settings()

    @routes.get("/estimate")
    def estimate(
        corpus: str,
        depth: int = usual.depth,
        max_calls: int = usual.max_calls,
        max_tokens: int = usual.max_tokens,
        max_seconds: float = usual.max_seconds,
    ) -> Json:
        limits = {
            "depth": depth,
            "max_calls": max_calls,
            "max_tokens": max_tokens,
            "max_seconds": max_seconds,
        }
        found = asking.estimated(workbench, corpus, limits)
        if found is None:
            raise NotFound("Nothing can be predicted: there are no such documents, or no model is loaded.")
        return found.to_json()

    return routes
