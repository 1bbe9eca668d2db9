"""Databases that earlier code wrote open, hold, are shown and searched as before, and take new runs."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from app.command_line.commands.records import run_tree
from app.command_line.terminal import console
from app.live.trace import fold
from app.runs.node_detail import node_detail
from engine.events import Note, Unreadable
from engine.store import Store
from engine.store.database.database import FILE_NAME
from engine.store.log.hash_chain import canonical, link
from tests.engine.events.facts import fact, started
from tests.engine.store.stored import STORED, lay_out, shown

pytestmark = pytest.mark.filterwarnings("ignore:invalid escape sequence")  # in a recorded cell
TODAY = [name for name in STORED if name != "first_release"]


@pytest.fixture(params=STORED)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def opened(name: str, tmp_path: Path) -> Iterator[Store]:
    with Store(lay_out(name, tmp_path / "data")) as store:
        yield store


def event_rows(store: Store) -> list[tuple]:
    with closing(sqlite3.connect(store.folder / FILE_NAME)) as db:
        return db.execute("SELECT run, seq, ts, node, kind, payload, hash FROM event ORDER BY id").fetchall()


def tree_of(store: Store, run: str) -> str:
    out = console(wrap=True)
    out.width = 100
    with out.capture() as got:
        out.print(run_tree(store.events(run)))
    return got.get()


def plain(value: Any) -> Any:
    return json.loads(json.dumps(value))


def test_chain_projections_words_and_short_forms_agree_with_the_events(opened: Store) -> None:
    assert opened.check() == []
    assert [row["status"] for row in opened.runs()] and "running" not in {r["status"] for r in opened.runs()}


def test_opening_changes_no_event(opened: Store, name: str, tmp_path: Path) -> None:
    before = lay_out(name, tmp_path / "untouched") / FILE_NAME
    with closing(sqlite3.connect(before)) as db:
        columns = "run, seq, ts, node, kind, payload, hash"
        assert db.execute(f"SELECT {columns} FROM event ORDER BY id").fetchall() == event_rows(opened)


@pytest.mark.parametrize("name", TODAY)
def test_it_is_shown_as_the_code_that_wrote_it_showed_it(opened: Store, name: str) -> None:
    wanted = shown(name)
    assert [row["run"] for row in opened.runs()] == [*sorted(wanted, reverse=True)]
    for run, before in wanted.items():
        assert plain(opened.run(run)) == before["row"] | {"forked": None}
        assert tree_of(opened, run) == before["tree"]
        for node, detail in before["nodes"].items():
            now = plain(node_detail(opened, run, node))
            for cell in now["cells"]:  # what the page was told later: colours of code, changes of variables
                words = [one if isinstance(one, str) else one[1] for one in cell.pop("coloured")]
                assert "".join(words) == cell["code"] and cell.pop("variables", None) is None
            assert now == detail
        for words, hits in before["found"].items():
            assert plain([asdict(hit) for hit in opened.find(words, 10) if hit.run == run]) == hits


def test_it_is_played_back_to_every_event(opened: Store) -> None:
    for row in opened.runs():
        run = row["run"]
        log = [json.loads(text) for _, text in opened.trace(run)]
        assert [e["s"] for e in log] == [*range(1, opened.last(run) + 1)]
        folded = fold(log)
        assert folded["status"] == row["status"] and set(folded["nodes"]) == {
            n["node"] for n in opened.nodes(run)
        }
        begun = {e["n"]: e["s"] for e in reversed(log) if e["k"] == "node"}
        for node, seq in begun.items():
            for upto in range(seq, len(log) + 1):
                assert node_detail(opened, run, node, upto)["seq"] <= upto


def test_the_first_release_is_shown_and_searched(tmp_path: Path) -> None:
    with Store(lay_out("first_release", tmp_path / "data")) as store:
        (row,) = store.runs()
        assert (row["session"], row["follows"], row["forced"]) == (row["run"], None, False)
        tree = tree_of(store, row["run"])
        assert "0.1 rlm: Who is the tenant?" in tree and "= Nora Fenwick" in tree and "cell 2" in tree
        assert {hit.kind for hit in store.find("fenwick", 10)} == {"answer", "output"}
        drafts = [
            node_detail(store, row["run"], "0", seq)["draft"] for seq in range(2, store.last(row["run"]))
        ]
        assert "```repl\nwho = rlm_query('Who is the tenant?', co" in drafts


def test_new_runs_and_follow_ups_go_on_in_it(opened: Store) -> None:
    first = opened.runs()[-1]["run"]
    run = opened.new_run(started(question="And when?", corpus="c", session=first, follows=first))
    opened.append(run, "0", fact("node_started", {"question": "And when?"}))
    opened.append(run, "0", fact("run_finished", {"answer": "in May"}))
    assert opened.check() == [] and [row["run"] for row in opened.session(first)][-1] == run


def test_an_event_that_cannot_be_read_is_said_and_the_rest_is_read(opened: Store, name: str) -> None:
    run = opened.runs()[-1]["run"]
    last = event_rows(opened)
    mine = [row for row in last if row[0] == run]
    strange = [("from_tomorrow", {"x": 1}), ("cell_started", {"cell": "first"})]
    with closing(sqlite3.connect(opened.folder / FILE_NAME)) as db, db:
        previous = mine[-1][-1]
        for seq, (kind, payload) in enumerate(strange, len(mine) + 1):
            record = link(previous, run, seq, 1.0, "0", kind, canonical(payload))
            previous = record.hash
            db.execute(
                "INSERT INTO event (run, seq, ts, node, kind, payload, hash) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (run, seq, 1.0, "0", kind, record.payload, record.hash),
            )
    found = opened.events(run)
    sentences = [event.fact.sentence for event in found if isinstance(event.fact, Unreadable)]
    assert sentences == [
        "An event of the kind 'from_tomorrow' cannot be read: this Taproot does not know the kind.",
        "An event of the kind 'cell_started' cannot be read: 'cell' is no whole number.",
    ]
    assert [event.payload for event in found[-2:]] == [payload for _, payload in strange]
    numbers = (len(mine) + 1, len(mine) + 2)
    told = [f"event {seq}: {sentence}" for seq, sentence in zip(numbers, sentences, strict=True)]
    assert opened.verify_projections(run) == told and opened.verify_chain(run) == []
    assert [note["text"] for note in node_detail(opened, run, "0")["notes"]][-2:] == sentences
    assert "this Taproot does not know the kind" in " ".join(tree_of(opened, run).split())
    assert opened.append(run, "0", Note("still here", "info")).seq == len(mine) + 3
    if name in TODAY:
        assert shown(name)[run]["tree"].splitlines()[0] in tree_of(opened, run)
