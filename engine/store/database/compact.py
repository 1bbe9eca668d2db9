"""Gives freed space back without holding up who writes: whole where little is left, in short steps where much is.

A VACUUM writes all that is left anew, and nobody else can write meanwhile, in this program or another. Freed pages are
zeroed already (`secure_delete`), so a large database is only cut at its end, page by page.
"""

from __future__ import annotations

import sqlite3

SMALL_BYTES = 32 * 1024 * 1024  # what is left of a database that is written anew in a moment
STEP_PAGES = 500  # that one step gives back
INCREMENTAL = 2  # of `auto_vacuum`; a database of an earlier version gets it when it is written anew
LOG_SECONDS = 0.5  # that emptying the log waits for those who read it


def shrink(db: sqlite3.Connection) -> bool:
    """Give some pages of a large database back; whether there are more. Short, inside the caller's transaction."""
    if used_bytes(db) <= SMALL_BYTES or _pragma(db, "auto_vacuum") != INCREMENTAL:
        return False
    db.execute(f"PRAGMA incremental_vacuum({STEP_PAGES})").fetchall()
    return _pragma(db, "freelist_count") > 0


def compact(db: sqlite3.Connection) -> str:
    """Write a small database anew, and empty the log; return a sentence on what could not be done now, or ""."""
    try:
        if used_bytes(db) <= SMALL_BYTES:
            db.execute(f"PRAGMA auto_vacuum = {INCREMENTAL}")
            db.execute("VACUUM")
    except sqlite3.OperationalError as error:
        return f"The database could not be made smaller ({error}); its freed space is already zeroed."
    if not empty_log(db):
        return "Another program is reading the database; its log is emptied when that program is done."
    return ""


def empty_log(db: sqlite3.Connection) -> bool:
    """Write the log into the database and cut it to nothing; False where a reader does not let go of it in time."""
    waits = _pragma(db, "busy_timeout")
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
