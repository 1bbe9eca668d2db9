"""A folder read again: only what changed is parsed, and the corpus is what a first reading of the folder gives."""

from __future__ import annotations

import io
import os
import shutil
import sqlite3
import tempfile
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from engine.corpus import Corpus
from engine.corpus.archive import INDEX, SEARCH, TEXT, Archive
from engine.corpus.search.placement import placement_of
from engine.documents.ingest import ingest, look
from engine.documents.parser_pool import ParserPool
from engine.documents.writing.earlier import GIVEN, remember
from tests.engine.conftest import LEASE, fill

LONG_AGO = (1_600_000_000, 1_600_000_000)


def settle(folder: Path) -> None:
    """Let the files seem to have been written long ago, so that what `stat` says of them is believed."""
    for path in folder.rglob("*"):
        os.utime(path, LONG_AGO)


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that go to a parser."""
    names: list[str] = []
    real = ParserPool._try

    def record(self, contents, *rest, **options):
        names.extend(result.file.name for result, _ in contents)
        return real(self, contents, *rest, **options)

    monkeypatch.setattr(ParserPool, "_try", record)
    return names


def mail(subject: str, attached: bytes) -> bytes:
    message = EmailMessage()
    message["Subject"], message["From"] = subject, "a@example.org"
    message.set_content(f"Letter about {subject}.")
    message.add_attachment(attached, maintype="text", subtype="plain", filename="terms.txt")
    return message.as_bytes()


def zipped(files: dict[str, str]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return target.getvalue()


def stored(path: Path) -> tuple[bytes, bytes, list]:
    """Everything that a reading stores of the texts: text, index, and the words of the search index by passage."""
    with sqlite3.connect(path / SEARCH) as search:
        placed = placement_of(search, len(Archive(path).passage_start))
        search.execute("create virtual table temp.words using fts5vocab(main, passages, instance)")
        words = search.execute("select term, doc, col, offset from words").fetchall()
        rows = search.execute("select id from passages_docsize").fetchall()
    assert sorted(placed.passage(row) for (row,) in rows) == [*range(len(Archive(path).passage_start))]
    return (
        (path / TEXT).read_bytes(),
        (path / INDEX).read_bytes(),
        sorted((term, placed.passage(row), *place) for term, row, *place in words),
    )


def test_only_what_changed_is_parsed(add, source: Path, parsed: list[str]) -> None:
    add({f"{n}.txt": f"text {n}" for n in range(20)} | {"lease.md": LEASE})
    parsed.clear()
    (source / "3.txt").rename(source / "third.txt")
    (source / "4.txt").unlink()
    info = add({"5.txt": "changed", "new.txt": "new"})
    assert sorted(parsed) == ["5.txt", "new.txt"]
    corpus = Corpus.open(info.path)
    assert corpus.names[-3:] == ["lease.md", "new.txt", "third.txt"] and "4.txt" not in corpus.names
    assert [str(corpus[corpus.names.index(name)]) for name in ("third.txt", "5.txt")] == ["text 3", "changed"]
    assert corpus.search("notice period", 1)[0].name == "lease.md"


def test_a_file_whose_facts_are_the_same_is_not_opened(
    add, source: Path, parsed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(source, {f"{n}.txt": f"text {n}" for n in range(5)})
    settle(source)
    monkeypatch.setattr("engine.documents.writing.earlier.RACY_NS", -(10**12))  # st_ctime cannot be set
    add({})
    opened: list[str] = []
    for module in ("parser_pool", "writing.earlier"):
        real = __import__(f"engine.documents.{module}", fromlist=["read"]).read

        def read(file, real=real):
            opened.append(file.name)
            return real(file)

        monkeypatch.setattr(f"engine.documents.{module}.read", read)
    assert add({"9.txt": "new"}).documents == 6 and set(opened) == {"9.txt"}


def test_a_change_that_keeps_size_and_time_is_seen_by_its_hash(add, source: Path, parsed: list[str]) -> None:
    fill(source, {"a.txt": "one", "b.txt": "two"})
    settle(source)
    add({})
    parsed.clear()
    fill(source, {"a.txt": "eno"})
    settle(source)
    assert [str(text) for text in Corpus.open(add({}).path)] == ["eno", "two"] and parsed == ["a.txt"]


def test_another_ending_is_another_reading(add, source: Path, parsed: list[str]) -> None:
    add({"a.md": "# Head\n\ntext", "b.txt": "b"})
    parsed.clear()
    (source / "a.md").rename(source / "a.py")
    corpus = Corpus.open(add({}).path)
    assert parsed == ["a.py"] and corpus.archive.headings(0) == []


def test_an_attachment_that_was_kept_elsewhere_goes_on_when_that_place_goes(
    add, source: Path, parsed: list[str]
) -> None:
    terms = b"The notice is six months."
    add({"a.eml": mail("a", terms), "b.eml": mail("b", terms), "c.txt": "c"})
    parsed.clear()
    (source / "a.eml").unlink()
    info = add({})
    assert parsed == []
    assert Corpus.open(info.path).names == ["b.eml", "b.eml/terms.txt", "c.txt"]
    assert str(Corpus.open(info.path)[1]) == terms.decode()


def test_what_was_said_of_a_file_is_said_again(add, source: Path, parsed: list[str]) -> None:
    files = {
        "a.zip": zipped({"x.txt": "x", "y.bin": "\0\1\2", ".z": "z"}),
        "b.png": b"\x89PNG\r\n\x1a\n\0\0",
        "c.txt": "c",
    }
    first = add(files)
    parsed.clear()
    second = add({"d.txt": "d"})
    assert parsed == ["d.txt"]
    assert (second.skipped, second.notices) == (first.skipped, first.notices) and second.skipped


def test_what_failed_for_a_passing_reason_is_parsed_again(
    add, source: Path, monkeypatch: pytest.MonkeyPatch, parsed: list[str]
) -> None:
    from engine.documents import parser_pool

    with monkeypatch.context() as broken:
        broken.setattr(parser_pool, "PARSER", "tests.engine.documents.bad_parser")
        add({"a.txt": "one", "b.txt": "EXIT"})
    parsed.clear()
    assert add({"c.txt": "c"}).documents == 3 and set(parsed) == {"b.txt", "c.txt"}


@pytest.mark.parametrize("damage", ["", "{", '{"before": 1, "files": [[]]}'])
def test_what_files_gave_may_be_missing_or_damaged(add, source: Path, parsed: list[str], damage: str) -> None:
    first = add({"a.txt": "one", "b.txt": "two"})
    (first.path / GIVEN).write_text(damage) if damage else (first.path / GIVEN).unlink()
    parsed.clear()
    assert add({"c.txt": "three"}).documents == 3 and sorted(parsed) == ["a.txt", "b.txt", "c.txt"]


def test_the_version_before_stays_as_it_was(add, source: Path) -> None:
    first = add({"a.txt": "one", "b.txt": "two"})
    before = {path.name: path.read_bytes() for path in first.path.iterdir()}
    corpus = Corpus.open(first.path)
    (source / "a.txt").rename(source / "z.txt")
    assert add({"b.txt": "changed"}).id != first.id
    assert {path.name: path.read_bytes() for path in first.path.iterdir()} == before
    assert [str(text) for text in corpus] == ["one", "two"]


NAMES = ["a.txt", "b.md", "c.eml", "d.zip", "e/f.txt", "e/g.csv", "h.py", "i.eml"]
CONTENTS = st.sampled_from(
    [
        LEASE.encode(),
        b"# One\n\ntext\n\n# Two\n\n" + b"A sentence of some length. " * 60,
        "Größe\n\n# Straße\n".encode() * 40,
        b"name,sum\nAnna,3\n",
        b"",
        b"\0\1\2",
        mail("rent", b"The rent is due."),
        mail("notice", b"The rent is due."),
        zipped({"x/y.txt": "packed", "z.md": LEASE}),
    ]
)


@settings(max_examples=12, phases=(Phase.explicit, Phase.reuse, Phase.generate))  # each takes seconds
@given(st.lists(st.dictionaries(st.sampled_from(NAMES), CONTENTS | st.none()), min_size=2, max_size=4))
def test_reading_again_gives_what_a_first_reading_gives(steps: list[dict[str, bytes | None]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        source, corpora = Path(name, "source"), Path(name, "corpora")
        fill(source, {"always.txt": "text"})
        for step in steps:
            for path, content in step.items():
                if content is None:
                    (source / path).unlink(missing_ok=True)
                else:
                    fill(source, {path: content})
            again = ingest([source], corpora, processes=1)
        fresh = ingest([source], Path(name, "fresh"), processes=1)
        assert again.id == fresh.id and (again.skipped, again.notices) == (fresh.skipped, fresh.notices)
        assert stored(again.path) == stored(fresh.path)
        shutil.rmtree(source)


def test_two_threads_may_note_the_same_reading(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(source, {"a.txt": "a"})
    corpus = ingest([source], tmp_path / "corpora")
    found, _ = look([source])
    wrote = threading.Barrier(2, timeout=60)
    real = Path.replace

    def together(self: Path, target: Path) -> Path:
        wrote.wait()
        return real(self, target)

    monkeypatch.setattr(Path, "replace", together)
    with ThreadPoolExecutor(2) as threads:
        noted = [threads.submit(remember, found, tmp_path / "corpora", corpus.id) for _ in range(2)]
        assert [one.result() for one in noted] == [None, None]
