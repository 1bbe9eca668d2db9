"""Deletion: the one exception to append-only. Takes a run, or a corpus with its runs, and leaves no byte of them.

One transaction takes them out of every list and notes them in the table `deletion`. Their events go in short steps
(`engine/store/log/sweep.py`), so that nobody who writes meanwhile waits for all of them. Then the rest: the corpus folder,
backups made before migrations (they hold the same text), the free space inside the file (`secure_delete` has zeroed it
already, see `engine/store/database/compact.py`) and the write-ahead log. If a program ends in between, `finish` does the
rest later. What the file system or the disk keeps of freed blocks is out of reach.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.disk import bytes_in
from engine.errors import InputError, StoreError
from engine.store import collections, trials
from engine.store.database import compact, lists, notes
from engine.store.database.database import BACKUPS, transaction
from engine.store.kept import table as kept
from engine.store.log import log, projections, sweep

CORPORA = "corpora"
UPLOADS = "uploads"
SEEN = ".seen"  # in the folder of corpora: what the next ingest of the same files looks up


def take_run(db: sqlite3.Connection, run: str) -> dict[str, Any]:
    """Remove the rows of one run, inside the caller's transaction. Raises InputError while it runs."""
    if log.live_runs(db, run=run):
        raise InputError(f"The run {run} is still running. Stop it first, then delete it.")
    return _take_runs(db, [run])


def take_session(db: sqlite3.Connection, session: str) -> dict[str, Any]:
    """Remove the rows of all runs of a session. Raises InputError while one of them runs, or when there is none."""
    runs = [row[0] for row in db.execute("SELECT run FROM run WHERE session = ? ORDER BY run", (session,))]
    if not runs:
        raise InputError(f"There is no session {session!r}; it may have been deleted.")
    for run in runs:
        if log.live_runs(db, run=run):
            raise InputError(
                f"The run {run} of this session is still running. Stop it first, then delete it."
            )
    return _take_runs(db, runs)


def take_corpus(db: sqlite3.Connection, corpus: str) -> dict[str, Any]:
    """Remove the rows of one corpus and of its runs. Raises InputError while one of them runs."""
    if live := log.live_runs(db, corpus=corpus):
        raise InputError(
            f"The run {live[0]} is still reading this corpus. Stop it first, then delete the corpus."
        )
    runs = [row[0] for row in db.execute("SELECT run FROM run WHERE corpus = ? ORDER BY run", (corpus,))]
    receipt = _take_runs(db, runs)
    lists.remove_of_corpus(db, corpus)
    notes.forget_corpus(db, corpus)
    db.execute("DELETE FROM corpus WHERE corpus = ?", (corpus,))
    _note(db, "corpus", corpus)
    for name, kind in collections.remove_empty(db):
        _note_collection(db, name, kind)
    return _staying(db, {**receipt, "corpora": [corpus]})


def take_list(db: sqlite3.Connection, name: str) -> dict[str, Any]:
    """Remove a list of questions with its runs. Raises InputError while one of them runs."""
    runs = lists.runs_of(db, name)
    for run in runs:
        if log.live_runs(db, run=run):
            raise InputError(f"The list {name} is still being asked. Stop it first, then delete it.")
    receipt = _take_runs(db, runs)
    lists.remove(db, name)
    _note(db, "list", name)
    return _staying(db, {**receipt, "lists": [name]})


def take_collection(db: sqlite3.Connection, collection: str) -> dict[str, Any]:
    """Remove the rows of a collection, of its corpora and of their runs. Raises InputError while one of them runs.

    Corpora that another collection has as well stay, with their runs; they are named as `kept`.
    """
    found = db.execute("SELECT kind FROM collection WHERE collection = ?", (collection,)).fetchone()
    if not found:
        raise InputError(f"There is no collection {collection!r}; it may have been deleted.")
    own, kept = collections.own_corpora(db, collection)
    total = _take_runs(db, [])
    for corpus in own:
        for key, value in take_corpus(db, corpus).items():
            total[key] = total[key] | value if isinstance(value, dict) else total[key] + value
    collections.remove(db, collection)
    _note_collection(db, collection, found[0])
    return {**_staying(db, total), "collection": collection, "kept": kept}


def take_unused(db: sqlite3.Connection, corpus: str) -> tuple[bool, bool]:
    """Remove a corpus without runs and lists that is not the newest version of a collection; say whether it was so, and
    whether notes went with it.
    """
    wanted = db.execute(
        "SELECT 1 FROM run WHERE corpus = ?1 UNION ALL SELECT 1 FROM list WHERE corpus = ?1 "
        "UNION ALL SELECT 1 FROM version WHERE corpus = ?1 AND number = "
        "(SELECT max(number) FROM version AS other WHERE other.collection = version.collection)",
        (corpus,),
    ).fetchone()
    if wanted is not None:
        return False, False
    noted = notes.forget_corpus(db, corpus)
    db.execute("DELETE FROM corpus WHERE corpus = ?", (corpus,))
    _note(db, "corpus", corpus)
    return True, noted


def erase_unused(db: sqlite3.Connection, folder: Path, corpus: str) -> None:
    """Remove the folder of a corpus that `take_unused` took; what fails is tried again at the next opening."""
    notices: list[str] = []
    _remove_folders(db, folder, notices)
    if not notices:
        db.execute("UPDATE deletion SET erased = 1 WHERE kind = 'corpus' AND id = ?", (corpus,))


def erase(db: sqlite3.Connection, folder: Path) -> dict[str, Any]:
    """Remove what deleted rows left behind, outside a transaction; return what was done.

    `bytes` are those of removed folders. `notices` holds a sentence for each thing that could not be done now; it is tried
    again later. A run that another deletion took meanwhile, and has not swept yet, stays to be done.
    """
    notices: list[str] = []
    pending = db.execute(f"SELECT kind, id FROM deletion WHERE erased = 0 AND NOT {sweep.LEFT}").fetchall()
    folders, freed = _remove_folders(db, folder, notices)
    backups = [file for file in (folder / BACKUPS).glob("*") if _remove(file, notices)]
    if problem := compact.compact(db):
        notices.append(problem)
    if not notices:
        db.executemany("UPDATE deletion SET erased = 1 WHERE kind = ? AND id = ?", pending)
        compact.empty_log(db)
    return {
        "folders": folders,
        "backups": len(backups),
        "bytes": freed,
        "erased": not notices,
        "notices": notices,
    }


def finish(db: sqlite3.Connection, folder: Path, hurry: Callable[[], bool] = lambda: False) -> None:
    """Complete deletions that were cut short or put off; leaves off when `hurry` says that somebody waits to write."""
    if not db.execute("SELECT 1 FROM deletion WHERE erased = 0").fetchone():
        return
    for step in (lambda db: sweep.step(db).more, compact.shrink):
        more = True
        while more:
            with transaction(db):
                more = step(db)
            if hurry():
                return
    erase(db, folder)


def _take_runs(db: sqlite3.Connection, runs: list[str]) -> dict[str, Any]:
    heads = {
        run: {
            "events": count,
            "hash": db.execute("SELECT hash FROM event WHERE run = ? AND seq = ?", (run, last)).fetchone()[0],
        }
        for run in runs
        for count, last in db.execute("SELECT count(*), max(seq) FROM event WHERE run = ?", (run,))
    }
    quoted, asked = _quoting(db, runs), _asked_in(db, runs)
    trials.forget_runs(db, runs)
    checks = kept.forget_runs(db, runs)
    lists.forget_runs(db, runs)
    for run in runs:
        _note(db, "run", run)
        projections.clear(db, run)
    db.execute("DELETE FROM title WHERE session NOT IN (SELECT session FROM run WHERE session IS NOT NULL)")
    events = sum(head["events"] for head in heads.values())
    return {
        "runs": runs,
        "corpora": [],
        "events": events,
        "heads": heads,
        "checks": checks,
        "quoted_by": quoted,
        "asked_in": asked,
    }


def _quoting(db: sqlite3.Connection, runs: list[str]) -> list[str]:
    """Runs that stay and were told what was asked and answered in one of these: later ones of the same session, forks of
    them, and what follows or was forked from such a run in turn.
    """
    forks: dict[str, list[str]] = {}
    for fork, origin in db.execute("SELECT run, forked ->> 'run' FROM run WHERE forked IS NOT NULL"):
        forks.setdefault(origin, []).append(fork)
    told, new = {*runs}, {*runs}
    while new:
        later = db.execute(
            "SELECT DISTINCT later.run FROM run AS gone JOIN run AS later ON later.session = gone.session "
            "AND later.started > gone.started AND later.follows IS NOT NULL "
            "WHERE gone.run IN (SELECT value FROM json_each(?))",
            (json.dumps([*new]),),
        )
        found = {run for (run,) in later} | {fork for run in new for fork in forks.get(run, ())}
        new = found - told
        told |= new
    return sorted(told - {*runs})


def _note(db: sqlite3.Connection, kind: str, name: str) -> None:
    db.execute(
        "INSERT OR REPLACE INTO deletion (kind, id, ts, erased) VALUES (?, ?, ?, 0)",
        (kind, name, time.time()),
    )


def _note_collection(db: sqlite3.Connection, collection: str, kind: str) -> None:
    _note(db, "collection", collection)
    if kind == "upload":
        _note(db, "upload", collection)


def _remove_folders(db: sqlite3.Connection, folder: Path, notices: list[str]) -> tuple[int, int]:
    """Remove what deleted corpora and uploads have on disk; return how many folders there were, and their bytes."""
    places = {"corpus": folder / CORPORA, "upload": folder / UPLOADS}
    removed, freed = 0, 0
    for kind, name in db.execute("SELECT kind, id FROM deletion WHERE erased = 0").fetchall():
        if kind in places:
            size = bytes_in(places[kind] / name)
            if _remove_folder(places[kind], name, notices):
                removed, freed = removed + 1, freed + size
        if kind == "corpus":
            for file in (folder / CORPORA / SEEN).glob("*.json"):
                if name in file.read_text(errors="replace"):
                    _remove(file, notices)
    return removed, freed


def _remove_folder(parent: Path, name: str, notices: list[str]) -> bool:
    folder = parent / name
    if folder.parent != parent or name in ("", ".", ".."):
        raise StoreError(f"{name!r} has no folder of its own; nothing was removed.")
    if not folder.exists():
        return False
    try:
        shutil.rmtree(folder)
    except OSError as error:
        notices.append(f"The folder {folder} could not be removed ({error}). Remove it by hand.")
        return False
    return True


def _remove(file: Path, notices: list[str]) -> bool:
    try:
        file.unlink()
    except OSError as error:
        notices.append(f"The file {file} could not be removed ({error}). Remove it by hand.")
        return False
    return True


def _asked_in(db: sqlite3.Connection, runs: list[str]) -> list[str]:
    """Lists of questions and series of the bench that hold the questions of these runs themselves."""
    found = db.execute(
        "SELECT list FROM list_row WHERE run IN (SELECT value FROM json_each(?1)) "
        "UNION SELECT series FROM trial WHERE run IN (SELECT value FROM json_each(?1))",
        (json.dumps(runs),),
    )
    return sorted(name for (name,) in found)


def _staying(db: sqlite3.Connection, receipt: dict[str, Any]) -> dict[str, Any]:
    """The receipt of several deletions, without what went after it was named as staying."""
    runs = {run for (run,) in db.execute("SELECT run FROM run")}
    names = {name for (name,) in db.execute("SELECT list FROM list UNION SELECT series FROM series")}
    return {
        **receipt,
        "quoted_by": sorted(runs.intersection(receipt["quoted_by"])),
        "asked_in": sorted(names.intersection(receipt["asked_in"])),
    }
