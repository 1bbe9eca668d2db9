"""A model that answers the questions of the notes, or holds them, besides those of `tests.app.script`."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.workbench import Workbench
from tests.app.desk import LETTERS
from tests.app.script import HOLD, Model
from tests.engine.notes.conftest import answer


class NotingModel(Model):
    """While `hold` is set, replies to questions of the notes are written until they are cancelled.

    `order` keeps what was asked, "note" or "run"; `cancelled_before_the_run` is, for each note that was being written when
    the first run asked, whether it had been told to stop. `awaited` is set once a reply to a note is waited for: all
    questions about its piece have been asked.
    """

    def __init__(self) -> None:
        self.hold, self.awaited = threading.Event(), threading.Event()
        self.order: list[str] = []
        self.notes: list = []
        self.told: set[int] = set()
        self.cancelled_before_the_run: list[bool] = []
        super().__init__()

    def submit(self, request):
        note = request.conversation.startswith("notes/")
        if not note and "run" not in self.order:
            self.cancelled_before_the_run = [stream.done or id(stream) in self.told for stream in self.notes]
        self.order.append("note" if note else "run")
        stream = super().submit(request)
        if note:
            self.notes.append(stream)
            cancel, result = stream.cancel, stream.result
            stream.cancel = lambda: (self.told.add(id(stream)), cancel())
            stream.result = lambda *how: (self.awaited.set(), result(*how))[1]
        return stream

    def _say(self, request):
        if not request.conversation.startswith("notes/"):
            return super()._say(request)
        return HOLD if self.hold.is_set() else answer(request)

    def notes_asked(self) -> int:
        return self.order.count("note")


@pytest.fixture
def bench(data_dir: Path, kernels, tmp_path: Path) -> Iterator[Workbench]:
    """A workbench with one card of letters; notes are made after a moment of quiet."""
    folder = tmp_path / "Letters"
    folder.mkdir()
    for name, text in LETTERS.items():
        (folder / name).write_text(text)
    with Workbench(data_dir, host=kernels) as workbench:
        workbench.notes.seconds = 0.05
        workbench.engine.use(NotingModel())
        workbench.library.add([str(folder)])
        yield workbench
