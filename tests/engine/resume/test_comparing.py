"""A run that was cut off and went on is compared with others as one that nothing disturbed."""

from __future__ import annotations

import pytest

from engine.compare.comparison import side_of
from engine.compare.stored import compare_stored
from engine.events import RunResumed
from engine.events.record import record_of
from engine.resume import resume
from tests.engine.resume.conftest import Desk
from tests.engine.resume.test_resume import after

pytestmark = pytest.mark.sandbox


@pytest.mark.parametrize("cut", [("0.2", "turn_finished"), ("0.4.1", "node_started"), ("0", "cell_finished")])
def test_it_did_what_the_undisturbed_one_did(desk: Desk, cut: tuple[str, str]) -> None:
    whole = desk.ask()
    run = desk.cut(after(whole, *cut))
    desk.fresh()
    resume(desk.engine, run)
    found = compare_stored(desk.engine.store, whole[0].run, run)
    assert (found.first, found.differs, found.same_answer) == (None, (), True)


def test_while_it_goes_on_it_has_no_end(desk: Desk) -> None:
    run = desk.cut(after(desk.ask(), "0", "cell_finished"))
    desk.fresh()
    resume(desk.engine, run)
    events = desk.engine.store.events(run)
    at = next(i for i, event in enumerate(events) if isinstance(event.fact, RunResumed))
    before, since = side_of(record_of(events[:at])), side_of(record_of(events[: at + 1]))
    assert (before.status, since.status, since.reason) == ("interrupted", "running", "")
