import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.errors import InputError, StoreError
from engine.events import CellStarted, Fact, Note, OutputWritten, TurnStarted, Unreadable
from engine.store import Store
from tests.engine.events.facts import fact
from tests.engine.store.conftest import begin, tell


def committed(folder: Path, run: str) -> list[str]:
    """What another program finds in the file."""
    with sqlite3.connect(folder / "taproot.db") as db:
        return [row[0] for row in db.execute("SELECT kind FROM event WHERE run = ? ORDER BY seq", (run,))]


def test_an_event_is_committed_when_append_returns(store: Store, folder: Path) -> None:
    run = begin(store)
    assert committed(folder, run) == ["run_started"]
    for number in range(2, 30):
        assert store.append(run, "0", fact("note", {"text": f"{number}"})).seq == number
        assert len(committed(folder, run)) == number


def test_outputs_and_drafts_keep_their_place_before_the_next_boundary(store: Store, folder: Path) -> None:
    run = begin(store)
    for number in range(50):
        assert store.append(run, "0", fact("output", {"cell": 1, "output": {"text": str(number)}})).seq == 0
    assert store.append(run, "0", fact("cell_finished", {"cell": 1, "status": "ok"})).seq == 52
    assert committed(folder, run) == ["run_started", *["output"] * 50, "cell_finished"]
    assert [row["output"]["text"] for row in store.outputs(run)] == [str(number) for number in range(50)]


def test_outputs_are_committed_without_a_boundary(store: Store, folder: Path) -> None:
    run = begin(store)
    store.append(run, "0", fact("output", {"cell": 1, "output": {"text": "1"}}))
    waited = threading.Event()
    for _ in range(2400):
        if "output" in committed(folder, run):
            return
        waited.wait(0.025)
    pytest.fail("the output was not committed within a minute")


def test_closing_commits_what_is_queued(folder: Path) -> None:
    with Store(folder) as store:
        run = begin(store)
        store.append(run, "0", fact("output", {"cell": 1, "output": {"text": "1"}}))
    assert committed(folder, run) == ["run_started", "output"]


def test_threads_append_to_one_chain(store: Store) -> None:
    run = begin(store)

    def work(name: str) -> None:
        for number in range(40):
            store.append(run, name, fact("note", {"text": str(number)}))

    threads = [threading.Thread(target=work, args=(f"0.{number}",)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = store.events(run, after=1)
    assert len(found) == 200
    for name in {event.node for event in found}:
        assert [e.payload["text"] for e in found if e.node == name] == [str(number) for number in range(40)]
    assert store.verify_chain(run) == []


def test_events_after_a_number_are_the_newer_ones(store: Store) -> None:
    run = begin(store)
    tell(store, run)
    assert [event.seq for event in store.events(run, after=11)] == [12, 13, 14]
    assert store.events(run, after=14) == []


def test_runs_are_listed_newest_first_with_their_answer(store: Store) -> None:
    first, second = begin(store, "First?"), begin(store, "Second?", corpus="c2")
    tell(store, first, "42")
    rows = store.runs()
    assert [row["run"] for row in rows] == [second, first]
    assert [row["status"] for row in rows] == ["running", "answered"]
    assert (rows[1]["question"], rows[1]["answer"], rows[1]["seconds"], rows[1]["nodes"]) == (
        "First?",
        "42",
        1.5,
        1,
    )
    assert [row["run"] for row in store.runs(corpus="c2")] == [second]


def test_a_run_is_found_by_a_unique_beginning(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("secrets.token_hex", _in_turn("a1", "a2"))
    first, second = begin(store), begin(store)
    assert store.run(first)["run"] == first
    assert store.run(second[:-1] + "2")["run"] == second
    with pytest.raises(InputError, match="More than one run starts with"):
        store.run(first[:4])
    for unknown in ("nothing", "", "%", "____"):
        with pytest.raises(InputError, match="There is no run"):
            store.run(unknown)


def test_run_ids_never_repeat(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.strftime", lambda *_: "20261122-111509")
    monkeypatch.setattr("secrets.token_hex", _in_turn("0000", "0000", "0001"))
    assert [begin(store), begin(store)] == ["20261122-111509-0000", "20261122-111509-0001"]


def test_an_event_of_an_unknown_run_is_refused_and_harms_no_other(store: Store) -> None:
    run = begin(store)
    store.append(run, "0", fact("output", {"cell": 1, "output": {"text": "kept"}}))
    with pytest.raises(StoreError, match="There is no run nothing"):
        store.append("nothing", "0", fact("note", {"text": ""}))
    store.flush()
    assert [row["output"]["text"] for row in store.outputs(run)] == ["kept"]


def test_a_lost_output_is_reported_by_the_next_append(store: Store) -> None:
    store.append("nothing", "0", fact("output", {"cell": 1, "output": {}}))
    store.flush()
    with pytest.raises(StoreError, match="Outputs of the run nothing could not be stored"):
        store.append("nothing", "0", fact("output", {"cell": 1, "output": {}}))


@pytest.mark.parametrize(
    "wrong",
    [
        Unreadable("nonsense", {}, "made up"),
        Fact(),
        Note(float("nan"), "info"),  # type: ignore[arg-type]
        Note("text", "loud"),  # type: ignore[arg-type]
        TurnStarted("1", ()),  # type: ignore[arg-type]
        CellStarted(None, 1, "1"),  # type: ignore[arg-type]
        OutputWritten(1, {"text": float("nan")}),
    ],
)
def test_a_wrong_event_is_a_mistake_of_the_program(store: Store, wrong: Fact) -> None:
    run = begin(store)
    with pytest.raises(ValueError):
        store.append(run, "0", wrong)
    assert len(store.events(run)) == 1 and store.check() == []


def test_a_value_that_is_nested_too_deeply_is_a_sentence(store: Store) -> None:
    run = begin(store)
    deep: list = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(StoreError, match="nested too deeply"):
        store.append(run, "0", fact("output", {"cell": 1, "output": {"data": {"application/json": deep}}}))
    assert store.append(run, "0", fact("note", {"text": "still here"})).seq == 2


def test_text_that_utf8_cannot_hold_is_stored(store: Store) -> None:
    run = begin(store, question="bad \ud800 text \x00")
    assert store.events(run)[0].payload["question"] == "bad \ud800 text \x00"
    assert store.run(run)["question"] == "bad \ud800 text \x00"
    assert store.check() == []


def test_events_cannot_be_changed_or_deleted(store: Store, folder: Path) -> None:
    run = begin(store)
    with sqlite3.connect(folder / "taproot.db") as db:
        for statement in ("UPDATE event SET ts = 0", "DELETE FROM event"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                db.execute(statement)
    assert store.verify_chain(run) == []


def test_corpora_are_kept_with_all_their_facts(store: Store) -> None:
    row = {
        "id": "c1",
        "name": "lease",
        "documents": 3,
        "chars": 1200,
        "skipped": [{"path": "x", "reason": "empty"}],
    }
    store.save_corpus(row)
    store.save_corpus({**row, "documents": 4})
    begin(store, corpus="c1")
    (found,) = store.corpora()
    assert found["corpus"] == "c1" and found["runs"] == 1
    assert {name: found[name] for name in row} == {**row, "documents": 4}
    assert store.corpus("c")["name"] == "lease"
    with pytest.raises(InputError, match="There is no corpus 'd'"):
        store.corpus("d")


@pytest.mark.parametrize("name", ["with space", "a#b?c=d", "100%25", "données 資料"])
def test_a_folder_of_any_name(tmp_path: Path, name: str) -> None:
    with Store(tmp_path / name / "deeper") as store:
        tell(store, begin(store))
        assert store.check() == []
    assert [path.name for path in (tmp_path / name / "deeper").iterdir()] == ["taproot.db"]


def test_a_closed_store_says_so(folder: Path) -> None:
    store = Store(folder)
    run = begin(store)
    store.close()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.append(run, "0", fact("note", {"text": ""}))


def _in_turn(*values: str) -> Callable[[int], str]:
    following = iter(values)
    return lambda _: next(following)
