"""Linked folders: what is said when they are read again, by hand, by command or by watching; old runs keep what they saw."""

from __future__ import annotations

import json
import shutil
import threading
import time
from pathlib import Path

import pytest

from app.command_line.main import run
from app.library.service import Library
from app.library.watching import Looker, Watching
from engine.errors import InputError, StoreError
from engine.store import Store
from tests.app.desk import until
from tests.app.library.opened import add, done, open_library
from tests.engine.conftest import fill
from tests.engine.store.conftest import begin, tell


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "letters"
    fill(folder, {f"{n}.txt": f"letter {n}" for n in range(20)})
    return folder


def shuffle(folder: Path) -> None:
    """3 added, 1 changed, 1 moved, 2 gone, 16 as before."""
    fill(folder, {"new/a.txt": "a", "new/b.txt": "b", "new/c.txt": "c", "0.txt": "changed"})
    (folder / "1.txt").rename(folder / "new/one.txt")
    (folder / "2.txt").unlink()
    (folder / "3.txt").unlink()


def test_what_changed_is_said_in_a_sentence(library: Library, folder: Path) -> None:
    first = add(library, folder)
    shuffle(folder)
    job = done(library, library.rescan(first["card"]))
    assert job.message == "3 added, 1 changed, 1 moved, 2 gone, 16 as before; 21 documents read."
    card = library.card(first["card"])
    assert card["changes"]["moved"] == {"count": 1, "names": ["1.txt → new/one.txt"]}
    assert card["changes"]["same"]["count"] == 16


def test_a_run_keeps_the_version_that_it_saw(library: Library, store: Store, folder: Path) -> None:
    first = add(library, folder)
    name = begin(store, corpus=first["id"], question="Who wrote?")
    tell(store, name, "x")
    for step in range(3):
        fill(folder, {"0.txt": f"changed {step}"})
        done(library, library.rescan(first["card"]))
    card = library.card(first["card"])
    assert card["versions"] == [first["id"], card["id"]]  # those between were seen by nobody
    assert store.run(name)["corpus"] == first["id"]
    assert library.documents.text(first["id"], 0)["text"][0][2] == "letter 0"
    assert library.documents.text(card["id"], 0)["text"][0][2] == "changed 2"


def test_the_command_reads_again_by_id_beginning_or_name(
    library: Library, store: Store, folder: Path, data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = add(library, folder)
    shuffle(folder)
    assert run(["rescan", first["id"][:8], "--json", "--data", str(data_dir)]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["message"].startswith("3 added, 1 changed, 1 moved, 2 gone, 16 as before")
    assert said["card"] == first["card"] and library.card(first["card"])["id"] == said["id"]
    assert run(["rescan", "letters", "--data", str(data_dir)]) == 0
    assert "Nothing has changed since it was read last." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nothing"], "There is no corpus 'nothing'; `corpora` lists what is stored."),
        ([""], "There is no corpus ''"),
        (["letters"], "letters stays as it was read last."),
    ],
)
def test_the_command_says_why_it_cannot(
    library: Library,
    folder: Path,
    data_dir: Path,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    said: str,
) -> None:
    add(library, folder)
    folder.rename(folder.with_name("elsewhere"))
    assert run(["rescan", *words, "--data", str(data_dir)]) == 2
    assert said in capsys.readouterr().err


def test_two_corpora_of_one_name_are_told_apart_by_id(
    library: Library, folder: Path, tmp_path: Path, data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add(library, folder)
    fill(tmp_path / "other", {"a.txt": "other"})
    second = add(library, tmp_path / "other", name="letters")
    assert run(["rescan", "letters", "--data", str(data_dir)]) == 2
    assert second["id"] in capsys.readouterr().err


def test_two_corpora_of_the_same_documents_are_told_apart_too(
    library: Library, folder: Path, tmp_path: Path, data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = add(library, folder)
    shutil.copytree(folder, tmp_path / "copy" / "letters")
    second = add(library, tmp_path / "copy" / "letters")
    assert run(["rescan", "letters", "--data", str(data_dir)]) == 2
    told = capsys.readouterr().err.rsplit(": ", 1)[1].rstrip(".\n").split(", ")
    assert {*told} == {first["card"], second["card"]}
    fill(tmp_path / "copy" / "letters", {"new.txt": "new"})
    assert run(["rescan", second["card"], "--data", str(data_dir)]) == 0
    assert "1 added" in capsys.readouterr().out


def test_a_change_is_told_once_and_only_when_it_has_come_to_rest(folder: Path, tmp_path: Path) -> None:
    from engine.documents.ingest import ingest

    corpora = tmp_path / "corpora"
    ingest([folder], corpora)
    looker = Looker([str(folder)], corpora)
    assert [looker.changed() for _ in range(3)] == [False, False, False]
    fill(folder, {"new.txt": "n"})
    assert looker.changed() is False  # it may still be written
    fill(folder, {"new.txt": "new"})
    assert looker.changed() is False
    assert [looker.changed() for _ in range(3)] == [True, False, False]
    ingest([folder], corpora)
    (folder / "0.txt").touch()  # another time, the same content
    assert [looker.changed() for _ in range(3)] == [False, False, False]
    folder.rename(folder.with_name("away"))
    assert looker.changed() is False


def test_a_watched_card_is_read_again_by_itself_until_it_is_not_watched(
    store: Store, data_dir: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Watching.__init__, "__defaults__", (0.05,))
    library = open_library(store, data_dir)
    first = add(library, folder)
    assert first["watched"] is False and library.watch(first["card"], True)["watched"] is True
    fill(folder, {"new.txt": "new"})
    until(lambda: library.card(first["card"])["documents"] == 21)
    library.close()

    again = open_library(store, data_dir)  # it is remembered
    assert again.card(first["card"])["watched"] is True
    (folder / "new.txt").unlink()
    until(lambda: again.card(first["card"])["documents"] == 20)
    assert again.watch(first["card"], False)["watched"] is False
    until(lambda: not again.watching._lookers)  # a look that was under way is over
    looks: list[object] = []
    monkeypatch.setattr("app.library.watching.look", lambda *args, **rest: looks.append(args))
    (folder / "more.txt").write_text("more")
    again.watching._wake.set()
    until(lambda: not again.watching._wake.is_set())
    again.close()
    assert looks == []


def test_an_upload_is_not_watched_and_a_deleted_card_no_longer(library: Library, folder: Path) -> None:
    from tests.app.library.opened import send

    upload = library.begin_upload()["upload"]
    send(library, upload, {"a.txt": b"one"})
    card = done(library, library.finish_upload(upload)).result["card"]
    with pytest.raises(InputError, match="were uploaded, so there is no folder"):
        library.watch(card, True)
    first = add(library, folder)
    library.watch(first["card"], True)
    library.delete(first["card"])
    assert not library.watching.has(first["card"])


def test_watching_outlives_a_database_that_cannot_be_read(
    store: Store, data_dir: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Watching.__init__, "__defaults__", (0.05,))
    library = open_library(store, data_dir)
    card = add(library, folder)["card"]
    library.watch(card, True)
    fails: list[int] = []

    def locked() -> None:
        fails.append(1)
        raise StoreError("The database is locked.")

    with monkeypatch.context() as broken:
        broken.setattr(store, "collections", locked)
        until(lambda: bool(fails))
    fill(folder, {"new.txt": "new"})
    until(lambda: library.card(card)["documents"] == 21)
    library.close()


def test_the_command_watches_on_past_an_empty_folder_and_brings_nothing_deleted_back(
    store: Store,
    data_dir: Path,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    library = open_library(store, data_dir)
    card = add(library, folder)["card"]
    library.close()
    told: list[str] = []

    def empty() -> None:
        for file in folder.iterdir():
            file.unlink()

    steps = [empty, lambda: None, lambda: None, lambda: fill(folder, {"a.txt": "a"}), lambda: None]
    steps += [
        lambda: None,
        lambda: None,
        lambda: (store.delete_collection(card), fill(folder, {"b.txt": "b"})),
    ]

    def sleep(seconds: float) -> None:
        captured = capsys.readouterr()
        told.append(captured.out + captured.err)
        (steps.pop(0) if steps else lambda: None)()
        assert len(told) < 20

    real, here = time.sleep, threading.current_thread()  # other threads sleep as ever
    monkeypatch.setattr("time.sleep", lambda s: (sleep if threading.current_thread() is here else real)(s))
    assert run(["rescan", "letters", "--watch", "--data", str(data_dir)]) == 2
    said = "".join(told)
    assert "holds no files" in said and "1 added, 20 gone" in said
    assert "letters was deleted, so it is not watched any more." in capsys.readouterr().err
    assert store.collections() == [] and store.corpora() == []


def test_a_folder_that_is_added_twice_at_once_has_one_card(library: Library, folder: Path) -> None:
    jobs = [library.add([str(folder)]) for _ in range(2)]
    cards = {done(library, job).result["card"] for job in jobs}
    assert cards == {card["card"] for card in library.cards()} and len(cards) == 1
