"""Writes a backup: a ZIP with the database as it is committed, the texts of its corpora, and the files uploaded.

The database is copied by SQLite itself as of one moment, without holding up who writes. A corpus never changes once
written, so its files are taken as they lie. The file appears under its name only when it is whole.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from engine.errors import InputError, StoreError
from engine.paths import expanded
from engine.stop import Stop
from engine.store.database import migrations
from engine.store.database.database import FILE_NAME, NO_SPACE, connect, explain

MANIFEST = "backup.json"
FORMAT = 1
FOLDERS = {
    "corpora": "SELECT corpus FROM corpus",
    "uploads": "SELECT collection FROM collection WHERE kind = 'upload'",
}
FILES = (
    "preferences.json",
    "watched.json",
    "notes.json",
)  # what the app remembers, and which cards are watched and noted
LEVEL = 1  # of the compression: texts halve, and a disk is kept busy
CHUNK = 1 << 20  # bytes

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Written:
    """A finished backup: its file, size in bytes, and what is in it."""

    file: str
    bytes: int
    created: float
    runs: int
    corpora: int
    files: int


def write(
    data: Path,
    target: Path,
    *,
    force: bool = False,
    busy_seconds: float = 15.0,
    progress: Progress = lambda done, of: None,
    stop: Stop | None = None,
) -> Written:
    """Back up the data folder `data` into the file `target`; it may be in use meanwhile.

    `progress` hears how many bytes of how many are packed. Raises what `place` does, StoreError when the disk is full or
    something cannot be read, Cancelled on a stop. Then nothing is left of it.
    """
    target, stop = place(data, target, force=force), stop or Stop()
    with (
        _sentences(data, target),
        tempfile.TemporaryDirectory(prefix=f".{target.name[:100]}.", dir=target.parent) as folder,
    ):
        database, part = Path(folder) / FILE_NAME, Path(folder) / "backup.zip"
        with (
            contextlib.closing(connect(data / FILE_NAME, busy_seconds, read_only=True)) as source,
            contextlib.closing(sqlite3.connect(database)) as copy,
        ):
            source.backup(copy)  # in one step: readers hold up nobody
            stop.check()
            copy.execute("PRAGMA journal_mode = DELETE")
            runs, corpora = (
                copy.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("run", "corpus")
            )
            names = [*_named(copy, data)]
        created = time.time()
        manifest = {
            "format": FORMAT,
            "created": created,
            "schema": migrations.known()[-1],
            "names": names,
        }
        files = [(database, FILE_NAME), *((data / name, name) for name in names)]
        _pack(part, files, json.dumps(manifest, ensure_ascii=False), progress, stop)
        written = Written(str(target), part.stat().st_size, created, runs, corpora, len(names) + 1)
        part.replace(target)
        return written


def to_json(written: Written) -> dict[str, object]:
    """The object that `backup --json` prints."""
    return asdict(written)


def size(data: Path) -> int:
    """The bytes that a backup of a data folder packs; the file is smaller, as texts halve. Raises StoreError."""
    if not (data / FILE_NAME).is_file():
        return 0
    with (
        _sentences(data, data),
        contextlib.closing(connect(data / FILE_NAME, 15.0, read_only=True)) as source,
    ):
        return sum((data / name).stat().st_size for name in (FILE_NAME, *_named(source, data)))


def place(data: Path, target: Path, *, force: bool = False) -> Path:
    """The file that a backup of the data folder `data` is written to, whole and in full.

    Raises InputError when it exists (unless `force`), lies in the data folder, has no folder or a name that no file can
    have, and when there is nothing to back up.
    """
    try:
        return _place(data, expanded(target).absolute(), force)
    except (OSError, ValueError) as error:  # too long a name, a NUL, a folder of others
        shown = str(target).encode("utf-8", "replace").decode()[:200]
        why = getattr(error, "strerror", None) or "no file can be called so"
        raise InputError(f"{shown} cannot be written: {why}. Choose another place.") from error


def _place(data: Path, target: Path, force: bool) -> Path:
    if not (data / FILE_NAME).is_file():
        raise InputError(
            f"There is nothing to back up in {data}: no question was asked and no folder added there."
        )
    if target.is_dir():
        raise InputError(f"{target} is a folder. Name a file in it, such as {target / 'taproot.zip'}.")
    if target.exists() and not force:
        raise InputError(f"{target} exists already. Choose another name, or write over it with --force.")
    if not target.parent.is_dir():
        raise InputError(f"There is no folder {target.parent}. Make it first, or choose another place.")
    if data.resolve() in target.resolve().parents:
        raise InputError(
            f"{target} lies in the data folder itself, where it would be lost with it. Choose another place."
        )
    return target


def _named(db: sqlite3.Connection, data: Path) -> Iterator[str]:
    """The files that belong to the database, by their paths in the data folder."""
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
    for parent, query in FOLDERS.items():
        if query.split()[3] not in tables:
            continue  # a database of an older version, which nobody has opened since
        for (name,) in db.execute(query).fetchall():
            yield from sorted(
                file.relative_to(data).as_posix()
                for file in (data / parent / name).rglob("*")
                if file.is_file() and not file.is_symlink()
            )
    yield from (name for name in FILES if (data / name).is_file())


def _pack(part: Path, files: list[tuple[Path, str]], manifest: str, progress: Progress, stop: Stop) -> None:
    done, of = 0, sum(path.stat().st_size for path, _ in files)
    opened = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(opened, "w+b") as file:
        with zipfile.ZipFile(
            file, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL, strict_timestamps=False
        ) as archive:
            archive.writestr(MANIFEST, manifest)
            for path, name in files:
                entry = zipfile.ZipInfo.from_file(path, name, strict_timestamps=False)
                entry.compress_type = archive.compression
                entry._compresslevel = LEVEL  # type: ignore[attr-defined]  # ZipFile.write sets it so
                with path.open("rb") as taken, archive.open(entry, "w") as out:
                    while chunk := taken.read(CHUNK):
                        out.write(chunk)
                        done += len(chunk)
                        progress(done, of)
                        stop.check()
        file.flush()
        os.fsync(file.fileno())


@contextlib.contextmanager
def _sentences(data: Path, target: Path) -> Iterator[None]:
    """Turn what the system raises into what to do about it."""
    try:
        yield
    except FileNotFoundError as error:
        raise StoreError(
            f"Something was deleted while it was backed up ({error.filename}). Nothing was written; start it again."
        ) from error
    except (OSError, sqlite3.Error) as error:
        full = getattr(error, "errno", None) in NO_SPACE
        full = full or getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL
        if full:
            raise StoreError(
                f"The disk that holds {target.parent} is full. Free some space or choose another place; nothing was left there."
            ) from error
        failed = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_IOERR
        if failed or isinstance(error, OSError):
            raise StoreError(
                f"The backup could not be written to {target} ({error}). Check that the disk is not full and still attached; "
                "nothing was left there."
            ) from error
        raise explain(error, data / FILE_NAME) from error
