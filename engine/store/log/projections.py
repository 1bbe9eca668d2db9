"""Tables derived from events: run, node, turn, cell, output, call. `verify` re-derives them and compares.

A projection is an index of the log: what lists and trees need to find and sort, and the numbers (`*_seq`) of the
events that hold the text. Only the question and answer of a run are copied, for lists. `changes` is pure: one event
in, upserts out; the writer applies them in the event's own transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from engine.store.log.hash_chain import canonical
from engine.types import Event, Json

Column = int | float | str | None


def _integer(value: Json) -> Column:
    return int(value) if isinstance(value, int) and abs(value) < 2**63 else None


def _real(value: Json) -> Column:
    return float(value) if isinstance(value, int | float) and abs(value) < 1e300 else None


def _text(value: Json) -> Column:
    return value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else None


def _document(value: Json) -> Column:
    return None if value is None else canonical(value)


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
    """Return what one event does to the tables. Its payload is as stored (large values are references).

    Raises ValueError when the payload does not say which turn, cell or call it is about.
    """
    run, seq, ts, node, payload = event.run, event.seq, event.ts, event.node, event.payload
    key: tuple[Column, ...]
    match event.kind:
        case "run_started":
            session = payload.get("session") or run  # a run that follows none begins a session of its own
            return [_change("run", (run,), {**payload, "session": session, "started": ts})]
        case "run_finished":
            return [_change("run", (run,), {**payload, "finished": ts})]
        case "node_started":
            return [_change("node", (run, node), {**payload, "started": ts, "started_seq": seq})]
        case "node_finished":
            return [_change("node", (run, node), {**payload, "finished": ts, "finished_seq": seq})]
        case "turn_started":
            key = (run, node, _number(payload, "turn"))
            return [_change("turn", key, {"started": ts, "started_seq": seq})]
        case "draft":
            return [_change("turn", (run, node, _number(payload, "turn")), {"draft_seq": seq})]
        case "turn_finished":
            done = {"finish": payload.get("finish"), "finished": ts, "finished_seq": seq, "draft_seq": None}
            return [_change("turn", (run, node, _number(payload, "turn")), done)]
        case "cell_started":
            begun = {"turn": payload.get("turn"), "started": ts, "started_seq": seq}
            return [_change("cell", (run, node, _number(payload, "cell")), begun)]
        case "cell_finished":
            done = {**_only(payload, "status", "seconds"), "finished": ts, "finished_seq": seq}
            return [_change("cell", (run, node, _number(payload, "cell")), done)]
        case "output":
            output = payload.get("output")
            form = output.get("output_type") if isinstance(output, dict) else None
            return [_change("output", (run, seq), {"node": node, "cell": payload.get("cell"), "type": form})]
        case "call_started":
            key = (run, node, _number(payload, "cell"), _number(payload, "call"))
            return [_change("call", key, {**_only(payload, "kind"), "started": ts, "started_seq": seq})]
        case "call_finished":
            key = (run, node, _number(payload, "cell"), _number(payload, "call"))
            done = {**_only(payload, "seconds", "error"), "finished": ts, "finished_seq": seq}
            return [_change("call", key, done)]
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


def _change(table: str, key: tuple[Column, ...], given: dict[str, Any]) -> Change:
    columns = TABLES[table].columns
    return Change(
        table, key, {name: columns[name](value) for name, value in given.items() if name in columns}
    )


def _number(payload: dict[str, Json], name: str) -> int:
    value = _integer(payload.get(name))
    if not isinstance(value, int):
        raise ValueError(f"the payload needs a whole number under {name!r}")
    return value


def _only(payload: dict[str, Json], *names: str) -> dict[str, Json]:
    return {name: payload[name] for name in names if name in payload}
