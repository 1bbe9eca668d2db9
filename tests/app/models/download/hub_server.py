"""A small Hub for tests: the two answers of the Hub's API that a download needs, over real HTTP on this machine."""

from __future__ import annotations

import hashlib
import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

REVISION = "0123456789abcdef0123456789abcdef01234567"


class HubServer:
    """`files` maps "owner/repo" to {file: bytes}. Set the attributes to misbehave; `requests` holds what was asked.

    `cut_after`: bytes after which a connection is dropped, `cuts` times. `wrong_sha`: names a checksum that is not
    that of the content. `status`: answers everything with it. `silent`: accepts and says nothing. `slow`: seconds
    between pieces of 16 KiB. `held`: bytes after which such a piece comes only every half second, so that a file of
    4 MB goes on for two minutes. `redirect`: where files are sent on to. `size_claimed`: announces this size.
    """

    def __init__(self, files: dict[str, dict[str, bytes]], license: str = "apache-2.0"):
        self.files = files
        self.license = license
        self.requests: list[tuple[str, str, str | None]] = []
        self.cut_after: int | None = None
        self.cuts = 0
        self.wrong_sha = False
        self.status = 0
        self.silent = False
        self.slow = 0.0
        self.held: int | None = None
        self.redirect = ""
        self.size_claimed: int | None = None
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                hub.answer(self, body=True)

            def do_HEAD(self) -> None:
                hub.answer(self, body=False)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()

    def answer(self, request: BaseHTTPRequestHandler, *, body: bool) -> None:
        """Answer one request."""
        path = urlsplit(request.path).path
        self.requests.append((request.command, path, request.headers.get("Range")))
        while self.silent:
            time.sleep(0.05)
        if self.status:
            return self._json(request, {"error": "no"}, self.status)
        if listed := re.fullmatch(r"/api/models/([^/]+/[^/]+)(/revision/.+)?", path):
            return self._describe(request, listed[1])
        if asked := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            content = self.files.get(asked[1], {}).get(asked[3])
            if content is not None:
                return self._send(request, content, body)
        self._json(request, {"error": "Repository not found"}, 404, {"X-Error-Code": "RepoNotFound"})

    def _describe(self, request: BaseHTTPRequestHandler, repo: str) -> None:
        if repo not in self.files:
            return self._json(
                request, {"error": "Repository not found"}, 404, {"X-Error-Code": "RepoNotFound"}
            )
        siblings = [{"rfilename": "README.md", "size": 3, "blobId": "1"}]
        for name, content in self.files[repo].items():
            sha = "f" * 64 if self.wrong_sha else hashlib.sha256(content).hexdigest()
            size = self.size_claimed or len(content)
            siblings.append(
                {
                    "rfilename": name,
                    "size": size,
                    "blobId": "2",
                    "lfs": {"size": size, "sha256": sha, "pointerSize": 134},
                }
            )
        self._json(
            request,
            {
                "id": repo,
                "modelId": repo,
                "sha": REVISION,
                "private": False,
                "tags": [],
                "downloads": 1,
                "likes": 0,
                "siblings": siblings,
                "cardData": {"license": self.license},
            },
        )

    def _send(self, request: BaseHTTPRequestHandler, content: bytes, body: bool) -> None:
        if self.redirect:
            request.send_response(302)
            request.send_header("Location", self.redirect)
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        start = 0
        asked = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range") or "")
        if asked:
            start = int(asked[1])
            request.send_response(206)
            request.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        else:
            request.send_response(200)
        rest = content[start:]
        request.send_header("Content-Length", str(len(rest)))
        request.send_header("ETag", '"x"')
        request.end_headers()
        if not body:
            return
        if self.cut_after is not None and self.cuts > 0:
            self.cuts -= 1
            request.wfile.write(rest[: self.cut_after])
            request.wfile.flush()
            request.close_connection = True
            request.connection.shutdown(2)
            return
        try:
            for at in range(0, len(rest), 16384):
                request.wfile.write(rest[at : at + 16384])
                held = self.held is not None and at >= self.held
                time.sleep(0.5 if held else self.slow)
        except OSError:
            request.close_connection = True

    @staticmethod
    def _json(
        request: BaseHTTPRequestHandler,
        value: object,
        status: int = 200,
        headers: dict[str, str] | None = None,
    ) -> None:
        body = json.dumps(value).encode()
        request.send_response(status)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(body)))
        for name, text in (headers or {}).items():
            request.send_header(name, text)
        request.end_headers()
        request.wfile.write(body)
