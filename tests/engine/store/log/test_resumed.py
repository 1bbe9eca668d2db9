"""A run that goes on: its row and nodes are open again, its owner is this process, and nobody else may do the same."""

from __future__ import annotations

import os
import signal
import sqlite3
from pathlib import Path

import pytest

from engine.errors import InputError
from engine.events import RunResumed
from engine.store import Store
from engine.store.log import log
from tests.engine.events.facts import fact
from tests.engine.store.conftest import Start, begin


def resumed() -> RunResumed:
    return RunResumed(model={"name": "m"}, settings={"depth": 2}, nodes=("0",), owner=None)


def ended(store: Store, **more: object) -> str:
    run = begin(store)
    store.append(run, "0", fact("node_started", {"kind": "root"}))
    store.append(run, "0", fact("node_finished", {"status": "stopped"}))
    store.append(run, "0", fact("run_finished", {"status": "interrupted", "seconds": 7.5, **more}))
    return run


def test_row_and_nodes_are_open_again_and_the_record_holds(folder: Path) -> None:
    with Store(folder) as store:
        run = ended(store)
        event = store.resume_run(run, store.last(run), resumed())
        row = store.run(run)
        assert (row["status"], row["reason"], row["seconds"]) == ("running", None, None)
        assert (row["settings"], row["model"]) == ({"depth": 2}, {"name": "m"})
        assert row["owner"]["pid"] == os.getpid() and event.seq == store.last(run)
        assert [node["status"] for node in store.nodes(run)] == [None]
        assert store.check() == []
        store.append(run, "0", fact("run_finished", {"status": "answered", "answer": "at last"}))
        assert store.run(run)["answer"] == "at last" and store.check() == []


def test_what_goes_on_has_an_answer_or_was_changed_is_refused_untouched(folder: Path, start: Start) -> None:
    other = start(folder, "hold")
    theirs = other.stdout.readline().strip()
    with Store(folder) as store:
        answered, mine = ended(store, status="answered", answer="yes"), begin(store)
        for run, words in (
            (theirs, "is still going on"),
            (mine, "is still going on"),
            (answered, "has an answer"),
            ("none", "There is no run 'none'"),
        ):
            before = store.last(run)
            with pytest.raises(InputError, match=words):
                store.resume_run(run, before, resumed())
            assert store.last(run) == before
        run = ended(store)
        with pytest.raises(InputError, match="was changed meanwhile"):
            store.resume_run(run, store.last(run) - 1, resumed())
        store.resume_run(run, store.last(run), resumed())
        with pytest.raises(InputError, match="is still going on"):
            store.resume_run(run, store.last(run), resumed())
        os.kill(other.pid, signal.SIGKILL)
        other.wait()
        store.mark_interrupted()
        store.resume_run(theirs, store.last(theirs), resumed())
        assert store.run(theirs)["status"] == "running" and store.check() == []


def test_the_time_between_an_end_and_going_on_is_not_counted(folder: Path) -> None:
    with Store(folder) as store:
        run = ended(store)
        store.resume_run(run, store.last(run), resumed())
        path = next(folder.glob("*.db"))
    with sqlite3.connect(path) as db:
        assert 7.5 <= log._worked(db, run) < 7.5 + 60
