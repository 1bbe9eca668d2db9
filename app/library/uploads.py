"""Files that a browser sends: streamed into the private data folder under numbers, their names kept as text only.

DATA/uploads/<id>/
    owner.json        the process that receives it, until it is done
    manifest.jsonl    a line per file: {"n", "rel", "bytes"}, or {"n", "rel", "refused": reason}
    000001 ...        the bytes (0600); 000001.XXXXXXXX.part while they come, one for each time they are sent

A name is never a path on this machine, so no name can be harmful. An upload that was not finished is removed when
the app starts again; a finished one lives as long as its collection, which has the same id.
"""

from __future__ import annotations

import errno
import json
import os
import re
import secrets
import shutil
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from app.errors import NoSpace, NotFound, TooLarge
from app.text.words import amount
from engine import disk
from engine.documents.discover import LARGEST, Discovery, add, natural, readable
from engine.errors import InputError, LockedError, TaprootError
from engine.store import owner
from engine.store.database.database import NO_SPACE
from engine.types import Json

LONGEST_NAME = 1000  # characters
MOST_FILES = 200_000
DRIVE = re.compile(r"^[A-Za-z]:")
ID = re.compile(r"^c[0-9a-f]{8}$")
OWNER, MANIFEST = "owner.json", "manifest.jsonl"


class Uploads:
    """The uploads of one data folder. `largest` is the limit of one file in bytes. Thread-safe."""

    def __init__(self, folder: Path, largest: int = LARGEST):
        self.folder = folder
        self.largest = largest
        self._lock = threading.Lock()

    def sweep(self, kept: Collection[str]) -> int:
        """Remove uploads that nobody will finish: not `kept`, and not of another process that lives."""
        removed = 0
        for folder in self.folder.glob("*"):
            if folder.name not in kept and not _owned_by_another(folder):
                shutil.rmtree(folder, ignore_errors=True)
                removed += 1
        return removed

    def begin(self, upload: str) -> Path:
        """Make the folder of a new upload. Raises NoSpace."""
        folder = self.folder / upload
        with _saying_no_space(upload):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.mkdir(mode=0o700)
            _write_private(folder / OWNER, json.dumps(owner.to_json(owner.this_process())))
        return folder

    @contextmanager
    def receive(self, upload: str, rel: str, number: int, size: int | None) -> Iterator[Receiver]:
        """Take one file: write its bytes to what this gives; it is kept when the block ends without an error.

        `rel` is its path inside the folder it comes from, `number` tells it from others of that name, `size` is what
        the browser says it has. Raises InputError for a name that cannot be, TooLarge, NoSpace.
        """
        name = clean(rel)
        if not 0 < number <= MOST_FILES:
            raise InputError(f"At most {MOST_FILES:,} files can be sent at once. Add the folder by its path.")
        with _saying_no_space(name), self._lock:  # an upload that is dropped meanwhile gets no new file
            folder = self._open(upload)
            if size is not None and size > self.largest:
                self._refuse(folder, number, name, size)
            if disk.room(folder) < max(1, size or 0):
                raise OSError(errno.ENOSPC, "no space")
            part = folder / f"{number:06}.{secrets.token_hex(4)}.part"
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with os.fdopen(descriptor, "wb", buffering=0) as file:
                receiver = Receiver(file, name, self.largest)
                try:
                    with _saying_no_space(name):
                        yield receiver
                except TooLarge:
                    with self._lock:
                        self._refuse(folder, number, name, receiver.size)
            if size is not None and receiver.size != size:
                raise InputError(
                    f"{name} did not arrive whole: {receiver.size:,} of {size:,} bytes. Send it again."
                )
            with _saying_no_space(name), self._lock:
                self._open(upload)
                part.rename(folder / f"{number:06}")
                _append(folder / MANIFEST, {"n": number, "rel": name, "bytes": receiver.size})
        finally:
            part.unlink(missing_ok=True)

    def finish(self, upload: str) -> None:
        """No more files come: from now on the upload waits for its collection to be made. Raises InputError."""
        folder = self._open(upload)
        if not any("bytes" in line for line in manifest(folder)):
            raise InputError(
                "No file arrived, so there is nothing to read. Choose a folder that holds files."
            )

    def drop(self, upload: str) -> None:
        """Remove all that came. Raises NotFound when there is no such upload."""
        with self._lock:
            shutil.rmtree(self._open(upload), ignore_errors=True)

    @contextmanager
    def reading(self, upload: str) -> Iterator[None]:
        """While its collection is made: from then on the upload stays as long as that.

        Where none comes of it the upload is removed, unless a password may open it still.
        """
        try:
            yield
        except TaprootError as problem:
            if not isinstance(problem, LockedError):
                self.drop(upload)
            raise
        (self.folder / upload / OWNER).unlink(missing_ok=True)

    def discovery(self, upload: str) -> Discovery:
        """The files of an upload as an ingest takes them. A folder that holds them all is left out of their names."""
        folder = self.folder / upload
        if not ID.match(upload) or not folder.is_dir():
            raise NotFound("These uploaded files are gone; add them again.")
        lines = manifest(folder)
        names = [line["rel"] for line in lines]
        top = common_folder(names)
        found, taken = Discovery(name=top or "Uploaded files", roots=[folder]), set[str]()
        for line in lines:
            name = line["rel"][len(top) + 1 if top else 0 :]
            if any(part.startswith(".") for part in name.split("/")):
                found.hidden += 1
            elif "refused" in line:
                found.skipped.append((name, line["refused"]))
            else:
                path = folder / f"{line['n']:06}"
                add(found, taken, name, str(path), path.stat())
        found.files.sort(key=lambda file: natural(file.name))
        if found.hidden:
            found.notices.append(f"{found.hidden:,} hidden files were left out.")
        return found

    def _open(self, upload: str) -> Path:
        folder = self.folder / upload
        if not ID.match(upload) or not (folder / OWNER).is_file():
            raise NotFound("This upload is over or was given up. Add the files again.")
        return folder

    def _refuse(self, folder: Path, number: int, name: str, size: int) -> None:
        """Note a file that is too large and raise TooLarge; for whoever holds `_lock`."""
        reason = f"it is larger than {amount(self.largest)} ({amount(size)})"
        _append(folder / MANIFEST, {"n": number, "rel": name, "refused": reason})
        raise TooLarge(f"{name} was not taken: {reason}. Split it into smaller files and add those.")


class Receiver:
    """Where the bytes of one file go. `write` raises TooLarge at the limit."""

    def __init__(self, file: BinaryIO, name: str, largest: int):
        self._file, self._name, self._largest = file, name, largest
        self.size = 0

    def write(self, data: bytes) -> None:
        """Add bytes to the file."""
        self.size += len(data)
        if self.size > self._largest:
            raise TooLarge(self._name)
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) :]


def clean(rel: str) -> str:
    """The name of an uploaded file as it is shown. Raises InputError for one that leaves its folder."""
    name = readable(rel.encode("utf-8", "replace").decode())
    if not name.strip():
        raise InputError("A file without a name came; it was not taken.")
    if len(name) > LONGEST_NAME:
        raise InputError(
            f"The name {name[:60]}... is longer than {LONGEST_NAME:,} characters; it was not taken."
        )
    parts = name.split("/")
    if name.startswith("/") or DRIVE.match(name) or any(part in ("", ".", "..") for part in parts):
        raise InputError(
            f"The name {name[:200]} leads out of its folder; the file was not taken. Rename it and add it again."
        )
    return name


def common_folder(names: list[str]) -> str:
    """The top folder that all these names share, or ""."""
    tops = {name.split("/")[0] if "/" in name else "" for name in names}
    return tops.pop() if len(tops) == 1 else ""


def manifest(folder: Path) -> list[Json]:
    """The lines of an upload's manifest, the last one of each number, in the order of the numbers."""
    try:
        text = (folder / MANIFEST).read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    lines = [json.loads(line) for line in text.splitlines() if line.endswith("}")]
    return [line for _, line in sorted({line["n"]: line for line in lines}.items())]


@contextmanager
def _saying_no_space(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        if problem.errno not in NO_SPACE:
            raise
        raise NoSpace(
            f"The disk is full: {name} could not be stored. Free some space and try again; "
            "the files that came before it are kept."
        ) from problem


def _append(path: Path, line: Json) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


def _write_private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def _owned_by_another(folder: Path) -> bool:
    try:
        found = json.loads((folder / OWNER).read_text())
    except (OSError, ValueError):
        return False
    return found != owner.to_json(owner.this_process()) and owner.is_alive(found, None)
