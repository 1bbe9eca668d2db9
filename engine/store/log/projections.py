"""Tables derived from events: run, node, turn, cell, output, call. `verify` re-derives them and compares.

A projection is an index of the log: what lists and trees need to find and sort, and the numbers (`*_seq`) of the
events that hold the text. Only the question and answer of a run are copied, for lists. `changes` is pure: one event
in, upserts out; the writer applies them in the event's own transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields

from engine.events import (
    CallAnswered,
    CallMade,
    CellEnded,
    CellStarted,
    DraftSaved,
    Event,
    Fact,
    NodeEnded,
    NodeStarted,
    OutputWritten,
    ReplyWritten,
    RunEnded,
    RunResumed,
    RunStarted,
    TurnStarted,
)
from engine.store.database import blobs
from engine.store.log.hash_chain import canonical
from engine.types import Json

Column = int | float | str | None
ENDING = (  # the columns of a run that its end fills in
    *("status", "answer", "sources", "coverage", "usage", "seconds", "nodes", "reason", "finished"),
    *("forced", "passages", "agreement"),
)
UNENDED = dict.fromkeys(("status", "seconds", "finished", "finished_seq"))  # of a node that goes on


def _integer(value: Json) -> Column:
    return int(value) if isinstance(value, int) and abs(value) < 2**63 else None


def _real(value: Json) -> Column:
    return float(value) if isinstance(value, int | float) and abs(value) < 1e300 else None


def _text(value: Json) -> Column:
    return value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else None


def _document(value: Json) -> Column:
    return None if value is None else canonical(blobs.split(value)[0])


INTEGER, REAL, TEXT, JSON = _integer, _real, _text, _document


@dataclass(frozen=True, slots=True)
class Table:
    """A derived table: its key columns, and what each other column holds."""

    keys: tuple[str, ...]
    columns: dict[str, Callable[[Json], Column]]


@dataclass(frozen=True, slots=True)
class Change:
    """Insert or update the row of `table` with this key; columns not named keep their value."""

    table: str
    key: tuple[Column, ...]
    values: dict[str, Column]


TABLES: dict[str, Table] = {
    "run": Table(
        ("run",),
        {
            "question": JSON,
            "corpus": TEXT,
            "corpus_name": TEXT,
            "model": JSON,
            "settings": JSON,
            "owner": JSON,
            "strategy": TEXT,
            "started": REAL,
            "status": TEXT,
            "answer": JSON,
            "sources": JSON,
            "coverage": JSON,
            "usage": JSON,
            "seconds": REAL,
            "nodes": INTEGER,
            "reason": JSON,
            "finished": REAL,
            "session": TEXT,
            "follows": TEXT,
            "forced": INTEGER,
            "passages": JSON,
            "agreement": JSON,
            "forked": JSON,
        },
    ),
    "node": Table(
        ("run", "node"),
        {
            "parent": TEXT,
            "kind": TEXT,
            "depth": INTEGER,
            "cell": INTEGER,
            "call": INTEGER,
            "index": INTEGER,
            "status": TEXT,
            "seconds": REAL,
            "started": REAL,
            "finished": REAL,
            "started_seq": INTEGER,
            "finished_seq": INTEGER,
        },
    ),
    "turn": Table(
        ("run", "node", "turn"),
        {
            "finish": TEXT,
            "started": REAL,
            "finished": REAL,
            "started_seq": INTEGER,
            "draft_seq": INTEGER,
            "finished_seq": INTEGER,
        },
    ),
    "cell": Table(
        ("run", "node", "cell"),
        {
            "turn": INTEGER,
            "status": TEXT,
            "seconds": REAL,
            "started": REAL,
            "finished": REAL,
            "started_seq": INTEGER,
            "finished_seq": INTEGER,
        },
    ),
    "output": Table(("run", "seq"), {"node": TEXT, "cell": INTEGER, "type": TEXT}),
    "call": Table(
        ("run", "node", "cell", "call"),
        {
            "kind": TEXT,
            "seconds": REAL,
            "error": JSON,
            "started": REAL,
            "finished": REAL,
            "started_seq": INTEGER,
            "finished_seq": INTEGER,
        },
    ),
}


def changes(event: Event) -> list[Change]:
    """Return what one event does to the tables."""
    run, seq, ts, node = event.run, event.seq, event.ts, event.node
    begun, done = {"started": ts, "started_seq": seq}, {"finished": ts, "finished_seq": seq}
    match event.fact:
        case RunStarted() as fact:
            session = fact.session or run  # a run that follows none begins a session of its own
            return [_change("run", (run,), fact, session=session, started=ts)]
        case RunEnded() as fact:
            return [_change("run", (run,), fact, finished=ts)]
        case RunResumed() as fact:
            opened = [_change("node", (run, one), **UNENDED) for one in fact.nodes]
            return [_change("run", (run,), fact, **dict.fromkeys(ENDING)), *opened]
        case NodeStarted() as fact:
            return [_change("node", (run, node), fact, **begun)]
        case NodeEnded() as fact:
            return [_change("node", (run, node), fact, **done)]
        case TurnStarted(turn=turn):
            return [_change("turn", (run, node, turn), **begun)]
        case DraftSaved(turn=turn):
            return [_change("turn", (run, node, turn), draft_seq=seq)]
        case ReplyWritten(turn=turn, finish=finish):
            return [_change("turn", (run, node, turn), finish=finish, draft_seq=None, **done)]
        case CellStarted(cell=cell, turn=turn):
            return [_change("cell", (run, node, cell), turn=turn, **begun)]
        case CellEnded(cell=cell) as fact:
            return [_change("cell", (run, node, cell), status=fact.status, seconds=fact.seconds, **done)]
        case OutputWritten(cell=cell, output=output):
            return [_change("output", (run, seq), node=node, cell=cell, type=output.get("output_type"))]
        case CallMade(cell=cell, call=call, kind=kind):
            return [_change("call", (run, node, cell, call), kind=kind, **begun)]
        case CallAnswered(cell=cell, call=call) as fact:
            return [_change("call", (run, node, cell, call), seconds=fact.seconds, error=fact.error, **done)]
        case _:
            return []


def apply(db: sqlite3.Connection, wanted: Iterable[Change]) -> None:
    """Write changes to the tables, inside the caller's transaction."""
    for change in wanted:
        keys = TABLES[change.table].keys
        names = ", ".join(f'"{name}"' for name in (*keys, *change.values))
        marks = ", ".join("?" * (len(keys) + len(change.values)))
        update = ", ".join(f'"{name}" = excluded."{name}"' for name in change.values)
        db.execute(
            f"INSERT INTO {change.table} ({names}) VALUES ({marks}) "
            f"ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {update}",
            (*change.key, *change.values.values()),
        )


Rows = dict[tuple[str, tuple[Column, ...]], dict[str, Column]]


def fold(wanted: Iterable[Change]) -> Rows:
    """Return the rows that changes lead to, by table and key: what `apply` writes, without a database."""
    rows: Rows = {}
    for change in wanted:
        empty: dict[str, Column] = dict.fromkeys(TABLES[change.table].columns)
        rows.setdefault((change.table, change.key), empty).update(change.values)
    return rows


def stored(db: sqlite3.Connection, run: str) -> Rows:
    """Return the rows of one run as the tables hold them."""
    rows: Rows = {}
    for name, table in TABLES.items():
        columns = ", ".join(f'"{column}"' for column in (*table.keys, *table.columns))
        for row in db.execute(f"SELECT {columns} FROM {name} WHERE {table.keys[0]} = ?", (run,)):
            key, values = tuple(row[: len(table.keys)]), row[len(table.keys) :]
            rows[name, key] = dict(zip(table.columns, values, strict=True))
    return rows


def differences(derived: Rows, kept: Rows) -> list[str]:
    """Compare rows derived from events with those in the tables; an empty list means that they are equal."""
    found = []
    for name in sorted(derived.keys() | kept.keys(), key=str):
        table, key = name
        place = f"{table} {'/'.join(str(part) for part in key)}"
        if name not in kept:
            found.append(f"{place}: the row is missing")
        elif name not in derived:
            found.append(f"{place}: no event explains this row")
        else:
            wrong = [column for column, value in derived[name].items() if kept[name][column] != value]
            found += [f"{place}: {column} differs from the events" for column in wrong]
    return found


def clear(db: sqlite3.Connection, run: str) -> None:
    """Delete the derived rows of one run."""
    for name, table in TABLES.items():
        db.execute(f"DELETE FROM {name} WHERE {table.keys[0]} = ?", (run,))


def _change(table: str, key: tuple[Column, ...], fact: Fact | None = None, /, **given: Json) -> Change:
    """The change of a row by the fields of a fact that are columns of the table, and by what is given."""
    columns = TABLES[table].columns
    told = {field.name: getattr(fact, field.name) for field in fields(fact)} if fact else {}
    values = {name: value for name, value in (told | given).items() if name in columns}
    return Change(table, key, {name: columns[name](value) for name, value in values.items()})
