import sqlite3
import stat
from pathlib import Path

import pytest
from sqlite_utils import Migrations

from engine.store import Store
from engine.store.database import migrations
from tests.engine.events.facts import fact
from tests.engine.store.conftest import begin, tell


@pytest.fixture
def next_version(monkeypatch: pytest.MonkeyPatch) -> Migrations:
    """A version of Taproot that knows one more step."""
    later = Migrations(migrations.migrations.name)
    for step in migrations.migrations._migrations:
        later(name=step.name)(step.fn)

    @later()
    def m003_more(db) -> None:
        db.conn.execute("ALTER TABLE corpus ADD COLUMN colour TEXT")

    monkeypatch.setattr(migrations, "migrations", later)
    return later


def test_a_fresh_folder_has_all_steps_and_no_backup(store: Store, folder: Path) -> None:
    with sqlite3.connect(folder / "taproot.db") as db:
        assert migrations.applied(db) == migrations.known()
        assert db.execute("PRAGMA application_id").fetchone() == (migrations.APPLICATION_ID,)
    assert not (folder / "backups").exists()


def test_a_backup_is_made_before_a_migration(folder: Path, request: pytest.FixtureRequest) -> None:
    with Store(folder) as store:
        run = begin(store)
        tell(store, run)
    request.getfixturevalue("next_version")
    older = folder / "backups" / "taproot-20200101-000000.db"
    older.parent.mkdir()
    older.write_bytes(b"an older backup")
    with Store(folder) as store:
        assert store.check() == [] and store.run(run)["status"] == "answered"
    (backup,) = (folder / "backups").iterdir()
    assert backup != older and stat.S_IMODE(backup.stat().st_mode) == 0o600
    with sqlite3.connect(backup) as db:
        assert migrations.applied(db) == migrations.known()[:-1]
        assert db.execute("SELECT count(*) FROM event").fetchone() == (14,)
        assert "colour" not in [row[1] for row in db.execute("PRAGMA table_info(corpus)")]


def test_a_run_of_a_version_without_agreement_is_read_as_unknown(folder: Path) -> None:
    with Store(folder) as store:
        run = begin(store)
        tell(store, run)
    with sqlite3.connect(folder / "taproot.db") as db:
        db.execute("ALTER TABLE run DROP COLUMN agreement")
        db.execute("DELETE FROM _sqlite_migrations WHERE name = 'm007_agreement'")
    with Store(folder) as store:
        assert store.check() == [] and store.run(run)["agreement"] is None
        later = begin(store)
        store.append(
            later, "0", fact("run_finished", {"status": "answered", "agreement": {"status": "stated"}})
        )
        assert store.run(later)["agreement"] == {"status": "stated"} and store.check() == []


def test_a_step_that_fails_leaves_the_database_as_it_was(folder: Path, next_version: Migrations) -> None:
    @next_version()
    def m004_broken(db) -> None:
        db.conn.execute("CREATE TABLE half (x)")
        raise RuntimeError("broken step")

    with pytest.raises(RuntimeError, match="broken step"):
        Store(folder)
    with sqlite3.connect(folder / "taproot.db") as db:
        assert db.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)


def test_a_database_of_the_first_release_gets_its_sessions_and_its_search(folder: Path) -> None:
    long = "meridian " * 10_000  # kept as a blob
    with Store(folder) as store:
        run, other = begin(store), begin(store, "Who owns the quarry?")
        tell(store, run, "basalt")
        store.append(other, "0", fact("cell_started", {"cell": 1, "turn": 1, "code": long}))
        store.append(other, "0", fact("run_finished", {"status": "answered", "answer": "nobody"}))
    with sqlite3.connect(folder / "taproot.db") as db:  # as the first release left it
        for statement in (
            "DROP TABLE trace",
            "DROP TABLE search",
            "DROP TABLE title",
            "DROP INDEX event_by_node",
            "DROP INDEX run_by_session",
            "ALTER TABLE run DROP COLUMN session",
            "ALTER TABLE run DROP COLUMN follows",
            "DELETE FROM _sqlite_migrations WHERE name IN ('m002_sessions_and_search', 'm004_trace')",
        ):
            db.execute(statement)
    with Store(folder) as store:
        assert store.check() == []
        assert (store.run(run)["session"], store.run(run)["follows"]) == (run, None)
        assert {hit.kind for hit in store.find("basalt", 10)} <= {"question", "answer", "code", "output"}
        assert [hit.run for hit in store.find("quarry", 10)] == [other]
        assert [hit.kind for hit in store.find("meridian", 10)] == ["code"]
        assert [seq for seq, _ in store.trace(other)] == [1, 2, 3]
    assert len(list((folder / "backups").iterdir())) == 1
