"""Locked files: named, opened by the passwords that are given, which are then nowhere."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from engine.corpus import Corpus
from engine.documents.formats import passwords
from engine.documents.ingest import ingest
from tests.engine.documents.office.test_office import RENTS, saved, workbook
from tests.engine.documents.office.test_office import locked as locked_office
from tests.engine.documents.packed.test_containers import aes_zipped, seven_zipped
from tests.engine.documents.packed.test_containers import locked as locked_zip
from tests.engine.documents.test_formats import pdf

WORD = "harbour wall 7"
OTHER = "ünlocked"


def plain_zip(text: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a.txt", text)
    return file.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files of every kind that can be locked, one that is not, and one with another password."""
    place = tmp_path / "papers"
    place.mkdir()
    files = {
        "open.txt": b"The lease is open to all.",
        "lease.pdf": pdf("The deposit is 1,250 EUR.", encrypt=WORD),
        "rents.xlsx": locked_office(saved(workbook(("Rents", RENTS))), WORD),
        "old.zip": locked_zip(plain_zip("Zipped in the old way."), WORD.encode()),
        "new.zip": aes_zipped({"b.txt": "Zipped with AES."}, WORD.encode()),
        "seven.7z": seven_zipped({"c.txt": b"Seven zipped."}, password=WORD),
        "names.7z": seven_zipped({"d.txt": b"Even the names."}, password=WORD, header_encryption=True),
        "other.pdf": pdf("Of another password.", encrypt=OTHER),
    }
    for name, data in files.items():
        (place / name).write_bytes(data)
    return place


def text_of(info) -> str:
    return "\n".join(map(str, Corpus.open(info.path)))


def reasons(info) -> dict[str, str]:
    return {skip["path"]: skip["reason"] for skip in info.skipped}


def test_a_password_opens_what_it_locks_and_is_kept_nowhere(folder: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    before = ingest([folder], data)
    assert len(before.skipped) == 7 and all(map(passwords.is_locked, reasons(before).values()))
    assert text_of(before) == "The lease is open to all."

    after = ingest([folder], data, passwords=["wrong", WORD])
    assert after.id != before.id, "another corpus, as there is other text"
    text = text_of(after)
    for part in (
        "1,250 EUR",
        "640.5",
        "old way",
        "with AES",
        "Seven zipped",
        "Even the names",
    ):
        assert part in text
    assert reasons(after) == {
        "other.pdf": "this PDF is protected by a password, and none that was given opens it"
    }

    again = ingest([folder], data)
    assert (again.id, again.reused) == (after.id, True), "what was opened stays open"
    assert not any(WORD.encode() in path.read_bytes() for path in data.rglob("*") if path.is_file())

    both = ingest([folder], data, passwords=[OTHER])
    assert "Of another password." in text_of(both) and "1,250 EUR" in text_of(both) and not both.skipped


def test_a_wrong_password_changes_nothing(folder: Path, tmp_path: Path) -> None:
    before = ingest([folder], tmp_path / "data")
    after = ingest([folder], tmp_path / "data", passwords=["wrong"])
    assert after.id == before.id and len(after.skipped) == 7


def test_an_archive_with_two_passwords_gives_what_each_of_them_opens(tmp_path: Path) -> None:
    place, data = tmp_path / "papers", tmp_path / "data"
    place.mkdir()
    outer = io.BytesIO()
    with zipfile.ZipFile(outer, "w") as archive:
        archive.writestr("one.pdf", pdf("The first.", encrypt=WORD))
        archive.writestr("two.pdf", pdf("The second.", encrypt=OTHER))
    (place / "all.zip").write_bytes(outer.getvalue())
    (place / "note.txt").write_text("A note.")
    found = [ingest([place], data, passwords=given) for given in ([], [WORD], [OTHER], [WORD, OTHER])]
    assert [("first" in text_of(one), "second" in text_of(one)) for one in found] == [
        (False, False),
        (True, False),
        (False, True),
        (True, True),
    ]
    assert len({one.id for one in found}) == 4
