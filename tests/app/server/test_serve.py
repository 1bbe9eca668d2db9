"""Starting and stopping the app: ports, data folders, signals, the splash, what is left behind."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from app.server import serve
from engine.errors import InputError, StoreError
from engine.store.database.database import FILE_NAME
from tests.app.command import ROOT, Taproot
from tests.app.desk import until
from tests.app.server.own_loop import finish

pytestmark = pytest.mark.sandbox
SECONDS = 300  # nothing is measured by it


def refuses(*arguments: str) -> str:
    """Start the app with something wrong; the one sentence in which it says so."""
    done = subprocess.run(
        [sys.executable, "launch.py", "--no-browser", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def get(app: Taproot, path: str = "", cookie: str = "") -> tuple[int, dict[str, str], bytes]:
    """One request to a running app without a browser; by default to the address that it printed."""
    host, _, rest = app.url.removeprefix("http://").partition("/")
    connection = http.client.HTTPConnection(host, timeout=SECONDS)
    connection.request("GET", path or f"/{rest}", headers={"Cookie": cookie} if cookie else {})
    answer = connection.getresponse()
    found = answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
    connection.close()
    return found


def enter(app: Taproot) -> str:
    """Trade the token for the cookie and wait until the app is built; the cookie."""
    cookie = get(app)[1]["set-cookie"].partition(";")[0]
    until(lambda: b"true" in get(app, "/api/ready", cookie)[2])
    return cookie


# --- what cannot be had -----------------------------------------------------------------------------------


def test_a_port_in_use_is_named_with_one_that_is_free(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        told = refuses("--port", str(port), "--data", str(tmp_path))
    assert f"port {port} is in use" in told
    free = int(told.rpartition("--port ")[2])
    listener = serve.listen(free)
    listener.close()


def test_without_a_wish_another_port_is_taken_when_the_usual_one_is_not_free(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        monkeypatch.setattr(serve, "PORT", taken.getsockname()[1])
        listener = serve.listen(None)
        assert listener.getsockname()[0] == "127.0.0.1"
        assert listener.getsockname()[1] != serve.PORT
        listener.close()


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1", ""])
def test_what_is_no_port(port: str, tmp_path: Path) -> None:
    assert "a number from 1 to 65535" in refuses(f"--port={port}", "--data", str(tmp_path))


def test_a_data_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a letter")
    assert "cannot be used" in refuses("--data", str(tmp_path / "file"))
    assert (tmp_path / "file").read_text() == "a letter"


def test_a_database_that_is_none(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"not a database" * 100)
    told = refuses("--data", str(tmp_path))
    assert told.count("taproot: ") == 1 and FILE_NAME in told
    assert (tmp_path / FILE_NAME).read_bytes() == b"not a database" * 100


def test_a_window_without_pywebview_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from app.command_line.parser import build_parser

    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(InputError, match="pip install pywebview"):
        serve.serve(build_parser().parse_args(["--window", "--data", str(tmp_path / "data")]))
    assert not (tmp_path / "data").exists()


WEBVIEW = '''"""Stands in for pywebview: a window that a person closes once the app is there."""
import http.client, threading, time, urllib.parse

class Window:
    def __init__(self, title, url, **options):
        self.title, self.url, self.options, self.closed = title, url, options, threading.Event()

    def destroy(self):
        self.closed.set()

    def look(self):
        asked = urllib.parse.urlsplit(self.url)
        def get(path, cookie=""):
            connection = http.client.HTTPConnection(asked.netloc, timeout=300)
            connection.request("GET", path, headers={"Cookie": cookie} if cookie else {})
            answer = connection.getresponse()
            return answer.getheader("set-cookie", "").partition(";")[0], answer.read()
        cookie = get(f"{asked.path}?{asked.query}")[0]
        while b"true" not in get("/api/ready", cookie)[1]:
            time.sleep(0.05)
        print(f"window {self.title}: ready", flush=True)
        self.destroy()

windows = []
def create_window(*given, **options):
    windows.append(Window(*given, **options))
    return windows[0]

def start(func):
    threading.Thread(target=func, daemon=True).start()
    threading.Thread(target=windows[0].look, daemon=True).start()
    windows[0].closed.wait()
'''
WINDOWED = (
    "import sys; sys.path.insert(0, {!r}); from app.command_line.main import run; sys.exit(run(sys.argv[1:]))"
)


def test_a_window_shows_the_app_and_ends_with_it(tmp_path: Path) -> None:
    (tmp_path / "webview.py").write_text(WEBVIEW)
    program = [sys.executable, "-c", WINDOWED.format(str(tmp_path))]
    app = Taproot(tmp_path / "data", "--window", program=program)
    assert app.process.wait(SECONDS) == 0
    assert app.process.stdout.read().endswith("window Taproot: ready\nTaproot has stopped.\n")

    (tmp_path / "data" / FILE_NAME).write_bytes(b"not a database" * 100)
    broken = Taproot(tmp_path / "data", "--window", program=program, stderr=subprocess.PIPE)
    assert broken.process.wait(SECONDS) == 2
    assert FILE_NAME in broken.process.stderr.read()


# --- start and stop ---------------------------------------------------------------------------------------


def test_it_stops_at_once_and_starts_again_on_the_same_folder_twice_if_wished(tmp_path: Path) -> None:
    """With a stream open, as every page has one. The token of the first start opens nothing in the second."""
    data = tmp_path / "data"
    first = Taproot(data)
    cookie = enter(first)
    token = cookie.partition("=")[2]
    streaming = http.client.HTTPConnection(urlsplit(first.url).netloc, timeout=SECONDS)
    streaming.request("GET", "/api/live", headers={"Cookie": cookie})
    stream = streaming.getresponse()
    assert stream.status == 200
    children = psutil.Process(first.process.pid).children(recursive=True)
    first.process.send_signal(signal.SIGINT)
    assert first.process.wait(SECONDS) == 0
    assert first.process.stdout.read().endswith("Taproot has stopped.\n")
    with contextlib.suppress(http.client.IncompleteRead, ConnectionError):  # it is cut off, or ended
        stream.read()
    streaming.close()
    assert not psutil.wait_procs(children, timeout=SECONDS)[1]
    assert list((data / "cache").iterdir()) == []
    assert (data.stat().st_mode & 0o777) == 0o700

    second, beside = Taproot(data), Taproot(data)
    try:
        name, _, new = enter(second).partition("=")
        assert get(second, "/api/corpora", f"{name}={token}")[0] == 401
        assert get(second, f"/?t={token}")[0] == 401
        enter(beside)
        assert len(list((data / "cache").iterdir())) == 2
        beside.process.terminate()
        assert beside.process.wait(SECONDS) == 0
        assert len(list((data / "cache").iterdir())) == 1
        assert get(second, "/api/sessions", f"{name}={new}")[0] == 200
    finally:
        second.end()
        beside.end()


def test_temporary_files_of_a_killed_app_are_swept_and_those_of_a_living_one_kept(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    cache = tmp_path / "cache"
    for name in (str(dead.pid), str(os.getppid()), "leftover"):
        (cache / name).mkdir(parents=True)
        (cache / name / "upload").write_text("a letter")
    with serve.temporary_files(tmp_path) as own:
        assert sorted(p.name for p in cache.iterdir()) == sorted([own.name, str(os.getppid())])
        assert own.stat().st_mode & 0o777 == 0o700
    assert [p.name for p in cache.iterdir()] == [str(os.getppid())]


def test_a_data_folder_without_rights_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", denied)
    with pytest.raises(StoreError, match="Permission denied"), serve.temporary_files(tmp_path / "data"):
        pass


# --- the splash -------------------------------------------------------------------------------------------


class SlowFront(serve.Front):
    """A front whose app is built when the test says so, or fails to be."""

    def __init__(self, problem: Exception | None = None):
        super().__init__(Path(), None, "token", 7517)
        self.may_build = threading.Event()
        self.fault = problem

    def build(self):  # type: ignore[no-untyped-def]
        self.may_build.wait()
        if self.fault:
            raise self.fault
        from fastapi import FastAPI

        app = FastAPI()
        app.get("/api/ready")(lambda: {"ready": True})
        return FakeWorkbench(), app


class FakeWorkbench:
    """What the front closes."""

    def __init__(self) -> None:
        self.hub, self.closed = self, 0

    def close(self) -> None:
        self.closed += 1


async def ask(front: serve.Front, path: str) -> tuple[int, bytes]:
    """One admitted request to the front."""
    sent: list = []

    async def send(message):  # type: ignore[no-untyped-def]
        sent.append(message)

    async def receive() -> dict:
        return {"type": "http.request", "body": b""}

    headers = [(b"host", b"127.0.0.1:7517"), (b"cookie", b"taproot-7517=token")]
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": headers}
    await front({**scope, "raw_path": path.encode(), "root_path": ""}, receive, send)
    return sent[0]["status"], b"".join(m.get("body", b"") for m in sent[1:])


async def life(front: SlowFront, during) -> None:  # type: ignore[no-untyped-def]
    """Start the front as a server does, do something, and end it."""
    told: asyncio.Queue = asyncio.Queue()
    inbox: asyncio.Queue = asyncio.Queue()
    running = asyncio.create_task(front({"type": "lifespan"}, inbox.get, told.put))
    await inbox.put({"type": "lifespan.startup"})
    assert (await told.get())["type"] == "lifespan.startup.complete"
    await during()
    await inbox.put({"type": "lifespan.shutdown"})
    assert (await told.get())["type"] == "lifespan.shutdown.complete"
    await running


def test_a_page_waits_until_the_app_is_built_behind_the_same_gate() -> None:
    front = SlowFront()

    async def during() -> None:
        status, page = await ask(front, "/")
        assert status == 200 and b"Starting" in page and b'<script nonce="' in page
        assert await ask(front, "/api/ready") == (200, b'{"ready": false, "error": "Taproot is starting."}')
        assert (await ask(front, "/api/runs"))[0] == 503
        front.may_build.set()
        while b"true" not in (await ask(front, "/api/ready"))[1]:
            await asyncio.sleep(0.01)

    finish(life(front, during))


def test_an_app_that_cannot_be_built_ends_the_server_and_says_why() -> None:
    front = SlowFront(StoreError("The data folder is from a newer version."))
    stopped = asyncio.Event()
    front.stop_server = stopped.set

    async def during() -> None:
        front.may_build.set()
        await stopped.wait()

    finish(life(front, during))
    assert isinstance(front.problem, StoreError)
