"""No request leaves this machine: the guard refuses it, the app never tries, the browser never asks."""

from __future__ import annotations

import ast
import contextlib
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, expect

from app.server.offline import OutsideConnection, is_loopback, loopback_only, proof
from tests.app.command import Taproot
from tests.app.desk import READY, is_ours

ROOT = Path(__file__).resolve().parents[3]
OUTSIDE = [
    ("socket.connect", (None, ("192.0.2.1", 443))),
    ("socket.connect", (None, ("2001:db8::1", 443, 0, 0))),
    ("socket.connect", (None, ("::ffff:192.0.2.1", 443, 0, 0))),
    ("socket.sendto", (None, ("8.8.8.8", 53))),
    ("socket.sendmsg", (None, ("8.8.8.8", 53))),
    ("socket.bind", (None, ("0.0.0.0", 8000))),
    ("socket.bind", (None, ("", 8000))),
    ("socket.bind", (None, ("::", 8000, 0, 0))),
    ("socket.getaddrinfo", ("huggingface.co", 443, 0, 0, 0)),
    ("socket.getaddrinfo", (b"api.gradio.app", 443, 0, 0, 0)),
    ("socket.gethostbyname", ("localhost.evil.example",)),
    ("socket.gethostbyaddr", ("192.0.2.1",)),
    ("socket.getnameinfo", (("192.0.2.1", 80),)),
]
INSIDE = [
    ("socket.connect", (None, ("127.0.0.1", 80))),
    ("socket.connect", (None, ("::1", 80, 0, 0))),
    ("socket.connect", (None, "/tmp/a-unix-socket")),
    ("socket.sendmsg", (None, None)),
    ("socket.getaddrinfo", ("localhost", 80, 0, 0, 0)),
    ("open", ("a file", "r", 0)),
]


@pytest.mark.parametrize(("event", "arguments"), OUTSIDE)
def test_the_guard_refuses_what_reaches_beyond_this_machine(event: str, arguments: tuple) -> None:
    with pytest.raises(OutsideConnection):
        loopback_only(event, arguments)


@pytest.mark.parametrize(("event", "arguments"), INSIDE)
def test_the_guard_lets_pass_what_stays_here(event: str, arguments: tuple) -> None:
    loopback_only(event, arguments)


def test_an_address_that_only_looks_like_ours_is_not() -> None:
    for host in ("127.0.0.1.evil.example", "localhost.", "0", "0x7f000001", "127.1", "[::1]", ""):
        assert not is_loopback(host), host


def test_in_a_real_process_the_guard_stops_sockets_and_libraries() -> None:
    assert proof() == ""
    code = (
        "import pathlib, app.server.offline as o; o.enforce(pathlib.Path('.'))\n"
        "import httpx, urllib.request\n"
        "for get in (lambda: httpx.get('http://192.0.2.1/'), lambda: urllib.request.urlopen('http://example.com/')):\n"
        "    try: get()\n"
        "    except Exception as e:\n"
        "        chain = []\n"
        "        while e: chain.append(type(e).__name__ + str(e)); e = e.__cause__ or e.__context__\n"
        "        assert 'Taproot' in ' '.join(chain), chain\n"
        "    else: raise SystemExit('it was let through')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


@pytest.mark.browser
@pytest.mark.sandbox
def test_the_whole_app_asks_for_nothing_outside(browser: Browser, tmp_path: Path) -> None:
    """A start, all views and a question, with every address noted: of the app's sockets and of the browser."""
    notes = tmp_path / "addresses"
    noting = (
        "import sys; notes = open(sys.argv.pop(1), 'a', buffering=1)\n"
        "def note(event, arguments):\n"
        "    if event in ('socket.bind', 'socket.connect', 'socket.sendto'):\n"
        "        notes.write(repr((event, arguments[1])) + '\\n')\n"
        "    elif event in ('socket.getaddrinfo', 'socket.gethostbyname'):\n"
        "        notes.write(repr((event, arguments[0])) + '\\n')\n"
        "sys.addaudithook(note)\n"
        "from app.command_line.main import run\nsys.exit(run(sys.argv[1:]))"
    )
    app = Taproot(tmp_path / "data", program=[sys.executable, "-c", noting, str(notes)])
    try:
        page = app.visit(browser)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.reload()
        page.wait_for_selector(READY)
        for view in ("library", "sessions", "models", "ask"):
            page.click(f"#nav-{view}")
            expect(page.locator(f"#view-{view}")).to_be_visible()
        page.get_by_role("button", name="Who is the landlord of the harbour warehouse?", exact=True).click(
            timeout=60_000
        )
        expect(page.locator(".answer-text")).to_contain_text("Grenfold Estates", timeout=90_000)
        assert len(asked) > 50 and all(map(is_ours, asked))
        assert page.problems == []
        me = psutil.Process(app.process.pid)
        for process in (me, *me.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):  # a worker of a run ends with it
                for connection in process.net_connections(kind="inet"):
                    for end in filter(None, (connection.laddr, connection.raddr)):
                        assert is_loopback(end.ip), (process.pid, connection)
        page.context.close()
    finally:
        app.end()
    tried = [ast.literal_eval(line) for line in notes.read_text().splitlines()]
    reached = [to[0] if isinstance(to, tuple) else to for event, to in tried if is_internet(event, to)]
    assert "127.0.0.1" in reached  # the listening socket: addresses were noted
    assert all(map(is_loopback, reached)), reached


def is_internet(event: str, to: object) -> bool:
    """Whether an address is none of a Unix socket."""
    return isinstance(to, tuple) or event in ("socket.getaddrinfo", "socket.gethostbyname")
