import json
import os
import sqlite3
from pathlib import Path

import pytest

from engine.errors import InputError, StoreError
from engine.store import Store, delete
from engine.store.database import compact
from engine.store.database.blobs import KEY
from engine.store.log import sweep
from tests.engine.events.facts import fact, started
from tests.engine.store.conftest import Start, begin, tell

SECRET = "zanzibar-4711-heliotrope"


def holding(folder: Path, text: str) -> list[str]:
    """Names of the files below the folder in which the text stands."""
    files = [Path(root) / name for root, _, names in os.walk(folder) for name in names]
    return [file.name for file in files if text.encode() in file.read_bytes()]


def save_corpus(store: Store, corpus: str) -> Path:
    folder = store.corpora_dir / corpus
    folder.mkdir()
    (folder / "text.bin").write_text(f"{SECRET} of {corpus}")
    store.save_corpus({"id": corpus, "name": f"{SECRET} {corpus}", "documents": 1, "chars": 10})
    return folder


def fill(store: Store, corpus: str, count: int) -> list[str]:
    """Several finished runs, their events mixed on the same pages."""
    runs = [begin(store, question=f"{SECRET}?", corpus=corpus) for _ in range(count)]
    for number in range(20):
        for run in runs:
            store.append(run, "0", fact("note", {"text": f"{SECRET} {run} {number} " * 5}))
            store.append(run, "0", fact("note", {"text": f"{SECRET} {run} " * 3000}))
    for run in runs:
        tell(store, run, f"{SECRET} {run}")
    return runs


def test_no_byte_of_a_deleted_run_is_left(store: Store, folder: Path) -> None:
    gone, kept = fill(store, "c1", 2)
    assert holding(folder, f"{SECRET} {gone}")
    before = store.events(kept)
    receipt = store.delete_run(gone)
    assert holding(folder, f"{SECRET} {gone}") == []
    assert (receipt["runs"], receipt["events"], receipt["erased"], receipt["notices"]) == (
        [gone],
        54,
        True,
        [],
    )
    assert [row["run"] for row in store.runs()] == [kept]
    assert store.events(kept) == before and store.check() == []
    assert store.events(gone) == [] and store.outputs(gone) == [] and store.turns(gone) == []


def test_no_byte_of_a_deleted_corpus_and_its_runs_is_left(store: Store, folder: Path) -> None:
    one, other = save_corpus(store, "c1"), save_corpus(store, "c2")
    runs, kept = fill(store, "c1", 3), begin(store, corpus="c2")
    receipt = store.delete_corpus("c1")
    assert sorted(receipt["runs"]) == sorted(runs)
    assert (receipt["corpora"], receipt["folders"], receipt["erased"]) == (["c1"], 1, True)
    assert not one.exists() and other.exists()
    assert [row["corpus"] for row in store.corpora()] == ["c2"] and store.run(kept)["status"] == "running"
    store.append(kept, "0", fact("run_finished", {"status": "answered"}))
    store.delete_corpus("c2")
    assert holding(folder, SECRET) == []


def test_rows_are_zeroed_already_before_the_file_is_made_smaller(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delete, "finish", lambda *given: None)  # what an idle store does of itself
    gone, kept = fill(store, "c1", 2)
    store._write(lambda db: delete.take_run(db, gone))
    assert store.runs() == [store.run(kept)] and store.events(gone)
    steps = 1
    while store._write(sweep.step).more:
        steps += 1
    assert steps > 3
    store._write(lambda db: db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone(), "alone")
    assert holding(folder, f"{SECRET} {gone}") == [] != holding(folder, f"{SECRET} {kept}")
    size = (folder / "taproot.db").stat().st_size
    store._write(lambda db: delete.erase(db, folder), "alone")
    assert (folder / "taproot.db").stat().st_size < size


def test_a_value_goes_with_the_last_run_that_uses_it(store: Store) -> None:
    runs = [begin(store), begin(store)]
    for run in runs:
        store.append(run, "0", fact("note", {"text": SECRET * 5000}))
        store.append(run, "0", fact("run_finished", {"status": "answered"}))
    with sqlite3.connect(store.folder / "taproot.db") as db:
        payload = db.execute("SELECT payload FROM event WHERE run = ? AND seq = 2", (runs[0],)).fetchone()[0]
    sha256 = json.loads(payload)["text"][KEY]
    assert store.delete_run(runs[0])["blobs"] == 0
    assert store.blob(sha256)[1] == (SECRET * 5000).encode()
    assert store.delete_run(runs[1])["blobs"] == 1
    with pytest.raises(InputError):
        store.blob(sha256)


def test_a_run_that_is_running_is_not_deleted(store: Store, folder: Path, start: Start) -> None:
    process = start(folder, "hold")
    run = process.stdout.readline().strip()
    mine = begin(store, corpus="c2")
    save_corpus(store, "c1")
    for name in (run, mine):
        with pytest.raises(InputError, match="is still running"):
            store.delete_run(name)
    with pytest.raises(InputError, match="is still reading this corpus"):
        store.delete_corpus("c1")
    assert len(store.runs()) == 2 and (folder / "corpora" / "c1").exists()


def test_nothing_can_be_added_to_a_deleted_run(store: Store) -> None:
    run = begin(store)
    store.append(run, "0", fact("run_finished", {"status": "answered"}))
    store.delete_run(run)
    with pytest.raises(StoreError, match="may have been deleted"):
        store.append(run, "0", fact("note", {"text": "late"}))
    with pytest.raises(InputError, match="There is no run"):
        store.delete_run(run)


def test_backups_hold_the_same_text_and_go_as_well(store: Store, folder: Path) -> None:
    (run,) = fill(store, "c1", 1)
    backup = folder / "backups" / "taproot-20260101-000000.db"
    backup.parent.mkdir()
    with sqlite3.connect(folder / "taproot.db") as source, sqlite3.connect(backup) as copy:
        source.backup(copy)
    assert backup.name in holding(folder, SECRET)
    assert store.delete_run(run)["backups"] == 1
    assert holding(folder, SECRET) == []


def test_a_deletion_that_was_cut_short_is_finished_at_the_next_opening(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as idle, Store(folder) as store:
        idle.setattr(delete, "finish", lambda *given: None)
        corpus = save_corpus(store, "c1")
        (run,) = fill(store, "c1", 1)
        store._write(lambda db: delete.take_corpus(db, "c1"))  # and then the power went
    assert corpus.exists()
    with Store(folder) as store:
        assert not corpus.exists() and store.runs() == []
        assert holding(folder, f"{SECRET} {run}") == []


def test_a_corpus_may_come_back_after_its_deletion(folder: Path) -> None:
    with Store(folder) as store:
        save_corpus(store, "c1")
        store.delete_corpus("c1")
        corpus = save_corpus(store, "c1")
    with Store(folder) as store:
        assert corpus.exists() and store.corpus("c1")["documents"] == 1


def test_a_reader_elsewhere_delays_the_erasing_and_the_receipt_says_so(folder: Path) -> None:
    with Store(folder, busy_seconds=0.1) as store:
        (run,) = fill(store, "c1", 1)
        reading = sqlite3.connect(folder / "taproot.db", isolation_level=None)
        reading.execute("BEGIN")
        reading.execute("SELECT count(*) FROM event").fetchone()
        receipt = store.delete_run(run)
        assert not receipt["erased"] and "Another program is reading" in receipt["notices"][0]
        reading.close()
    with Store(folder):
        assert holding(folder, SECRET) == []


@pytest.mark.parametrize("name", ["..", ".", "", "../c1", "a/b", "/etc"])
def test_a_name_that_is_no_folder_of_its_own_removes_nothing(tmp_path: Path, name: str) -> None:
    (tmp_path / "corpora").mkdir()
    with pytest.raises(StoreError, match="no folder of its own"):
        delete._remove_folder(tmp_path / "corpora", name, [])
    assert (tmp_path / "corpora").exists()


def test_of_a_large_database_only_the_freed_pages_are_given_back_in_short_steps(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compact, "SMALL_BYTES", 0)
    monkeypatch.setattr(compact, "STEP_PAGES", 5)
    runs = fill(store, "c1", 6)
    said: list[str] = []
    store._write(lambda db: db.set_trace_callback(said.append), "alone")
    for gone in (runs[0], runs[3], runs[5]):
        size = (folder / "taproot.db").stat().st_size
        assert store.delete_run(gone)["erased"]
        assert holding(folder, f"{SECRET} {gone}") == [] != holding(folder, f"{SECRET} {runs[1]}")
        assert (folder / "taproot.db").stat().st_size < size
    assert store.check() == [] and "VACUUM" not in said
    assert sum("incremental_vacuum" in one for one in said) > 6


def test_others_can_write_between_the_steps_of_a_deletion(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    (run,) = fill(store, "c1", 1)
    live, order = begin(store), []
    step = sweep.step

    def slow(db: sqlite3.Connection) -> sweep.Swept:
        order.append("step")
        store._writer.submit(lambda db: order.append("other"))
        return step(db)

    monkeypatch.setattr(sweep, "step", slow)
    store.delete_run(run)
    store.flush()
    assert order[:4] == ["step", "other", "step", "other"] and store.run(live)["status"] == "running"


def test_a_receipt_names_what_went_and_what_still_quotes_it(store: Store) -> None:
    run = begin(store)
    tell(store, run)
    last = store.events(run)[-1].seq
    with sqlite3.connect(store.folder / "taproot.db") as db:
        hash_ = db.execute("SELECT hash FROM event WHERE run = ? AND seq = ?", (run, last)).fetchone()[0]
    later = store.new_run(started(question="And then?", session=run, follows=run))
    receipt = store.delete_run(run)
    assert receipt["heads"] == {run: {"events": last, "hash": hash_}} and receipt["quoted_by"] == [later]
    assert receipt["bytes"] >= 0 and receipt["deleted"] > 0
    store.append(later, "0", fact("run_finished", {}))
    assert store.delete_session(run)["quoted_by"] == []


def test_the_receipt_names_forks_of_what_followed_and_forks_of_forks(store: Store) -> None:
    def ask(**more: str | dict[str, object]) -> str:
        run = store.new_run(started(**{"question": "Who?", "corpus": "c1", "corpus_name": "lease", **more}))
        tell(store, run)
        return run

    first, other = ask(), ask()
    later = ask(session=first, follows=first)
    fork = ask(forked={"run": later, "node": "0", "cell": 1})
    fork_of_fork = ask(forked={"run": fork, "node": "0", "cell": 1})
    after_fork = ask(session=fork, follows=fork)
    ask(forked={"run": other, "node": "0", "cell": 1})
    assert store.delete_run(first)["quoted_by"] == sorted([later, fork, fork_of_fork, after_fork])
    assert store.delete_run(later)["quoted_by"] == sorted([fork, fork_of_fork, after_fork])
