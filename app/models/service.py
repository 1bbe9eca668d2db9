"""The models of the app: what is there, which one is loaded, and downloads. `loader` switches between them."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from app.errors import NotFound
from app.models import catalogue, serializers
from app.models.download.downloads import Fetches, Progress, Unreachable, look
from app.models.loader import Loader, Using
from app.models.machine import MachineNow
from app.models.model_files import Book, Shelf
from app.models.view import layout, words
from app.paths import ROOT
from app.preferences import Preferences
from engine.errors import InputError
from engine.llm.gguf.fit import Room, Wish, choose
from engine.llm.remote.endpoint import is_remote
from engine.types import Json
from models import default

if TYPE_CHECKING:
    from app.workbench import Workbench

LOOK_SECONDS = 2.0  # between two looks at the folders


class Models:
    """Thread-safe. Made by the workbench; `start` begins to load, `close` stops what is going on here."""

    def __init__(self, workbench: Workbench):
        self._workbench = workbench
        self._wish: Wish = workbench.wish
        self.folder = workbench.data_dir / "models"
        self._preferences = Preferences(workbench.data_dir)
        self.shelf = Shelf([ROOT / "models", self.folder], self._preferences, default.model_file)
        self.fetches = Fetches(self.folder, self._tell_download)
        self._lock = threading.Lock()
        self._asked: dict[str, Json] = {}
        self._closed = threading.Event()
        self.machine = MachineNow()
        self._loader = Loader(workbench, self.machine, self._preferences, self._tell)

    def start(self, model: str | None) -> None:
        """Begin to load `model`, else the last one used, else the default, and to watch the folders."""
        self._loader.start(model)
        threading.Thread(target=self._watch, name="shelf", daemon=True).start()

    def close(self) -> None:
        """Stop watching, loading and downloading. What was downloaded is kept; the engine closes the models."""
        self._closed.set()
        self._loader.close()
        self.fetches.close()

    # --- what is there ---------------------------------------------------------------------------------------

    def overview(self) -> Json:
        """All that the page shows."""
        using = self._loader.current()
        loading, problem = self._loader.state()
        with self._lock:
            asked = dict(self._asked)
        room = self.machine.room(self._memory_of(using))
        books = self.shelf.books()
        progress = {one.id: one for one in self.fetches.all()}
        return {
            "loaded": self._loaded_json(using),
            "loading": loading and {**asdict(loading), "file": serializers.file_of(loading.path)},
            "problem": problem,
            "files": self._files(books, room, using),
            "folders": [
                str(self.folder),
                *(str(place) for place in self.shelf.folders if place != self.folder),
            ],
            "catalogue": [
                serializers.entry(entry, room, books, progress.pop(entry.id, None), asked.get(entry.id))
                for entry in catalogue.load()
            ],
            "downloads": [asdict(one) for one in progress.values()],
            "hardware": serializers.hardware_panel(self.machine.look(), self.machine.build),
        }

    def rebuild(self) -> Json:
        """How to let llama.cpp use the graphics card that it leaves idle, None where there is none."""
        return serializers.hardware_panel(self.machine.look(), self.machine.build)["rebuild"]

    def files(self) -> list[Json]:
        """The files that are there, and how each would be loaded now."""
        using = self._loader.current()
        return self._files(self.shelf.books(), self.machine.room(self._memory_of(using)), using)

    def add(self, path: Path) -> None:
        """Remember a file or folder; see `Shelf.add`."""
        self.shelf.add(path)
        self._tell()

    def remove(self, path: Path) -> None:
        """Forget a file or folder that was added; see `Shelf.remove`."""
        self.shelf.remove(path)
        self._tell()

    def choices(self) -> tuple[list[tuple[str, str]], str | None]:
        """The models that a form offers as (label, path), and the path of the one that is loaded or on its way."""
        using = self._loader.current()
        coming, _ = self._loader.state()
        chosen = coming.path if coming else using.path if using else None
        found = [
            (serializers.label(book.facts), str(book.path))
            for book in self.shelf.books()
            if book.facts is not None
        ]
        if using is not None and using.path not in [path for _, path in found]:
            info = using.model.info
            found.append(
                (
                    f"{serializers.file_of(using.path)}, where text is sent" if info.remote else info.name,
                    using.path,
                )
            )
        if coming is not None and is_remote(coming.path) and chosen not in [path for _, path in found]:
            found.append((f"{coming.name}, where text is sent", coming.path))
        return found, chosen

    def loading(self) -> str | None:
        """The path of the model that is on its way, None when none is."""
        coming, _ = self._loader.state()
        return coming.path if coming else None

    def load(
        self, path: str, *, window: int | None = None, lora: Sequence[str] = (), force: bool = False
    ) -> None:
        """Begin to switch to a model; see `Loader.load`."""
        self._loader.load(path, window=window, lora=lora, force=force)

    def cancel(self, path: str) -> str:
        """End the load of a model, and give its name; see `Loader.cancel`."""
        return self._loader.cancel(path)

    # --- downloads -------------------------------------------------------------------------------------------

    def download(self, name: str) -> Progress:
        """Begin or go on with a download. Raises InputError for an unknown name, Conflict while it is at work."""
        entry = self.fetches.entry(name)
        try:
            entry = catalogue.find(name, catalogue.load())
        except InputError:
            if entry is None:
                raise
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        progress = self.fetches.start(entry)
        self._tell()
        return progress

    def pause(self, id: str) -> None:
        """Stop a download and keep what it has. Raises NotFound."""
        self.fetches.pause(id)

    def discard(self, id: str) -> int:
        """Remove what a download has; return the bytes freed. Raises NotFound when there is no such download."""
        if not any(one.id == id for one in self.fetches.all()):
            raise NotFound("There is no download of that name.")
        freed = self.fetches.discard(id)
        self._tell()
        return freed

    def check(self) -> Json:
        """Ask the Hub for sizes and licences of the catalogue. Being offline is an answer, not an error."""
        try:
            found = look(catalogue.load())
        except Unreachable as error:
            return {"online": False, "message": str(error)}
        with self._lock:
            self._asked.update(found)
        self._tell()
        return {"online": True, "message": ""}

    def _tell_download(self, progress: Progress) -> None:
        self._workbench.hub.tell("download", **layout.news(words.download(asdict(progress))))
        if progress.over:
            self._tell()

    # --- helpers ---------------------------------------------------------------------------------------------

    def _tell(self) -> None:
        self._workbench.hub.tell("models")

    def _watch(self) -> None:
        """Tell followers when a file came, went or grew; look only while there are some."""
        before = self.shelf.signature()
        while not self._closed.wait(LOOK_SECONDS):
            self._workbench.hub.followed.wait()
            now = self.shelf.signature()
            if now != before:
                before = now
                self._tell()

    def _memory_of(self, using: Using | None) -> int:
        return self.machine.memory_of(using.model if using else None)

    def _loaded_json(self, using: Using | None) -> Json:
        if using is None:
            return None
        return serializers.loaded(
            using.model.info, using.path, using.facts, using.fit, self._memory_of(using)
        )

    def _files(self, books: Sequence[Book], room: Room, using: Using | None) -> list[Json]:
        found = []
        for book in books:
            fit = None if book.facts is None else choose(book.facts, room, self._wish)
            in_use = using is not None and using.path == str(book.path)
            found.append(serializers.book(book, fit, in_use=in_use))
        return found
