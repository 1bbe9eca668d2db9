"""Routes of sessions: list, search, rename, delete."""

from __future__ import annotations

from fastapi import APIRouter

from app.workbench import Workbench


def router(workbench: Workbench) -> APIRouter:
    """The routes of sessions, below /api."""
    return APIRouter(prefix="/api")
