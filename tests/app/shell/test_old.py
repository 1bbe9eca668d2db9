"""What cannot be loaded anew stays as it was, is said to be old, and is loaded again by a press."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Route, expect

from engine.kernel.host.host import KernelHost
from tests.app.contexts import leave
from tests.app.desk import Desk, until
from tests.app.library.page import visit

pytestmark = [pytest.mark.browser, pytest.mark.sandbox]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, kernels: KernelHost):
    """One app for the tests of this module."""
    data = tmp_path_factory.mktemp("old") / "data"
    data.mkdir(mode=0o700)
    desk = Desk(data, kernels)
    desk.ended(desk.workbench.runs.start("And where to?", desk.corpus).run)
    yield desk
    desk.close()


@pytest.fixture(scope="module")
def page(desk: Desk, browser: Browser):
    """One page for all views."""
    page = desk.visit(browser, "view=ask")
    yield page
    leave(page)


def broken(route: Route) -> None:
    route.fulfill(status=500, json={"error": "The disk could not be read."})


@pytest.mark.parametrize("lost", [False, True])
@pytest.mark.parametrize(
    ("view", "name", "path", "shown"),
    [
        ("library", "Library", r"/api/corpora$", "#library-host .corpus"),
        ("sessions", "Sessions", r"/api/sessions/shown", "#sessions-host .session"),
        ("sessions", "Evidence and safekeeping", r"/api/safekeeping$", "#safekeeping-host .drop-log"),
        ("models", "Models", r"/api/models/page", "#models-host .card"),
        ("bench", "Bench", r"/api/bench", "#bench-host > *"),
        ("questions", "Questions", r"/api/questions", "#questions-host > *"),
    ],
)
def test_a_view_that_cannot_be_loaded_anew_says_so_and_is_loaded_by_a_press(
    desk: Desk, page, view: str, name: str, path: str, shown: str, lost: bool
) -> None:
    visit(page, f"view={view}")
    expect(page.locator(f"#nav-{view}")).to_have_attribute("aria-current", "page")
    if name == "Evidence and safekeeping":
        page.get_by_role("button", name=name).click()
    rows = page.locator(shown).first
    expect(rows).to_be_visible()
    page.route(re.compile(path), lambda route: route.abort() if lost else broken(route))
    for other in ("ask", view, "ask", view):  # it is said once
        visit(page, f"view={other}")
    said = page.locator(".toast.error", has_text=f"{name} could not be loaded; what it shows may be old.")
    expect(said).to_have_count(1)
    expect(said).to_contain_text("Taproot does not answer" if lost else "The disk could not be read.")
    expect(rows).to_be_visible()
    page.unroute(re.compile(path))
    said.get_by_role("button", name="Try again").click()
    expect(said).to_have_count(0)
    if name == "Evidence and safekeeping":
        page.get_by_role("button", name=name).click()
    page.route(re.compile(path), broken)
    for other in ("ask", view):
        visit(page, f"view={other}")
    expect(said).to_have_count(1)
    page.unroute(re.compile(path))
    desk.workbench.hub.tell("corpora")
    for other in ("ask", view):
        visit(page, f"view={other}")
    expect(said).to_have_count(0)  # what came after all takes it back


def test_an_answer_that_was_asked_for_before_takes_back_no_later_trouble(page) -> None:
    visit(page, "view=bench")
    expect(page.locator("#bench-host > *").first).to_be_visible()
    asked: list[Route] = []
    page.route("**/api/bench?*", lambda route: broken(route) if asked else asked.append(route))
    for view in ("ask", "bench", "ask", "bench"):
        visit(page, f"view={view}")
        until(lambda view=view: asked or view == "ask", page)
    said = page.locator(".toast.error", has_text="Bench could not be loaded; what it shows may be old.")
    expect(said).to_have_count(1)
    with page.expect_response("**/api/bench?*"):
        asked[0].continue_()
    page.wait_for_timeout(200)  # for what a page does that is not to do it
    expect(said).to_have_count(1)
    page.unroute("**/api/bench?*")
    page.locator("#nav-bench").focus()
    said.get_by_role("button", name="Try again").focus()
    page.keyboard.press("Enter")
    expect(said).to_have_count(0)
    expect(page.locator("#nav-bench")).to_be_focused()  # as before the message
