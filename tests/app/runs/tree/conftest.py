"""What the tests of the tree share: its page over a store with two finished runs."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.app.contexts import PATIENCE
from tests.app.runs.tree.hostile_run import hostile
from tests.app.runs.tree.tree_fixture import grow
from tests.app.runs.tree.tree_server import TreeServer


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The page of the tree over a store with two finished runs, "run" and "hostile"."""
    made = TreeServer(tmp_path_factory.mktemp("tree"))
    made.finished("run", grow(3, 30, 60))
    made.finished("hostile", hostile())
    yield made
    made.close()


@pytest.fixture(scope="module")
def context(browser: Browser):
    size = {"width": 1280, "height": 1600}
    context = browser.new_context(viewport=size, permissions=["clipboard-read", "clipboard-write"])
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


@pytest.fixture
def visit(server: TreeServer, context: BrowserContext):
    """Open the page of a run; returns it once the tree is painted. Only the errors in `allowed` may come."""
    pages: list[Page] = []
    said: list[str] = []
    allowed: list[str] = []

    def open_(run: str = "run", node: str = "", allow: str = "") -> Page:
        page = context.new_page()
        pages.append(page)
        allowed.append(allow or "never")
        page.on("console", lambda message: message.type == "error" and said.append(message.text))
        page.on("pageerror", lambda problem: said.append(str(problem)))
        page.goto(f"{server.url}/?run={run}&node={node}")
        page.wait_for_selector("rlm-tree[ready]")
        return page

    yield open_
    for page in pages:
        page.close()
    assert [text for text in said if not any(part in text for part in allowed)] == []


@pytest.fixture
def facts():
    """The facts of the run "run"."""
    return grow(3, 30, 60)
