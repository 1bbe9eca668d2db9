"""The static files of all features: `/ui/FEATURE/PATH` is `app/FEATURE/static/PATH`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from app.paths import ROOT

if TYPE_CHECKING:
    from fastapi import FastAPI

FEATURES = (
    "shell",
    "forms",
    "live",
    "ask",
    "runs",
    "library",
    "models",
    "bench",
    "questions",
    "notes",
    "safekeeping",
)


def folders() -> dict[str, Path]:
    """The folder of static files of each feature, by the address below which they are served."""
    return {f"/ui/{feature}": ROOT / "app" / feature / "static" for feature in FEATURES}


def modules() -> list[str]:
    """The addresses of all ES modules."""
    return sorted(
        f"{address}/{file.relative_to(folder).as_posix()}"
        for address, folder in folders().items()
        for file in folder.rglob("*.js")
    )


def find(address: str) -> Path | None:
    """The file that is served at an address, or None."""
    for prefix, folder in folders().items():
        if address.startswith(prefix + "/"):
            file = folder / address.removeprefix(prefix + "/")
            return file if file.is_file() else None
    return None


def mount(app: FastAPI) -> None:
    """Serve them all; what is not there is refused by `/ui` itself."""
    from starlette.routing import (  # the gate reads this module before the web framework is loaded
        Mount,
        Router,
    )
    from starlette.staticfiles import StaticFiles

    parts = [
        Mount(address.removeprefix("/ui"), StaticFiles(directory=folder))
        for address, folder in folders().items()
    ]
    app.mount("/ui", Router(routes=parts))
