"""A data folder with a real run, backed up while it is written to, and restored elsewhere."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from app import preferences
from app.library import watching
from app.notes import service as notes
from engine.backup import restore, size, write
from engine.corpus import Corpus
from engine.documents.ingest import ingest
from engine.errors import Cancelled, InputError, StoreError
from engine.stop import Stop
from engine.store import Store
from tests.engine.events.facts import fact
from tests.engine.store.conftest import begin, tell
from tests.engine.store.stored import STORED, lay_out

LIMITED = """
import resource, sys
from pathlib import Path
from engine.backup import write
from engine.errors import StoreError
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), int(sys.argv[3])))
try:
    write(Path(sys.argv[1]), Path(sys.argv[2]))
except StoreError as error:
    print(error)
"""

REMEMBERED = (preferences.FILE, watching.FILE, notes.FILE)  # by the app, beside the database


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A corpus, an uploaded file, a finished run with an image and a large text, and preferences."""
    papers = tmp_path / "papers"
    papers.mkdir()
    (papers / "lease.txt").write_text("The notice period is six months.\n")
    folder = tmp_path / "data"
    with Store(folder) as store:
        info = ingest([papers], store.corpora_dir)
        store.save_corpus(
            {"id": info.id, "name": "papers", "documents": 1, "path": str(info.path), "skipped": []}
        )
        row = {"collection": "c1", "kind": "upload", "name": "sent", "sources": []}
        store.save_version(row, {"id": info.id, "name": "papers", "path": str(info.path)}, None)
        run = begin(store, corpus=info.id)
        store.append(run, "0", fact("note", {"text": "long " * 40_000}))
        tell(store, run)
    (folder / "uploads" / "c1").mkdir(parents=True)
    (folder / "uploads" / "c1" / "lease.txt").write_text("The notice period is six months.\n")
    for name in REMEMBERED:
        (folder / name).write_text('{"cards": ["c1"]}')
    return folder


def test_a_backup_made_while_others_write_is_whole(data: Path, tmp_path: Path) -> None:
    target, done = tmp_path / "all.zip", threading.Event()
    with Store(data) as store:
        live = begin(store)

        def go_on() -> None:
            while not done.is_set():
                store.append(live, "0", fact("note", {"text": "still at work"}))

        thread = threading.Thread(target=go_on)
        thread.start()
        try:
            written = write(data, target)
        finally:
            done.set()
            thread.join()
        original = {row["run"]: store.events(row["run"]) for row in store.runs()}
        del original[live]
    assert (written.runs, written.corpora) == (2, 1) and written.bytes == target.stat().st_size
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    shutil.rmtree(data)
    found = restore(target, tmp_path / "elsewhere" / "data")
    assert (found["runs"], found["corpora"], found["created"]) == (2, 1, written.created)
    with Store(tmp_path / "elsewhere" / "data") as store:
        assert store.check() == []
        assert {run: store.events(run) for run in original} == original
        assert store.run(live)["status"] == "interrupted"  # though its program still lives
        path = Path(store.corpora()[0]["path"])
        assert path.is_relative_to(tmp_path / "elsewhere") and Corpus.open(path)[0].startswith("The notice")
    assert (tmp_path / "elsewhere/data/uploads/c1/lease.txt").read_text().startswith("The notice")
    for name in REMEMBERED:
        assert (tmp_path / "elsewhere" / "data" / name).read_text() == '{"cards": ["c1"]}'
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".")] == []


def test_a_backup_unpacked_by_hand_is_a_data_folder(data: Path, tmp_path: Path) -> None:
    write(data, tmp_path / "all.zip")
    zipfile.ZipFile(tmp_path / "all.zip").extractall(tmp_path / "unpacked")
    shutil.rmtree(data)
    with Store(tmp_path / "unpacked") as store:
        assert store.check() == [] and Corpus.open(Path(store.corpora()[0]["path"]))[0].name == "lease.txt"


@pytest.mark.parametrize("name", STORED)
def test_a_data_folder_of_an_older_version_is_backed_up_as_it_is(tmp_path: Path, name: str) -> None:
    old = lay_out(name, tmp_path / "old")
    written = write(old, tmp_path / "taproot.db")  # a name that the copy of the database has as well
    with Store(old) as store:
        assert restore(tmp_path / "taproot.db", tmp_path / "new")["runs"] == written.runs == len(store.runs())


def test_nothing_is_written_over_without_force(data: Path, tmp_path: Path) -> None:
    target = tmp_path / "all.zip"
    target.write_text("precious")
    with pytest.raises(
        InputError, match=r"exists already. Choose another name, or write over it with --force"
    ):
        write(data, target)
    assert target.read_text() == "precious"
    assert write(data, target, force=True).runs == 1 and zipfile.is_zipfile(target)


def test_places_that_are_refused(data: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="lies in the data folder itself"):
        write(data, data / "all.zip")
    with pytest.raises(InputError, match="There is no folder"):
        write(data, tmp_path / "nowhere" / "all.zip")
    with pytest.raises(InputError, match="is a folder"):
        write(data, tmp_path)
    with pytest.raises(InputError, match="There is nothing to back up"):
        write(tmp_path / "new", tmp_path / "all.zip")


@pytest.mark.parametrize(
    ("bytes_free", "said"),
    [(100_000, "Check that the disk is not full"), (600_000, "is full. Free some space")],
)
def test_a_full_disk_is_a_sentence_and_leaves_nothing(
    data: Path, tmp_path: Path, bytes_free: int, said: str
) -> None:
    """A limit on the size of files fails as a full disk does: in the copy of the database, or in the ZIP."""
    place = tmp_path / "disk"
    place.mkdir()
    (data / "uploads" / "c1" / "noise.bin").write_bytes(os.urandom(1_000_000))
    with Store(data) as store:
        store.integrity()
    command = [sys.executable, "-c", LIMITED, str(data), str(place / "all.zip"), str(bytes_free)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert said in done.stdout and "nothing was left there" in done.stdout, done.stderr
    assert [*place.iterdir()] == []


def test_restoring_writes_over_nothing(data: Path, tmp_path: Path) -> None:
    write(data, tmp_path / "all.zip")
    with pytest.raises(InputError, match="holds something already"):
        restore(tmp_path / "all.zip", data)
    (tmp_path / "empty").mkdir()
    assert restore(tmp_path / "all.zip", tmp_path / "empty")["runs"] == 1


def test_a_damaged_backup_is_refused_whole(data: Path, tmp_path: Path) -> None:
    target, new = tmp_path / "all.zip", tmp_path / "new"
    write(data, target)
    good = target.read_bytes()
    with zipfile.ZipFile(target) as archive:
        largest = max(archive.infolist(), key=lambda entry: entry.compress_size)
    start = (
        largest.header_offset + 30 + len(largest.filename)
    )  # of its content: what it is called stands before
    for at in (start + largest.compress_size // 3, start + largest.compress_size // 2):
        target.write_bytes(good[:at] + bytes([good[at] ^ 0xFF]) + good[at + 1 :])
        with pytest.raises(StoreError, match=r"is damaged|could not be restored"):
            restore(target, new)
    for bad in (good[: len(good) // 2], b"no archive"):
        target.write_bytes(bad)
        with pytest.raises(InputError, match="is no backup of Taproot, or its end is missing"):
            restore(target, new)
    assert not new.exists() and [one for one in tmp_path.iterdir() if one.name.startswith(".")] == []
    with pytest.raises(InputError, match="There is no file"):
        restore(tmp_path / "gone.zip", new)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("corpora/../../evil", "which no backup"),
        ("/etc/evil", "which no backup"),
        ("corpora/c/..\\evil", "which no backup"),
        ("taproot.db-wal", "which no backup"),
        ("corpora/x", "which no backup"),
    ],
)
def test_a_forged_backup_writes_nowhere_else(data: Path, tmp_path: Path, name: str, why: str) -> None:
    target = tmp_path / "all.zip"
    write(data, target)
    with zipfile.ZipFile(target, "a") as archive:
        archive.writestr(name, "evil")
    with pytest.raises(InputError, match=why):
        restore(target, tmp_path / "new")
    assert not (tmp_path / "new").exists() and [*tmp_path.rglob("evil*")] == []


def test_a_zip_that_is_no_backup_and_one_of_a_newer_version(tmp_path: Path) -> None:
    odd = ({"created": "x"}, {"created": 1e300}, {"names": 5}, {"names": [1]}, {"names": None})
    plain = {"format": 1, "created": 1.0, "names": []}
    for content, why in (
        ("{}", "is no backup"),
        ("[" * 100_000, "is no backup"),
        *((json.dumps(plain | one), "is no backup") for one in odd),
        (json.dumps(plain | {"format": 9}), "newer version"),
    ):
        with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
            archive.writestr("backup.json", content)
        with pytest.raises(InputError, match=why):
            restore(tmp_path / "all.zip", tmp_path / "new")


def test_a_backup_that_lacks_a_file_is_refused(data: Path, tmp_path: Path) -> None:
    write(data, tmp_path / "all.zip")
    with zipfile.ZipFile(tmp_path / "all.zip") as whole, zipfile.ZipFile(tmp_path / "part.zip", "w") as part:
        for entry in whole.infolist():
            if not entry.filename.startswith("uploads/"):
                part.writestr(entry, whole.read(entry))
    with pytest.raises(StoreError, match=r"is not whole: uploads/c1/lease\.txt is missing"):
        restore(tmp_path / "part.zip", tmp_path / "new")


def repacked(data: Path, tmp_path: Path, change: str = "") -> Path:
    """A backup whose database was changed by an SQL statement, and that is not compressed."""
    made, database = tmp_path / "changed.zip", tmp_path / "changed.db"
    write(data, tmp_path / "plain.zip", force=True)
    with zipfile.ZipFile(tmp_path / "plain.zip") as whole, zipfile.ZipFile(made, "w") as archive:
        for name in whole.namelist():
            inside = whole.read(name)
            if name == "taproot.db" and change:
                database.write_bytes(inside)
                with sqlite3.connect(database) as db:
                    db.execute(change)
                db.close()
                inside = database.read_bytes()
            archive.writestr(name, inside)
    return made


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("UPDATE _sqlite_migrations SET name = 'm999_later' WHERE name LIKE 'm010%'", "by a newer version"),
        ("PRAGMA application_id = 7", "of another program"),
    ],
)
def test_a_database_that_cannot_be_opened_here_leaves_no_folder(
    data: Path, tmp_path: Path, change: str, why: str
) -> None:
    with pytest.raises(StoreError, match=why):
        restore(repacked(data, tmp_path, change), tmp_path / "new")
    assert not (tmp_path / "new").exists()
    assert restore(tmp_path / "plain.zip", tmp_path / "new")["runs"] == 1


@pytest.mark.parametrize(
    ("at", "byte", "why"),
    [
        (8, 1, "is encrypted or packed in a way"),
        (10, 99, "is encrypted or packed in a way"),
        (10, 14, "is damaged"),
    ],
)
def test_entries_that_cannot_be_unpacked_are_refused(
    data: Path, tmp_path: Path, at: int, byte: int, why: str
) -> None:
    file = repacked(data, tmp_path)
    content = bytearray(file.read_bytes())
    content[content.rfind(b"PK\x01\x02") + at] = byte  # in the directory at the end, of the last entry
    file.write_bytes(content)
    with pytest.raises((InputError, StoreError), match=why):
        restore(file, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_backup_that_unpacks_to_more_than_the_disk_holds_is_refused_first(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = repacked(data, tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=1000))
    with pytest.raises(StoreError, match=r"has 1,000 free\. Free some space"):
        restore(file, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_it_says_how_far_it_is_and_a_stop_leaves_nothing(data: Path, tmp_path: Path) -> None:
    target, heard = tmp_path / "out" / "all.zip", []
    target.parent.mkdir()
    written = write(data, target, progress=lambda done, of: heard.append((done, of)))
    done, of = heard[-1]
    assert done == of and [*heard] == sorted(heard) and len(heard) == written.files
    with zipfile.ZipFile(target) as archive:
        packed = [entry for entry in archive.infolist() if entry.filename != "backup.json"]
    assert of == sum(entry.file_size for entry in packed) and all(entry.compress_type for entry in packed)
    assert written.bytes < size(data) and abs(size(data) - of) < 1 << 20  # a database shrinks as it is copied

    stop = Stop()
    with pytest.raises(Cancelled):
        write(data, target, force=True, progress=lambda done, of: stop.request(), stop=stop)
    assert [*target.parent.iterdir()] == [target] and target.stat().st_size == written.bytes
