"""What `kill -9` may not take: a short slice of `tests.proof.kill9`, one kill in each phase, and proof that it sees losses."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from engine.events import Event, Note
from engine.store import Store
from tests.engine.events.facts import fact, started
from tests.proof import kill9

RUN = started(question="q", corpus="c", corpus_name="c")


@pytest.mark.sandbox
def test_nothing_that_was_shown_is_lost_when_it_is_killed_in_any_phase(tmp_path: Path) -> None:
    kills = kill9.run(tmp_path, len(kill9.PHASES), seed=7)
    assert [kill.problems for kill in kills] == [[]] * (len(kill9.PHASES) + 1)
    shown = {kill.phase: kill.shown for kill in kills}
    assert min(shown["prefill"], shown["cell"], shown["sub-call"]) > 0
    assert all(kill.processes > 1 for kill in kills if kill.phase in kill9.PHASES)


def test_the_check_notices_an_event_that_is_not_stored_or_stored_otherwise(data_dir: Path) -> None:
    with Store(data_dir) as store:
        run = store.new_run(RUN)
        note = store.append(run, "0", fact("note", {"text": "shown", "level": "info"}))
    kill9.check(data_dir, lines(note), fair := kill9.Kill("cell", 0.0))
    assert fair.problems == [f"{run} is still running"]  # its owner, this test, is alive
    changed = replace(note, fact=Note("something else", "info"))
    later = replace(note, seq=note.seq + 1)
    kill9.check(data_dir, lines(note, changed, later), lossy := kill9.Kill("cell", 0.0))
    assert [p for p in lossy.problems if "was shown" in p] == [
        f"event {note.seq} (note) was shown and is not stored",
        f"event {later.seq} (note) was shown and is not stored",
    ]


def test_the_check_notices_a_process_that_is_left(tmp_path: Path) -> None:
    code = "import time; print('up', flush=True); time.sleep(600)"
    stray = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, stdout=subprocess.PIPE)
    try:
        assert stray.stdout is not None and stray.stdout.readline() == b"up\n"
        kill9.check_gone(tmp_path, {}, kill := kill9.Kill("cell", 0.0), seconds=0)
        assert [p.split(":")[0] for p in kill.problems] == [f"process {stray.pid} is left"]
    finally:
        stray.kill()
        stray.wait()


def lines(*events: Event) -> list[str]:
    """What `--events` shows for these."""
    return [kill9.json.dumps({"event": event.to_json()}) + "\n" for event in events]
