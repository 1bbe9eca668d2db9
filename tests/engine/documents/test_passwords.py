"""Locked files: named, opened by the passwords that are given, which are then nowhere."""

from __future__ import annotations

import io
import warnings
import zipfile
from pathlib import Path

import pytest
import pyzipper

from engine.corpus import Corpus
from engine.documents.formats import passwords
from engine.documents.ingest import ingest
from engine.errors import LockedError
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
        (True, False),  # what was opened is not lost for what another one opens
        (True, True),
    ]
    assert found[1].id == found[2].id and len({one.id for one in found}) == 3


def test_members_of_one_name_and_empty_or_unlocked_ones_beside_locked_ones_are_read(tmp_path: Path) -> None:
    place, data = tmp_path / "papers", tmp_path / "data"
    place.mkdir()
    twice = io.BytesIO()
    with pyzipper.AESZipFile(twice, "w", encryption=pyzipper.WZ_AES) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.setpassword(WORD.encode())
        archive.writestr("x.txt", "the first of a name")
        archive.writestr("x.txt", "the second of a name")
    (place / "twice.zip").write_bytes(twice.getvalue())
    (place / "empty.7z").write_bytes(
        seven_zipped({"a.txt": b"", "b.txt": b"behind an empty one"}, password=WORD)
    )
    text = text_of(ingest([place], data, passwords=[WORD]))
    for words in ("the first of a name", "the second of a name", "behind an empty one"):
        assert words in text


def test_a_folder_with_nothing_but_locked_files_says_that_a_password_is_what_it_lacks(tmp_path: Path) -> None:
    place = tmp_path / "papers"
    place.mkdir()
    (place / "lease.pdf").write_bytes(pdf("Of nobody.", encrypt=WORD))
    with pytest.raises(LockedError, match="protected by a password"):
        ingest([place], tmp_path / "data")
    assert "Of nobody." in text_of(ingest([place], tmp_path / "data", passwords=[WORD]))
