"""A server with the OpenAI interface on a port of this machine, which fails in every way a test asks for."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Piece = dict[str, Any]


class OpenAiServer:
    """Serves `models`; `answer(request)` gives the pieces of a reply, a status with a message, or None to cut it.

    `requests` are those asked for, `keys` what they came with, `most` how many were under way at the same time,
    `left` how many were left while the server wrote: only a reply without an end makes sure of that, since
    the system takes megabytes for a reader that is slow.
    """

    def __init__(self, answer: Callable[[dict[str, Any]], Any], models: tuple[dict[str, Any], ...] = ()):
        self.answer = answer
        self.models = models or ({"id": "stub", "object": "model"},)
        self.requests: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.most = self._now = self.left = 0
        self._lock = threading.Lock()
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                owner.keys.append(self.headers.get("Authorization", ""))
                found = owner.answer({"path": self.path}) if owner.models == ({"ask": True},) else None
                if isinstance(found, tuple):
                    return self.say(*found)
                return self.say(200, {"object": "list", "data": list(owner.models)})

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with owner._lock:
                    owner.requests.append(body)
                    owner._now += 1
                    owner.most = max(owner.most, owner._now)
                try:
                    self.reply(owner.answer(body))
                except (BrokenPipeError, ConnectionResetError):
                    with owner._lock:
                        owner.left += 1
                finally:
                    with owner._lock:
                        owner._now -= 1

            def say(self, status: int, value: Any) -> None:
                content = json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                for name, text in (value.get("headers", {}) if isinstance(value, dict) else {}).items():
                    self.send_header(name, text)
                self.end_headers()
                self.wfile.write(content)

            def reply(self, found: Any) -> None:
                if isinstance(found, tuple):
                    return self.say(*found)
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.end_headers()
                for piece in found:
                    if piece is None:
                        return None
                    self.wfile.write(b"data: " + json.dumps(piece).encode() + b"\n\n")
                    self.wfile.flush()
                self.wfile.write(b"data: [DONE]\n\n")
                return None

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


def piece(text: str = "", *, thought: str = "", finish: str | None = None, **more: Any) -> Piece:
    """One chunk of a reply."""
    delta: dict[str, Any] = {"role": "assistant", "content": text}
    if thought:
        delta["reasoning_content"] = thought
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {
        "id": "1",
        "object": "chat.completion.chunk",
        "created": 0,
        "model": "stub",
        "choices": [choice],
        **more,
    }


def pieces(*texts: str, finish: str = "stop", usage: dict[str, Any] | None = None) -> list[Piece]:
    """A whole reply, with the server's count at its end."""
    end = {**piece(), "choices": [], "usage": usage} if usage else None
    return [*(piece(text) for text in texts), piece(finish=finish), *([end] if end else [])]


def slowly(count: int | None, seconds: float) -> Iterator[Piece]:
    """A reply that takes its time; without a count it goes on until it is left."""
    for number in itertools.count() if count is None else range(count):
        time.sleep(seconds)
        yield piece(f"{number} ")
    yield piece(finish="stop")
