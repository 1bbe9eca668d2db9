"""The whole app without a mouse: from the start to an answer, its source, tree, playback, library, sessions, models, bench."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from tests.app.command import Taproot
from tests.app.contexts import leave
from tests.small_model import small_model

pytestmark = [pytest.mark.browser, pytest.mark.sandbox]

QUESTION = "What is the notice period in each of the supply contracts?"
MOST_STOPS = 120
WITHOUT_A_MOUSE = """window.pointed = 0;
for (const kind of ['pointerdown', 'mousedown', 'touchstart', 'drop', 'wheel']) addEventListener(kind, () => (pointed += 1), true);"""
FOCUSED = """(selector) => {
  let e = document.activeElement;
  while (e.shadowRoot?.activeElement) e = e.shadowRoot.activeElement;
  return e.matches(selector);
}"""
Reach = Callable[[str], None]


@pytest.fixture
def page(tmp_path: Path, browser: Browser) -> Iterator[Page]:
    """A fresh app just opened; at the end nothing has complained and no pointer was used."""
    models = tmp_path / "data" / "models"
    models.mkdir(parents=True)
    shutil.copy(small_model(), models)
    taproot = Taproot(tmp_path / "data")
    try:
        page = taproot.visit(browser)
        page.evaluate(WITHOUT_A_MOUSE)
        yield page
        pointed, problems = page.evaluate("window.pointed"), page.problems  # type: ignore[attr-defined]
        leave(page)
    finally:
        taproot.end()
    assert (pointed, problems) == (0, [])


def reach(page: Page, selector: str, key: str = "Tab") -> None:
    """Press Tab until an element that matches has the focus."""
    for _ in range(MOST_STOPS):
        page.keyboard.press(key)
        if page.evaluate(FOCUSED, selector):
            return
    raise AssertionError(f"{key} never reaches {selector}")


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_the_whole_app_is_used_without_a_mouse(page: Page, tmp_path: Path) -> None:
    ask_and_look(page)
    play_back(page)
    keep_a_library(page, tmp_path / "papers")
    choose_in_the_form(page)
    go_through_sessions(page)
    look_at_models(page)
    measure(page)


def ask_and_look(page: Page) -> None:
    """A question, its answer, a source in its document, the nodes of its tree."""
    expect(page.locator("#question textarea")).to_be_focused()
    expect(page.locator("#corpus input")).to_have_value(re.compile("Sample"))
    expect(page.locator("#model input")).to_have_value("small", timeout=60_000)
    page.keyboard.type(QUESTION)
    press(page, "Control+Enter")
    expect(page.locator(".answer-text")).to_contain_text("three months", timeout=90_000)

    reach(page, ".answer button.cite")
    press(page, "Enter")
    expect(page.locator("#viewer mark.span").first).to_be_in_viewport()
    page.wait_for_function(FOCUSED, arg="#viewer, #viewer *")
    press(page, "Escape")
    expect(page.locator("#viewer")).to_be_hidden()
    page.wait_for_function(FOCUSED, arg=".answer button.cite")

    reach(page, "[role=tree]")
    press(page, "Home", "ArrowRight", "ArrowDown")
    chosen = page.locator("rlm-tree .row[aria-selected=true]:visible")
    expect(chosen).to_have_attribute("data-id", "0.2")
    press(page, "ArrowLeft")
    expect(chosen).to_have_attribute("data-id", "0")
    press(page, "ArrowLeft")
    expect(page.locator("rlm-tree .row:visible")).to_have_count(1)
    press(page, "ArrowRight", "ArrowRight", "Enter")
    expect(page.get_by_role("region", name="Node")).to_be_focused()
    expect(page.locator(".fold-switch:visible").first).to_be_visible()  # the details are fetched
    reach(page, ".fold-switch")  # the prompt
    press(page, "Enter")
    expect(page.locator("rlm-tree .message").first).to_be_visible()
    press(page, "Escape", "/")
    page.keyboard.type("keelby")
    expect(page.locator("rlm-tree .hits")).not_to_be_empty()
    press(page, "Enter")  # the question, whose answer says it
    expect(chosen).to_have_attribute("data-id", "0")
    press(page, "Enter")
    expect(chosen).to_contain_text("keelby")
    press(page, "Escape")


def play_back(page: Page) -> None:
    """The run again, by events and by itself."""
    slider = page.get_by_role("slider", name="Playhead")
    reach(page, ".slider")
    press(page, "Home")
    expect(page.locator("rlm-tree .row:visible")).to_have_count(0)
    press(page, ".")
    expect(page.locator("rlm-tree .row:visible")).to_have_count(1)
    press(page, ",")
    expect(page.locator("rlm-tree .row:visible")).to_have_count(0)
    reach(page, ".speed")
    press(page, "End")
    expect(page.get_by_role("combobox", name="Speed")).to_have_value("16")
    reach(page, "[aria-label=Play]", "Shift+Tab")
    press(page, "Space")
    expect(page.locator("rlm-tree .row:visible")).to_have_count(4)
    expect(slider).to_have_js_property("value", slider.get_attribute("max"))


def keep_a_library(page: Page, papers: Path) -> None:
    """A folder added, looked into, renamed and deleted."""
    papers.mkdir()
    (papers / "ferry.txt").write_text("The ferry to Halden leaves at noon.\n")
    press(page, "Alt+2")
    press(page, "/")
    page.wait_for_function(FOCUSED, arg="#library-host textarea")
    page.keyboard.type(str(papers))
    press(page, "Enter")
    card = page.locator(".corpus", has=page.get_by_role("button", name="papers", exact=True))
    expect(card.get_by_role("button", name="papers", exact=True)).to_be_visible()
    reach(page, ".corpus-name")
    press(page, "Enter")
    expect(page.locator(".doc-row .doc-name")).to_have_text("ferry.txt")
    reach(page, "[role=grid]")
    press(page, "ArrowDown", "Enter")
    expect(page.locator("#viewer")).to_contain_text("leaves at noon")
    press(page, "/")
    page.keyboard.type("halden")
    press(page, "Enter")
    expect(page.locator("#viewer mark.hit").first).to_have_text("Halden")
    press(page, "Escape", "Escape")
    expect(page.locator("#viewer")).to_be_hidden()
    reach(page, "[aria-label='Rename: papers']", "Shift+Tab")
    press(page, "Enter")
    expect(page.get_by_role("dialog", name="Rename")).to_be_visible()
    page.keyboard.type("Letters")
    press(page, "Enter")
    expect(page.locator(".detail-head h2")).to_have_text("Letters")


def choose_in_the_form(page: Page) -> None:
    """Documents and limits of the next question."""
    press(page, "Alt+1", "Alt+n")
    expect(page.locator("#question textarea")).to_be_focused()
    reach(page, "#corpus input")
    renamed = page.get_by_role("option", name="Letters · 1 document")
    for _ in range(120):  # the form hears of the new name a moment after the library
        page.keyboard.type("Letters")
        page.wait_for_timeout(100)  # it draws what it offers
        if renamed.count():
            break
        press(page, "Control+a", "Backspace", "Tab", "Shift+Tab")
        page.wait_for_timeout(400)
    expect(renamed).to_be_visible()
    press(page, "Enter")
    expect(page.locator("#corpus input")).to_have_value("Letters · 1 document")
    reach(page, "#settings button")
    press(page, "Enter")
    expect(page.locator("#set-turns input")).to_be_visible()
    reach(page, "#set-turns input")
    press(page, "Control+a")
    page.keyboard.type("7")
    expect(page.locator("#set-turns input")).to_have_value("7")


def go_through_sessions(page: Page) -> None:
    """What was asked: found, given a title, opened, deleted."""
    press(page, "Alt+3", "/")
    page.keyboard.type("supply")
    expect(page.locator(".session")).to_have_count(1)
    press(page, "ArrowDown", "F2")
    expect(page.get_by_role("textbox", name="Title of the session")).to_be_focused()
    page.keyboard.type("Notice periods")
    press(page, "Enter")
    expect(page.locator(".session-title")).to_have_text("Notice periods")
    page.locator(".session-open").focus()
    asked: set[Request] = set()
    page.on("request", lambda request: asked.add(request) if "/api/live" not in request.url else None)
    page.on("requestfinished", lambda request: asked.discard(request))
    page.on("requestfailed", lambda request: asked.discard(request))
    press(page, "Enter")
    expect(page.locator(".run-question")).to_have_text(QUESTION)
    expect(page.locator("rlm-tree[ready]")).to_be_visible()
    quiet = 0
    while quiet < 5:  # what the page asks about a run must not come after the run is deleted
        page.wait_for_timeout(60)
        quiet = 0 if asked else quiet + 1
    press(page, "Alt+3", "ArrowDown")
    reach(page, ".session-open")
    press(page, "Delete")
    dialog = page.get_by_role("dialog", name="Delete this session?")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    press(page, "Tab", "Enter")
    expect(page.locator(".toast.ok")).to_contain_text("Deleted: 1 question")
    expect(page.locator(".session")).to_have_count(0)
    press(page, "Alt+2")
    reach(page, "[aria-label='Delete: Letters']")
    press(page, "Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("The folder itself stays")
    reach(page, "dialog .danger")
    press(page, "Enter")
    expect(dialog).to_contain_text("Letters")
    press(page, "Escape")
    expect(page.locator(".corpus")).to_have_count(1)


def look_at_models(page: Page) -> None:
    """What a model's file says of itself."""
    press(page, "Alt+4")
    shut = page.locator("#models-host [aria-expanded=false]").first
    expect(shut).to_be_visible()
    reach(page, "#models-host [aria-expanded=false]")
    press(page, "Enter")
    expect(page.locator("#models-host [aria-expanded=true]").first).to_be_focused()
    press(page, "?")
    expect(page.locator("#shortcuts")).to_be_visible()
    press(page, "Escape")
    expect(page.locator("#shortcuts")).to_be_hidden()


def measure(page: Page) -> None:
    """A bench of one question, chosen in the form, started, and its run opened."""
    wanted = {"needle", "retrieval", "0.5"}
    press(page, "Alt+5")
    expect(page.locator("#bench-start")).to_be_enabled()
    reach(page, "#bench-kind input")
    press(page, "ArrowDown")
    expect(page.locator("#bench-own")).to_be_visible()
    taken = page.locator("#bench-kind label.selected")  # by Gradio, which takes a choice after the browser
    expect(taken).to_contain_text("Choose")
    press(page, "ArrowUp")
    expect(page.locator("#bench-own")).to_be_hidden()
    expect(taken).to_contain_text("Quick")
    press(page, "ArrowDown")
    expect(taken).to_contain_text("Choose")
    for box in page.locator("#bench-own input[type=checkbox]").all():
        name = box.get_attribute("name")
        if box.is_checked() != (name in wanted):
            reach(page, f"#bench-own input[name='{name}']")
            press(page, "Space")
    reach(page, "[aria-label='Questions for each']")
    press(page, "Control+a")
    page.keyboard.type("1")
    press(page, "Enter")
    expect(page.locator(".bench-table tbody tr")).to_have_count(1, timeout=90_000)
    expect(page.locator("#bench-start")).to_be_focused()  # it has ended
    reach(page, ".bench-table button")
    press(page, "Enter")
    expect(page.locator(".bench-trials li")).to_have_count(1)
    reach(page, ".bench-trials button")
    press(page, "Enter")
    expect(page.locator("rlm-tree[ready]")).to_be_visible()
    expect(page.locator("rlm-tree .row:visible").first).to_be_visible()
