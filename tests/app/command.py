"""The app as a person starts it: `launch.py` in a process of its own, on a data folder and a free port."""

from __future__ import annotations

import itertools
import os
import re
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from tests.app.contexts import enter
from tests.app.desk import READY, watch
from tests.small_model import NAME, small_model

ROOT = Path(__file__).resolve().parents[2]
_PORTS = itertools.cycle(range(11_000, 31_000))  # browsers refuse some below
next(itertools.islice(_PORTS, os.getpid() * 37 % 20_000, None))  # other processes begin elsewhere


def free_port() -> int:
    """A free port for a program that will listen there: none of those that the system hands out to others meanwhile."""
    for port in _PORTS:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port
    raise AssertionError


class Taproot:
    """One start of `launch.py` on a data folder; `url` is what it printed. `model`: None for the default of the app."""

    def __init__(
        self,
        data: Path,
        *more: str,
        model: str | None = NAME,
        program: Sequence[str] = (sys.executable, "launch.py"),
        stderr: int | None = None,
    ):
        self.data = data
        command = [*program, "--no-browser", "--port", str(free_port()), "--data", str(data), *more]
        if model:
            command += ["--model", str(small_model()) if model == NAME else model]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=stderr, text=True, start_new_session=True
        )
        assert self.process.stdout is not None
        assert select.select([self.process.stdout], [], [], 300)[0], "it printed nothing"
        found = re.search(r"http://\S+", self.process.stdout.readline())
        assert found, "no address was printed"
        self.url = found.group()

    def visit(self, browser: Browser, path: str = "", **options: Any) -> Page:
        """A page of the app, past splash and gate, as in a browser of its own. Complaints are in `page.problems`.

        `tests.app.contexts.leave` closes it.
        """
        page = enter(browser, self.url, **options)
        watch(page)
        page.goto(self.url + (path and f"&{path}"))
        page.wait_for_selector(READY, timeout=90_000)
        return page

    def kill(self) -> None:
        """As when the power goes: the app and all that it started."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(120)

    def end(self) -> None:
        """Stop it as a service manager would, if it still runs."""
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(120)
