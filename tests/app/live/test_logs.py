"""The logs of runs as they are told: whole, read on, and read anew."""

from __future__ import annotations

import json

import pytest

from app.live import logs
from app.live.broadcast import Hub
from app.live.fold import Fold
from app.live.logs import Logs
from engine.store import Store
from tests.app.runs.tree.tree_fixture import grow
from tests.app.runs.tree.tree_server import write


@pytest.fixture
def store(tmp_path):
    with Store(tmp_path) as opened:
        yield opened


def plain(store, run):
    """The compact events as they are stored, with what each changes."""
    fold = Fold()
    stored = [json.loads(text) for _, text in store.trace(run)]
    return [event | fold.take(event) for event in stored]


def read(told):
    return [*map(json.loads, told)]


def test_events_are_told_with_what_they_change_from_any_number_on(store):
    facts = grow(2, 6, 12)
    write(store.folder, "run", facts)
    told = Logs(store)
    whole = plain(store, "run")
    assert any("rows" in event for event in whole) and read(told.after("run", 0)) == whole
    assert [event["s"] for event in read(told.after("run", 5))] == [*range(6, len(facts) + 1)]
    assert read(Logs(store).after("run", 5)) == whole[5:]
    assert told.after("run", len(facts)) == [] == told.after("run", 10 * len(facts)) == told.after("other", 0)


def test_a_number_beyond_64_bits_is_told(store):
    """Servers and logs of strangers say how many tokens they took."""
    facts = grow(2, 6, 12)
    most = next(fact for fact in facts if fact.kind == "turn_finished")
    most.payload["usage"] = {**most.payload["usage"], "completion_tokens": 10**20}
    write(store.folder, "run", facts)
    whole = plain(store, "run")
    assert read(Logs(store).after("run", 0)) == whole
    assert 10**20 in [row.get("tokens") for event in whole for row in event.get("rows", {}).values()]


def test_what_came_meanwhile_is_folded_onto_what_was_told(store, monkeypatch):
    write(store.folder, "run", grow(2, 6, 12))
    rows = [(seq, text) for seq, text in store.trace("run")]
    grown = 20
    monkeypatch.setattr(store, "trace", lambda run, after=0: [row for row in rows[:grown] if row[0] > after])
    told = Logs(store)
    begun = told.after("run", 0)
    grown = 33
    more = told.after("run", 20)
    monkeypatch.undo()
    assert read(begun + more) == plain(store, "run")[:33] and len(more) == 13


def test_a_run_that_was_deleted_and_came_back_is_read_anew(store):
    told = Logs(store)
    write(store.folder, "run", grow(2, 6, 12))
    first = told.after("run", 0)
    store.delete_run("run")
    assert told.after("run", 0) == []
    write(store.folder, "run", grow(3, 8, 12))
    assert read(told.after("run", 0)) == plain(store, "run") != read(first)


def test_only_the_runs_that_were_looked_at_last_are_kept_ready(store, monkeypatch):
    monkeypatch.setattr(logs, "KEPT", 2)
    told = Logs(store)
    for name in "abc":
        write(store.folder, name, grow(2, 3, 4))
    whole = {name: told.after(name, 0) for name in "abc"}
    assert list(told._kept) == ["b", "c"]
    assert {name: told.after(name, 0) for name in "abc"} == whole


def test_the_way_to_a_node_is_known_with_what_was_asked_on_it(store):
    facts = grow(3, 30, 60)
    write(store.folder, "run", facts)
    deep = max((fact.node for fact in facts), key=lambda name: name.count("."))
    above = [deep.rsplit(".", n)[0] for n in range(deep.count("."), 0, -1)]
    asked = {f.node: f.payload["question"] for f in facts if f.kind == "node_started"}
    way = Logs(store).way("run", deep)
    assert [name for name, _ in way] == above
    assert all(asked[name].startswith(question.removesuffix("…")) for name, question in way)
    assert (
        Logs(store).way("run", "0") == [] == Logs(store).way("run", "0.99") == Logs(store).way("none", "0.1")
    )


def test_nothing_of_a_deleted_run_is_kept(store):
    for run in ("run", "other"):
        write(store.folder, run, grow(2, 6, 12))
    hub = Hub(store)
    assert hub.logs.after("run", 0) and hub.logs.after("other", 0)
    store.delete_run("run")
    hub.tell("runs", run="run", status="deleted")
    assert list(hub.logs._kept) == ["other"] and hub.logs.after("run", 0) == []
