"""The gate: nobody gets past it without this launch's token, from another host or another site, on any route."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from starlette.routing import Mount, Route

from app.server import static
from app.server.application import routes
from app.server.gate import Gate, Message, Scope
from app.workbench import Workbench
from tests.app.server.own_loop import finish

PORT, TOKEN = 7517, "the-token"
HOST, COOKIE = f"127.0.0.1:{PORT}", f"taproot-{PORT}={TOKEN}"
OURS = {"host": HOST, "cookie": COOKIE}
REFUSED = [
    ("no token", 401, {"cookie": None}),
    ("an empty token", 401, {"cookie": f"taproot-{PORT}="}),
    ("a wrong token", 401, {"cookie": f"taproot-{PORT}={TOKEN}x"}),
    ("a token beyond ASCII", 401, {"cookie": f"taproot-{PORT}=\xff"}),
    ("the cookie of another port", 401, {"cookie": f"taproot-7518={TOKEN}"}),
    ("another host", 421, {"host": "evil.example"}),
    ("another host on our port", 421, {"host": f"evil.example:{PORT}"}),
    ("our host as the beginning", 421, {"host": f"{HOST}.evil.example"}),
    ("our host on another port", 421, {"host": "127.0.0.1:80"}),
    ("no port", 421, {"host": "127.0.0.1"}),
    ("no host", 421, {"host": None}),
    ("another origin", 403, {"origin": "https://evil.example"}),
    ("no origin to tell", 403, {"origin": "null"}),
    ("another port of this machine", 403, {"origin": "http://127.0.0.1:8000"}),
    ("our host without its port", 403, {"origin": "http://127.0.0.1"}),
    ("the name beside the number", 403, {"origin": f"http://localhost:{PORT}"}),
    ("another site", 403, {"sec-fetch-site": "cross-site"}),
    ("another port, by its fetch", 403, {"sec-fetch-site": "same-site"}),
]


class Inner:
    """An app behind the gate that counts what reaches it and answers as it was told."""

    def __init__(self, kind: str = "text/plain", parts: tuple[bytes, ...] = (b"inside",)):
        self.kind, self.parts, self.reached = kind, parts, 0

    async def __call__(self, scope: Scope, receive: object, send) -> None:
        self.reached += 1
        headers = [(b"content-type", self.kind.encode()), (b"content-length", b"6")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for left, part in zip(range(len(self.parts) - 1, -1, -1), self.parts, strict=True):
            await send({"type": "http.response.body", "body": part, "more_body": left > 0})


class Answer:
    """What came back: status, headers (by lower name), body, and the messages as they were sent."""

    def __init__(self, messages: list[Message]):
        self.messages = messages
        self.status = messages[0]["status"]
        self.headers = {k.decode(): v.decode() for k, v in messages[0]["headers"]}
        self.body = b"".join(m.get("body", b"") for m in messages[1:])

    @property
    def nonce(self) -> str:
        return re.search(r"'nonce-([^']+)'", self.headers["content-security-policy"]).group(1)


def ask(app: object, path: str = "/", query: str = "", method: str = "GET", **headers: str | None) -> Answer:
    """Send one request through the gate, by default with everything right."""
    given = {**OURS, **{name.replace("_", "-"): value for name, value in headers.items()}}
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [(k.encode(), v.encode("latin-1")) for k, v in given.items() if v is not None],
    }
    messages: list[Message] = []

    async def send(message: Message) -> None:
        messages.append(message)

    async def receive() -> Message:
        return {"type": "http.request"}

    finish(Gate(app, TOKEN, PORT)(scope, receive, send))
    return Answer(messages)


@pytest.fixture(scope="module")
def all_routes(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, str]]:
    """Every method and path that the app serves, Gradio's with it."""
    data = tmp_path_factory.mktemp("gate") / "data"
    data.mkdir(mode=0o700)
    with Workbench(data) as workbench:
        return sorted(set(paths(routes(workbench).routes)))


def paths(found: list, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Walk routes and what is mounted."""
    for route in found:
        if isinstance(route, Mount):
            inner = getattr(route.app, "routes", None)
            yield from (
                paths(inner, prefix + route.path) if inner else [("GET", f"{prefix}{route.path}/app.js")]
            )
        elif isinstance(route, Route):
            for method in route.methods or {"GET"}:
                yield method, prefix + re.sub(r"\{[^}]*\}", "x", route.path)
        elif inner := getattr(route, "routes", None) or getattr(
            getattr(route, "original_router", None), "routes", None
        ):
            yield from paths(inner, prefix + (getattr(route, "prefix", "") or ""))
        else:
            raise AssertionError(f"a route of a kind that this test does not know: {route!r}")


@pytest.mark.sandbox
def test_no_route_lets_anybody_in_who_lacks_token_host_or_origin(all_routes: list[tuple[str, str]]) -> None:
    known = {path for _, path in all_routes}
    assert {"/", "/api/runs", "/api/live", "/api/uploads", "/ui/shell/app.js", "/gradio_api/upload"} <= known
    assert {"/v1/models", "/v1/chat/completions"} <= known
    inner = Inner()
    for method, path in all_routes:
        for why, status, headers in REFUSED:
            answer = ask(inner, path, method=method, **{k.replace("-", "_"): v for k, v in headers.items()})
            assert (answer.status, inner.reached) == (status, 0), (why, method, path)
    for method, path in all_routes:
        ours = {"cookie": None, "authorization": f"Bearer {TOKEN}"} if path.startswith("/v1") else {}
        assert ask(inner, path, method=method, **ours).status == 200
    assert inner.reached == len(all_routes)


def test_the_token_in_the_address_becomes_a_cookie_and_leaves_the_address() -> None:
    inner = Inner()
    answer = ask(inner, query=f"t={TOKEN}&view=ask&run=a%26b", cookie=None)
    assert (answer.status, answer.headers["location"], inner.reached) == (303, "/?view=ask&run=a%26b", 0)
    name, *rules = answer.headers["set-cookie"].split("; ")
    assert name == COOKIE and set(rules) == {"Path=/", "HttpOnly", "SameSite=Strict"}
    assert answer.headers["cache-control"] == "no-store"
    assert ask(inner, query=f"t={TOKEN}", cookie=None).headers["location"] == "/"


@pytest.mark.parametrize("query", ["t=", "t=wrong", f"t={TOKEN}&t=wrong", f"t={TOKEN}%00", "t=%ff"])
def test_a_wrong_token_in_the_address_sets_no_cookie(query: str) -> None:
    answer = ask(Inner(), query=query, cookie=None)
    assert answer.status == 401 and "set-cookie" not in answer.headers


def test_the_token_works_at_the_front_page_only() -> None:
    inner = Inner()
    assert ask(inner, "/api/runs", f"t={TOKEN}", cookie=None).status == 401
    assert inner.reached == 0


def test_the_token_is_not_taken_from_another_site_or_host() -> None:
    assert ask(Inner(), query=f"t={TOKEN}", cookie=None, host="evil.example").status == 421
    assert ask(Inner(), query=f"t={TOKEN}", cookie=None, sec_fetch_site="cross-site").status == 403


def test_a_person_gets_a_page_with_a_sentence_and_a_program_gets_json() -> None:
    page = ask(Inner(), cookie=None, accept="text/html,*/*")
    assert (
        page.headers["content-type"].startswith("text/html")
        and b"its token is new at every start" in page.body
    )
    told = ask(Inner(), "/api/runs", cookie=None, accept="text/html,*/*")
    assert "its token is new at every start" in json.loads(told.body)["error"]


def test_cookies_of_other_programs_do_not_hide_ours() -> None:
    for other in ('a={"b": [1, 2]}', "a=b=c", "=", "é=ü", "taproot-7518=x"):
        assert ask(Inner(), cookie=f"{other}; {COOKIE}; z=1").status == 200, other


def test_what_our_own_page_sends_passes() -> None:
    assert ask(Inner(), origin=f"http://{HOST}", sec_fetch_site="same-origin", method="POST").status == 200
    name = f"localhost:{PORT}"
    assert ask(Inner(), host=name, origin=f"http://{name}", sec_fetch_site="same-origin").status == 200


def test_every_script_of_a_page_gets_the_nonce_of_its_answer_and_ours_is_added() -> None:
    page = (
        b'<html><head><link rel="manifest" href="/manifest.json" /><script>1</script><script\ntype="module" src="gradio.js"></script></head><body>',
        b'<script>window.config = {"a": "\\u003cscript>"}</scr',
        b"ipt></body></html>",
    )
    answers = [ask(Inner("text/html; charset=utf-8", page)) for _ in range(2)]
    for answer in answers:
        text, nonce = answer.body.decode(), answer.nonce
        assert len(nonce) >= 22
        assert text.count("<script") == text.count(f'<script nonce="{nonce}"') + text.count(
            '<script type="module" nonce='
        )
        assert f'<script type="module" nonce="{nonce}" src="/ui/shell/app.js">' in text
        assert "manifest" not in text  # a browser asks for it without the cookie
        assert '<link rel="modulepreload" href="/ui/runs/tree/element.js">' in text
        assert '<link rel="stylesheet" href="/ui/shell/style.css">' in text and '"\\u003cscript>"' in text
        assert int(answer.headers["content-length"]) == len(answer.body)
    assert answers[0].nonce != answers[1].nonce


def test_only_files_whose_names_change_with_their_content_are_kept_without_asking() -> None:
    kept = {"/assets/index-DphvyggB.js", "/assets/ApiDocs-6osJUigr.css"}
    asked = (
        "/",
        "/ui/shell/app.js",
        "/api/runs",
        "/assets/index.js",
        "/assets/../api/index-DphvyggB.js",
        *kept,
    )
    assert {
        path for path in asked if "immutable" in ask(Inner(), path).headers.get("cache-control", "")
    } == kept
    assert "cache-control" not in ask(Inner(), "/ui/shell/app.js").headers


def test_the_policy_allows_no_eval_no_inline_script_and_no_other_host() -> None:
    policy = ask(Inner()).headers["content-security-policy"]
    rules = {name: sources for name, *sources in (rule.split() for rule in policy.split(";"))}
    assert rules["default-src"] == ["'none'"]
    assert {name for name, sources in rules.items() if "'unsafe-inline'" in sources} == {"style-src"}
    assert "unsafe-eval" not in policy and "*" not in policy and "http" not in policy
    for name in ("frame-src", "frame-ancestors", "object-src"):
        assert rules[name] == ["'none'"]


def test_all_answers_carry_the_policy_refusals_too() -> None:
    for answer in (
        ask(Inner()),
        ask(Inner(), cookie=None),
        ask(Inner(), query=f"t={TOKEN}"),
        ask(Inner(), host="x"),
    ):
        assert "script-src 'self' 'nonce-" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_stream_passes_through_part_by_part() -> None:
    answer = ask(Inner("text/event-stream", (b"id:1\n\n", b"id:2\n\n")), "/api/live")
    assert [m.get("body") for m in answer.messages[1:]] == [b"id:1\n\n", b"id:2\n\n"]


def test_the_app_behind_cannot_compress_a_page_that_must_be_rewritten() -> None:
    seen = []

    async def inner(scope: Scope, receive: object, send) -> None:
        seen.extend(name for name, _ in scope["headers"])
        await Inner()(scope, receive, send)

    ask(inner, accept_encoding="gzip, br")
    assert b"host" in seen and b"accept-encoding" not in seen


def test_a_web_socket_is_closed() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    finish(Gate(Inner(), TOKEN, PORT)({"type": "websocket", "headers": []}, None, send))
    assert sent == [{"type": "websocket.close", "code": 1008}]


def test_no_file_of_ours_has_an_inline_handler_or_builds_markup() -> None:
    """The policy would stop them; none may be there to be stopped."""
    files = [file for folder in static.folders().values() for file in folder.rglob("*.*")]
    assert len(files) > 50
    banned = re.compile(
        r"\.innerHTML|\.outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser"
    )
    for file in (file for file in files if file.suffix == ".js"):
        assert not banned.search(file.read_text()), file
    for file in (file for file in files if file.suffix == ".html"):
        assert not re.search(r"\son\w+\s*=", file.read_text()), file
