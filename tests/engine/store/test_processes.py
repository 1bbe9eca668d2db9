"""Several programs on one data folder: writing at once, dying, and living on."""

import os
import signal
import sqlite3
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from engine.store import Store, owner
from engine.store.log import log
from engine.store.log.hash_chain import canonical
from tests.engine.events.facts import fact
from tests.engine.store.conftest import Start, begin


def test_kill_9_loses_nothing_that_was_acknowledged(folder: Path, start: Start) -> None:
    acknowledged: dict[str, int] = {}
    for attempt in range(10):
        process = start(folder, "write")
        run = process.stdout.readline().strip()
        for _ in range(1 + attempt * 7):
            process.stdout.readline()
        process.kill()
        process.wait()
        rest = process.stdout.read().split("\n")  # the last line may be cut short
        acknowledged[run] = max([1 + attempt * 7, *(int(line) for line in rest[:-1])])
    with Store(folder) as store:
        assert len(acknowledged) == 10
        for run, last in acknowledged.items():
            found = store.events(run)
            assert found[-1].kind == "run_finished" and found[-1].payload["status"] == "interrupted"
            assert len(found) - 1 >= last > 0
            assert store.run(run)["status"] == "interrupted"
        assert store.check() == []


def test_programs_that_write_at_once_keep_their_chains_apart(folder: Path, start: Start) -> None:
    # All of them find no database, so its making is raced for as well.
    processes = [start(folder, "some", 60) for _ in range(4)]
    runs = [process.communicate(timeout=60)[0].strip() for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0, 0]
    with Store(folder) as store:
        assert sorted(row["run"] for row in store.runs()) == sorted(runs)
        for run in runs:
            assert [event.seq for event in store.events(run)] == list(range(1, 63))
            assert store.run(run)["status"] == "answered"
        assert store.check() == []


def test_only_the_runs_of_dead_owners_become_interrupted(
    folder: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "tick", lambda db, me: None)  # it would be the first to mark it, by chance
    living, dying = start(folder, "hold"), start(folder, "hold")
    lives, dies = living.stdout.readline().strip(), dying.stdout.readline().strip()
    with Store(folder) as store:
        assert {row["status"] for row in store.runs()} == {"running"}
        os.kill(dying.pid, signal.SIGKILL)  # not waited for: a zombie is dead as well
        while psutil.Process(dying.pid).status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.01)
        assert store.mark_interrupted() == [dies]
        assert store.mark_interrupted() == []
        assert (store.run(lives)["status"], store.run(dies)["status"]) == ("running", "interrupted")
        ended = store.events(dies)[-1].payload
        assert ended["answer"] is None and "ended before the run did" in ended["reason"]
        assert store.check() == []


def test_opening_marks_what_a_dead_program_left(folder: Path, start: Start) -> None:
    process = start(folder, "hold")
    run = process.stdout.readline().strip()
    process.kill()
    process.wait()
    with Store(folder) as store:
        assert store.run(run)["status"] == "interrupted"


def test_a_run_of_this_process_is_left_alone_by_another_store(store: Store, folder: Path) -> None:
    run = begin(store)
    with Store(folder) as other:
        assert other.run(run)["status"] == "running"
    store.append(run, "0", fact("note", {"text": "goes on"}))


def test_a_process_number_that_was_given_away_is_not_the_owner() -> None:
    me = owner.to_json(owner.this_process())
    assert owner.is_alive(me, heartbeat=None)
    assert not owner.is_alive({**me, "started": me["started"] - 100}, heartbeat=time.time())
    with subprocess.Popen(["true"]) as gone:
        gone.wait()
    assert not owner.is_alive({**me, "pid": gone.pid}, heartbeat=time.time())


def test_an_owner_in_another_place_lives_as_long_as_its_heart_beats() -> None:
    elsewhere = {**owner.to_json(owner.this_process()), "place": "another machine"}
    assert owner.is_alive(elsewhere, heartbeat=1000.0, now=1000.0 + owner.FRESH_SECONDS - 1)
    assert not owner.is_alive(elsewhere, heartbeat=1000.0, now=1000.0 + owner.FRESH_SECONDS + 1)
    assert not owner.is_alive(elsewhere, heartbeat=None)


@pytest.mark.parametrize("nonsense", [None, {}, "me", {"pid": "1"}])
def test_an_owner_that_cannot_be_read_is_dead(nonsense: object) -> None:
    assert not owner.is_alive(nonsense, heartbeat=None)


def test_a_run_leaves_signs_of_life(store: Store, folder: Path) -> None:
    def beats() -> list:
        with sqlite3.connect(folder / "taproot.db") as db:
            return db.execute("SELECT owner, ts FROM heartbeat").fetchall()

    assert beats() == []
    run = begin(store)
    ((name, first),) = beats()
    assert name == canonical(owner.to_json(owner.this_process()))
    store.heartbeat()
    ((_, second),) = beats()
    assert second > first
    store.append(run, "0", fact("run_finished", {"status": "answered"}))
    store.mark_interrupted()
    assert beats() == []
