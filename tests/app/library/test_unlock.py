"""Locked files of a card: unlocked by a password in the app and by a command, which keep it in memory only."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from app.command_line.main import run
from app.errors import NotFound
from app.library.service import Library
from engine.errors import InputError
from tests.app.desk import Desk
from tests.app.library.opened import add, done, send
from tests.app.library.page import add as add_path
from tests.app.library.page import card as card_of
from tests.engine.conftest import fill
from tests.engine.documents.packed.test_containers import aes_zipped
from tests.engine.documents.test_formats import pdf

WORD = "harbour-wall-7731"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "locked papers"
    fill(
        folder,
        {
            "open.txt": "Open to all.",
            "lease.pdf": pdf("The deposit is 1,250 EUR.", encrypt=WORD),
            "old.zip": aes_zipped({"b.txt": "Zipped."}, WORD.encode()),
        },
    )
    return folder


def test_a_card_says_how_many_files_are_locked_and_opens_them(
    library: Library, folder: Path, data_dir: Path
) -> None:
    card = add(library, folder)
    assert (card["locked"], card["documents"]) == (2, 1)
    with pytest.raises(InputError, match="No password"):
        library.unlock(card["card"], [""])
    assert done(library, library.unlock(card["card"], ["wrong"])).result["unchanged"]
    job = done(library, library.unlock(card["card"], [WORD]))
    assert job.message.startswith("2 changed, 1 as before; 3 documents read")
    assert library.card(card["card"])["locked"] == 0
    assert not any(WORD.encode() in path.read_bytes() for path in data_dir.rglob("*") if path.is_file())

    fill(folder, {"later.pdf": pdf("It came later.", encrypt=WORD)})
    done(library, library.rescan(card["card"]))
    now = library.card(card["card"])
    assert (now["locked"], now["documents"]) == (0, 4), "a later reading knows the password still"


def test_what_was_uploaded_is_unlocked_too(library: Library, folder: Path) -> None:
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    upload = library.begin_upload()["upload"]
    send(library, upload, files)
    job = done(library, library.finish_upload(upload))
    card = library.card(job.result["card"])
    assert (card["kind"], card["locked"]) == ("upload", 2)
    done(library, library.unlock(card["card"], [WORD]))
    assert library.card(card["card"])["locked"] == 0


def test_the_command_takes_passwords_from_a_file_or_asks(
    folder: Path, data_dir: Path, tmp_path: Path, capsys, monkeypatch
) -> None:
    from engine.documents.ingest import ingest, to_json
    from engine.store import Store

    with Store(data_dir) as store:
        info = ingest([folder], store.corpora_dir)
        store.save_corpus(to_json(info))
    given = tmp_path / "passwords.txt"
    given.write_text(f"wrong\n\n{WORD}\n", "utf-8-sig")
    where = ["--data", str(data_dir), "--json"]
    assert run(["rescan", info.id, "--password-file", str(given), *where]) == 0
    assert "2 changed" in json.loads(capsys.readouterr().out)["message"]
    assert run(["rescan", info.name, "--password-file", str(tmp_path / "absent"), *where]) == 2
    assert "one password a line" in capsys.readouterr().err

    fill(folder, {"later.pdf": pdf("It came later.", encrypt=WORD)})
    monkeypatch.setattr("getpass.getpass", lambda prompt: WORD)
    assert run(["rescan", info.name, "--password", *where]) == 0
    assert "1 added" in json.loads(capsys.readouterr().out)["message"]
    monkeypatch.setattr(
        "getpass.getpass", lambda prompt: sys.stdin.readline() or (_ for _ in ()).throw(EOFError())
    )
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert run(["rescan", info.name, "--password", *where]) == 2
    assert "no terminal" in capsys.readouterr().err
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n"))
    assert run(["rescan", info.name, "--password-file", "-", *where]) == 2
    assert "No password was given" in capsys.readouterr().err


def test_a_folder_of_locked_files_only_is_unlocked_from_its_failed_job(
    library: Library, tmp_path: Path
) -> None:
    folder = tmp_path / "all locked"
    fill(folder, {"lease.pdf": pdf("The deposit is 1,250 EUR.", encrypt=WORD)})
    failed = library.jobs.wait(library.add([str(folder)]).job)
    assert (failed.state, failed.locked) == ("failed", True) and "protected by a password" in failed.message
    library.remember(["wrong"])
    again = library.jobs.wait(library.jobs.again(failed.job).job)
    assert again.locked, "another password may be tried"
    library.remember([WORD])
    assert done(library, library.jobs.again(again.job)).result["card"]
    with pytest.raises(NotFound):
        library.jobs.again(failed.job)

    upload = library.begin_upload()["upload"]
    send(library, upload, {path.name: path.read_bytes() for path in folder.iterdir()})
    library._passwords.clear()
    failed = library.jobs.wait(library.finish_upload(upload).job)
    assert failed.locked, "what was uploaded is still there"
    library.remember([WORD])
    assert done(library, library.jobs.again(failed.job)).result["card"] == upload


def test_only_so_many_passwords_are_remembered_and_none_that_is_no_text(library: Library) -> None:
    library.remember([f"word {n}" for n in range(60)])
    library.remember([f"other {n}" for n in range(60)])
    assert len(library._passwords) == 64 and library._passwords[0] == "other 0"
    with pytest.raises(InputError, match="a character that is none"):
        library.remember(["\ud800"])
    with pytest.raises(InputError, match="At most 64"):
        library.remember([str(n) for n in range(65)])


@pytest.mark.browser
@pytest.mark.sandbox
def test_a_person_unlocks_files_on_the_page(desk: Desk, page: Page, folder: Path) -> None:
    add_path(page, folder)
    card = card_of(page, folder.name)
    card.get_by_role("button", name="Unlock 2 files with a password").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("2 files are protected by a password")).to_be_visible()
    field = dialog.get_by_label("Password", exact=True)
    expect(field).to_be_focused()
    field.press("Enter")
    expect(dialog.get_by_role("alert")).to_contain_text("No password was given")
    field.fill(WORD)
    assert field.get_attribute("type") == "password"
    field.press("Enter")
    expect(dialog).to_be_hidden()
    expect(card.get_by_text("3 documents")).to_be_visible()
    expect(card.get_by_role("button", name="Unlock")).to_have_count(0)

    desk.workbench.library._passwords.clear()  # as after the next start
    card.get_by_role("button", name="Documents").click()
    page.locator(".doc-row .doc-name", has_text="lease.pdf").click()
    page.wait_for_selector("#viewer[data-ready]")
    page.keyboard.press("p")
    again = page.get_by_role("dialog")
    expect(again.get_by_text("Its pages are protected by a password.")).to_be_visible()
    again.get_by_label("Password", exact=True).fill(WORD)
    again.get_by_role("button", name="Unlock").click()
    expect(page.locator(".page-picture[data-drawn='1']")).to_be_visible()
