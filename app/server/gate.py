"""The gate before every route: host, origin and launch token are checked, and the page gets its content policy.

A plain ASGI wrapper (a stream passes through it untouched), in this order:

1. Host must be this app's own address (421), so that a foreign name pointed at 127.0.0.1 reaches nothing.
2. Origin and Sec-Fetch-Site, where a browser sends them, must be this app's own (403). Another port of this machine
   counts as another site, although cookies ignore ports.
3. `/?t=TOKEN` trades the token for a cookie (HttpOnly, SameSite=Strict) and redirects to the address without it;
   every other request needs the cookie (401). The cookie's name carries the port: two apps do not log each other out.
4. `/v1`, for other programs, takes no cookie: it needs the token, or the lasting key, in `Authorization: Bearer`,
   which no page of another site can send. That header also opens what a Gradio client calls, and nothing else: no
   handler of a form (`OF_PAGES` here; `app.shell.queue` queues none).

HTML pages are rewritten: a nonce on every script, our own style sheet and module, and a policy without
`unsafe-eval` and without inline scripts. Gradio escapes `<` in the JSON that it writes into its page, so `<script`
stands only where a script begins.
"""

from __future__ import annotations

import hmac
import html
import json
import re
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

from app.paths import ROOT
from app.programs.openai import errors as programs
from app.server import static

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

POLICY = (
    "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; media-src 'self' blob:; "
    "worker-src 'self' blob:; manifest-src 'self'; frame-src 'none'; base-uri 'self'; form-action 'self'; "
    "frame-ancestors 'none'; object-src 'none'"
)
HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
]
FRAME = (ROOT / "app" / "shell" / "frame.html").read_text(encoding="utf-8")  # the bar, and the list of keys
OURS = (
    '<link rel="stylesheet" href="/ui/shell/style.css">'
    '<link rel="icon" href="/ui/shell/icon.svg" type="image/svg+xml">'
    # All of our modules at once: else a browser learns of each only from the one that imports it.
    + "".join(f'<link rel="modulepreload" href="{address}">' for address in static.modules())
    + '<script type="module" nonce="{nonce}" src="/ui/shell/app.js"></script>'
)
HASHED = re.compile(
    r"/assets/[\w.-]+-[\w-]{8}\.(js|css|woff2)"
)  # Gradio's files whose names change with their content
REASONS = {
    421: "This address is not Taproot's own. Open the address that Taproot printed when it started.",
    403: "Another site asked for this, so Taproot refused it. Open the address that Taproot printed in a new tab.",
    401: "Open the address that Taproot printed when it started: its token is new at every start.",
}
OF_PAGES = ("/gradio_api/run/", "/gradio_api/api/")  # where Gradio runs handlers without its queue
NEEDS_KEY = "Send the key that `python3 launch.py key` prints, as in Authorization: Bearer KEY."


class Gate:
    """Wraps an ASGI app that listens on a loopback `port` and is opened with `token`.

    `key` gives the lasting key of other programs, "" where there is none.
    """

    def __init__(self, app: Application, token: str, port: int, key: Callable[[], str] = str):
        self.app = app
        self.token = token
        self.key = key
        self.hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
        self.cookie = f"taproot-{port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it with a sentence."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1008})
            return
        headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
        if problem := self.problem(headers):
            await refuse(problem, scope, send)
        elif (given := query_token(scope)) is not None and scope["path"] == "/":
            await (self.admit(scope, send) if self.matches(given) else refuse(401, scope, send))
        elif not self.opens(scope["path"], headers):
            await refuse(401, scope, send)
        else:
            await self.app(scope, receive, Page(scope, send))

    def problem(self, headers: dict[bytes, str]) -> int:
        """The status that refuses this request for its host or origin, or 0."""
        host = headers.get(b"host", "")
        if host not in self.hosts:
            return 421
        origin, site = headers.get(b"origin"), headers.get(b"sec-fetch-site", "none")
        if (origin is not None and origin != f"http://{host}") or site not in ("same-origin", "none"):
            return 403
        return 0

    def opens(self, path: str, headers: dict[bytes, str]) -> bool:
        """Whether what a request bears opens this path: the cookie, or the header of other programs."""
        if programs.is_for(path):
            return self.is_program(headers)
        shared = path == "/config" or (path.startswith("/gradio_api/") and not path.startswith(OF_PAGES))
        return self.matches(self.cookie_of(headers)) or (shared and self.is_program(headers))

    def matches(self, given: str) -> bool:
        """Whether this is the token of this launch, compared in constant time."""
        return hmac.compare_digest(given.encode(errors="replace"), self.token.encode())

    def is_program(self, headers: dict[bytes, str]) -> bool:
        """Whether a request bears the token of this launch or the lasting key."""
        scheme, _, given = headers.get(b"authorization", "").partition(" ")
        key = self.key()
        known = bool(key) and hmac.compare_digest(given.strip().encode(errors="replace"), key.encode())
        return scheme.lower() == "bearer" and (known or self.matches(given.strip()))

    def cookie_of(self, headers: dict[bytes, str]) -> str:
        """The token in our cookie, or "". Cookies of other programs on this machine come too, whatever they hold."""
        for pair in headers.get(b"cookie", "").split(";"):
            name, _, value = pair.strip().partition("=")
            if name == self.cookie:
                return value
        return ""

    async def admit(self, scope: Scope, send: Send) -> None:
        """Set the cookie and redirect to the same address without the token."""
        rest = [(k, v) for k, v in parse_qsl(scope["query_string"].decode("latin-1")) if k != "t"]
        cookie = f"{self.cookie}={self.token}; Path=/; HttpOnly; SameSite=Strict"
        headers = [
            (b"location", ("/?" + urlencode(rest) if rest else "/").encode()),
            (b"set-cookie", cookie.encode()),
            (b"cache-control", b"no-store"),
        ]
        await reply(303, b"", "text/plain", send, headers)


class Page:
    """The `send` of an admitted request: adds headers to all responses and rewrites those that are HTML."""

    def __init__(self, scope: Scope, send: Send):
        self.send = send
        self.nonce = secrets.token_urlsafe(18)
        self.start: Message | None = None
        self.body = b""
        self.hashed = HASHED.fullmatch(scope["path"]) is not None
        # A compressed page could not be rewritten.
        scope["headers"] = [pair for pair in scope["headers"] if pair[0].lower() != b"accept-encoding"]

    async def __call__(self, message: Message) -> None:
        """Pass a message on; hold the parts of an HTML page until it is whole."""
        if message["type"] == "http.response.start":
            headers = [(k.lower(), v) for k, v in message.get("headers", [])]
            message = {**message, "headers": [*headers, *self.added(message["status"]), *HEADERS]}
            if dict(headers).get(b"content-type", b"").startswith(b"text/html"):
                self.start = message
                return
        elif self.start is not None and message["type"] == "http.response.body":
            self.body += message.get("body", b"")
            if message.get("more_body"):
                return
            page = rewrite(self.body, self.nonce)
            kept = [pair for pair in self.start["headers"] if pair[0] != b"content-length"]
            size = (b"content-length", str(len(page)).encode())
            await self.send({**self.start, "headers": [*kept, size, (b"cache-control", b"no-store")]})
            message = {"type": "http.response.body", "body": page}
        await self.send(message)

    def added(self, status: int) -> list[tuple[bytes, bytes]]:
        """The policy with this response's nonce; leave to keep what never changes, so that a reload asks for less."""
        policy = (b"content-security-policy", POLICY.format(nonce=self.nonce).encode())
        if self.hashed and status == 200:
            return [policy, (b"cache-control", b"private, max-age=31536000, immutable")]
        return [policy]


def rewrite(page: bytes, nonce: str) -> bytes:
    """Put the nonce on every script of a page, and our style sheet, module and frame into it, if it is the app's."""
    text = re.sub(r"<script(?=[\s>])", f'<script nonce="{nonce}"', page.decode())
    if "gradio" in text:
        text = re.sub(r'<link rel="manifest"[^>]*>', "", text)  # browsers ask for it without the cookie
        text = text.replace("</head>", OURS.replace("{nonce}", nonce) + "</head>", 1)
        text = re.sub(r"<body[^>]*>", lambda body: body[0] + FRAME, text, count=1)
    return text.encode()


def query_token(scope: Scope) -> str | None:
    """The value of `t` in the address, or None."""
    return dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)).get("t")


async def refuse(status: int, scope: Scope, send: Send) -> None:
    """Answer with the reason: as JSON where a program asked, else as a plain page."""
    sentence = REASONS[status]
    if programs.is_for(scope["path"]):
        body = programs.refusal(status, NEEDS_KEY if status == 401 else sentence)
        await reply(status, body, "application/json", send)
        return
    accept = dict(scope["headers"]).get(b"accept", b"")
    if scope["path"].startswith(("/api/", "/gradio_api/")) or b"text/html" not in accept:
        await reply(status, json.dumps({"error": sentence}).encode(), "application/json", send)
        return
    page = (
        '<!doctype html><meta charset="utf-8"><title>Taproot</title><meta name="color-scheme" content="light dark">'
        '<body style="font:16px/1.5 system-ui,sans-serif;max-width:34em;margin:18vh auto;padding:0 1.5em">'
        f"<h1 style='font-size:1.2em'>Taproot</h1><p>{html.escape(sentence)}</p>"
    )
    await reply(status, page.encode(), "text/html; charset=utf-8", send)


async def reply(
    status: int, body: bytes, kind: str, send: Send, headers: list[tuple[bytes, bytes]] | None = None
) -> None:
    """Send one short response with the headers that all have."""
    base = [
        (b"content-type", kind.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"content-security-policy", POLICY.format(nonce=secrets.token_urlsafe(18)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": base + HEADERS + (headers or [])})
    await send({"type": "http.response.body", "body": body})
