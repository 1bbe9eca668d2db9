"""The database file: made private, opened, brought up to date after a backup, and its failures put into sentences."""

from __future__ import annotations

import contextlib
import errno
import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from engine.errors import InputError, StoreError
from engine.store.database import compact, migrations

FILE_NAME = "taproot.db"
BACKUPS = "backups"
NO_SPACE = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)


def prepare(folder: Path, busy_seconds: float) -> Path:
    """Make the data folder and a current database in it; return the file. Safe when two processes do it at once.

    The folder is readable by its owner only (0700), and so is the database (0600). Before an existing database is
    migrated it is copied to `backups/`. Raises StoreError.
    """
    path = folder / FILE_NAME
    with sentences(path):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        _make_private(folder, 0o700)
        # SQLite gives -wal and -shm the permissions of the file itself, so it has to be private from the start.
        # What is there is not opened: to close it would give up the locks that other connections of this process hold.
        with contextlib.suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        for file in (path, path.with_name(f"{FILE_NAME}-wal"), path.with_name(f"{FILE_NAME}-shm")):
            _make_private(file, 0o600)
        _check_size(path)
        with contextlib.closing(connect(path, busy_seconds)) as db:
            _bring_up_to_date(db, path, busy_seconds)
    return path


def connect(path: Path, busy_seconds: float, *, read_only: bool = False) -> sqlite3.Connection:
    """Open the database in autocommit mode; transactions are begun by name. Raises sqlite3.Error."""
    db = sqlite3.connect(
        f"{path.as_uri()}?mode={'ro' if read_only else 'rw'}",
        uri=True,
        timeout=busy_seconds,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        db.execute("PRAGMA foreign_keys = ON")
        if read_only:
            db.execute("PRAGMA query_only = ON")
        else:
            if path.stat().st_size == 0:
                db.execute(f"PRAGMA auto_vacuum = {compact.INCREMENTAL}")
            _enable_wal(db, busy_seconds)
            # FULL: a commit survives a power cut, not only a killed process. secure_delete: freed bytes are zeroed.
            db.execute("PRAGMA synchronous = FULL")
            db.execute("PRAGMA secure_delete = ON")
    except BaseException:
        db.close()
        raise
    return db


@contextlib.contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """Hold the write lock for a block: all of it is committed, or nothing."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        # A full disk may have ended the transaction already.
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise


@contextlib.contextmanager
def sentences(path: Path) -> Iterator[None]:
    """Turn what SQLite and the system raise in the block into a StoreError that says what to do.

    Text that no database can hold raises InputError.
    """
    try:
        yield
    except UnicodeEncodeError as error:
        raise InputError(
            f"{str(error.object)[:80]!r} holds half a character or a byte that is no text. Write it anew."
        ) from error
    except (sqlite3.Error, OSError) as error:
        raise explain(error, path) from error


def explain(error: sqlite3.Error | OSError, path: Path) -> StoreError:
    """Return the sentence for a failure of the database at `path`. Nothing was half-written in any of these cases."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the low byte is the primary result code
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreError(
            f"The database {path} is locked by another program. Close that program, then try again; "
            "nothing was written."
        )
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return _damaged(path, str(error))
    if code == sqlite3.SQLITE_FULL or getattr(error, "errno", None) in NO_SPACE:
        return StoreError(
            f"The disk that holds {path} is full. Free some space, then try again; nothing was written."
        )
    if code == sqlite3.SQLITE_IOERR:
        return StoreError(
            f"The disk that holds {path} could not be written or read ({error}). Check that it is not full and still "
            "attached, then try again; nothing was written."
        )
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM) or isinstance(
        error, OSError
    ):
        return StoreError(
            f"The data folder {path.parent} cannot be written ({error}). Allow it for your user, or choose another "
            "folder with --data or TAPROOT_DATA."
        )
    return StoreError(f"The database {path} could not be used ({error}); nothing was written.")


def _damaged(path: Path, what: str) -> StoreError:
    return StoreError(
        f"The database {path} is damaged or is not a database ({what}). Move it away to start afresh, or put a "
        f"copy of your own, or one from {path.parent / BACKUPS}, in its place; nothing was written."
    )


def _check_size(path: Path) -> None:
    """Find a file that lost its end within a page, which SQLite would take for zeros. Raises StoreError."""
    size = path.stat().st_size
    journals = (path.with_name(f"{FILE_NAME}-{kind}") for kind in ("wal", "journal"))
    # After a crash the file may end anywhere; SQLite then repairs it from its journal.
    if size == 0 or any(file.exists() and file.stat().st_size for file in journals):
        return
    try:
        with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as db:
            db.execute(
                "SELECT 1 FROM sqlite_master"
            ).fetchone()  # reads the header, which says how large pages are
            page = _pragma(db, "page_size")
    except sqlite3.OperationalError:
        raise  # it may not be read; nothing says that it is damaged
    except sqlite3.DatabaseError as problem:
        raise _damaged(path, str(problem)) from problem
    if size % page:
        raise _damaged(path, f"its {size:,} bytes are not whole pages")


def check_version(db: sqlite3.Connection, path: Path) -> list[str]:
    """The steps that a database has yet to go through. Raises StoreError for one of another program or a newer version.

    `path` is the file that the sentence names.
    """
    own, tables = _pragma(db, "application_id"), _pragma(db, "schema_version")
    if own not in (0, migrations.APPLICATION_ID) or (own == 0 and tables and not _has_event_log(db)):
        raise StoreError(f"{path} is a database of another program. Choose another folder with --data.")
    return _missing(db, path)


def _bring_up_to_date(db: sqlite3.Connection, path: Path, busy_seconds: float) -> None:
    if not check_version(db, path):
        return
    with transaction(db):
        # Another process may have migrated while this one waited for the lock.
        if missing := _missing(db, path):
            if len(missing) < len(migrations.known()):
                _back_up(path, busy_seconds)
            migrations.apply(db)


def _missing(db: sqlite3.Connection, path: Path) -> list[str]:
    done, known = migrations.applied(db), migrations.known()
    if strange := [name for name in done if name not in known]:
        raise StoreError(
            f"The database {path} was written by a newer version of Taproot (step {strange[-1]}). Update Taproot, or "
            "choose another folder with --data; nothing was changed."
        )
    return [name for name in known if name not in done]


def _back_up(path: Path, busy_seconds: float) -> None:
    """Copy the database as it was last committed. One backup is kept: the one before the latest migration."""
    folder = path.parent / BACKUPS
    folder.mkdir(exist_ok=True, mode=0o700)
    older = list(folder.iterdir())
    target = folder / f"{path.stem}-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}.db"
    os.close(os.open(target, os.O_RDWR | os.O_CREAT, 0o600))
    with (
        contextlib.closing(connect(path, busy_seconds, read_only=True)) as source,
        contextlib.closing(sqlite3.connect(target)) as copy,
    ):
        source.backup(copy)
    for file in older:
        if file != target:
            file.unlink()


def _enable_wal(db: sqlite3.Connection, busy_seconds: float) -> None:
    """Switch to WAL. SQLite does not wait for this lock by itself, so two first openings would collide."""
    deadline = time.monotonic() + busy_seconds
    while True:
        try:
            if db.execute("PRAGMA journal_mode = WAL").fetchone()[0] == "wal":
                return
            raise StoreError(
                "This disk cannot hold a database in WAL mode. Choose a local folder with --data."
            )
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _has_event_log(db: sqlite3.Connection) -> bool:
    return bool(db.execute("SELECT 1 FROM sqlite_master WHERE name = '_sqlite_migrations'").fetchone())


def _pragma(db: sqlite3.Connection, name: str) -> int:
    return int(db.execute(f"PRAGMA {name}").fetchone()[0])


def _make_private(path: Path, mode: int) -> None:
    with contextlib.suppress(FileNotFoundError):
        if path.stat().st_mode & 0o777 != mode:
            path.chmod(mode)
