"""Uploads into the library without a browser: names, limits, a full disk, what is swept."""

from __future__ import annotations

import errno
import json
import os
import shutil
import stat
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.errors import NoSpace, NotFound, TooLarge
from app.library import uploads
from app.library.jobs import AT_ONCE
from app.library.service import Library
from app.library.uploads import clean
from engine import disk
from engine.errors import InputError
from engine.store import Store
from tests.app.library.opened import done, open_library, send
from tests.engine.store.test_delete import holding

CANARY = "quetzal-8842-marzipan"


def test_an_upload_keeps_relative_paths_and_duplicate_names(library: Library, data_dir: Path) -> None:
    upload = library.begin_upload()["upload"]
    send(library, upload, {"top/a/same.txt": b"first", "top/b/same.txt": b"second", "top/b/.git/x": b"no"})
    with library.uploads.receive(upload, "top/b/same.txt", 9, None) as receiver:
        receiver.write(b"third")
    card = library.card(done(library, library.finish_upload(upload)).result["card"])
    names = [d["name"] for d in library.documents.list(card["id"])["documents"]]
    assert names == ["a/same.txt", "b/same.txt", "b/same.txt (2)"]
    texts = [library.documents.text(card["id"], n)["text"][0][2] for n in range(3)]
    assert texts == ["first", "second", "third"]
    assert (card["name"], card["kind"], card["sources"]) == ("top", "upload", [])
    assert card["notices"] == ["1 hidden files were left out."]
    folder = data_dir / "uploads" / upload
    assert card["card"] == upload and not (folder / "owner.json").exists()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(f.stat().st_mode) for f in folder.iterdir()} == {0o600}
    with pytest.raises(InputError, match="were uploaded, so there is no folder"):
        library.rescan(upload)


def test_a_file_sent_again_replaces_itself(library: Library) -> None:
    upload = library.begin_upload()["upload"]
    send(library, upload, {"a.txt": b"wrong"})
    send(library, upload, {"a.txt": b"right"})
    card = done(library, library.finish_upload(upload, "  Mine\n")).result
    assert library.documents.text(card["id"], 0)["text"][0][2] == "right"
    assert library.card(card["card"])["name"] == "Mine"


@pytest.mark.parametrize(
    "rel",
    [
        "../../etc/passwd",
        "/etc/passwd",
        "a/../b",
        "a//b",
        ".",
        "C:\\x",
        "c:/x",
        "",
        "  ",
        "x" * 2000,
        "a/",
        "./a",
    ],
)
def test_names_that_lead_elsewhere_are_refused(library: Library, rel: str) -> None:
    upload = library.begin_upload()["upload"]
    with (
        pytest.raises(InputError, match=r"leads out|without a name|longer than"),
        library.uploads.receive(upload, rel, 1, 1),
    ):
        pytest.fail("it was taken")


def test_strange_names_are_only_text(library: Library, data_dir: Path) -> None:
    names = [
        "<img src=x onerror=alert(1)>.txt",
        "a\tb\x1b[31m.txt",
        "${7*7}.txt",
        "con",
        "\u202egpj.txt",
        "a\\b",
    ]
    upload = library.begin_upload()["upload"]
    send(library, upload, {name: b"text" for name in names})
    card = done(library, library.finish_upload(upload)).result
    shown = [d["name"] for d in library.documents.list(card["id"])["documents"]]
    assert sorted(shown) == sorted([names[0], "a\ufffdb\ufffd[31m.txt", *names[2:]])
    assert all(
        f.name.isdecimal() or f.name == "manifest.jsonl" for f in (data_dir / "uploads" / upload).iterdir()
    )


def test_a_file_over_the_limit_is_a_problem_of_the_card(library: Library) -> None:
    library.uploads.largest = 10
    begun = library.begin_upload()
    assert begun["largest"] == 10
    with pytest.raises(TooLarge, match=r"big.txt was not taken: it is larger than 10 B \(11 B\)"):
        send(library, begun["upload"], {"big.txt": b"x" * 11})
    with (
        pytest.raises(TooLarge, match=r"unsaid\.txt"),
        library.uploads.receive(begun["upload"], "unsaid.txt", 2, None) as receiver,
    ):
        for _ in range(11):
            receiver.write(b"x")
    send(library, begun["upload"], {"ok.txt": b"fine"}, 3)
    card = library.card(done(library, library.finish_upload(begun["upload"])).result["card"])
    found = {d["name"]: d["problems"] for d in library.documents.list(card["id"], problems=True)["documents"]}
    assert found == {
        "big.txt": ("it is larger than 10 B (11 B)",),
        "unsaid.txt": ("it is larger than 10 B (11 B)",),
    }


def test_an_aborted_file_leaves_no_part_and_can_be_sent_again(library: Library, data_dir: Path) -> None:
    upload = library.begin_upload()["upload"]
    folder = data_dir / "uploads" / upload
    with (
        pytest.raises(InputError, match="did not arrive whole: 3 of 9 bytes"),
        library.uploads.receive(upload, "a.txt", 1, 9) as receiver,
    ):
        receiver.write(b"abc")
    with pytest.raises(ConnectionError), library.uploads.receive(upload, "a.txt", 1, 9):
        assert [*folder.glob("000001.*.part")]
        raise ConnectionError
    assert [f.name for f in folder.iterdir()] == ["owner.json"]
    with pytest.raises(InputError, match="No file arrived"):
        library.finish_upload(upload)
    send(library, upload, {"a.txt": b"all of it"})
    done(library, library.finish_upload(upload))


def test_a_full_disk_is_said_and_what_came_before_is_kept(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = library.begin_upload()["upload"]
    send(library, upload, {"a.txt": b"first"})

    def full(*_) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(uploads.Receiver, "write", full)
        with pytest.raises(NoSpace, match=r"disk is full: b\.txt could not be stored\. Free some space"):
            send(library, upload, {"b.txt": b"second"}, 2)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(total=10**12, free=1000))
        with pytest.raises(NoSpace):
            send(library, upload, {"b.txt": b"second"}, 2)
    send(library, upload, {"b.txt": b"second"}, 2)
    assert done(library, library.finish_upload(upload)).message == "2 documents read."


def test_unfinished_uploads_are_swept_at_the_next_start(
    library: Library, store: Store, data_dir: Path
) -> None:
    kept = library.begin_upload()["upload"]
    send(library, kept, {"a.txt": b"kept"})
    done(library, library.finish_upload(kept))
    abandoned, dropped = (library.begin_upload()["upload"] for _ in range(2))
    send(library, abandoned, {"b.txt": CANARY.encode()})
    elsewhere = data_dir / "uploads" / "c00000000"
    elsewhere.mkdir()
    from engine.store.owner import this_process, to_json

    (elsewhere / "owner.json").write_text(json.dumps({**to_json(this_process()), "pid": 1, "started": 0}))
    library.drop_upload(dropped)
    open_library(store, data_dir).close()
    assert [f.name for f in (data_dir / "uploads").iterdir()] == [kept]
    assert holding(data_dir, CANARY) == []
    with pytest.raises(NotFound, match="upload is over or was given up"):
        send(library, abandoned, {"b.txt": b"late"})


def test_an_upload_that_cannot_be_read_is_removed(library: Library, data_dir: Path) -> None:
    upload = library.begin_upload()["upload"]
    send(library, upload, {"a.bin": bytes(range(200))})
    job = library.jobs.wait(library.finish_upload(upload).job)
    assert job.state == "failed" and "Uploaded files" in job.name
    assert [*(data_dir / "uploads").iterdir()] == [] and library.cards() == []


def test_a_usual_name_stays_as_it_is() -> None:
    assert clean("a/b c.txt") == "a/b c.txt"


@pytest.mark.parametrize("heard", [True, False])
def test_an_upload_that_is_stopped_while_it_waits_leaves_nothing(
    library: Library, data_dir: Path, heard: bool
) -> None:
    go_on = threading.Event()
    for _ in range(AT_ONCE):
        library.jobs.start("rescan", "another", lambda control: ("", go_on.wait(300)))
    upload = library.begin_upload()["upload"]
    send(library, upload, {"a.txt": b"kestrel"})
    job = library.finish_upload(upload).job
    assert library.finish_upload(upload).job == job  # a page whose connection was lost says it again
    if heard:
        library.jobs.stop(job)
    else:  # and gives up what it does not know to be read
        library.drop_upload(upload)
    go_on.set()
    found = library.jobs.wait(job)
    assert (found.state, found.message) == ("stopped", "Stopped before it began; nothing was changed.")
    assert [*(data_dir / "uploads").iterdir()] == []
    with pytest.raises(NotFound, match="given up"):
        library.drop_upload(upload)


def test_a_file_that_comes_while_its_upload_is_given_up_leaves_nothing(
    library: Library, data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload, room = library.begin_upload()["upload"], disk.room
    dropping = threading.Thread(target=library.drop_upload, args=(upload,))

    def slow(path: Path) -> int:
        dropping.start()
        dropping.join(0.3)  # for what it does that it is not to do yet
        return room(path)

    monkeypatch.setattr(disk, "room", slow)
    with (
        pytest.raises(NotFound, match="given up"),
        library.uploads.receive(upload, "a.txt", 1, 1) as receiver,
    ):
        dropping.join(60)
        receiver.write(b"x")
    assert [*(data_dir / "uploads").iterdir()] == []


def test_a_file_that_is_sent_again_while_its_lost_connection_still_hangs_is_kept(library: Library) -> None:
    upload = library.begin_upload()["upload"]
    hanging = library.uploads.receive(upload, "a.txt", 1, 10)
    hanging.__enter__().write(b"01234")
    with library.uploads.receive(upload, "a.txt", 1, 10) as again:
        again.write(b"01234")
        lost = ConnectionError("lost")
        assert not hanging.__exit__(ConnectionError, lost, None)
        again.write(b"56789")
    card = done(library, library.finish_upload(upload)).result
    assert library.documents.text(card["id"], 0)["text"][0][2] == "0123456789"
    assert len(library.documents.list(card["id"])["documents"]) == 1
