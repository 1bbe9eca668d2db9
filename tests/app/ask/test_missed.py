"""What became of the run that is shown while nobody told its page: it went on, or went with its documents."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from engine.kernel.host.host import KernelHost
from engine.llm.scripted import ScriptedModel
from tests.app.contexts import leave
from tests.app.desk import Desk, ask, run_of
from tests.app.script import cell

pytestmark = [pytest.mark.browser, pytest.mark.sandbox]

HIDE = """(hidden) => {
  Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


@pytest.fixture
def desk(tmp_path, kernels: KernelHost):
    (tmp_path / "data").mkdir(mode=0o700)
    desk = Desk(tmp_path / "data", kernels)
    yield desk
    desk.close()


@pytest.fixture
def page(desk: Desk, browser: Browser):
    page = desk.visit(browser)
    yield page
    leave(page)
    assert [problem for problem in page.problems if "404" not in problem] == []


def test_a_tab_that_was_hidden_shows_the_answer_of_a_run_that_went_on_meanwhile(
    desk: Desk, page: Page
) -> None:
    run = ask(page, "Look, then look for ever")
    page.keyboard.press("Alt+S")
    expect(page.get_by_role("button", name="Go on")).to_be_visible()
    page.evaluate(HIDE, True)
    desk.workbench.engine.use(ScriptedModel(lambda request: cell("FINAL('seen after it went on')")))
    desk.workbench.runs.resume(run)
    assert desk.ended(run)["status"] == "answered"
    page.evaluate(HIDE, False)
    expect(page.locator(".answer-slot")).to_contain_text("seen after it went on")
    expect(page.get_by_role("button", name="Go on")).to_be_hidden()


def test_a_tab_that_was_hidden_does_not_show_a_session_that_was_deleted_meanwhile(
    desk: Desk, page: Page
) -> None:
    run = ask(page, "When does the ferry leave?")
    expect(page.locator(".answer-text")).to_contain_text("noon")
    page.evaluate(HIDE, True)
    desk.workbench.sessions.delete(run)
    page.evaluate(HIDE, False)
    expect(page.locator(".run-panel")).to_be_hidden()
    assert run_of(page) is None


def test_a_run_goes_with_the_card_of_its_documents(desk: Desk, page: Page) -> None:
    run = ask(page, "When does the ferry leave?")
    expect(page.locator(".answer-text")).to_contain_text("noon")
    other = desk.add("Other", {"a.txt": "one"})
    library = desk.workbench.library
    cards = {card["id"]: card["card"] for card in library.cards()}
    with page.expect_response(f"**/api/runs/{run}/log?*"):
        library.delete(cards[other])
    expect(page.locator(".answer-text")).to_contain_text("noon")
    library.delete(cards[desk.corpus])
    expect(page.locator(".run-panel")).to_be_hidden()
    assert run_of(page) is None


def test_questions_that_stand_there_stay_where_they_cannot_be_asked_for_again(desk: Desk, page: Page) -> None:
    ask(page, "When does the ferry leave?")
    expect(page.locator("#follow-host")).to_contain_text("Follow-up to")
    ask(page, "And where to?")
    expect(page.locator(".answer-text")).to_contain_text("To Halden.")
    expect(page.locator(".thread .earlier")).to_have_count(1)
    page.route("**/earlier", lambda route: route.fulfill(status=404, json={"error": "not now"}))
    page.route("**/lately", lambda route: route.fulfill(status=404, json={"error": "not now"}))
    with page.expect_response("**/earlier"):
        desk.ended(desk.workbench.runs.start("When does the ferry leave?", desk.corpus).run)
    page.evaluate("0")  # what was answered has been taken
    expect(page.locator(".thread .earlier")).to_have_count(1)
    page.unroute("**/lately")
    page.get_by_role("button", name="New session").click()
    expect(page.locator(".recent .earlier")).to_have_count(2)
    page.route("**/lately", lambda route: route.fulfill(status=404, json={"error": "not now"}))
    with page.expect_response("**/lately"):
        desk.ended(desk.workbench.runs.start("When does the ferry leave?", desk.corpus).run)
    page.evaluate("0")
    expect(page.locator(".recent .earlier")).to_have_count(2)
