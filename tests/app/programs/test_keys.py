"""The key of other programs: who may read it, what it opens, and that a key that was taken back opens nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from app.command_line.main import run
from app.programs.keys import KeyFile
from app.server.gate import Gate
from app.server.serve import splash
from tests.app.server.own_loop import finish
from tests.app.server.test_gate import COOKIE, HOST, PORT, TOKEN, Answer, Inner


@pytest.fixture
def key(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / "data")


def ask(
    file: KeyFile, path: str, method: str = "GET", behind: Any = None, **headers: str
) -> tuple[Answer, int]:
    """One request through the gate; the answer and how often the app behind it was reached."""
    inner, messages = Inner(), []

    async def send(message) -> None:  # type: ignore[no-untyped-def]
        messages.append(message)

    given = {"host": HOST, **{name.replace("_", "-"): value for name, value in headers.items()}}
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": b"",
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in given.items()],
    }
    finish(Gate(behind or inner, TOKEN, PORT, file.read)(scope, None, send))
    return Answer(messages), inner.reached


def test_a_key_is_for_its_owner_alone_and_lasts(key: KeyFile) -> None:
    assert key.read() == ""
    made = key.make()
    assert made.startswith("taproot-") and len(made) >= 40
    assert key.path.stat().st_mode & 0o777 == 0o600 and key.path.parent.stat().st_mode & 0o777 == 0o700
    assert KeyFile(key.path.parent).read() == made
    assert key.make() != made and key.read() != made
    assert [file.name for file in key.path.parent.iterdir()] == ["api-key"]


def test_a_key_that_others_may_read_opens_nothing(key: KeyFile) -> None:
    key.make()
    key.path.chmod(0o640)
    assert key.read() == ""
    key.path.chmod(0o600)
    assert key.read() != ""


def test_key_and_token_open_the_endpoint_and_nothing_else_does(key: KeyFile) -> None:
    made = key.make()
    for given in (f"Bearer {made}", f"bearer {made}", f"Bearer  {TOKEN} "):
        assert ask(key, "/v1/models", authorization=given)[1] == 1, given
    wrong = [
        "",
        "Bearer",
        "Bearer ",
        f"Basic {made}",
        made,
        f"Bearer {made}x",
        "Bearer \xff",
        f"Bearer {made[:-1]}",
    ]
    for given in wrong:
        answer, reached = ask(key, "/v1/models", authorization=given)
        assert (answer.status, reached) == (401, 0), given
        assert "launch.py key" in json.loads(answer.body)["error"]["message"]
    assert ask(key, "/v1/models", cookie=COOKIE)[1] == 0  # a browser sends that by itself
    assert ask(KeyFile(key.path.parent / "none"), "/v1/models", authorization="Bearer ")[1] == 0


@pytest.mark.parametrize("path", ["/config", "/gradio_api/info", "/gradio_api/queue/join"])
def test_key_and_token_open_what_a_gradio_client_calls_and_so_does_the_cookie(
    key: KeyFile, path: str
) -> None:
    for given in (
        {"authorization": f"Bearer {key.make()}"},
        {"authorization": f"Bearer {TOKEN}"},
        {"cookie": COOKIE},
    ):
        assert ask(key, path, **given)[1] == 1, given
    for given in ({}, {"authorization": "Bearer wrong"}):
        assert ask(key, path, **given)[1] == 0, given


@pytest.mark.parametrize(
    "path", ["/", "/api/runs", "/v1x", "/v", "/ui/v1/models", "/configure", "/gradio_apis", "/x/config"]
)
def test_a_key_opens_no_page_and_no_route_of_the_app(key: KeyFile, path: str) -> None:
    assert ask(key, path, authorization=f"Bearer {key.make()}")[1] == 0


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (421, {"host": "evil.example"}),
        (421, {"host": f"evil.example:{PORT}"}),
        (403, {"origin": "https://evil.example"}),
        (403, {"origin": "null"}),
        (403, {"origin": "http://127.0.0.1:3000"}),
        (403, {"sec_fetch_site": "cross-site"}),
    ],
)
def test_a_page_of_another_site_is_refused_even_with_the_key(
    key: KeyFile, status: int, headers: dict[str, str]
) -> None:
    for method in ("OPTIONS", "GET", "POST"):
        answer, reached = ask(key, "/v1/models", method, authorization=f"Bearer {key.make()}", **headers)
        assert (answer.status, reached) == (status, 0)
        assert (
            json.loads(answer.body)["error"]["type"] and "access-control-allow-origin" not in answer.headers
        )


def test_what_a_browser_asks_before_it_sends_the_header_is_refused(key: KeyFile) -> None:
    asked = {"access_control_request_headers": "authorization", "access_control_request_method": "POST"}
    answer, reached = ask(key, "/v1/chat/completions", "OPTIONS", **asked)
    assert (answer.status, reached) == (401, 0) and "access-control-allow-origin" not in answer.headers


def test_a_key_that_was_taken_back_opens_nothing_at_once(key: KeyFile) -> None:
    made = key.make()
    assert ask(key, "/v1/models", authorization=f"Bearer {made}")[1] == 1
    assert key.remove() and not key.remove()
    assert ask(key, "/v1/models", authorization=f"Bearer {made}")[1] == 0


def test_while_the_app_is_starting_a_program_is_told_to_ask_again(key: KeyFile) -> None:
    given = {"authorization": f"Bearer {key.make()}"}
    answer, _ = ask(key, "/v1/models", behind=splash, **given)
    assert (answer.status, answer.headers["content-type"]) == (503, "application/json")
    assert json.loads(answer.body)["error"]["type"] == "server_error"


def test_the_command_prints_the_key_makes_another_and_takes_it_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def key(*more: str) -> str:
        assert run(["key", "--data", str(tmp_path), *more]) == 0
        return capsys.readouterr().out.strip()

    first = key()
    assert first == key() == KeyFile(tmp_path).read()
    assert key("--new") != first
    assert key("--remove") == "The key was removed." and key("--remove") == "There was no key."
    (tmp_path / "file").write_text("")
    assert run(["key", "--data", str(tmp_path / "file")]) == 2
    assert "cannot be written" in capsys.readouterr().err
