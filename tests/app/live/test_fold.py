"""What compact events change in the rows of a tree."""

from __future__ import annotations

from itertools import count

import pytest

from app.live.fold import FIRST, Fold, fold
from engine.store.log.trace import brief, stamp
from tests.app.runs.tree.tree_fixture import grow
from tests.engine.events.facts import fact as made


def events(*wanted):
    """Compact events of (kind, node, the rest), a second apart."""
    return [{"s": s, "ts": 1000.0 + s, "n": n, "k": k, **more} for s, (k, n, more) in enumerate(wanted, 1)]


ROOT = ("node", "0", {"kind": "root", "q": "Who?", "d": 0})


def child(name, **more):
    return ("node", name, {"p": "0", "kind": "child", "q": "When?", "d": 1, **more})


def told(log):
    run = Fold()
    return [run.take(event) for event in log]


@pytest.fixture(scope="module")
def log():
    """The compact events of a made up run."""
    facts = grow(3, 30, 60)
    return [
        stamp(brief(fact.node, made(fact.kind, fact.payload)), "run", seq, fact.ts)
        for seq, fact in enumerate(facts, 1)
    ]


def test_what_is_told_event_by_event_comes_to_the_rows_and_tells_nothing_twice(log):
    rows = {}
    for event, change in zip(log, told(log), strict=True):
        if event["k"] == "node":
            rows[event["n"]] = dict(FIRST)
        for node, row in change.get("rows", {}).items():
            assert row and all(rows[node][name] != value for name, value in row.items())
            rows[node] |= row
    whole = fold(log)
    assert rows == {name: {key: node[key] for key in FIRST} for name, node in whole["nodes"].items()}
    assert whole["status"] == "answered" and {row["status"] for row in rows.values()} == {"answered"}
    assert sum(row["errors"] for row in rows.values()) == sum(
        e["k"] == "done" and e["st"] == "error" for e in log
    )


def test_events_that_were_taken_before_change_nothing(log):
    run = Fold()
    for event in log[:50]:
        run.take(event)
    assert [run.take(event) for event in log[:50]] == [{}] * 50 and run.last == 50


def test_a_lane_is_that_of_one_node_at_a_time_and_used_again(log):
    at_work: dict[int, str] = {}
    lanes = {}
    for event, change in zip(log, told(log), strict=True):
        if event["k"] == "node":
            lanes[event["n"]] = change["lane"]
            assert change["lane"] not in at_work and change["lane"] > lanes.get(event.get("p"), -1)
            at_work[change["lane"]] = event["n"]
        if event["k"] == "end":
            del at_work[lanes[event["n"]]]
    assert len(set(lanes.values())) < len(lanes)


def test_a_node_goes_from_the_model_to_its_cell_and_to_its_calls():
    log = events(
        ROOT, ("turn", "0", {"i": 1}), ("reply", "0", {"i": 1, "tok": 5}), ("cell", "0", {"i": 1}),
        ("call", "0", {"i": 1}), ("ret", "0", {"i": 1}), ("done", "0", {"i": 1, "st": "error", "fin": False}),
        ("done", "0", {"i": 1, "st": "ok", "fin": True}), ("end", "0", {"st": "answered"}),
    )  # fmt: skip
    changes = [change["rows"]["0"] for change in told(log)[1:]]
    phases = [change.get("phase") for change in changes]
    assert phases == ["model", "idle", "kernel", "waiting", "kernel", "idle", None, None]
    assert changes[5] == {"phase": "idle", "errors": 1} and changes[6] == {"final": True}
    assert changes[-1] == {"status": "answered", "seconds": 8.0}  # of the times, where the event says none


def test_a_reply_says_how_long_it_waited_before_its_model_was_free():
    waited = [ROOT, ("turn", "0", {"i": 1}), ("note", "0", {}), ("reply", "0", {"i": 1, "sec": 0.5})]
    assert told(events(*waited))[-1]["queued"] == 1.5
    at_once = [ROOT, ("turn", "0", {"i": 1}), ("reply", "0", {"i": 1, "sec": 0.98})]
    assert "queued" not in told(events(*at_once))[-1]


def test_a_draft_is_known_until_its_reply_or_the_end_of_its_node():
    turn = ("turn", "0", {"i": 1})
    for kind, last in (("reply", {"i": 1}), ("end", {}), ("fin", {})):
        changes = told(events(ROOT, turn, ("draft", "0", {}), (kind, "0", last)))
        assert changes[2] == {"rows": {"0": {"draft": 3}}} and changes[3]["rows"]["0"]["draft"] == 0


@pytest.mark.parametrize(("status", "left"), [("failed", "failed"), ("interrupted", "interrupted")])
def test_what_a_run_left_behind_is_told_and_opened_again_when_it_goes_on(status, left):
    log = events(
        ROOT, child("0.1"), child("0.2"), ("end", "0.1", {"st": "answered"}), ("fin", "0", {"st": status}),
        ("again", "0", {"nodes": ["0", "0.2"]}), ("fin", "0", {"st": "answered"}),
    )  # fmt: skip
    changes = told(log)
    assert changes[4] == {"rows": {"0": {"status": left}, "0.2": {"status": left}}}
    assert changes[5] == {"rows": {"0": {"status": "running"}, "0.2": {"status": "running"}}}
    assert fold(log[:6])["status"] == "running" and fold(log)["nodes"]["0.1"]["status"] == "answered"


def test_children_that_are_asked_the_same_are_told_apart_by_their_data():
    log = events(
        ROOT, child("0.1", on="a.txt"), child("0.2", on="b.txt"), child("0.3", q="Where?", on="b.txt")
    )
    assert [change.get("rows") for change in told(log)[1:]] == [
        None, {"0.1": {"named": True}, "0.2": {"named": True}}, None
    ]  # fmt: skip
    cut = events(
        ROOT, child("0.1", q="When did…", on="a.txt"), child("0.2", q="When did the ferry go?", on="b.txt")
    )
    assert set(told(cut)[-1]["rows"]) == {"0.1", "0.2"}
    alike = events(ROOT, child("0.1", on="a.txt"), child("0.2", on="a.txt"))
    assert "rows" not in told(alike)[-1]


def test_what_it_does_not_know_is_let_be():
    numbers = count(1)
    strange = [
        {"s": next(numbers), "ts": 1.0, **event}
        for event in (
            {"n": "0.7", "k": "end", "st": "answered"},
            {"n": "0", "k": "node", "kind": "root"},
            {"n": "0.1", "k": "node", "kind": "child", "p": "0.9"},
            {"n": "0", "k": "node", "kind": "root"},
            {"n": "0", "k": "later"},
            {"n": "0", "k": "again", "nodes": ["0.8"]},
        )
    ]
    assert told(strange) == [{}, {"lane": 0}, {"lane": 1}, {}, {}, {}]
