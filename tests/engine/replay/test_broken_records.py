"""Records that were edited into something that Taproot never writes, and such that it did not make: said, never a crash."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from engine.errors import InputError
from engine.exchange.incoming.reading import import_log, read_log
from engine.replay import ReplayError
from engine.replay.fork import fork
from engine.replay.verify import verify
from engine.resume import resume
from engine.store.database.database import FILE_NAME
from tests.proof.verify import FIVE, caught

pytestmark = pytest.mark.sandbox
LOGS = Path(__file__).parents[1] / "exchange" / "incoming" / "logs"


def edit(folder: Path, run: str, kind: str, payload: str) -> None:
    """Replace the payload of the last event of a kind of the root."""
    last = "SELECT max(seq) FROM event WHERE run = ?1 AND kind = ?2 AND node = '0'"
    with closing(sqlite3.connect(folder / FILE_NAME)) as db, db:
        triggers = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            db.execute(f"DROP TRIGGER {name}")
        db.execute(f"UPDATE event SET payload = ?3 WHERE run = ?1 AND seq = ({last})", (run, kind, payload))
        for _, sql in triggers:
            db.execute(sql)


ENDED = (
    '"answer":"x","coverage":null,"usage":null,"seconds":1,"nodes":1,"reason":"","forced":false,"passages":[]'
)


@pytest.mark.parametrize(
    ("kind", "payload", "found"),
    [
        ("cell_finished", "no JSON", "record"),
        ("node_started", "{}", "answers"),  # its children have no parent then
        ("output", '{"cell":4,"output":{"output_type":"stream"}}', "cell"),
        (
            "cell_finished",
            '{"cell":5,"status":"ok","seconds":1,"final":{},"variables":[],"dropped_chars":0}',
            "answer",
        ),
        (
            "run_finished",
            f'{{"status":"answered",{ENDED},"agreement":null,"sources":[{{"document":0}}]}}',
            "sources",
        ),
    ],
)
def test_an_event_that_was_edited_into_nonsense_fails_and_the_rest_is_looked_at(desk, kind, payload, found):
    record = desk.ask(*FIVE)
    edit(desk.engine.store.folder, record.id, kind, payload)
    verdict = verify(desk.engine.store, desk.engine.kernels, record.id)
    assert not verdict.holds and {"record", found} <= {*caught(verdict)}
    assert any(check.what == "documents" and check.result == "holds" for check in verdict.checks)


def test_an_imported_run_is_not_executed_again(desk):
    (run, *_) = import_log(desk.engine.store, read_log(LOGS / "rlms_child.jsonl"))
    with pytest.raises(ReplayError, match="was imported from a log: Taproot did not observe it"):
        verify(desk.engine.store, desk.engine.kernels, run)
    with pytest.raises(ReplayError, match="was imported from a log"):
        fork(desk.engine, run, 1)


def test_an_imported_run_without_an_answer_does_not_go_on(desk):
    log = read_log(LOGS / "rlms_child.jsonl")
    log.runs[0].root.answer = None
    (run, *_) = import_log(desk.engine.store, log)
    with pytest.raises(InputError, match="was imported from a log, and only the program that made it"):
        resume(desk.engine, run)
