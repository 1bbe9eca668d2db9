"""Makes a data folder of a backup. Nothing is believed of the file: names, sizes and checksums are looked at first."""

from __future__ import annotations

import contextlib
import json
import lzma
import math
import os
import shutil
import sqlite3
import tempfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from engine.backup.write import FILES, FOLDERS, FORMAT, MANIFEST
from engine.errors import InputError, StoreError
from engine.paths import expanded
from engine.store import Store
from engine.store.database.database import FILE_NAME, check_version
from engine.types import Json

CHUNK = 1 << 20  # bytes
MANIFEST_BYTES = 64 << 20
LATEST = 253_402_214_400  # Unix seconds; a calendar ends with the year 9999
BROKEN = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError)
FOREIGN = (RuntimeError, NotImplementedError)  # encrypted, or packed in a way that Python does not know


def restore(file: Path, data: Path) -> Json:
    """Unpack a backup into the data folder `data`, which has to be empty or new; return what is in it.

    {"folder", "runs", "corpora", "created": Unix seconds}. Raises InputError for a file that is no backup or a folder that
    is in use, StoreError when the backup is damaged or the disk is full; then the folder is as it was.
    """
    file, data = expanded(file).absolute(), data.absolute()
    if data.is_dir() and any(data.iterdir()):
        raise InputError(
            f"{data} holds something already. Restore into another folder with --data DIR, and open that one."
        )
    try:
        data.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{data.name}.", dir=data.parent) as staging:
            folder = Path(staging) / "data"
            folder.mkdir(mode=0o700)
            manifest = _unpack(file, folder)
            _check_database(folder / FILE_NAME, file)
            if data.is_dir():
                data.rmdir()
            folder.rename(data)
    except (OSError, *BROKEN, *FOREIGN) as error:
        raise _explained(error, file, data) from error
    with Store(data) as store:  # brings it up to date, and finds the corpora in their new place
        store.mark_interrupted(copied=True)  # what went on elsewhere goes on there alone
        return {
            "folder": str(data),
            "runs": len(store.runs()),
            "corpora": len(store.corpora()),
            "created": manifest["created"],
        }


def _unpack(file: Path, folder: Path) -> Json:
    with zipfile.ZipFile(file) as archive:
        manifest = _manifest(archive, file)
        size, free = sum(entry.file_size for entry in archive.infolist()), shutil.disk_usage(folder).free
        if size > free:
            raise StoreError(
                f"{file} holds {size:,} bytes, and the disk of {folder.parent.parent} has {free:,} free. Free some space, or "
                "restore to another place with --data DIR; nothing was restored."
            )
        for entry in archive.infolist():
            if entry.filename != MANIFEST:
                _check_name(entry.filename, file)
                _take(archive, entry, folder / entry.filename)
        if not (folder / FILE_NAME).is_file():
            raise InputError(f"{file} holds no database; it is no whole backup.")
        missing = [name for name in manifest["names"] if not (folder / name).is_file()]
        if missing:
            raise StoreError(f"{file} is not whole: {missing[0]} is missing in it. Nothing was restored.")
    return manifest


def _manifest(archive: zipfile.ZipFile, file: Path) -> Json:
    """What a backup says of itself. Raises InputError."""
    try:
        if archive.getinfo(MANIFEST).file_size > MANIFEST_BYTES:
            raise ValueError("it is too large")
        manifest = json.loads(archive.read(MANIFEST))
        made, created, names = manifest["format"], manifest["created"], manifest["names"]
        if made != FORMAT:
            raise InputError(
                f"{file} was written by a newer version of Taproot. Update Taproot, then restore it."
            )
        if not (
            math.isfinite(created) and 0 <= created < LATEST and all(isinstance(one, str) for one in names)
        ):
            raise ValueError("it holds something else")
    except (KeyError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise InputError(f"{file} is no backup of Taproot.") from error
    return manifest


def _check_name(name: str, file: Path) -> None:
    """Only what a backup writes: the database and files of its folders. Raises InputError."""
    parts = PurePosixPath(name).parts
    inside = len(parts) > 2 and parts[0] in FOLDERS and name == "/".join(parts)
    plain = not any(part in ("", ".", "..") or "\\" in part or ":" in part for part in parts)
    if not (name == FILE_NAME or name in FILES or (inside and plain)):
        raise InputError(
            f"{file} holds {name[:80]!r}, which no backup of Taproot does. Nothing was restored."
        )


def _take(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with archive.open(entry) as source, target.open("xb") as out:  # the checksum is looked at as it is read
        os.fchmod(out.fileno(), 0o600)
        shutil.copyfileobj(source, out, CHUNK)


def _check_database(database: Path, file: Path) -> None:
    """Raises StoreError for a database that is damaged, of another program, or of a newer version."""
    with contextlib.closing(sqlite3.connect(database)) as db:
        try:
            sound = db.execute("PRAGMA quick_check").fetchone()[0] == "ok"
            check_version(db, file)
        except sqlite3.DatabaseError:
            sound = False
    if not sound:
        raise StoreError(f"The database in {file} is damaged; nothing was restored. Use another backup.")


def _explained(error: Exception, file: Path, data: Path) -> Exception:
    if isinstance(error, FOREIGN):
        return InputError(
            f"{file} is encrypted or packed in a way that no backup of Taproot is; nothing was restored."
        )
    if isinstance(error, BROKEN):
        if zipfile.is_zipfile(file):
            return StoreError(f"{file} is damaged ({error}); nothing was restored. Use another backup.")
        return InputError(f"{file} is no backup of Taproot, or its end is missing; nothing was restored.")
    if isinstance(error, FileNotFoundError) and not file.exists():
        return InputError(f"There is no file {file}. Check the spelling.")
    return StoreError(f"The backup {file} could not be restored to {data} ({error}); nothing was restored.")
