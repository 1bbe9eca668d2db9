"""Folders become corpora: whole or not at all, the same for the same content, with a reason for what is left out."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from engine.corpus import Corpus
from engine.corpus.archive import META, ArchiveWriter
from engine.corpus.place.place import place_of
from engine.documents import parser_pool as pool
from engine.documents.ingest import Progress, ingest, load_info, to_json
from engine.errors import Cancelled, InputError, StoreError
from tests.engine.conftest import LEASE, fill
from tests.engine.sandbox.as_user import run_as_user


def reasons(info) -> dict[str, str]:
    return {skip["path"]: skip["reason"] for skip in info.skipped}


def leftovers(corpora: Path) -> list[str]:
    return [path.name for path in corpora.glob(".new-*")]


def test_a_folder_becomes_a_corpus(add, source: Path) -> None:
    info = add({"contracts/lease.md": LEASE, "b.txt": "two\r\nlines\r\n", "a.txt": "one"})
    corpus = Corpus.open(info.path)
    assert corpus.names == ["a.txt", "b.txt", "contracts/lease.md"]
    assert [str(document) for document in corpus] == ["one", "two\nlines\n", LEASE]
    assert (info.documents, info.name, info.reused) == (3, "source", False)
    assert info.chars == corpus.total_chars == sum(map(len, corpus))
    assert load_info(info.path) == info
    assert json.loads(json.dumps(to_json(info)))["sources"] == [str(source)]


def test_lines_are_counted_when_they_are_stored(add, source: Path) -> None:
    def counted(info) -> int:
        archive = Corpus.open(info.path).archive
        return sum(archive.lines(document) for document in range(archive.count))

    info = add({"a.txt": "one\ntwo", "b.txt": "three\n", "long.txt": "a line of a long file\n" * 30_000})
    assert info.lines == counted(info) == 30_003
    info = add({"b.txt": "three\nfour\n\nsix"})  # what stayed is taken over
    assert info.lines == counted(info) == 30_006
    (info.path / META).write_text(
        json.dumps({k: v for k, v in json.loads((info.path / META).read_text()).items() if k != "lines"})
    )
    assert load_info(info.path).lines is None  # as stored before lines were counted


def test_names_sort_as_people_count(ingested) -> None:
    assert ingested({f"page {n}.txt": str(n) for n in (10, 9, 1)}).names == [
        "page 1.txt",
        "page 9.txt",
        "page 10.txt",
    ]


def test_sections_of_settings_are_headings_and_their_comments_are_not(ingested) -> None:
    corpus = ingested({"a.ini": "# Of the office\n[web]\n# Ask Ida\nport = 80\n[mail]  # new\nport = 25\n"})
    assert [heading for _, heading in corpus.archive.headings(0)] == ["[web]", "[mail]"]
    assert "port = 25" in corpus.passages("port of mail", 1)[0]
    assert corpus.passages("port of mail", 1)[0].above == ""  # it begins with its heading
    assert corpus.passages("Ask Ida", 1, 9)[0].above == "[web]"


def test_times_of_subtitles_are_headings_and_songs_are_not(ingested) -> None:
    line = "1\n00:00:0{0} --> 00:00:0{1}\n# The berth fee is due, la la la, #\n\n"
    corpus = ingested({"a.srt": "".join(line.format(at, at + 1) for at in (1, 8))})
    assert [heading for _, heading in corpus.archive.headings(0)] == ["[00:00:01]", "[00:00:08]"]
    assert corpus.passages("berth fee", 1)[0].startswith("[00:00:01]\n# The berth fee")
    (hit,) = corpus.grep("fee is due, la la la, # *$")[1:]
    assert place_of(corpus.archive, 0, hit.start, hit.end).said() == "line 5, 00:00:08"


def test_an_unchanged_folder_is_reused(add, source: Path) -> None:
    first = add({"a.txt": "one", "b.bin": b"\0\1\2"})
    again = add({})
    assert (again.reused, again.id, again.skipped) == (True, first.id, first.skipped)


def test_touched_files_with_the_same_content_are_reused(add, source: Path) -> None:
    first = add({"a.txt": "one"})
    os.utime(source / "a.txt", (1, 1))
    assert add({}).reused
    assert add({"a.txt": "one"}).id == first.id


def test_changed_added_and_removed_files_make_another_corpus(add, source: Path) -> None:
    ids = [add({"a.txt": "one", "b.txt": "two"}).id, add({"a.txt": "eno"}).id, add({"c.txt": "three"}).id]
    (source / "c.txt").unlink()
    ids.append(add({}).id)
    (source / "b.txt").rename(source / "d.txt")
    ids.append(add({}).id)
    assert len(set(ids)) == 4 and ids[3] == ids[1]


def test_a_change_within_the_clock_tick_of_the_first_reading_is_seen(
    add, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "engine.documents.writing.earlier.facts_sign", lambda found: "a clock that stands still"
    )
    add({"a.txt": "one"})
    assert not add({"a.txt": "eno"}).reused


def test_the_same_files_elsewhere_are_the_same_corpus(add, source: Path, corpora: Path) -> None:
    first = add({"a.txt": "one"})
    copy = source.with_name("copy")
    shutil.copytree(source, copy)
    again = ingest([copy], corpora)
    assert again.id == first.id and again.reused


def test_a_deleted_corpus_is_made_again(add) -> None:
    first = add({"a.txt": "one"})
    shutil.rmtree(first.path)
    again = add({})
    assert not again.reused and again.id == first.id and Corpus.open(again.path)[0] == "one"


def test_several_paths_keep_their_names_apart(source: Path, corpora: Path) -> None:
    fill(source, {"x/a.txt": "one", "y/a.txt": "two", "z.txt": "three"})
    (source / "other").mkdir()
    shutil.copytree(source / "x", source / "other" / "x")
    info = ingest([source / "x", source / "y", source / "z.txt", source / "other" / "x"], corpora)
    corpus = Corpus.open(info.path)
    assert corpus.names == ["x/a.txt", "x/a.txt (2)", "y/a.txt", "z.txt"]
    assert info.name == "x and 3 more"
    assert Corpus.open(ingest([source / "z.txt"], corpora).path).names == ["z.txt"]


def test_what_cannot_be_read_is_skipped_with_a_reason(add, source: Path) -> None:
    (source / "outside.txt").symlink_to("/etc/hostname")
    (source / "inside.txt").symlink_to("a.txt")
    (source / "loop").symlink_to(".")
    (source / "broken").symlink_to("nowhere")
    os.mkfifo(source / "fifo")
    info = add(
        {"a.txt": "one", "empty.txt": "", "blank.txt": " \n", "program.txt": b"\x7fELF\2\1" + b"\0" * 80}
    )
    assert Corpus.open(info.path).names == ["a.txt", "inside.txt"]
    found = reasons(info)
    assert "outside" in found["outside.txt"] and "folder" in found["loop"] and "regular" in found["fifo"]
    assert "empty" in found["empty.txt"] and "white space" in found["blank.txt"]
    assert "program" in found["program.txt"] and "broken" in found


def test_hidden_files_are_left_out_and_counted(add) -> None:
    info = add({"a.txt": "one", ".git/config": "x", ".hidden": "y"})
    assert info.documents == 1 and any("2 hidden" in notice for notice in info.notices)


def test_too_large_files_are_skipped(add, source: Path) -> None:
    with (source / "huge.log").open("wb") as file:
        file.truncate(300 << 20)
    assert "larger than 256 MB" in reasons(add({"a.txt": "one"}))["huge.log"]


def test_names_that_are_no_unicode_or_hold_control_characters_are_made_readable(add, source: Path) -> None:
    (Path(os.fsdecode(bytes(source) + b"/caf\xe9.txt"))).write_text("one")
    (source / "two\nlines.txt").write_text("two")
    assert Corpus.open(add({}).path).names == ["caf\ufffd.txt", "two\ufffdlines.txt"]


UNPRIVILEGED = """
import json, os, sys
from pathlib import Path
from engine.documents.ingest import ingest
from engine.errors import InputError
source, corpora = Path(sys.argv[1], "source"), Path(sys.argv[1], "corpora")
for name in ("a.txt", "secret.txt", "closed/b.txt"):
    (source / name).parent.mkdir(parents=True, exist_ok=True)
    (source / name).write_text(name)
(source / "secret.txt").chmod(0); (source / "closed").chmod(0)
info = ingest([source], corpora)
said = []
for path in (source / "secret.txt", source / "closed"):
    try:
        ingest([path], corpora)
    except InputError as error:
        said.append(str(error))
print(json.dumps([list(info.skipped), said, info.documents, os.getuid()]))
(source / "closed").chmod(0o700)
"""


def test_files_without_permission_are_named() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        done = run_as_user(["-c", UNPRIVILEGED, folder], timeout=300)
        skipped, said, documents, user = json.loads(done.stdout)
    if user == 0:
        pytest.skip("root cannot become an ordinary user here")
    assert documents == 1
    assert {s["path"].rstrip("/") for s in skipped} == {"secret.txt", "closed"}
    assert all("ermission denied" in s["reason"] for s in skipped)
    assert len(said) == 2 and all("permission denied" in sentence for sentence in said)


def test_nothing_to_read_is_an_input_error(source: Path, corpora: Path) -> None:
    with pytest.raises(InputError, match="no file or folder"):
        ingest([source / "missing"], corpora)
    with pytest.raises(InputError, match="holds no files"):
        ingest([source], corpora)
    with pytest.raises(InputError, match="No file or folder was given"):
        ingest([], corpora)
    fill(source, {"a.txt": "", "b.zip": b"PK\x03\x04rest"})
    with pytest.raises(InputError, match=r"holds no file that can be read\. a\.txt: it is empty; b\.zip"):
        ingest([source], corpora)
    assert leftovers(corpora) == []


def test_a_stop_leaves_nothing_behind(source: Path, corpora: Path) -> None:
    fill(source, {f"{n}.txt": "text" for n in range(200)})
    seen: list[Progress] = []
    with pytest.raises(Cancelled):
        ingest([source], corpora, progress=seen.append, cancel=lambda: len(seen) > 70)
    assert leftovers(corpora) == [] and not any(path.suffix != ".seen" for path in corpora.iterdir())


def test_a_stop_does_not_wait_for_a_slow_file(
    source: Path, corpora: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "PARSER", "tests.engine.documents.bad_parser")
    reading, real = threading.Event(), pool._Parser._receive_file

    def receive(self: pool._Parser, result: pool.Result) -> None:
        reading.set()  # the parser has the file by now, and would keep it for an hour
        real(self, result)

    monkeypatch.setattr(pool._Parser, "_receive_file", receive)
    fill(source, {"a.txt": "SLEEP"})
    with pytest.raises(Cancelled):
        ingest([source], corpora, cancel=reading.is_set, seconds=3600)
    assert reading.is_set() and leftovers(corpora) == []


def test_progress_counts_files_and_bytes(source: Path, corpora: Path) -> None:
    fill(source, {f"{n}.txt": "text" for n in range(100)})
    seen: list[Progress] = []
    ingest([source], corpora, progress=seen.append)
    assert [p.files for p in seen] == list(range(101))
    assert seen[0] == Progress(0, 100, 0, 400, "", reading="0.txt")
    assert seen[-1] == Progress(100, 100, 400, 400, "99.txt")


def test_progress_goes_on_inside_a_large_file_and_so_does_cancel(
    source: Path, corpora: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.documents.writing.index.ROWS", 10)
    fill(source, {"a.txt": "small", "large.txt": "The rope is long.\n" * 20_000})
    seen: list[Progress] = []
    ingest([source], corpora, progress=seen.append)
    inside = [p.bytes for p in seen if p.files == 1 and not p.name]
    assert len(inside) > 5 and inside == sorted(set(inside)) and 5 < inside[0] < inside[-1] <= 5 + 18 * 20_000
    assert {p.reading for p in seen if p.files == 1} == {"large.txt"} and seen[-1].reading == ""
    again: list[Progress] = []
    with pytest.raises(Cancelled):
        ingest(
            [source / "large.txt"], corpora, progress=again.append, cancel=lambda: any(p.bytes for p in again)
        )
    assert again[-1].files == 0 and leftovers(corpora) == []


def test_the_leftovers_of_a_killed_ingest_are_swept(add, source: Path, corpora: Path) -> None:
    fill(source, {f"{n}.txt": "text" for n in range(300)})
    script = (
        "import os, signal, sys; from pathlib import Path; from engine.documents.ingest import ingest\n"
        "ingest([Path(sys.argv[1])], Path(sys.argv[2]), progress=lambda p: os.kill(os.getpid(), signal.SIGKILL))"
    )
    done = subprocess.run([sys.executable, "-c", script, str(source), str(corpora)], check=False)
    assert done.returncode == -9 and len(leftovers(corpora)) == 1
    (corpora / ".new-unknown").mkdir()
    add({})
    assert leftovers(corpora) == []


def test_a_running_ingest_of_another_process_is_left_alone(source: Path, corpora: Path) -> None:
    fill(source, {"a.txt": "text"})
    during: list[list[str]] = []

    def look(_: Progress) -> None:
        inner = source.with_name("inner")
        fill(inner, {"b.txt": "other"})
        ingest([inner], corpora, processes=1)
        during.append(leftovers(corpora))

    ingest([source], corpora, progress=look)
    assert len(during[0]) == 1


def test_a_full_disk_is_said_and_cleaned_up(
    source: Path, corpora: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(source, {"a.txt": "text"})

    def full(*_: object, **__: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(ArchiveWriter, "add", full)
    with pytest.raises(StoreError, match=r"is full\. Free some space"):
        ingest([source], corpora)
    assert leftovers(corpora) == []


def test_a_damaged_corpus_is_refused(add) -> None:
    info = add({"a.txt": "text"})
    (info.path / "search.sqlite").write_bytes(b"no database" * 1000)
    with pytest.raises(StoreError, match="search index"):
        Corpus.open(info.path).search("text")
    (info.path / "text.utf8").write_bytes(b"te")
    with pytest.raises(StoreError, match="damaged"):
        Corpus.open(info.path)
    (info.path / "index.bin").write_bytes(b"")
    with pytest.raises(StoreError, match="cannot be opened"):
        Corpus.open(info.path)
    (info.path / "meta.json").write_text("{")
    with pytest.raises(StoreError, match="readable corpus"):
        load_info(info.path)


def test_a_parser_that_dies_hangs_lies_or_eats_memory_costs_one_file(
    source: Path, corpora: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "PARSER", "tests.engine.documents.bad_parser")
    monkeypatch.setattr(pool, "MEMORY", 1 << 30)
    real = pool._Parser.parse

    def parse(self: pool._Parser, contents: list, seconds: float, *rest: object) -> None:
        hangs = any(b"SLEEP" in data for _, data in contents)
        real(self, contents, seconds if hangs else 300.0, *rest)  # a slow machine is no hanging parser

    monkeypatch.setattr(pool._Parser, "parse", parse)
    bad = {word: f"please {word} now" for word in ("CRASH", "SLEEP", "LIE", "EXIT", "HUNGER")}
    fill(source, {f"{word}.txt": text for word, text in bad.items()})
    fill(source, {f"good {n}.txt": f"text {n}" for n in range(5)})
    info = ingest([source], corpora, seconds=1.0)
    assert Corpus.open(info.path).names == [f"good {n}.txt" for n in range(5)]
    found = reasons(info)
    assert set(found) == {f"{word}.txt" for word in bad}
    assert "longer than" in found["SLEEP.txt"] and "made the parser fail" in found["CRASH.txt"]
    assert "memory" in found["HUNGER.txt"] or "made the parser fail" in found["HUNGER.txt"]


def test_what_failed_for_a_passing_reason_is_tried_again(
    source: Path, corpora: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(source, {"a.txt": "one", "b.txt": "EXIT"})
    with monkeypatch.context() as broken:
        broken.setattr(pool, "PARSER", "tests.engine.documents.bad_parser")
        assert ingest([source], corpora).documents == 1
    again = ingest([source], corpora)
    assert not again.reused and again.documents == 2


@pytest.mark.sandbox
def test_the_parser_cannot_reach_files_or_the_network(source: Path, corpora: Path) -> None:
    from engine.sandbox import level

    if not level().available:
        pytest.skip(level().detail)
    fill(source, {"a.txt": "one"})
    assert not any("sandbox" in notice for notice in ingest([source], corpora).notices)
    script = (
        "import socket; from engine.documents.parser import confine_self\n"
        "print(repr(confine_self(1 << 30)))\n"
        f"for attempt in (lambda: open({str(source / 'a.txt')!r}), socket.socket, lambda: open('/tmp/x', 'w')):\n"
        "    try: attempt(); print('reached')\n"
        "    except OSError: print('refused')\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["''", "refused", "refused", "refused"]
