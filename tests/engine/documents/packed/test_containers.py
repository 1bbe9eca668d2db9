"""Archives are folders: what is in them is read like any file, within limits, and what cannot be read is named."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from types import SimpleNamespace

import py7zr
import pytest
import pyzipper

from engine.corpus import Corpus
from engine.documents import parser_pool as pool
from engine.documents import unpack
from engine.documents.ingest import ingest
from engine.documents.unpack import Walk, clean
from tests.engine.conftest import fill
from tests.engine.documents.packed.test_mail import texts
from tests.engine.documents.test_formats import pdf


def zipped(files: dict[str, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


def tarred(files: dict[str, bytes], mode: str = "w") -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return file.getvalue()


def seven_zipped(files: dict[str, bytes], **options: object) -> bytes:
    file = io.BytesIO()
    with py7zr.SevenZipFile(file, "w", **options) as archive:
        for name, content in files.items():
            archive.writestr(content, name)
    return file.getvalue()


def aes_zipped(files: dict[str, str], password: bytes) -> bytes:
    file = io.BytesIO()
    with pyzipper.AESZipFile(
        file, "w", compression=pyzipper.ZIP_DEFLATED, encryption=pyzipper.WZ_AES
    ) as archive:
        archive.setpassword(password)
        for name, text in files.items():
            archive.writestr(name, text)
    return file.getvalue()


def locked(data: bytes, password: bytes) -> bytes:
    """An archive of one stored member, encrypted as PKWARE's APPNOTE 6.1 says."""
    table = [0] * 256
    for n in range(256):
        c = n
        for _ in range(8):
            c = c >> 1 ^ 0xEDB88320 if c & 1 else c >> 1
        table[n] = c
    keys = [0x12345678, 0x23456789, 0x34567890]

    def update(byte: int) -> None:
        keys[0] = keys[0] >> 8 ^ table[(keys[0] ^ byte) & 255]
        keys[1] = ((keys[1] + (keys[0] & 255)) * 134775813 + 1) & 0xFFFFFFFF
        keys[2] = keys[2] >> 8 ^ table[(keys[2] ^ keys[1] >> 24) & 255]

    for byte in password:
        update(byte)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        member = archive.infolist()[0]
        content = archive.read(member)
    secret = bytearray()
    for byte in bytes(11) + (member.CRC >> 24).to_bytes(1, "little") + content:
        t = keys[2] | 2
        secret.append(byte ^ (t * (t ^ 1) >> 8 & 255))
        update(byte)
    start, name = 30 + len(member.filename), member.filename.encode()
    head = bytearray(data[:start])
    head[6] |= 1
    head[18:22] = len(secret).to_bytes(4, "little")
    at = data.index(b"PK\1\2")
    rest = bytearray(data[at:])
    rest[8] |= 1
    rest[20:24] = len(secret).to_bytes(4, "little")
    end = bytes(rest).index(b"PK\5\6")
    rest[end + 16 : end + 20] = (start + len(secret)).to_bytes(4, "little")
    assert name in rest
    return bytes(head + secret + rest)


FILES = {"a.txt": b"One.\n", "ordner/b ü.csv": b"x;y\n1;2\n"}


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.zip", zipped(FILES)),
        ("a.zip", zipped(FILES, zipfile.ZIP_LZMA)),
        ("a.7z", seven_zipped(FILES)),
        ("a.7z", seven_zipped(FILES, password="")),
        ("a.tar", tarred(FILES)),
        ("a.tar.gz", tarred(FILES, "w:gz")),
        ("a.tbz2", tarred(FILES, "w:bz2")),
        ("a.tar.xz", tarred(FILES, "w:xz")),
        ("innocent.txt", zipped(FILES)),
    ],
)
def test_archives_are_folders_whatever_they_are_called(name: str, data: bytes) -> None:
    assert texts(data, name) == {"a.txt": "One.\n", "ordner/b ü.csv": "x;y\n1;2\n"}


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
def test_a_compressed_file_is_the_file(compress) -> None:
    assert texts(compress(b"<p>Hello <b>you</b>"), "page.html.gz") == {"": "Hello you\n"}
    assert "damaged" in texts(compress(b"Hello." * 9999)[:-20], "a.txt.gz")[""]


def test_an_archive_in_an_archive_is_read_and_its_names_tell_the_way() -> None:
    inner = zipped({"a.txt": "Deep.", "paper.pdf": pdf("A page.")}, zipfile.ZIP_STORED)
    outer = tarred({"x/inner.zip": inner, "y.7z": seven_zipped({"b.txt": b"Seven."})}, "w:gz")
    assert texts(zipped({"outer.tgz": outer}), "all.zip") == {
        "outer.tgz/x/inner.zip/a.txt": "Deep.",
        "outer.tgz/x/inner.zip/paper.pdf": "A page.",
        "outer.tgz/y.7z/b.txt": "Seven.",
    }


def test_a_stored_pdf_or_word_file_does_not_make_an_archive_one() -> None:
    assert [*texts(zipped({"first.pdf": pdf("A page.")}, zipfile.ZIP_STORED), "a.zip")] == ["first.pdf"]
    assert [*texts(zipped({"docs/word/document.xml": "<a/>"}), "a.zip")] == ["docs/word/document.xml"]
    assert [*texts(zipped({"word/list.txt": "Words."}), "a.zip")] == ["word/list.txt"]


def test_encrypted_archives_are_named_and_an_empty_password_is_tried() -> None:
    plain = zipped({"a.txt": "Secret of nobody."}, zipfile.ZIP_STORED)
    assert texts(locked(plain, b""), "a.zip") == {"a.txt": "Secret of nobody."}
    assert texts(locked(plain, b"x1"), "a.zip") == {"a.txt": "[it is protected by a password]"}
    assert texts(aes_zipped({"a.txt": "Of nobody."}, b"x1"), "a.zip") == {
        "a.txt": "[it is protected by a password]"
    }
    assert "password" in texts(seven_zipped(FILES, password="x1"), "a.7z")["a.txt"]
    assert "password" in texts(seven_zipped(FILES, password="x1", header_encryption=True), "a.7z")[""]


def test_what_is_no_content_is_counted_and_links_are_not_followed() -> None:
    data = zipped({"a.txt": "One.", "__MACOSX/._a.txt": b"\0", ".git/config": "x"})
    found = [*Walk({}).file(data, "a.zip")]
    assert found[-1].notices == ["2 hidden files in it were left out"]
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    assert texts(file.getvalue(), "a.tar") == {"link": "[it is a link to /etc/passwd, which is not followed]"}


def test_names_stay_below_the_archive() -> None:
    assert clean("../../etc/passwd") == "etc/passwd"
    assert clean("C:\\Users\\x\\a.txt") == "C:/Users/x/a.txt"
    assert clean("/abs/\nline\0.txt") == "abs/\ufffdline\ufffd.txt"
    assert clean("..") == clean("") == "unnamed"
    assert len(clean("x" * 5000 + ".pdf")) == 120 and clean("x" * 5000 + ".pdf").endswith("….pdf")


def test_two_members_of_one_name_are_both_read() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive, pytest.warns(UserWarning):
        archive.writestr("a.txt", "one")
        archive.writestr("a.txt", "two")
    assert texts(file.getvalue(), "a.zip") == {"a.txt": "one", "a.txt (2)": "two"}


def test_names_in_utf8_that_do_not_say_so_are_read() -> None:
    data = zipped({"M\xfcnster.txt".encode().decode("latin-1"): "x"})
    marked = data.replace("MÃ¼nster".encode(), b"M\xc3\xbcnster__")  # bytes of the name as they are, no flag
    for at in (6, marked.index(b"PK\1\2") + 8):
        marked = marked[: at + 1] + bytes([marked[at + 1] & ~8]) + marked[at + 2 :]
    assert [*texts(marked, "a.zip")] == ["Münster__.txt"]


def test_damaged_archives_give_what_is_whole_and_a_reason() -> None:
    data = bytearray(zipped({"a.txt": "One." * 50, "b.txt": "Two."}, zipfile.ZIP_STORED))
    data[60] ^= 1
    assert texts(bytes(data), "a.zip") == {"a.txt": "[it is damaged in the archive]", "b.txt": "Two."}
    assert "damaged" in texts(bytes(data[:100]), "a.zip")[""]
    cut = tarred({"a.txt": b"One.", "b.txt": b"x" * 5000})[:3000]
    found = [*Walk({}).file(cut, "a.tar")]
    assert found[1].parsed and found[1].parsed.text == "One."
    assert any("damaged" in (f.reason + "".join(f.notices)) for f in found[2:])
    assert "damaged" in texts(seven_zipped(FILES)[:-5], "a.7z")[""]
    assert "no file" in texts(zipped({}), "a.zip")[""]


def test_an_archive_that_breaks_off_is_said_to() -> None:
    whole = tarred({f"{n}.txt": b"One." for n in range(4)})
    for broken in (whole[:2048] + b"X" * 512 + whole[2560:], whole[:2048]):
        *found, last = Walk({}).file(broken, "a.tar")
        assert [f.name for f in found if f.parsed] == ["0.txt", "1.txt"]
        assert "damaged; what came before the damage was read" in last.reason + "".join(last.notices)
    assert not any(f.reason or f.notices for f in Walk({}).file(whole, "a.tar"))


def test_bombs_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpack, "LARGEST", 3 << 20)
    monkeypatch.setattr(unpack, "TOGETHER", 5 << 20)
    monkeypatch.setattr(unpack, "MOST", 50)
    big = b"0123456 " * (1 << 17)  # a MiB
    found = texts(zipped({f"{n}.txt": big * (4 if n == 0 else 1) for n in range(8)}), "a.zip")
    assert "larger than 3 MB" in found["0.txt"] and found["1.txt"].startswith("0123")
    assert "as many bytes as one file may" in found["7.txt"]
    assert sum(len(text) for text in found.values()) < 6 << 20
    assert "larger than 3 MB" in texts(gzip.compress(big * 4), "a.txt.gz")[""]
    many = [*Walk({}).file(zipped({f"{n}.txt": "x" for n in range(99)}), "a.zip")]
    assert sum(f.parsed is not None for f in many) == 50 and "first 50 files" in many[-1].notices[0]


def test_depth_is_bounded_and_circles_are_told() -> None:
    data = b"At the bottom."
    for n in range(40):
        data = zipped({"a.txt" if n == 0 else "in.zip": data})
    ((name, reason),) = texts(data, "a.zip").items()
    assert name.count("in.zip") == 33 and "deeper than is read" in reason


def test_time_is_bounded_and_what_was_read_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 7.0
    monkeypatch.setattr(unpack, "time", SimpleNamespace(monotonic=lambda: now))
    walk = Walk({}, seconds=5.0)
    found = []
    for one in walk.file(zipped({f"{n}.txt": f"{n}" for n in range(5)}), "a.zip"):
        found.append(one)
        if one.parsed:
            now += 6.0
    told = [f for f in found if not f.begins]
    assert told[0].parsed and all(f.late and "took longer" in f.reason for f in told[1:]) and len(told) == 5


def test_a_folder_with_archives_becomes_a_corpus_in_the_sandbox(add, source) -> None:
    archives = {
        "a.zip": zipped({"in/a.txt": "One of a zip.", "image.png": b"\x89PNG\r\n\x1a\n\0"}),
        "b.7z": seven_zipped({"b.txt": b"One of a 7z."}),
        "c.tar.gz": tarred({"c.txt": b"One of a tar."}, "w:gz"),
        "d.tar.xz": tarred({"d.txt": b"One of an xz."}, "w:xz"),
    }
    for name, data in archives.items():
        (source / name).write_bytes(data)
    info = add({"a.zip extra.txt": "plain"})
    corpus = Corpus.open(info.path)
    assert corpus.names == [
        "a.zip/in/a.txt", "a.zip extra.txt", "b.7z/b.txt", "c.tar.gz/c.txt", "d.tar.xz/d.txt",
    ]  # fmt: skip
    assert info.skipped == ({"path": "a.zip/image.png", "reason": "it is an image (PNG), not text"},)
    hit = corpus.search("tar", 1)[0]
    assert hit.name == "c.tar.gz/c.txt"
    assert add({}).reused


def test_a_member_that_breaks_the_parser_costs_only_itself(
    source, corpora, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "PARSER", "tests.engine.documents.bad_parser")
    fill(source, {"good.txt": "fine"})
    files = {"a.txt": "one", "bad.txt": "please CRASH_INSIDE now", "c.txt": "three"}
    (source / "x.zip").write_bytes(zipped(files))
    info = ingest([source], corpora)
    assert Corpus.open(info.path).names == ["good.txt", "x.zip/a.txt", "x.zip/c.txt"]
    assert info.skipped == ({"path": "x.zip/bad.txt", "reason": "its content made the parser fail"},)
