"""The route that puts two runs side by side: /api/compare?left=RUN&right=RUN."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Response

from app.runs.answer.comparison import comparison_panel, title
from app.runs.routes import as_json
from engine.compare.stored import compare_stored

if TYPE_CHECKING:
    from app.workbench import Workbench


def router(workbench: Workbench) -> APIRouter:
    """The route, below /api."""
    api = APIRouter(prefix="/api")

    @api.get("/compare")
    def compare(left: str, right: str) -> Response:
        found = compare_stored(workbench.engine.store, left, right).to_json()
        return as_json(found | {"title": title(found), "panel": comparison_panel(found)})

    return api
