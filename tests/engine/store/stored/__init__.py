"""Databases that earlier code wrote, as SQL, and what that code showed of them, as JSON.

first_release   a run with a child and a sub-call, of a version that knew no sessions, places of drafts or confidences
answered        a run with quoting sub-calls, a child with a failing cell, and an image
stopped         a run that was stopped while it wrote
failed          a run whose model ended, a follow-up that was answered

The last three are of the code before events were typed. They are never written again.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from engine.store.database.database import FILE_NAME

FOLDER = Path(__file__).parent
STORED = ("first_release", "answered", "stopped", "failed")


def lay_out(name: str, folder: Path) -> Path:
    """Make the data folder of one of them; return it."""
    folder.mkdir(mode=0o700)
    with closing(sqlite3.connect(folder / FILE_NAME)) as db:
        db.executescript((FOLDER / f"{name}.sql").read_text("utf-8"))
    (folder / FILE_NAME).chmod(0o600)
    return folder


def shown(name: str) -> dict[str, Any]:
    """What the code that wrote it showed, by run: row, tree, nodes, found."""
    return json.loads((FOLDER / f"{name}.json").read_text("utf-8"))


def rows(name: str) -> list[tuple[str, str]]:
    """Kind and payload of the stored events, without images in place."""
    with closing(sqlite3.connect(":memory:")) as db:
        db.executescript((FOLDER / f"{name}.sql").read_text("utf-8"))
        return db.execute("SELECT kind, payload FROM event ORDER BY id").fetchall()
