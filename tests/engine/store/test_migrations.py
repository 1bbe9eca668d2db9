import sqlite3
import stat
from pathlib import Path

import pytest
from sqlite_utils import Migrations

from engine.store import Store, migrations
from tests.engine.store.conftest import begin, tell


@pytest.fixture
def next_version(monkeypatch: pytest.MonkeyPatch) -> Migrations:
    """A version of Taproot that knows one more step."""
    later = Migrations(migrations.migrations.name)
    for step in migrations.migrations._migrations:
        later(name=step.name)(step.fn)

    @later()
    def m002_more(db) -> None:
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
        assert migrations.applied(db) == ["m001_events_and_projections"]
        assert db.execute("SELECT count(*) FROM event").fetchone() == (14,)
        assert "colour" not in [row[1] for row in db.execute("PRAGMA table_info(corpus)")]


def test_a_step_that_fails_leaves_the_database_as_it_was(folder: Path, next_version: Migrations) -> None:
    @next_version()
    def m003_broken(db) -> None:
        db.conn.execute("CREATE TABLE half (x)")
        raise RuntimeError("broken step")

    with pytest.raises(RuntimeError, match="broken step"):
        Store(folder)
    with sqlite3.connect(folder / "taproot.db") as db:
        assert db.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
