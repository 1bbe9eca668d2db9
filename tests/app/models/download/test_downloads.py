"""Downloads against a real HTTP server that speaks the Hub's API: progress, resume, checksum, space, offline, cancel."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections import namedtuple
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.errors import Conflict, NotFound
from app.models.catalogue import Entry, adapters, find, load
from app.models.download import downloads as fetch
from app.models.download import fetch_process
from app.models.download.downloads import Fetches, Progress, Unreachable, look
from engine import disk
from engine.errors import InputError
from tests.app.models.at_work import until
from tests.app.models.download.hub_server import HubServer

CONTENT = os.urandom(4_000_000)
ENTRY = Entry("tiny", "Tiny", "small", "them/tiny-GGUF", "tiny-Q8_0.gguf")


@pytest.fixture
def hub(monkeypatch) -> Iterator[HubServer]:
    """A Hub with one model, which HF_ENDPOINT names."""
    server = HubServer({"them/tiny-GGUF": {"tiny-Q8_0.gguf": CONTENT, "mmproj-F16.gguf": b"x" * 10}})
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    for name in list(os.environ):
        if name.upper() in fetch.KEPT_PROXIES:
            monkeypatch.delenv(name)
    yield server
    server.close()


@pytest.fixture
def downloads(tmp_path) -> Iterator[Callable[..., Fetches]]:
    """Make download managers that are stopped when the test ends."""
    made: list[Fetches] = []

    def make(**options) -> Fetches:
        folder = tmp_path / "models"
        folder.mkdir(exist_ok=True)
        reports: list[Progress] = []
        made.append(Fetches(folder, reports.append, **options))
        made[-1].reports = reports  # type: ignore[attr-defined]
        return made[-1]

    yield make
    for one in made:
        one.close()


def wait(fetches: Fetches, wanted: Callable[[Progress], bool], id: str = ENTRY.id) -> Progress:
    """Wait until a download is as wanted."""
    for _ in range(1200):
        found = next((p for p in fetches.all() if p.id == id), None)
        if found is not None and wanted(found):
            return found
        time.sleep(0.05)
    raise AssertionError(f"it never came: {fetches.all()}")


def over(progress: Progress) -> bool:
    return progress.over


def test_a_model_is_downloaded_checked_and_put_in_its_place(hub, downloads):
    fetches = downloads()
    fetches.start(ENTRY)
    end = wait(fetches, over)
    assert (end.state, end.message, end.license) == ("finished", "", "apache-2.0")
    assert Path(end.path) == fetches.folder / "tiny-Q8_0.gguf"
    assert Path(end.path).read_bytes() == CONTENT
    assert end.done == end.total == len(CONTENT)
    until(lambda: fetches.reports[-1].state == "finished")  # it is told after it is so
    assert fetches.reports[0].state == "connecting"
    assert not list((fetches.folder / ".downloads").glob("*.part"))


def test_what_is_there_already_is_not_downloaded_again(hub, downloads):
    fetches = downloads()
    (fetches.folder / "tiny-Q8_0.gguf").write_bytes(CONTENT)
    fetches.start(ENTRY)
    assert wait(fetches, over).state == "finished"
    assert not [path for _, path, _ in hub.requests if "/resolve/" in path]


def test_another_file_of_the_same_name_is_left_alone(hub, downloads):
    fetches = downloads()
    (fetches.folder / "tiny-Q8_0.gguf").write_bytes(b"mine")
    fetches.start(ENTRY)
    end = wait(fetches, over)
    assert (end.state, end.kind) == ("failed", "exists")
    assert (fetches.folder / "tiny-Q8_0.gguf").read_bytes() == b"mine"


def test_cut_connections_are_taken_up_where_they_broke(hub, downloads):
    hub.cut_after, hub.cuts = 150_000, 3
    fetches = downloads()
    fetches.start(ENTRY)
    end = wait(fetches, over)
    assert end.state == "finished", end.message
    assert Path(end.path).read_bytes() == CONTENT
    ranges = [asked for _, path, asked in hub.requests if "/resolve/" in path]
    assert ranges[0] is None and len(ranges) == 4 and all(ranges[1:])


def test_a_paused_download_goes_on_after_a_restart_of_the_app(hub, downloads):
    hub.slow, hub.held = 0.03, 200_000
    first = downloads()
    first.start(ENTRY)
    wait(first, lambda p: p.state == "downloading" and p.done > 100_000)
    first.pause(ENTRY.id)
    paused = wait(first, over)
    assert paused.state == "paused" and 0 < paused.done < len(CONTENT) == paused.total
    assert not (first.folder / "tiny-Q8_0.gguf").exists()

    second = downloads()
    left = second.all()
    assert [(p.id, p.title, p.state, p.done) for p in left] == [("tiny", "Tiny", "paused", paused.done)]
    hub.slow, hub.held = 0.0, None
    entry = second.entry("tiny")
    assert entry is not None
    second.start(entry)
    end = wait(second, lambda p: p.state == "finished")
    assert Path(end.path).read_bytes() == CONTENT
    last = [asked for _, path, asked in hub.requests if "/resolve/" in path][-1]
    assert last == f"bytes={paused.done}-"


def test_a_discarded_download_leaves_nothing(hub, downloads):
    hub.slow, hub.held = 0.03, 200_000
    fetches = downloads()
    fetches.start(ENTRY)
    wait(fetches, lambda p: p.done > 50_000)
    assert fetches.discard(ENTRY.id) > 0
    assert [p for p in (fetches.folder / ".downloads").iterdir() if p.suffix in (".part", ".json")] == []
    with pytest.raises(NotFound):
        fetches.pause("nothing")


def test_a_wrong_checksum_is_refused_and_the_damaged_file_removed(hub, downloads):
    hub.wrong_sha = True
    fetches = downloads()
    fetches.start(ENTRY)
    end = wait(fetches, over)
    assert (end.state, end.kind) == ("failed", "checksum") and "SHA-256" in end.message
    assert list(fetches.folder.rglob("*.part")) == [] and not list(fetches.folder.glob("*.gguf"))


def test_no_space_is_said_before_anything_is_downloaded(hub, downloads):
    hub.size_claimed = 10**18
    fetches = downloads()
    fetches.start(ENTRY)
    end = wait(fetches, over)
    assert (end.state, end.kind) == ("failed", "space") and "has room for" in end.message
    assert not [path for _, path, _ in hub.requests if "/resolve/" in path]


def test_the_room_that_is_left_to_others_is_counted(tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**12, 0, disk.FLOOR_BYTES + 100))
    fetch_process._check_space(tmp_path, 100)
    with pytest.raises(fetch_process.Failure, match="has room for"):
        fetch_process._check_space(tmp_path, 101)


def test_offline_is_a_state_with_a_message(downloads, monkeypatch):
    fetches = downloads()
    with socket.socket() as mute:  # bound, so that nobody else listens there
        mute.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{mute.getsockname()[1]}")
        fetches.start(ENTRY)
        end = wait(fetches, over)
        assert (end.state, end.kind) == ("failed", "offline") and "cannot be reached" in end.message
        with pytest.raises(Unreachable, match="cannot be reached"):
            look([ENTRY])


def test_a_hub_that_says_nothing_is_given_up(hub, downloads):
    hub.silent = True
    fetches = downloads(silence=2.0)
    fetches.start(ENTRY)
    end = wait(fetches, over)
    assert (end.state, end.kind) == ("failed", "offline") and "stopped answering" in end.message
    hub.silent = False


@pytest.mark.parametrize(("status", "words"), [(503, "status 503"), (500, "status 500"), (401, "private")])
def test_a_hub_that_refuses_is_quoted(status, words, hub, downloads):
    hub.status = status
    fetches = downloads()
    fetches.start(ENTRY)
    end = wait(fetches, over)
    assert end.state == "failed" and (words in end.message or "status" in end.message)


def test_what_is_not_on_the_hub_is_said(hub, downloads):
    fetches = downloads()
    fetches.start(Entry("a", "A", "own", "them/absent", "a.gguf"))
    assert "no such repository" in wait(fetches, over, "a").message
    fetches.start(Entry("b", "B", "own", "them/tiny-GGUF", "other.gguf"))
    assert "tiny-Q8_0.gguf" in wait(fetches, over, "b").message


def test_a_redirect_to_another_machine_is_refused(hub, downloads):
    hub.redirect = "http://files.example/tiny.gguf"
    fetches = downloads()
    fetches.start(ENTRY)
    end = wait(fetches, over)
    assert (end.state, end.kind) == ("failed", "refused") and "files.example" in end.message


def test_the_fetch_process_cannot_reach_another_machine_even_when_it_tries():
    code = (
        "import socket, urllib.request; from app.models.download.fetch_process import only, Failure\n"
        "only('http://127.0.0.1:9')\n"
        "for attempt in (lambda: socket.create_connection(('192.0.2.1', 80), 2), "
        "lambda: socket.getaddrinfo('example.com', 80), lambda: socket.gethostbyname('example.com'), "
        "lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53)), "
        "lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendmsg([b'x'], [], 0, ('192.0.2.1', 53)), "
        "lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).bind(('0.0.0.0', 0))):\n"
        "    try: attempt()\n"
        "    except Failure: print('refused')\n"
        "    except OSError as error: print(error)\n"
    )
    environment = {k: v for k, v in os.environ.items() if k.upper() not in fetch.KEPT_PROXIES}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert done.stdout.split() == ["refused"] * 6, done.stderr


def test_parts_of_a_split_model_come_together_or_not_at_all(hub, downloads):
    names = [f"big-0000{n}-of-00003.gguf" for n in (1, 2, 3)]
    hub.files["them/big"] = {f"Q4/{name}": name.encode() * 1000 for name in names}
    fetches = downloads()
    fetches.start(Entry("big", "Big", "large", "them/big", "Q4/big-00001-of-00003.gguf"))
    end = wait(fetches, over, "big")
    assert end.state == "finished", end.message
    assert Path(end.path).name == names[0]
    assert sorted(p.name for p in fetches.folder.glob("*.gguf")) == names


def test_the_same_download_is_not_started_twice(hub, downloads):
    hub.slow, hub.held = 0.03, 200_000
    fetches = downloads()
    fetches.start(ENTRY)
    with pytest.raises(Conflict):
        fetches.start(ENTRY)


def test_a_killed_fetch_process_is_a_failure_that_keeps_what_it_has(hub, downloads):
    hub.slow, hub.held = 0.03, 200_000
    fetches = downloads()
    fetches.start(ENTRY)
    wait(fetches, lambda p: p.done > 50_000)
    fetches._processes[ENTRY.id].stop()
    end = wait(fetches, over)
    assert end.state == "failed" and "unexpectedly" in end.message and end.done > 0


def test_the_hub_is_asked_about_sizes_without_downloading(hub):
    found = look([ENTRY, Entry("absent", "Absent", "own", "them/absent", "a.gguf")])
    assert found["tiny"]["files"][0]["size"] == len(CONTENT)
    assert found["tiny"]["files"][0]["sha256"] == hashlib.sha256(CONTENT).hexdigest()
    assert "no such repository" in found["absent"]["problem"]


def test_a_pattern_must_mean_one_model():
    names = ["a-Q4_K_M.gguf", "a-Q8_0.gguf", "mmproj-a.gguf", "README.md"]
    assert fetch_process.chosen(names, "*Q8_0.gguf", "r") == ["a-Q8_0.gguf"]
    with pytest.raises(fetch_process.Failure, match="several"):
        fetch_process.chosen(names, "*.gguf", "r")
    with pytest.raises(fetch_process.Failure, match="holds no"):
        fetch_process.chosen(names, "*Q2_K.gguf", "r")


def test_the_catalogue_is_sound_and_names_no_checksum():
    entries = load()
    assert {entry.size for entry in entries} == {"small", "medium", "large"}
    assert len({entry.id for entry in entries}) == len(entries)
    for entry in entries:
        assert entry.repo.count("/") == 1 and entry.file.endswith(".gguf")
        assert entry.read_in and entry.good_for
    assert "sha256" not in json.dumps([entry.to_json() for entry in entries])


def test_the_adapters_of_the_catalogue_have_a_base_in_it_and_invent_no_address():
    models = {entry.id for entry in load()}
    published = {one.title: one for one in adapters()}
    assert {one.model for one in published.values()} <= models
    large = published["RLM Qwen3-30B-A3B v0.1"]
    assert (
        large.repo == "mit-oasys/rlm-qwen3-30b-a3b-v0.1"
        and f"--base-model-id {large.base} " in large.conversion
    )
    assert published["rl4rlm-star 1.7B"].repo is None


def test_models_are_named_by_id_title_or_place_on_the_hub():
    entries = load()
    assert find("QWEN3.5-4B", entries).repo == "unsloth/Qwen3.5-4B-GGUF"
    assert find("Qwen3.5 4B", entries).id == "qwen3.5-4b"
    own = find("https://huggingface.co/them/x-GGUF/blob/main/sub/x-Q4_0.gguf", entries)
    assert (own.repo, own.file, own.size) == ("them/x-GGUF", "sub/x-Q4_0.gguf", "own")
    assert find("them/x-GGUF:x-Q4_0.gguf", entries).file == "x-Q4_0.gguf"
    for bad in ("nothing", "../../x.gguf", "a/b/../c.gguf", "a/b", ""):
        with pytest.raises(InputError, match="not in the catalogue"):
            find(bad, entries)


def test_the_app_process_opens_no_connection_while_it_downloads(hub, downloads):
    opened: list[str] = []

    def watch(event: str, arguments: tuple) -> None:
        if event == "socket.connect" and not done.is_set():
            opened.append(repr(arguments[1]))

    done = threading.Event()  # a hook cannot be taken off again
    sys.addaudithook(watch)
    fetches = downloads()
    fetches.start(ENTRY)
    assert wait(fetches, over).state == "finished"
    done.set()
    assert opened == []
