"""Routes of the bench: what the page shows, stop, the chart, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Response

from engine.bench.chart import png, title_of
from engine.types import Json

if TYPE_CHECKING:
    from app.workbench import Workbench


def router(workbench: Workbench) -> APIRouter:
    """The routes of the bench, below /api."""
    api = APIRouter(prefix="/api/bench")
    measuring = workbench.bench

    @api.get("")
    def shown(series: str = "", row: str = "") -> Json:
        return measuring.shown(series, row)

    @api.post("/stop")
    def stop() -> Json:
        return {"stopped": measuring.stop()}

    @api.get("/{series}/chart.png")
    def chart(series: str) -> Response:
        found = measuring.report(series)
        headers = {
            "Content-Disposition": 'attachment; filename="taproot-bench.png"',
            "Cache-Control": "no-store",
        }
        return Response(png(found["rows"], title_of(found)), media_type="image/png", headers=headers)

    @api.delete("/{series}")
    def delete(series: str) -> Json:
        return measuring.delete(series)

    return api
