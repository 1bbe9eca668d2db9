"""The library without a browser: cards, jobs, versions, and what deletion leaves behind."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from app.errors import Conflict, NotFound
from app.library.service import Library
from engine.errors import InputError
from engine.store import Store
from tests.app.desk import until
from tests.app.library.opened import add, done, hold_readings, send
from tests.engine.conftest import LEASE, fill
from tests.engine.sandbox.as_user import run_as_user
from tests.engine.store.conftest import begin, tell
from tests.engine.store.test_delete import holding

CANARY = "quetzal-8842-marzipan"


# --- folders in place -----------------------------------------------------------------------------------


def test_a_folder_becomes_a_card(library: Library, papers: Path) -> None:
    job = done(library, library.add([f'  "{papers}" ']))
    (card,) = library.cards()
    assert job.result == {"card": card["card"], "id": card["id"], "changes": None, "unchanged": False}
    assert job.message == "3 documents read, 1 file left out."
    assert job.problems == [{"path": "logo.png", "reason": "it is an image (PNG), not text"}]
    assert (job.files, job.files_total, job.eta) == (4, 4, None)
    expected = {"name": "papers", "kind": "folder", "sources": [str(papers)], "documents": 3, "problems": 1}
    assert {key: card[key] for key in expected} == expected
    assert card["bytes"] == sum(f.stat().st_size for f in papers.rglob("*") if f.is_file())
    assert library.card(card["id"]) == card and library.info(card["card"]).documents == 3
    until(lambda: library._hub.told[-1][1].get("state") == "done")  # it is told after it is so
    kinds = [kind for kind, _ in library._hub.told]
    assert kinds[0] == kinds[-1] == "progress" and "corpora" in kinds


def test_a_changed_folder_is_a_new_version_of_the_same_card(library: Library, papers: Path) -> None:
    first = add(library, papers, name="Case")
    fill(papers, {"mail/a.txt": "changed", "new.txt": "new"})
    (papers / "mail" / "b.txt").unlink()
    job = done(library, library.rescan(first["card"]))
    card = library.card(first["card"])
    assert (
        job.result["changes"]
        == card["changes"]
        == {
            "added": {"count": 1, "names": ["new.txt"]},
            "changed": {"count": 1, "names": ["mail/a.txt"]},
            "moved": {"count": 0, "names": []},
            "removed": {"count": 1, "names": ["mail/b.txt"]},
            "same": {"count": 2, "names": []},
        }
    )
    assert job.message.startswith("1 added, 1 changed, 1 gone, 2 as before; ")
    assert (card["name"], card["number"], len(library.cards())) == ("Case", 2, 1)
    assert card["id"] != first["id"] and card["versions"] == [card["id"]]  # no question used the first
    assert library.card(first["id"])["card"] == card["card"]


def test_an_unchanged_folder_is_reused_however_it_is_read_again(library: Library, papers: Path) -> None:
    first = add(library, papers)
    jobs = [library.rescan(first["id"])]
    done(library, jobs[0])
    jobs.append(library.add([str(papers) + "/", f"file://{papers}"]))
    for job in jobs:
        assert (
            done(library, job).result["unchanged"]
            and job.message == "Nothing has changed since it was read last."
        )
    assert library.cards() == [first]


def test_a_version_that_a_run_used_stays_and_opens(library: Library, store: Store, papers: Path) -> None:
    first = add(library, papers)
    run = begin(store, corpus=first["id"], question="Who pays?")
    tell(store, run, "x")
    fill(papers, {"lease.md": "gone"})
    done(library, library.rescan(first["card"]))
    card = library.card(first["card"])
    assert card["versions"] == [first["id"], card["id"]] and card["runs"] == 1
    assert [q["question"] for q in card["questions"]] == ["Who pays?"]
    assert library.corpus(first["id"]) == first["id"] and library.corpus(card["card"]) == card["id"]
    assert "notice period" in str(library.documents.text(first["id"], 0)["text"])
    assert "notice period" not in str(library.documents.text(card["id"], 0)["text"])


def test_a_copied_folder_is_a_card_of_its_own_with_the_same_text(
    library: Library, papers: Path, tmp_path: Path
) -> None:
    first = add(library, papers)
    shutil.copytree(papers, tmp_path / "copy")
    job = done(library, library.add([str(tmp_path / "copy")]))
    assert job.message.endswith(" papers holds the same documents.")
    assert [card["name"] for card in library.cards()] == ["copy", "papers"]
    assert library.before_delete(job.result["card"])["shared_with"] == ["papers"]
    receipt = library.delete(job.result["card"])
    assert receipt["kept"] == [first["id"]] and receipt["shared_with"] == ["papers"]
    assert library.documents.text(first["id"], 0)["rows"] > 1


def test_what_the_command_line_read_has_a_card_too(library: Library, store: Store, papers: Path) -> None:
    from engine.documents.ingest import ingest, to_json

    store.save_corpus(to_json(ingest([papers], store.corpora_dir)))
    (card,) = library.cards()
    fill(papers, {"more.txt": "more"})
    assert done(library, library.add([str(papers)])).result["card"] == card["card"]


# --- bad input ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/nowhere/at all", "There is no file or folder /nowhere/at all"),
        ("papers", "papers is not a whole path. Write it from the top"),
        ("", "No path was given"),
        ("  ''", "No path was given"),
        ("/dev/null", "neither a file nor a folder"),
        ("/a\0b", "a character that no path has"),
        ("/" + "x" * 300, "cannot be opened"),
    ],
)
def test_a_path_that_cannot_be_added_is_refused_at_once(library: Library, path: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        library.add([path])
    assert library.jobs.list() == [] and library.cards() == []


def test_taproots_own_folder_is_not_added_and_not_read_along(
    library: Library, data_dir: Path, tmp_path: Path
) -> None:
    for path in (data_dir, data_dir / "corpora"):
        path.mkdir(exist_ok=True)
        with pytest.raises(InputError, match="Taproot's own data folder"):
            library.add([str(path)])
    (tmp_path / "a.txt").write_text("one")
    card = add(library, tmp_path)
    assert card["documents"] == 1
    assert card["notices"] == ["data holds Taproot's own data and was left out."]


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({}, "holds no files"),
        ({".hidden": "x"}, r"holds no files \(1 hidden ones were left out\)"),
        ({"x.png": b"\x89PNG\r\n\0\1"}, "holds no file that can be read. x.png: it is an image"),
    ],
)
def test_a_folder_with_nothing_to_read_fails_with_the_reason(
    library: Library, tmp_path: Path, files, reason: str
) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    fill(folder, files)
    job = library.jobs.wait(library.add([str(folder)]).job)
    assert job.state == "failed" and library.cards() == []
    with pytest.raises(InputError, match=reason):
        raise InputError(job.message)


UNPRIVILEGED = """
import os, pathlib, sys
from types import SimpleNamespace
from app.library.service import Library
from engine.store import Store
base = pathlib.Path(sys.argv[1])
(base / "locked").mkdir()
(base / "locked").chmod(0)
with Store(base / "data") as store:
    hub = SimpleNamespace(tell=lambda *a, **k: None)
    library = Library(SimpleNamespace(engine=SimpleNamespace(store=store), hub=hub, data_dir=base / "data"))
    try:
        library.add([str(base / "locked")])
    except Exception as error:
        print(os.getuid(), error)
    library.close()
(base / "locked").chmod(0o700)
"""


def test_a_folder_without_rights_says_so() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        done = run_as_user(["-c", UNPRIVILEGED, folder], timeout=60)
    if done.stdout.startswith("0 "):
        pytest.skip("root cannot become an ordinary user here")
    assert "locked cannot be opened: permission denied. Change its permissions" in done.stdout, done.stderr


def test_a_folder_that_vanished_leaves_its_card(library: Library, papers: Path) -> None:
    card = add(library, papers)
    shutil.rmtree(papers)
    with pytest.raises(InputError, match=r"no file or folder .*papers stays as it was read last"):
        library.rescan(card["card"])
    papers.write_text("now a file")  # named like the folder
    job = done(library, library.rescan(card["card"]))
    assert job.result["changes"]["removed"]["count"] == 4
    (found,) = library.cards()
    assert (found["documents"], found["card"]) == (1, card["card"])


def test_a_folder_that_became_empty_keeps_what_was_read(library: Library, papers: Path) -> None:
    card = add(library, papers)
    shutil.rmtree(papers)
    papers.mkdir()
    assert library.jobs.wait(library.rescan(card["card"]).job).state == "failed"
    assert library.card(card["card"]) == card and library.documents.text(card["id"], 0)["rows"]


def test_an_image_only_pdf_says_so(library: Library, tmp_path: Path) -> None:
    folder = tmp_path / "scans"
    folder.mkdir()
    page = Canvas(str(folder / "scan.pdf"))
    page.rect(50, 50, 100, 100)
    page.showPage()
    page.save()
    mixed = Canvas(str(folder / "mixed.pdf"))
    mixed.drawString(50, 700, "text")
    mixed.showPage()
    mixed.rect(1, 1, 9, 9)
    mixed.showPage()
    mixed.save()
    card = add(library, folder)
    found = {d["name"]: d for d in library.documents.list(card["id"])["documents"]}
    assert found["scan.pdf"]["status"] == "skipped"
    (problem,) = found["scan.pdf"][
        "problems"
    ]  # and why not: tesseract is there and finds none, or is not there
    assert problem.startswith("no text in its 1 pages; it may hold only scanned images")
    assert (found["mixed.pdf"]["status"], found["mixed.pdf"]["pages"]) == ("partly", 2)
    assert found["mixed.pdf"]["problems"][0].startswith(
        "1 of 2 pages hold no text; they may be scanned images"
    )
    assert (card["pages"], card["problems"], card["skipped"]) == (2, 2, 1)


# --- stopping -------------------------------------------------------------------------------------------


def test_a_job_that_is_stopped_leaves_nothing(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "many"
    fill(folder, {f"{n:04}.txt": f"text {n}\n" * 2000 for n in range(40)})
    read = hold_readings(monkeypatch)
    job = library.add([str(folder)])
    assert read.wait(60)
    library.jobs.stop(job.job)
    found = library.jobs.wait(job.job)
    assert (found.state, found.message) == (
        "stopped",
        "Adding the documents was stopped; nothing was changed.",
    )
    assert library.cards() == [] and [*library._store.corpora_dir.iterdir()] == []
    library.jobs.stop(job.job)  # forget it
    assert library.jobs.list() == []
    with pytest.raises(NotFound):
        library.jobs.get(job.job)


def test_a_card_is_not_read_twice_or_deleted_while_it_is_read(library: Library, papers: Path) -> None:
    card = add(library, papers)
    go = threading.Event()
    job = library.jobs.start("rescan", "x", lambda control: (str(go.wait(300)), None), card=card["card"])
    for refused in (library.rescan, library.delete):
        with pytest.raises(Conflict, match="papers is being read"):
            refused(card["card"])
    go.set()
    done(library, job)
    assert library.delete(card["card"])["erased"]


# --- names, deletion, sample ----------------------------------------------------------------------------


def test_a_card_is_renamed_everywhere(library: Library, store: Store, papers: Path) -> None:
    card = add(library, papers)
    assert library.rename(card["card"], " <b>My\ncase</b> ")["name"] == "<b>My case</b>"
    assert store.corpus(card["id"])["name"] == "<b>My case</b>"
    done(library, library.rescan(card["card"]))
    assert library.card(card["id"])["name"] == "<b>My case</b>"
    for bad in ("", " \n", "\x07"):
        with pytest.raises(InputError, match="name is empty"):
            library.rename(card["card"], bad)
    with pytest.raises(NotFound):
        library.rename("nothing", "x")


def test_deleting_a_card_leaves_no_byte_of_it(library: Library, store: Store, data_dir: Path) -> None:
    upload = library.begin_upload()["upload"]
    send(
        library, upload, {f"{CANARY}/{CANARY}.txt": f"{CANARY} text\n".encode() * 50, f"{CANARY}/b.txt": b"b"}
    )
    card = done(library, library.finish_upload(upload)).result
    library.documents.search(card["id"], CANARY)
    run = begin(store, corpus=card["id"], question=f"{CANARY}?")
    live = begin(store, corpus=card["id"], question="live")
    tell(store, run, CANARY)
    assert len(holding(data_dir, CANARY)) >= 4
    before = library.before_delete(card["card"])
    assert [r["run"] for r in before["runs"]] == [live, run] and before["uploaded_bytes"] > 0
    with pytest.raises(Conflict, match=f"{live} is still reading this corpus. Stop it first"):
        library.delete(card["card"])
    assert library.documents.text(card["id"], 0)["rows"]
    tell(store, live, "x")
    receipt = library.delete(card["card"])
    assert sorted(receipt["runs"]) == sorted([run, live]) and receipt["corpora"] == [card["id"]]
    assert (receipt["name"], receipt["folders"], receipt["erased"]) == (CANARY, 2, True)
    assert receipt["bytes"] >= receipt["uploaded_bytes"] > 0 and receipt["kept_sources"] == []
    del receipt, before
    store.close()
    assert holding(data_dir, CANARY) == []
    assert not any(CANARY in name for _, folders, files in os.walk(data_dir) for name in (*folders, *files))


def test_a_folder_read_in_place_is_not_touched_by_deletion(library: Library, papers: Path) -> None:
    card = add(library, papers)
    receipt = library.delete(card["id"])
    assert receipt["kept_sources"] == [str(papers)] and (papers / "lease.md").read_text() == LEASE
    for gone in (library.card, library.delete, library.rescan, library.corpus, library.info):
        with pytest.raises(NotFound, match="not in the library"):
            gone(card["id"])


def test_the_sample_comes_once_and_stays_away_when_deleted(
    library: Library, tmp_path: Path, papers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.library.service.SAMPLE", papers)
    for _ in range(2):
        done(library, library.ensure_sample())
    (card,) = library.cards()
    assert (card["card"], card["kind"], card["sources"]) == ("sample", "sample", [])
    library.rename("sample", "Mine")
    library.delete("sample")
    assert library.ensure_sample() is None and library.sample_deleted() and library.cards() == []
    done(library, library.restore_sample())
    assert library.card("sample")["name"] == "Sample: Hessindale Ropeworks" and not library.sample_deleted()


def test_a_card_that_comes_while_cards_are_listed_waits_for_the_next_look(
    library: Library, papers: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = add(library, papers)
    with monkeypatch.context() as patched:
        patched.setattr(library._store, "corpora", list)
        assert library.cards() == []
    assert [one["card"] for one in library.cards()] == [card["card"]]


@pytest.mark.parametrize("look", ["card", "corpus"])
def test_a_card_that_is_read_again_while_it_is_looked_at_is_shown_as_it_is_now(
    library: Library, papers: Path, monkeypatch: pytest.MonkeyPatch, look: str
) -> None:
    first = add(library, papers)
    fill(papers, {"lease.md": "changed"})

    def meanwhile() -> list:
        monkeypatch.undo()
        done(library, library.rescan(first["card"]))
        return library._store.corpora()

    monkeypatch.setattr(library._store, "corpora", meanwhile)
    found = getattr(library, look)(first["card"])
    now = library.card(first["card"])
    assert now["id"] != first["id"] and found == (now if look == "card" else now["id"])
