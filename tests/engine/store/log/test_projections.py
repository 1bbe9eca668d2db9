import sqlite3
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.events import KINDS, Fact, RunResumed, RunStarted
from engine.store import Store, owner
from tests.engine.events.facts import fact
from tests.engine.events.strategies import facts
from tests.engine.store.conftest import begin, tell


def here(told: Fact) -> Fact:
    """A run goes on in this process: one of a dead owner the store ends by itself, sooner or later."""
    return replace(told, owner=owner.to_json(owner.this_process())) if isinstance(told, RunResumed) else told


FACTS = facts(within=set(KINDS.values()) - {RunStarted}).map(here)
TOLD = st.tuples(st.sampled_from(["0", "0.1", "0.2.1"]), FACTS)


@settings(max_examples=12)
@given(st.lists(st.lists(TOLD, max_size=15), min_size=1, max_size=6))
def test_tables_equal_what_the_events_say_and_events_come_back_as_told(stories: list) -> None:
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder)) as store:
        for story in stories:
            run = begin(store)
            for node, told in story:
                store.append(run, node, told)
            store.flush()
            assert store.verify_projections(run) == []
            assert store.verify_chain(run) == []
            assert [(e.node, e.fact) for e in store.events(run, after=1)] == story
        assert store.check() == []


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE run SET status = 'unanswered'", "status differs"),
        ("UPDATE cell SET seconds = 0.1", "cell {run}/0/1: seconds differs"),
        ("DELETE FROM turn", "turn {run}/0/1: the row is missing"),
        ("INSERT INTO node (run, node) SELECT run, '0.9' FROM run", "node {run}/0.9: no event explains"),
    ],
)
def test_a_table_that_disagrees_with_the_events_shows(
    store: Store, folder: Path, statement: str, problem: str
) -> None:
    run = begin(store)
    tell(store, run)
    assert store.check() == []
    with sqlite3.connect(folder / "taproot.db") as db:
        db.execute(statement)
    assert problem.format(run=run) in store.verify_projections(run)[0]
    assert store.check() != []


def test_a_missing_last_event_shows_against_the_tables(store: Store, folder: Path) -> None:
    run = begin(store)
    tell(store, run)
    with sqlite3.connect(folder / "taproot.db") as db:
        db.execute("DROP TRIGGER event_is_only_deleted_with_its_run")
        db.execute("DELETE FROM event WHERE kind = 'run_finished'")
    assert store.verify_chain(run) == []
    assert f"run {run}: status differs from the events" in store.verify_projections(run)


def test_what_was_told_can_be_read_by_its_nouns(store: Store) -> None:
    run = begin(store)
    tell(store, run, "six months")
    (node,) = store.nodes(run)
    (turn,) = store.turns(run)
    (cell,) = store.cells(run)
    (call,) = store.calls(run)
    stream, image = store.outputs(run)
    assert (node["node"], node["kind"], node["status"], node["answer"]) == (
        "0",
        "root",
        "answered",
        "six months",
    )
    assert (turn["messages"][0]["content"], turn["text"], turn["finish"]) == (
        "six months",
        "six months",
        "stop",
    )
    assert (cell["code"], cell["status"], cell["seconds"]) == ("print('six months')", "ok", 0.75)
    assert (call["prompts"], call["answers"], call["error"]) == (["six months"], ["six months"], None)
    assert (stream["cell"], stream["output"]["text"]) == (1, "six months")
    assert image["output"]["data"]["image/png"].startswith("iVBOR")


def test_a_draft_is_shown_until_its_turn_is_finished(store: Store) -> None:
    run = begin(store)
    store.append(run, "0", fact("turn_started", {"turn": 1, "messages": []}))
    for at, text in ((0, "The"), (3, " not"), (7, "ice")):
        store.append(run, "0", fact("draft", {"turn": 1, "at": at, "text": text}))
        store.append(run, "0.1", fact("draft", {"turn": 1, "at": at, "text": text.upper()}))
    store.flush()
    assert {turn["node"]: turn["draft"] for turn in store.turns(run)} == {
        "0": "The notice",
        "0.1": "THE NOTICE",
    }
    store.append(run, "0", fact("turn_finished", {"turn": 1, "text": "The notice period", "finish": "stop"}))
    finished = next(turn for turn in store.turns(run) if turn["node"] == "0")
    assert (finished["draft"], finished["text"]) == (None, "The notice period")
