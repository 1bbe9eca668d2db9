"""The shelf: which GGUF files are there, in `models/`, in the data folder and wherever a person pointed.

A file that is dropped into one of the folders just appears: folders are listed anew each time, and a header is read
again only when size or time of its file changed.
"""

from __future__ import annotations

import os
import re
import stat
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from app.preferences import Preferences
from engine.errors import InputError
from engine.llm.gguf.facts import GgufFacts, read_facts
from engine.paths import expanded
from models.default import ADAPTER

DEPTH = 3  # levels of folders looked into
MOST = 500  # files shown; a folder with more is not one of models
SETTLED = 4.0  # seconds without a change after which a file counts as whole
SKIPPED = {"data", "runs", "node_modules", "__pycache__"}
FURTHER_PART = re.compile(r"-(?!00001)\d{5}-of-\d{5}\.gguf$", re.I)

Signature = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Book:
    """One file of the shelf. `facts` None: it cannot be used, and `problem` says why; `growing`: still changing."""

    path: Path
    size: int
    facts: GgufFacts | None
    problem: str = ""
    growing: bool = False


class Shelf:
    """Thread-safe. The default model comes first, then `folders` in order, then what a person added.

    `default`: says where the default model lies; it is listed once it is made.
    """

    def __init__(
        self, folders: list[Path], preferences: Preferences, default: Callable[[], Path] | None = None
    ):
        self.folders = folders
        self._preferences = preferences
        self._default = default
        self._lock = threading.Lock()
        self._known: dict[Path, tuple[Signature, Book]] = {}

    def books(self) -> list[Book]:
        """All GGUF files, each once, with what their headers say."""
        with self._lock:
            found = [(path, signature) for path, signature in self._listed()]
            self._known = {path: self._known[path] for path, _ in found if path in self._known}
            return [self._book(path, signature) for path, signature in found]

    def signature(self) -> tuple[tuple[Path, Signature], ...]:
        """What changes when a file comes, goes or grows; cheap."""
        return tuple(self._listed())

    def added(self) -> list[Path]:
        """The files and folders that a person added."""
        return [Path(name) for name in self._preferences.get("model_places") or () if isinstance(name, str)]

    def add(self, path: Path) -> None:
        """Remember a file or folder. Raises InputError when it is neither a GGUF file nor a folder."""
        path = expanded(path)
        if not path.is_absolute():
            raise InputError(f"{path} is not a full path. Give one that begins at the root of the disk.")
        if not path.exists():
            raise InputError(f"There is nothing at {path}.")
        if not path.is_dir():
            read_facts(path)
        places = [str(place) for place in self.added() if place != path]
        self._preferences.put(model_places=[*places, str(path)])

    def remove(self, path: Path) -> None:
        """Forget a file or folder that was added; nothing is deleted. Raises InputError when it was not added."""
        places = self.added()
        if path not in places:
            raise InputError(f"{path} was not added here.")
        self._preferences.put(model_places=[str(place) for place in places if place != path])

    def _listed(self) -> Iterator[tuple[Path, Signature]]:
        seen: set[tuple[int, int]] = set()
        ours = [self._default()] if self._default else []
        for place in [*ours, *self.folders, *self.added()]:
            for path in walk(place) if place.is_dir() else [place]:
                if path == ADAPTER:
                    continue  # a part of the default model
                try:
                    found = path.stat()
                except OSError:
                    continue
                once = (found.st_dev, found.st_ino)
                if not stat.S_ISREG(found.st_mode) or (once in seen and found.st_ino):
                    continue
                seen.add(once)
                yield path, (found.st_size, found.st_mtime_ns, found.st_ino)
                if len(seen) >= MOST:
                    return

    def _book(self, path: Path, signature: Signature) -> Book:
        size, modified, _ = signature
        known = self._known.get(path)
        growing = time.time() - modified / 1e9 < SETTLED
        if known is not None and known[0] == signature and not (known[1].growing and not growing):
            return known[1]
        try:
            book = Book(path, size, read_facts(path))
        except InputError as error:
            book = Book(path, size, None, str(error), growing)
        self._known[path] = (signature, book)
        return book


def walk(folder: Path, depth: int = DEPTH) -> Iterator[Path]:
    """GGUF files of a folder and of those in it, by name. Further parts of a split model belong to the first."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name.lower())
    except OSError:
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.name.lower().endswith(".gguf"):
            if not FURTHER_PART.search(entry.name):
                yield Path(entry.path)
        elif depth > 1 and entry.name not in SKIPPED and entry.is_dir(follow_symlinks=False):
            yield from walk(Path(entry.path), depth - 1)
