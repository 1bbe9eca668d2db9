"""The route that gives a run as a file: /api/runs/RUN/export?to=html."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from fastapi import APIRouter, Response

from engine.exchange.export import export

if TYPE_CHECKING:
    from app.workbench import Workbench

HEADERS = {"Cache-Control": "no-store"}  # the gate adds the rest


def router(workbench: Workbench) -> APIRouter:
    """The route, below /api. A file is never shown by the browser in the app's own name, only saved."""
    api = APIRouter(prefix="/api")

    @api.get("/runs/{run}/export")
    def file(
        run: str,
        to: Literal["ipynb", "html", "jsonl", "md", "train"],
        documents: Literal["embed", "refer", "none"] = "embed",
    ) -> Response:
        workbench.runs.row(run)
        made = export(workbench.engine.store, run, to, documents)
        attached = {**HEADERS, "Content-Disposition": f'attachment; filename="{made.name}"'}
        data = made.text.encode("utf-8", "backslashreplace")
        return Response(data, media_type="application/octet-stream", headers=attached)

    return api
