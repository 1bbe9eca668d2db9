"""Gives freed space back: a VACUUM that lets others write, and a write-ahead log that is emptied.

A VACUUM writes the whole database anew, and nobody else can write meanwhile (reading goes on). So a large database waits
for a moment when no question is being answered, and the work is left off when somebody comes to write.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable

SMALL_BYTES = 32 * 1024 * 1024  # written anew in a moment, whoever waits
GRACE_SECONDS = 0.2  # before somebody who waits is heard
OPERATIONS = 1000  # of SQLite between two looks at who waits
LOG_SECONDS = 0.5  # that emptying the log waits for those who read it


def must_wait(db: sqlite3.Connection, working: bool) -> bool:
    """Whether this is no moment for a VACUUM: the database is large and `working` says that questions are answered."""
    return working and used_bytes(db) > SMALL_BYTES


def compact(db: sqlite3.Connection, working: bool, hurry: Callable[[], bool]) -> str:
    """Write the database anew without its freed space and empty its log; return a sentence on what was put off, or "".

    `hurry` is asked now and then whether somebody waits to write.
    """
    if must_wait(db, working):
        return "The database is made smaller when the question that is being answered has ended; its freed space is zeroed already."
    begun = time.monotonic()
    db.set_progress_handler(lambda: time.monotonic() - begun > GRACE_SECONDS and hurry(), OPERATIONS)
    try:
        db.execute("VACUUM")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
            return "The database is made smaller later, because something else had to be stored; its freed space is zeroed already."
        return f"The database could not be made smaller ({error}); its freed space is already zeroed."
    finally:
        db.set_progress_handler(None, 0)
    if not empty_log(db):
        return "Another program is reading the database; its log is emptied when that program is done."
    return ""


def empty_log(db: sqlite3.Connection) -> bool:
    """Write the log into the database and cut it to nothing; False where a reader does not let go of it in time."""
    waits = db.execute("PRAGMA busy_timeout").fetchone()[0]
    db.execute(f"PRAGMA busy_timeout = {min(waits, int(1000 * LOG_SECONDS))}")
    try:
        return not db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    finally:
        db.execute(f"PRAGMA busy_timeout = {waits}")


def used_bytes(db: sqlite3.Connection) -> int:
    """The bytes of all pages that hold something."""
    return (_pragma(db, "page_count") - _pragma(db, "freelist_count")) * _pragma(db, "page_size")


def _pragma(db: sqlite3.Connection, name: str) -> int:
    return int(db.execute(f"PRAGMA {name}").fetchone()[0])
