"""Routes of asking: what a question would cost, and the front end of the form's link to the page."""

from __future__ import annotations

from fastapi import APIRouter, Response

from app.ask import service as asking
from app.errors import NotFound
from app.workbench import Workbench
from engine.types import Json, Settings

LINK = 'export * from "/ui/ask/link.js";'  # the module that the page has too


def router(workbench: Workbench) -> APIRouter:
    """The routes of asking, below /api; and what Gradio asks for to show a `FormLink`."""
    routes = APIRouter()
    usual = Settings()

    @routes.get("/api/estimate")
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

    @routes.get("/gradio_api/custom_component/formlink/client/component/{file}")
    def front_end(file: str) -> Response:
        kind = "css" if file.endswith(".css") else "javascript"
        return Response("" if kind == "css" else LINK, media_type=f"text/{kind}")

    return routes
