"""Each way in which the data folder can fail: one sentence, no hang, nothing half-written."""

import contextlib
import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import StoreError
from engine.store import Store
from engine.store.database.database import FILE_NAME
from tests.engine.events.facts import fact
from tests.engine.store.conftest import Start, begin, tell


@pytest.fixture
def used(folder: Path) -> Path:
    """A database with some pages in it, closed."""
    with Store(folder) as store:
        for _ in range(30):
            run = begin(store, question="what? " * 500)
            tell(store, run)
    return folder / FILE_NAME


def test_a_database_locked_by_another_program(folder: Path, used: Path) -> None:
    blocker = sqlite3.connect(used, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="locked by another program"):
        Store(folder, busy_seconds=0.1)
    blocker.execute("ROLLBACK")
    with Store(folder, busy_seconds=0.1) as store:
        run = begin(store)
        blocker.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked by another program"):
            store.append(run, "0", fact("note", {"text": "not written"}))
        blocker.execute("ROLLBACK")
        assert store.append(run, "0", fact("note", {"text": "written"})).seq == 2
        assert store.check() == []
    blocker.close()


@pytest.mark.parametrize("keep", [17, 100, 4096, 20_000, -4096, -1])
def test_a_truncated_database(folder: Path, used: Path, keep: int) -> None:
    content = used.read_bytes()
    used.write_bytes(content[:keep])
    with pytest.raises(StoreError, match="is damaged or is not a database"):
        Store(folder)
    assert used.read_bytes() == content[:keep]


@pytest.mark.parametrize("content", [b"garbage " * 1000, b"x", b"%PDF-1.7\n" + bytes(8192)])
def test_a_file_that_is_no_database(folder: Path, content: bytes) -> None:
    folder.mkdir()
    (folder / FILE_NAME).write_bytes(content)
    with pytest.raises(StoreError, match="is damaged or is not a database"):
        Store(folder)
    assert (folder / FILE_NAME).read_bytes() == content


def test_what_cannot_be_read_is_not_called_damaged(folder: Path) -> None:
    (folder / FILE_NAME).mkdir(parents=True)
    with pytest.raises(StoreError, match=r"cannot be written|could not be written or read") as told:
        Store(folder)
    assert "Move it away" not in str(told.value)


def test_damage_in_the_middle_is_a_sentence_when_it_is_met(folder: Path, used: Path) -> None:
    content = bytearray(used.read_bytes())
    content[20 * 4096 : -4096] = os.urandom(len(content) - 21 * 4096)
    used.write_bytes(content)
    with pytest.raises(StoreError, match="damaged"), Store(folder) as store:
        store.check()


def test_a_database_from_a_newer_version(folder: Path, used: Path) -> None:
    with sqlite3.connect(used) as db:
        db.execute(
            "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('taproot', 'm999_later', 'x')"
        )
    db.close()
    content = used.read_bytes()
    with pytest.raises(StoreError, match=r"newer version of Taproot \(step m999_later\). Update Taproot"):
        Store(folder)
    assert used.read_bytes() == content


@pytest.mark.parametrize("statement", ["CREATE TABLE notes (x)", "PRAGMA application_id = 77"])
def test_a_database_of_another_program(folder: Path, statement: str) -> None:
    folder.mkdir()
    with sqlite3.connect(folder / FILE_NAME) as db:
        db.execute(statement)
    db.close()
    with pytest.raises(StoreError, match="database of another program"):
        Store(folder)


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        Store(tmp_path / "file" / "data")


def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    program = (
        "import os, sys; from pathlib import Path; from engine.errors import StoreError; from engine.store import Store\n"
        "if os.getuid() == 0: os.setgid(65534); os.setuid(65534)\n"
        "try: Store(Path(sys.argv[1]))\n"
        "except StoreError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", program, closed / "data"], capture_output=True, text=True)
    assert "cannot be written" in done.stdout and "TAPROOT_DATA" in done.stdout, done.stderr


def test_a_full_disk_and_going_on_when_there_is_space_again(store: Store) -> None:
    run = begin(store)

    def limit(pages: int) -> None:
        store._writer.submit(lambda db: db.execute(f"PRAGMA max_page_count = {pages}"), "alone").result()

    limit(1)  # SQLite raises this to the present size: the next page does not fit
    with pytest.raises(StoreError, match="is full"):
        for _ in range(200):
            store.append(run, "0", fact("note", {"text": "x" * 2000}))
    before = len(store.events(run))
    with pytest.raises(StoreError, match="is full"):
        store.append(run, "0", fact("cell_started", {"cell": 1, "turn": 1, "code": "y" * 200_000}))
    assert len(store.events(run)) == before and store.check() == []
    store.append(run, "0", fact("output", {"cell": 1, "output": {"text": "z" * 60_000}}))
    with contextlib.suppress(StoreError):  # raised if it shares the commit that fails
        store.flush()
    with pytest.raises(StoreError, match=r"Outputs of the run .* is full"):
        store.append(run, "0", fact("cell_finished", {"cell": 1, "status": "ok"}))
    limit(1_000_000)
    assert store.append(run, "0", fact("note", {"text": "space again"})).seq == before + 1
    assert store.check() == []


def test_a_write_that_the_system_refuses(folder: Path, start: Start) -> None:
    Store(folder).close()
    process = start(folder, "limit", 2_000_000)
    lines = process.communicate(timeout=60)[0].splitlines()
    seen = [int(line) for line in lines if line.isdigit()]
    sentence, readable = lines[-2:]
    assert str(folder) in sentence and "nothing was written" in sentence
    assert readable == f"{seen[-1]} []", lines[-3:]
    with Store(folder) as store:
        assert store.check() == []


def test_everything_is_private(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old = os.umask(0)
    try:
        with Store(folder) as store:
            tell(store, begin(store))
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
            assert modes == {FILE_NAME: 0o600, f"{FILE_NAME}-wal": 0o600, f"{FILE_NAME}-shm": 0o600}
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
            assert stat.S_IMODE(store.corpora_dir.stat().st_mode) == 0o700
    finally:
        os.umask(old)


def test_what_others_could_read_is_closed_to_them(folder: Path, used: Path) -> None:
    folder.chmod(0o755)
    used.chmod(0o644)
    Store(folder).close()
    assert (stat.S_IMODE(folder.stat().st_mode), stat.S_IMODE(used.stat().st_mode)) == (0o700, 0o600)


def test_opening_a_store_gives_up_no_lock_that_this_process_holds(folder: Path, used: Path) -> None:
    with contextlib.closing(sqlite3.connect(used)) as reader:
        reader.execute("SELECT count(*) FROM event").fetchone()
        log = used.with_name(f"{FILE_NAME}-wal")
        assert log.exists()
        with Store(folder) as store:
            run = begin(store)
        other = (
            "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); "
            "db.execute('CREATE TABLE IF NOT EXISTS other (x)'); db.commit(); db.close()"
        )
        subprocess.run([sys.executable, "-c", other, str(used)], check=True, timeout=60)
        assert log.exists()  # who closes last removes it, and that is not the other process
        assert reader.execute("SELECT count(*) FROM event WHERE run = ?", (run,)).fetchone() == (1,)
