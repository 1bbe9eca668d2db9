"""Alters what is stored of a run, as somebody with the file could: by hand, or with a chain and tables made anew."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from engine.events import Fact, read
from engine.store import Store
from engine.store.database.database import FILE_NAME
from engine.store.log import hash_chain, log, projections
from engine.store.log.hash_chain import canonical

Change = Callable[[str, Fact], Fact]  # node and fact of an event, to the fact that takes its place


def alter(folder: Path, run: str, change: Change, *, anew: bool) -> int:
    """Change the events of a run in the store of a data folder; return how many. With `anew` the chain and all that is
    derived are made anew, so that the record agrees with itself.
    """
    with Store(folder) as store:
        events = store.events(run)
    altered = [(event, change(event.node, event.fact)) for event in events]
    count = sum(event.fact != fact for event, fact in altered)
    with closing(sqlite3.connect(folder / FILE_NAME)) as db, db:
        triggers = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            db.execute(f"DROP TRIGGER {name}")
        if anew:
            _rewrite(db, run, altered)
        else:
            for event, fact in altered:
                if fact != event.fact:
                    payload = canonical(fact.to_payload())
                    assert read(event.kind, json.loads(payload)) == fact
                    db.execute(
                        "UPDATE event SET payload = ? WHERE run = ? AND seq = ?", (payload, run, event.seq)
                    )
        for _, sql in triggers:
            db.execute(sql)
    return count


def _rewrite(db: sqlite3.Connection, run: str, altered: list) -> None:
    rows = "SELECT id FROM event WHERE run = ?"
    db.execute(f"DELETE FROM search WHERE rowid IN ({rows})", (run,))
    db.execute(f"DELETE FROM trace WHERE id IN ({rows})", (run,))
    db.execute("DELETE FROM event WHERE run = ?", (run,))
    projections.clear(db, run)
    previous = hash_chain.GENESIS
    for event, fact in altered:
        record = log.insert(db, previous, run, event.seq, event.ts, log.prepare(event.node, fact))
        previous = record.hash
