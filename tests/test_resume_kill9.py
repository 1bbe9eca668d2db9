"""Runs that `kill -9` ended go on: a short slice of `tests.proof.resume`, and proof that it sees what is asked twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.events import ReplyWritten
from engine.store import Store
from tests.engine.events.facts import fact, started
from tests.engine.resume.conftest import INTERRUPTED
from tests.proof import resume

pytestmark = pytest.mark.sandbox


@pytest.mark.slow
def test_killed_runs_go_on_to_the_answer_of_the_undisturbed_one(tmp_path: Path) -> None:
    kills = resume.run(tmp_path, 3, seed=11)
    assert [kill.problems for kill in kills] == [[]] * 3
    assert sum(sum(kill.committed) for kill in kills) > 0


def test_the_check_notices_another_answer_and_a_reply_that_was_paid_twice(
    data_dir: Path, tmp_path: Path
) -> None:
    with Store(data_dir) as store:
        run = store.new_run(started(question="q", corpus="c", corpus_name="c"))
        for _ in range(2):
            written = fact("turn_finished", {"turn": 1, "text": "twice"})
            assert isinstance(written, ReplyWritten)
            store.append(run, "0", written)
        store.append(run, "0", INTERRUPTED)
    (tmp_path / "run").write_text(run)
    assert data_dir == tmp_path / "data"
    resume.check(tmp_path, kill := resume.Kill(), "the answer", 1)
    assert kill.problems == ["the answer is None (The program ended.)", "('0', 1) was answered 2 times"]
