"""The default command: start the app on a free loopback port, show a splash at once, open the browser.

The port answers before Gradio is imported, which takes seconds; until the real app is built in a thread, a small page
waits for it. Both stand behind the same gate.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib.util
import os
import secrets
import shutil
import signal
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import uvicorn

from app.models.load_options import adapters_of, wish_of
from app.paths import ROOT
from app.programs.keys import KeyFile
from app.programs.openai import errors as programs
from app.server import offline
from app.server.gate import Application, Gate, Receive, Scope, Send
from app.server.lean import lean, share_heaps
from engine.errors import InputError, StoreError
from engine.llm.remote.endpoint import is_remote, read_endpoint
from engine.store.location import data_folder

if TYPE_CHECKING:
    from fastapi import FastAPI

    from app.workbench import Workbench
    from engine.llm.gguf.adapters import Adapter
    from engine.llm.gguf.fit import Wish

PORT = 7517  # where the app is found unless it is taken or --port says otherwise
SPLASH = ROOT / "app" / "shell" / "static" / "splash.html"


def serve(options: argparse.Namespace) -> int:
    """Run the app until Ctrl+C. Returns 0, or 2 when it could not start.

    Raises InputError for a port, window or way of loading that cannot be had, StoreError for a data folder that
    cannot be used.
    """
    if options.window and importlib.util.find_spec("webview") is None:
        raise InputError(
            f"--window needs pywebview, which is not installed: {sys.executable} -m pip install pywebview "
            "(on Linux 'pywebview[qt]'), or leave --window out to use the browser"
        )
    wish, adapters = wish_of(options), adapters_of(options)
    if adapters and not options.model:
        raise InputError("--lora needs --model: name the model that the adapter was trained on")
    data = data_folder(options.data)
    listener = listen(options.port)
    port = listener.getsockname()[1]
    with temporary_files(data) as cache:
        offline.enforce(cache)
        share_heaps()
        token = secrets.token_urlsafe(24)
        front = Front(data, options.model, token, port, wish, adapters)
        server = Server(front, port)
        url = f"http://127.0.0.1:{port}/?t={token}"
        print(f"Taproot is at {url}\nData is in {data}. Ctrl+C stops it.", flush=True)
        if options.model and is_remote(options.model):
            print(read_endpoint(options.model).warning, flush=True)
        if options.window:
            in_window(server, listener, url)
        else:
            if not options.no_browser:
                threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
            server.run([listener])
    if front.problem is not None:
        raise front.problem
    print("Taproot has stopped.", flush=True)
    return 0


def listen(wanted: int | None) -> socket.socket:
    """A listening socket on the wanted port; without a wish on the usual port, or any free one.

    Raises InputError when the wanted port is taken, naming a free one.
    """
    for port in (PORT, 0) if wanted is None else (wanted,):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        if os.name != "nt":  # there it would let two programs share a port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
            listener.listen(128)
            return listener
        except (OSError, OverflowError) as error:
            listener.close()
            problem = error
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
    why = "is reserved by the system" if isinstance(problem, PermissionError) else "is in use"
    raise InputError(f"port {wanted} {why}; close what uses it, or start with --port {free}")


@contextlib.contextmanager
def temporary_files(data: Path) -> Iterator[Path]:
    """A folder for uploads on their way, removed at the end; those of apps that were killed are swept."""
    parent = data / "cache"
    try:
        parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for old in parent.iterdir():
            if not (old.name.isdigit() and psutil.pid_exists(int(old.name))):
                shutil.rmtree(old, ignore_errors=True)
        own = parent / str(os.getpid())
        shutil.rmtree(own, ignore_errors=True)
        own.mkdir(mode=0o700)
    except OSError as error:
        raise StoreError(f"The data folder {data} cannot be used: {error.strerror or error}.") from error
    try:
        yield own
    finally:
        shutil.rmtree(own, ignore_errors=True)


class Front:
    """The ASGI app that uvicorn serves: the splash until the real app is there, then that one."""

    def __init__(
        self,
        data: Path,
        model: str | None,
        token: str,
        port: int,
        wish: Wish | None = None,
        adapters: tuple[Adapter, ...] = (),
    ):
        self.data, self.model, self.token, self.port = data, model, token, port
        self.wish, self.adapters = wish, adapters
        self.key = KeyFile(data).read
        self.app: Application = Gate(splash, token, port, self.key)
        self.problem: Exception | None = None
        self.ended = asyncio.Event()
        self.stop_server: Callable[[], None] = lambda: None
        self.end_streams: Callable[[], None] = lambda: None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; take the start and the end of the server as those of the real app."""
        if scope["type"] != "lifespan":
            await self.app(scope, receive, send)
            return
        await receive()
        building = asyncio.create_task(self.live())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self.ended.set()
        await building
        await send({"type": "lifespan.shutdown.complete"})

    async def live(self) -> None:
        """Build the app in a thread, serve it until the server ends, close what it opened."""
        workbench = None
        try:
            workbench, inner = await asyncio.to_thread(self.build)
            self.end_streams = workbench.hub.close
            async with inner.router.lifespan_context(inner):
                self.app = Gate(inner, self.token, self.port, self.key)
                await self.ended.wait()
        except Exception as error:
            self.problem = error
            self.stop_server()
        finally:
            if workbench is not None:
                await asyncio.to_thread(workbench.close)

    def build(self) -> tuple[Workbench, FastAPI]:
        """Open the data folder and import what takes long."""
        from app.workbench import Workbench

        workbench = Workbench(self.data, self.model, self.wish, self.adapters)
        try:
            with lean():
                from app.server.application import routes

            inner = routes(workbench)
            workbench.start()
        except BaseException:
            workbench.close()
            raise
        return workbench, inner


async def splash(scope: Scope, receive: Receive, send: Send) -> None:
    """What is shown while the app is being built: a page that asks `/api/ready` until it may reload."""
    asked_page = scope["path"] == "/"
    kind = b"text/html; charset=utf-8" if asked_page else b"application/json"
    status = 200 if scope["path"] in ("/", "/api/ready") else 503
    body = SPLASH.read_bytes() if asked_page else b'{"ready": false, "error": "Taproot is starting."}'
    if programs.is_for(scope["path"]):
        body = programs.refusal(503, "Taproot is starting; ask again in some seconds.")
    await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", kind)]})
    await send({"type": "http.response.body", "body": body})


class Server(uvicorn.Server):
    """uvicorn on one loopback socket, which ends within two seconds although streams are open. It sleeps until asked:
    uvicorn's own looks ten times a second whether it is to end, and keeps a date for its answers.
    """

    def __init__(self, front: Front, port: int):
        self._exits = False
        self._wake: Callable[[], object] = lambda: None
        super().__init__(
            uvicorn.Config(
                front,
                host="127.0.0.1",
                port=port,
                log_level="warning",
                access_log=False,
                lifespan="on",
                server_header=False,
                date_header=False,
                ws="none",
                timeout_graceful_shutdown=1,
            )
        )
        self.front = front
        front.stop_server = lambda: setattr(self, "should_exit", True)

    @property
    def should_exit(self) -> bool:
        """Whether the server is to end; may be set from any thread and from a signal's handler."""
        return self._exits

    @should_exit.setter
    def should_exit(self, exits: bool) -> None:
        self._exits = exits
        if exits:
            self._wake()

    async def main_loop(self) -> None:
        """Wait until the server is to end."""
        loop, ends = asyncio.get_running_loop(), asyncio.Event()
        self._wake = lambda: loop.call_soon_threadsafe(ends.set)
        if not await self.on_tick(0):
            await ends.wait()
        self._wake = lambda: None  # the loop is closed soon

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams first: nothing else is open for long."""
        await asyncio.to_thread(self.front.end_streams)
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Ctrl+C and SIGTERM end the server, and only that: uvicorn's own version kills the process afterwards."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {s: signal.signal(s, self.handle_exit) for s in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def in_window(server: Server, listener: socket.socket, url: str) -> None:
    """Serve from a thread and show the app in a window of its own; either ends with the other."""
    import webview

    serving = threading.Thread(target=server.run, args=([listener],))

    def close_with_the_server() -> None:
        serving.join()
        with contextlib.suppress(Exception):  # it was closed first
            window.destroy()

    serving.start()
    try:
        window = webview.create_window("Taproot", url, width=1360, height=880, min_size=(420, 480))
        webview.start(close_with_the_server)
    finally:
        server.should_exit = True
        serving.join()
