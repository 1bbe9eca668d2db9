"""What the tests of the library share: a library over a store, and one page of the app."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app.library.jobs import OVER
from engine.kernel.host.host import KernelHost
from engine.store import Store
from tests.app.contexts import leave
from tests.app.desk import Desk, until
from tests.app.library.opened import open_library
from tests.app.library.page import visit
from tests.engine.conftest import LEASE, fill


@pytest.fixture
def store(data_dir: Path):
    with Store(data_dir) as store:
        yield store


@pytest.fixture
def library(store: Store, data_dir: Path):
    library = open_library(store, data_dir)
    yield library
    library.close()


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    folder = tmp_path / "papers"
    fill(
        folder, {"lease.md": LEASE, "mail/a.txt": "one", "mail/b.txt": "two", "logo.png": b"\x89PNG\r\n\0\1"}
    )
    return folder


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, kernels: KernelHost):
    """One app for the tests of this module."""
    data = tmp_path_factory.mktemp("library") / "data"
    data.mkdir(mode=0o700)
    desk = Desk(data, kernels)
    yield desk
    desk.close()


@pytest.fixture(scope="module")
def tab(desk: Desk, browser: Browser):
    """One page for all tests: opening it anew costs more than most of them."""
    page = desk.visit(browser, "view=library")
    yield page
    leave(page)


@pytest.fixture
def page(desk: Desk, tab: Page):
    """The library, with nothing open; it must not have complained. Cards that a test added are removed."""
    library = desk.workbench.library
    before = {card["card"] for card in library.cards()}
    tab.problems.clear()
    visit(tab, "view=library")
    if tab.locator("#viewer").is_visible():
        tab.get_by_role("button", name="Close the document (Esc)").click()
    expect(tab.locator(".corpora[data-loaded]")).to_be_visible()
    yield tab
    press = "(all) => all.forEach((button) => button.click())"
    tab.locator(".toast button.quiet").evaluate_all(press)
    for job in library.jobs.list():
        library.jobs.stop(job["job"])
    until(lambda: all(job["state"] in OVER for job in library.jobs.list()))
    for job in library.jobs.list():
        library.jobs.stop(job["job"])  # what was not over is forgotten now
    for card in library.cards():
        if card["card"] not in before:
            library.delete(card["card"])
    expect(tab.locator(".overview .corpus")).to_have_count(len(before))
    expect(tab.locator(".job button[aria-label^=Cancel]")).to_have_count(0)
    tab.locator(".job button[aria-label^=Close]").evaluate_all(press)
    expect(tab.locator(".job")).to_have_count(0)
    assert [problem for problem in tab.problems if "Failed to load resource" not in problem] == []
    assert tab.evaluate("() => window.pwned") is None
