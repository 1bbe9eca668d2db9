"""Two sessions compared, a question kept as a check, and the receipt of a deletion saved, in a real browser."""

from __future__ import annotations

import json
import os

import pytest
from playwright.sync_api import Browser, expect

from engine.kernel.host.host import KernelHost
from tests.app.contexts import leave
from tests.app.desk import Desk

pytestmark = [pytest.mark.browser, pytest.mark.sandbox]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, kernels: KernelHost):
    """An app with two sessions that answer differently."""
    data = tmp_path_factory.mktemp("comparing") / "data"
    data.mkdir(mode=0o700)
    desk = Desk(data, kernels)
    for question in ("When does the ferry leave?", "Ask about each letter"):
        desk.ended(desk.workbench.runs.start(question, desk.corpus).run)
    yield desk
    desk.model.go.set()
    desk.close()


@pytest.fixture
def page(desk: Desk, browser: Browser):
    page = desk.visit(browser, "view=sessions")
    expect(page.locator(".session")).to_have_count(2)
    yield page
    problems = page.problems
    leave(page)
    assert problems == []


def test_two_sessions_are_compared_by_keys_and_the_address_can_be_shared(page, desk: Desk) -> None:
    for nth in (0, 1):
        page.locator(".session button.compare").nth(nth).focus()
        page.keyboard.press("Enter")
    dialog = page.locator("dialog.comparison")
    expect(dialog).to_be_visible()
    expect(dialog.locator("h2")).to_have_text("Two runs with different answers")
    expect(dialog.locator("tr.differs th[scope=row]").first).to_have_text("Question")
    expect(dialog).to_contain_text("They part first in the question")
    expect(dialog.locator(".comparison-parting pre")).to_have_text(
        ["Ask about each letter", "When does the ferry leave?"]
    )
    assert {"left", "right"} < {*page.evaluate("[...new URLSearchParams(location.search).keys()]")}
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    page.go_back()
    rows = {row["run"] for row in desk.workbench.engine.store.runs()}
    left, right = rows
    page.goto(page.url.split("?")[0] + f"?view=sessions&left={left}&right={right}")
    expect(dialog).to_be_visible()
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=f"{folder}/compare.png")
        page.emulate_media(color_scheme="dark")
        page.screenshot(path=f"{folder}/compare-dark.png")
    page.set_viewport_size({"width": 420, "height": 800})
    page.wait_for_function("innerWidth === 420 && document.documentElement.scrollWidth <= innerWidth")
    if folder:
        page.screenshot(path=f"{folder}/compare-narrow.png")


def test_a_comparison_with_a_run_that_is_gone_says_so(page) -> None:
    page.goto(page.url.split("?")[0] + "?view=sessions&left=gone&right=gone")
    expect(page.locator(".toast.error")).to_contain_text("There is no run 'gone'")
    (problem,) = page.problems
    assert "400" in problem  # the browser notes the refusal itself
    page.problems.clear()


def test_a_question_is_kept_with_its_answer_and_kept_no_longer(page, desk: Desk) -> None:
    store = desk.workbench.engine.store
    page.locator(".session-open").nth(1).click()
    button = page.locator("button.keep")
    expect(button).to_have_text("Keep as a check")
    button.click()
    expect(button).to_have_text("Kept as a check")
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=f"{folder}/keep.png", full_page=True)
    (row,) = store.kept()
    assert (
        row["question"] == "When does the ferry leave?" and row["accepted"] == store.run(row["run"])["answer"]
    )
    page.reload()
    expect(button).to_have_text("Kept as a check")
    button.click()
    expect(button).to_have_text("Keep as a check")
    assert store.kept() == []


def test_the_receipt_of_a_deletion_can_be_saved(page, desk: Desk) -> None:
    run = desk.workbench.engine.store.runs()[0]["run"]
    page.locator(".session-open").first.focus()
    page.keyboard.press("Delete")
    page.locator("dialog.confirm button.danger").click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Save the receipt").click()
    receipt = json.loads(saved.value.path().read_text())
    assert receipt["runs"] == [run] and len(receipt["heads"][run]["hash"]) == 64 and receipt["erased"]
