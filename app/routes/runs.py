"""Routes of runs: start, follow, look into, stop, delete."""

from __future__ import annotations

from fastapi import APIRouter

from app.workbench import Workbench


def router(workbench: Workbench) -> APIRouter:
    """The routes of runs, below /api."""
    return APIRouter(prefix="/api")
