"""The panel of evidence and safekeeping in a real browser: keep, list, check again, compare, back up, import."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect

from engine.kernel.host.host import KernelHost
from engine.llm.scripted import ScriptedModel
from tests.app.contexts import leave
from tests.app.desk import Desk, run_of, until
from tests.app.safekeeping.test_routes import LOG
from tests.app.script import Model, cell

pytestmark = [pytest.mark.browser, pytest.mark.sandbox]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, kernels: KernelHost) -> Iterator[Desk]:
    data = tmp_path_factory.mktemp("panel") / "data"
    data.mkdir(mode=0o700)
    made = Desk(data, kernels)
    for question in ("When does the ferry leave?", "Be hostile"):
        made.ended(made.workbench.runs.start(question, made.corpus).run)
    yield made
    made.close()


@pytest.fixture
def page(desk: Desk, browser: Browser) -> Iterator[Page]:
    opened = desk.visit(browser, "view=sessions")
    opened.refused = ()  # type: ignore[attr-defined]  # statuses that a test asks for; the browser tells of each
    yield opened
    leave(opened)
    expected = tuple(f"status of {status}" for status in opened.refused)  # type: ignore[attr-defined]
    assert [one for one in opened.problems if not any(words in one for words in expected)] == []  # type: ignore[attr-defined]


def unfold(page: Page) -> None:
    """Open the panel by the keyboard."""
    page.get_by_role("button", name="Evidence and safekeeping").press("Enter")
    expect(page.locator("#safekeeping-host")).to_contain_text("are free on the disk")


def test_questions_are_kept_checked_again_and_compared(desk: Desk, page: Page) -> None:
    unfold(page)
    expect(page.locator(".kept-list")).to_contain_text("None yet")
    expect(page.locator(".kept-ask")).to_be_hidden()
    for nth in (0, 1):
        page.locator(".session-open").nth(nth).click()
        expect(page.locator("button.keep")).to_have_text("Keep as a check")  # no longer that of the other run
        page.locator("button.keep").click()
        expect(page.locator("button.keep")).to_have_text("Kept as a check")
        page.go_back()
    rows = page.locator(".kept-row")
    expect(rows).to_have_count(2)
    assert page.evaluate("window.pwned") is None
    page.locator(".kept-ask").press("Enter")
    expect(page.locator(".kept-row .chip")).to_have_text(["Holds", "Holds"])
    expect(page.locator("#safekeeping-host")).to_contain_text("2 asked, 2 right, 0 worse than before.")
    expect(page.locator(".session")).to_have_count(4)

    desk.workbench.engine.use(ScriptedModel([cell("FINAL('At dusk.')")], name="other"))
    ferry = rows.filter(has_text="ferry")
    ferry.get_by_role("button", name="Ask again").press("Enter")
    expect(ferry.locator(".chip")).to_have_text("Worse: answer")
    expect(ferry).to_contain_text("Last: At dusk.")
    ferry.get_by_role("button", name="Compare with the last time").press("Enter")
    dialog = page.locator("dialog.comparison")
    expect(dialog).to_contain_text("At dusk.")
    page.keyboard.press("Escape")
    expect(rows).to_have_count(2)

    held: list[Route] = []
    page.route("**/api/safekeeping", lambda route: held.append(route))
    ferry.get_by_role("button", name="Keep no longer").press("Enter")
    again = page.get_by_role("button", name="Keep it again")
    again.focus()
    until(lambda: held, page)
    page.route("**/api/safekeeping", lambda route: route.continue_())
    for route in held:
        route.continue_()
    expect(rows).to_have_count(1)
    expect(again).to_be_focused()  # what is shown later takes nothing from where a person went
    again.press("Enter")
    expect(rows).to_have_count(2)
    desk.workbench.engine.use(Model())


def test_a_backup_is_made_by_a_path_and_saved_through_the_browser(
    desk: Desk, page: Page, tmp_path: Path
) -> None:
    unfold(page)
    host, field = page.locator("#safekeeping-host"), page.get_by_label("File on this machine")
    field.fill(str(tmp_path / "no" / "all_of_*it*.zip"))
    field.press("Enter")
    expect(host).to_contain_text(f"There is no folder {tmp_path / 'no'}. Make it first")
    target = tmp_path / "all_of_*it*.zip"
    field.fill(str(target))
    page.get_by_role("button", name="Back up").press("Enter")
    expect(host).to_contain_text(f"Backed up to {target}: ")
    assert zipfile.is_zipfile(target)
    page.get_by_role("button", name="Back up").press("Enter")
    expect(host).to_contain_text("exists already. Choose another name")
    page.get_by_label("Write over it").check()
    page.get_by_role("button", name="Back up").press("Enter")
    expect(host).to_contain_text(f"Backed up to {target}: ")

    page.get_by_role("button", name="Save through the browser").press("Enter")
    link = page.get_by_role("link", name="Save the file")
    link.focus()
    desk.workbench.backups.say("Another could not begin.")
    expect(host).to_contain_text("Another could not begin.")
    expect(link).to_be_focused()  # also after such news
    with page.expect_download() as saved:
        link.press("Enter")
    assert zipfile.is_zipfile(saved.value.path())
    expect(host).to_contain_text("The backup was handed to the browser.")


def test_what_is_pressed_while_the_press_before_waits_for_its_answer_is_not_dropped(
    desk: Desk, page: Page, tmp_path: Path
) -> None:
    unfold(page)
    held: list[Route] = []
    page.route("**/gradio_api/run/predict**", lambda route: held.append(route))
    field, press = page.get_by_label("File on this machine"), page.get_by_role("button", name="Back up").press
    for name in ("first", "second"):
        field.fill(str(tmp_path / name / "all.zip"))
        press("Enter")
    until(lambda: held, page)
    page.wait_for_timeout(300)
    page.route("**/gradio_api/run/predict**", lambda route: route.continue_())
    assert len(held) == 1  # the second press waits for the answer to the first
    held[0].continue_()
    expect(page.locator("#safekeeping-host")).to_contain_text(f"There is no folder {tmp_path / 'second'}")


def test_logs_are_chosen_or_dropped_opened_and_refused_with_the_reason(
    desk: Desk, page: Page, tmp_path: Path
) -> None:
    page.refused = (400, 409)  # type: ignore[attr-defined]
    unfold(page)
    host = page.locator("#safekeeping-host")
    with page.expect_file_chooser() as chosen:
        page.get_by_role("button", name="Import a log").press("Enter")
    chosen.value.set_files(LOG)
    page.wait_for_selector("rlm-tree[ready]")
    assert desk.workbench.engine.store.run(str(run_of(page)))["strategy"] not in ("recursive", "direct")
    page.go_back()
    drop = """(box, text) => {
      const data = new DataTransfer();
      data.items.add(new File([text], '<b>mine</b>.jsonl'));
      for (const kind of ['dragover', 'drop']) box.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
    }"""
    box = page.locator(".drop-log")
    box.evaluate(drop, "no log\n")
    expect(host).to_contain_text("<b>mine</b>.jsonl: line 1")
    box.evaluate(drop, LOG.read_text())
    expect(host).to_contain_text("<b>mine</b>.jsonl was imported before, as ")
    page.get_by_role("button", name="Import it once more").press("Enter")
    page.wait_for_selector("rlm-tree[ready]")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_narrow_windows_hold_it(desk: Desk, browser: Browser, scheme: str) -> None:
    page = desk.visit(browser, "view=sessions", color_scheme=scheme)
    unfold(page)
    found = Axe().run(page, context="#view-sessions")
    assert found.response["violations"] == []
    for width in (900, 380):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if folder := os.environ.get("SHOTS"):
            page.screenshot(path=f"{folder}/panel-{scheme}-{width}.png", full_page=True)
    leave(page)
