"""A library without an app around it, and what its tests do with it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from app.library.service import Library
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


def send(library: Library, upload: str, files: dict[str, bytes], start: int = 1) -> None:
    """Send files into an upload, numbered from `start`."""
    for n, (rel, data) in enumerate(files.items(), start):
        with library.uploads.receive(upload, rel, n, len(data)) as receiver:
            receiver.write(data)
