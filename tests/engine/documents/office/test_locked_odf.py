"""OpenDocument files with a password open with it, in both ways that LibreOffice locks them, and with no other."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import zipfile
import zlib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from engine.corpus import Corpus
from engine.documents.formats import locked_odf, passwords
from engine.documents.formats.detect import Parsed, parse
from engine.documents.formats.office import package
from engine.documents.formats.unreadable import Unreadable
from engine.documents.ingest import ingest
from engine.errors import LockedError

FOLDER = Path(__file__).parents[3] / "fixtures" / "documents" / "libreoffice"
SPACE = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
TEXT = "application/vnd.oasis.opendocument.text"


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_known", ())


def opened(data: bytes, *given: str) -> Parsed:
    passwords.know(given)
    return parse(data, "a.odt")


def refused(data: bytes, *given: str) -> str:
    with pytest.raises(Unreadable) as caught:
        opened(data, *given)
    return str(caught.value)


def whole(inner: bytes, password: str, *, memory: int = 64, cut: str = "", instead: str = "") -> bytes:
    """A file locked as a whole, as LibreOffice 24.8 does, but with a key that takes no time."""
    salt, vector = os.urandom(16), os.urandom(12)
    start = hashlib.sha256(password.encode()).digest()
    key = Argon2id(salt=salt, length=32, iterations=1, lanes=1, memory_cost=64).derive(start)
    deflate = zlib.compressobj(wbits=-15)
    packed = deflate.compress(inner) + deflate.flush()
    said = (
        f'<m:manifest xmlns:m="{SPACE}" xmlns:l="urn:lo"><m:file-entry m:full-path="encrypted-package" m:media-type="{TEXT}">'
        f'<m:encryption-data><m:algorithm m:algorithm-name="http://www.w3.org/2009/xmlenc11#aes256-gcm" '
        f'm:initialisation-vector="{base64.b64encode(vector).decode()}"/><m:start-key-generation '
        'm:start-key-generation-name="http://www.w3.org/2001/04/xmlenc#sha256" m:key-size="32"/><m:key-derivation '
        f'm:key-derivation-name="urn:x:argon2id" l:argon2-iterations="1" l:argon2-memory="{memory}" l:argon2-lanes="1" '
        f'm:salt="{base64.b64encode(salt).decode()}" m:key-size="32"/></m:encryption-data></m:file-entry></m:manifest>'
    ).replace(cut, instead)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("mimetype", TEXT)
        archive.writestr("encrypted-package", vector + AESGCM(key).encrypt(vector, packed, None))
        archive.writestr("META-INF/manifest.xml", said)
    return file.getvalue()


@pytest.mark.parametrize(("name", "plain"), [("locked.ods", "cells.ods"), ("locked.odt", "quay.odt")])
def test_what_libreoffice_locked_part_by_part_opens(name: str, plain: str) -> None:
    data = (FOLDER / name).read_bytes()
    assert refused(data) == "it is protected by a password"
    assert refused(data, "wrong") == "it is protected by a password, and none that was given opens it"
    found, wanted = opened(data, "wrong", "harbour"), parse((FOLDER / plain).read_bytes(), plain)
    assert (
        found.text.partition("\n\n[properties")[0].strip()
        == wanted.text.partition("\n\n[properties")[0].strip()
    )
    assert (found.format, found.grid.sheets) == (wanted.format, wanted.grid.sheets)


def test_what_is_locked_as_a_whole_opens() -> None:
    inner = (FOLDER / "quay.odt").read_bytes()
    data = whole(inner, "Æbler")
    assert refused(data) == "it is protected by a password"
    assert "none that was given opens it" in refused(data, "wrong")
    assert opened(data, "wrong", "Æbler").text == parse(inner, "quay.odt").text


def test_locks_that_are_not_known_or_would_cost_too_much_say_so() -> None:
    inner = (FOLDER / "quay.odt").read_bytes()
    for data in (
        whole(inner, "x", memory=1 << 30),
        whole(inner, "x", cut="aes256-gcm", instead="Blowfish CFB"),
        whole(inner, "x", cut="argon2id", instead="bcrypt"),
        whole(inner, "x", cut='m:key-size="32"', instead='m:key-size="16"'),
        whole(inner, "x", cut='m:full-path="encrypted-package"', instead='m:full-path="other"'),
        whole(whole(inner, "x"), "x"),
    ):
        assert refused(data, "x") == locked_odf.UNKNOWN


def test_the_size_of_a_file_counts_once_however_many_passwords_are_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    inner = (FOLDER / "quay.odt").read_bytes()
    data = whole(inner, "x")
    monkeypatch.setattr(package, "LARGEST_TOTAL", 10 * len(data))
    assert opened(data, *map(str, range(20)), "x").text == parse(inner, "quay.odt").text


def test_a_bomb_behind_a_lock_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locked_odf, "LARGEST", 10_000)
    assert "larger than" in refused(whole(bytes(1_000_000), "x"), "x")


def test_a_damaged_lock_is_refused_and_breaks_nothing() -> None:
    data = whole((FOLDER / "quay.odt").read_bytes(), "x")
    for cut, instead in (
        ("initialisation-vector", "iv"),
        ('l:argon2-lanes="1"', ""),
        ("m:salt=", "m:pepper="),
    ):
        refused(whole(b"x", "x", cut=cut, instead=instead), "x")
    for at in range(0, len(data), 211):
        try:
            opened(data[:at] + b"\x00" + data[at + 1 :], "x")
        except Unreadable:
            continue


@pytest.mark.sandbox
def test_a_locked_workbook_opens_behind_the_walls(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.ods").write_bytes((FOLDER / "locked.ods").read_bytes())
    with pytest.raises(LockedError):
        ingest([tmp_path / "in"], tmp_path / "corpora")
    info = ingest([tmp_path / "in"], tmp_path / "corpora", passwords=["harbour"])
    assert "Halcyon II / of Bergen | 1250" in str(Corpus.open(info.path)[0])
    assert not any("without a sandbox" in notice for notice in info.notices)
