"""A library without an app around it, and what its tests do with it."""

from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.library.jobs import Control
from app.library.service import Library
from engine.documents.writing.builder import Progress
from engine.store import Store


class Hub:
    """Keeps what the library tells."""

    def __init__(self) -> None:
        self.told: list[tuple[str, dict]] = []

    def tell(self, kind: str, **detail) -> None:
        self.told.append((kind, detail))


def open_library(store: Store, data_dir: Path) -> Library:
    bench = SimpleNamespace(engine=SimpleNamespace(store=store), hub=Hub(), data_dir=data_dir)
    return Library(bench)  # type: ignore[arg-type]


def done(library: Library, job):
    """The job at its end, which must be a good one."""
    found = library.jobs.wait(job.job)
    assert found.state == "done", found.message
    return found


def add(library: Library, *paths: Path, name: str = ""):
    """Add folders and return the card."""
    return library.card(done(library, library.add([str(p) for p in paths], name)).result["card"])


def hold_readings(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Let readings stand still from their first file on until they are stopped; the event says that one does."""
    read, progress = threading.Event(), Control.progress

    def held(control: Control, now: Progress) -> None:
        progress(control, now)
        if now.files:
            read.set()
            control.stop.wait(300)

    monkeypatch.setattr(Control, "progress", held)
    return read


def send(library: Library, upload: str, files: dict[str, bytes], start: int = 1) -> None:
    """Send files into an upload, numbered from `start`."""
    for n, (rel, data) in enumerate(files.items(), start):
        with library.uploads.receive(upload, rel, n, len(data)) as receiver:
            receiver.write(data)
