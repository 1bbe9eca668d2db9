"""The chain of events: canonical text of a record, its hash, and the check that no record was changed.

    hash = sha256(previous hash + canonical JSON of {kind, node, payload, run, seq, ts})

The first event of a run follows GENESIS. Canonical JSON has sorted keys, no spaces, and text as UTF-8. The payload is
hashed as it is stored, so checking never re-encodes it. The chain shows accidents and edits by hand; it cannot stop
a program that may write the file from computing a new chain. Pure functions.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

from engine.events import RunStarted
from engine.types import Json

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Record:
    """One row of the event table. `payload` is canonical JSON text; `hash` links it to the row before."""

    run: str
    seq: int
    ts: float
    node: str
    kind: str
    payload: str
    hash: str


def canonical(value: Json) -> str:
    """Encode a JSON value with sorted keys and no spaces. Lone surrogates, which UTF-8 cannot hold, are escaped.

    Raises ValueError for NaN and infinities, TypeError for what is not JSON.
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def link(previous: str, run: str, seq: int, ts: float, node: str, kind: str, payload: str) -> Record:
    """Make the record that follows the one with the hash `previous`. `payload` must be canonical JSON text."""
    head = canonical({"kind": kind, "node": node})[:-1]
    tail = canonical({"run": run, "seq": seq, "ts": ts})[1:]
    digest = hashlib.sha256(f'{previous}{head},"payload":{payload},{tail}'.encode()).hexdigest()
    return Record(run, seq, ts, node, kind, payload, digest)


def problems(records: Iterable[Record]) -> list[str]:
    """Check the records of one run, in order; an empty list means that every link holds."""
    found: list[str] = []
    previous, expected = GENESIS, 1
    for record in records:
        if record.seq != expected:
            found.append(f"event {expected} is missing: event {record.seq} follows event {expected - 1}")
        elif expected == 1 and record.kind != RunStarted.KIND:
            found.append(f"event 1 is {record.kind}, not {RunStarted.KIND}")
        again = link(previous, record.run, record.seq, record.ts, record.node, record.kind, record.payload)
        if again.hash != record.hash:
            found.append(
                f"event {record.seq} ({record.kind}) was changed: its hash does not match its content"
            )
        previous, expected = record.hash, record.seq + 1
    return found
