"""Collections: a folder or an upload as a person knows it, with a name that stays while its corpora come and go.

Each reading of its files that found something else is a version; a version names the corpus that was made. Several
collections may share a corpus, for the same content is stored once. Corpora that no collection knows (the command
line makes them) are adopted, those of the same sources as versions of one collection.
Functions that take a connection belong inside the caller's transaction.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import time
from pathlib import Path
from typing import Any

from engine.errors import InputError
from engine.store.log.hash_chain import canonical
from engine.types import Json

Row = dict[str, Any]


def stored(db: sqlite3.Connection) -> list[Row]:
    """All collections, newest first, each with its `versions`, oldest first: number, corpus, added, changes."""
    versions: dict[str, list[Row]] = {}
    for collection, number, corpus, added, changes in db.execute(
        "SELECT collection, number, corpus, added, changes FROM version ORDER BY collection, number"
    ):
        versions.setdefault(collection, []).append(
            {
                "number": number,
                "corpus": corpus,
                "added": added,
                "changes": json.loads(changes) if changes else None,
            }
        )
    return [
        {
            "collection": collection,
            "kind": kind,
            "name": name,
            "sources": json.loads(sources),
            "created": created,
            "versions": versions.get(collection, []),
        }
        for collection, kind, name, sources, created in db.execute(
            "SELECT collection, kind, name, sources, created FROM collection ORDER BY created DESC, collection"
        )
    ]


def of(db: sqlite3.Connection, corpus: str) -> Row:
    """The place of a corpus: its `collection` (None without one), the `name` that has, and whether it is `current`.

    A corpus is current when it is the newest version of a collection, or belongs to none.
    """
    row = db.execute(
        "SELECT collection, name, number = (SELECT max(number) FROM version AS other "
        "WHERE other.collection = version.collection) AS current FROM version JOIN collection USING (collection) "
        "WHERE corpus = ? ORDER BY current DESC, created, number DESC LIMIT 1",
        (corpus,),
    ).fetchone()
    return (
        {"collection": row[0], "name": row[1], "current": bool(row[2])}
        if row
        else {"collection": None, "current": True}
    )


def new_id(db: sqlite3.Connection) -> str:
    """An id that no collection has or had."""
    while True:
        name = f"c{secrets.token_hex(4)}"
        if not db.execute(
            "SELECT 1 FROM collection WHERE collection = ? UNION SELECT 1 FROM deletion WHERE id = ?",
            (name, name),
        ).fetchone():
            return name


def save_version(db: sqlite3.Connection, row: Row, corpus: str, changes: Json) -> int:
    """Add `corpus` as the newest version of the collection `row` (collection, kind, name, sources); return its number.

    A collection that is there keeps its name. The corpus it has already stays its newest version.
    """
    collection = row["collection"]
    db.execute(
        "INSERT INTO collection (collection, kind, name, sources, created) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (collection) DO UPDATE SET sources = excluded.sources",
        (collection, row["kind"], row["name"], canonical(row["sources"]), time.time()),
    )
    db.execute("DELETE FROM deletion WHERE kind = 'collection' AND id = ?", (collection,))
    last = db.execute(
        "SELECT number, corpus FROM version WHERE collection = ? ORDER BY number DESC LIMIT 1", (collection,)
    ).fetchone()
    held: int = last[0] if last else 0
    if last and last[1] == corpus:
        return held
    number = held + 1
    db.execute(
        "INSERT INTO version (collection, number, corpus, added, changes) VALUES (?, ?, ?, ?, ?)",
        (collection, number, corpus, time.time(), canonical(changes) if changes else None),
    )
    return number


def adopt(db: sqlite3.Connection) -> int:
    """Give every corpus without a collection one; return how many there were."""
    lone = db.execute(
        "SELECT corpus, name, facts FROM corpus WHERE corpus NOT IN (SELECT corpus FROM version) ORDER BY created"
    ).fetchall()
    for corpus, name, facts in lone:
        sources = json.loads(facts).get("sources") or []
        known = db.execute(
            "SELECT collection FROM collection WHERE sources = ? AND sources <> '[]'", (canonical(sources),)
        ).fetchone()
        row = {"collection": known[0] if known else new_id(db), "kind": "folder", "sources": sources}
        save_version(db, {**row, "name": name or corpus}, corpus, None)
    return len(lone)


def settle(db: sqlite3.Connection, folder: Path) -> None:
    """Let corpora be found in `folder`, the folder of corpora, after a data folder was moved or restored elsewhere."""
    for corpus, facts in db.execute("SELECT corpus, facts FROM corpus").fetchall():
        known, here = json.loads(facts), folder / corpus
        if known.get("path") != str(here) and here.is_dir():
            db.execute(
                "UPDATE corpus SET facts = ? WHERE corpus = ?",
                (canonical({**known, "path": str(here)}), corpus),
            )


def rename(db: sqlite3.Connection, collection: str, name: str) -> None:
    """Give a collection another name. Raises InputError when there is none."""
    if not db.execute("UPDATE collection SET name = ? WHERE collection = ?", (name, collection)).rowcount:
        raise InputError(f"There is no collection {collection!r}; it may have been deleted.")


def own_corpora(db: sqlite3.Connection, collection: str) -> tuple[list[str], list[str]]:
    """The stored corpora of a collection: those that only it has, and those that others share."""
    found = db.execute(
        "SELECT DISTINCT corpus, EXISTS (SELECT 1 FROM version AS other WHERE other.corpus = version.corpus "
        "AND other.collection <> version.collection) FROM version JOIN corpus USING (corpus) WHERE collection = ?",
        (collection,),
    ).fetchall()
    return [corpus for corpus, shared in found if not shared], [corpus for corpus, shared in found if shared]


def remove_empty(db: sqlite3.Connection) -> list[tuple[str, str]]:
    """Remove collections none of whose corpora is stored any more; return them as (collection, kind)."""
    empty = db.execute(
        "SELECT collection, kind FROM collection WHERE NOT EXISTS "
        "(SELECT 1 FROM version JOIN corpus USING (corpus) WHERE version.collection = collection.collection)"
    ).fetchall()
    for collection, _ in empty:
        remove(db, collection)
    return empty


def remove(db: sqlite3.Connection, collection: str) -> None:
    """Remove the rows of one collection, not those of its corpora."""
    db.execute("DELETE FROM version WHERE collection = ?", (collection,))
    db.execute("DELETE FROM collection WHERE collection = ?", (collection,))
