"""What the browser tests share: Chromium and how it is started, the command with a small model, pages that may not complain."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright

from app.command_line import engine
from engine.engine import Engine
from engine.kernel.host.host import KernelHost
from tests.app.command import Taproot
from tests.app.contexts import leave

NAMES = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
)  # the first draws no window: a third less work
# Nothing here may come from the browser itself: its own look-ups would drown a request that is ours.
ARGUMENTS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()


@pytest.fixture(scope="session")
def browser_type_launch_args(playwright: Playwright) -> dict[str, Any]:
    """How Chromium is started: the system's, else the one that Playwright has installed."""
    program = next((found for name in NAMES if (found := shutil.which(name))), None)
    program = program or playwright.chromium.executable_path
    if not Path(program).exists():
        pytest.skip(
            "no Chromium: install the package chromium-headless-shell or chromium, or run `playwright install chromium`"
        )
    return {"executable_path": program, "args": ARGUMENTS}


@pytest.fixture
def warm(kernels: KernelHost, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let commands that run in this process use the kernels of all tests, which are warm already."""
    monkeypatch.setattr(engine, "Engine", partial(Engine, host=kernels))


@pytest.fixture(scope="session")
def taproot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Taproot]:
    """One start of the command on a fresh data folder, with a small model and the sample documents."""
    started = Taproot(tmp_path_factory.mktemp("fresh") / "data")
    yield started
    started.end()


@pytest.fixture
def visit(taproot: Taproot, browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open pages of the app, each in a context of its own; none may complain or ask another host."""
    pages: list[Page] = []

    def open_page(path: str = "", **options: Any) -> Page:
        pages.append(taproot.visit(browser, path, **options))
        return pages[-1]

    yield open_page
    problems = [problem for page in pages for problem in page.problems]  # type: ignore[attr-defined]
    for page in pages:
        leave(page)
    assert problems == []
