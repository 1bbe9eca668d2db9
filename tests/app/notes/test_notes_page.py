"""Notes in a browser: the switch of a card with its budget, and the notes of a document that lead to their places."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from engine.kernel.host.host import KernelHost
from engine.llm.scripted import ScriptedModel
from engine.notes.making import make_notes
from tests.app.contexts import leave
from tests.app.desk import Desk
from tests.app.library.page import card, visit
from tests.app.notes.conftest import NotingModel
from tests.engine.notes.conftest import answer

pytestmark = [pytest.mark.browser, pytest.mark.sandbox]
HOSTILE = "<img src=x onerror=window.pwned=1>"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, kernels: KernelHost):
    data = tmp_path_factory.mktemp("notes") / "data"
    data.mkdir(mode=0o700)
    desk = Desk(data, kernels)
    desk.workbench.engine.use(NotingModel())
    desk.workbench.notes.seconds = 0.05
    yield desk
    desk.close()


@pytest.fixture
def page(desk: Desk, browser: Browser):
    page = desk.visit(browser, "view=library")
    expect(page.locator(".corpora[data-loaded]")).to_be_visible()
    yield page
    assert page.problems == [] and page.evaluate("() => window.pwned") is None
    leave(page)


def test_the_switch_of_a_card_notes_its_documents_and_tells_how_far_it_is(desk: Desk, page: Page) -> None:
    letters = card(page, "Letters")
    switch = letters.get_by_role("switch", name="Notes while idle: Letters")
    expect(switch).not_to_be_checked()
    expect(letters.get_by_label("Most tokens for notes: Letters")).to_be_hidden()
    switch.focus()
    page.keyboard.press("Space")
    expect(letters.locator(".note-words")).to_have_text("3 of 3 documents noted")
    budget = letters.get_by_label("Most tokens for notes: Letters")
    expect(budget).to_have_value("500000")
    budget.fill("12")
    budget.press("Enter")
    expect(page.locator(".toast")).to_contain_text("a number of tokens from 1,000 to 1,000,000,000")
    page.problems[:] = [one for one in page.problems if "Failed to load resource" not in one]
    budget.fill("9000")
    with page.expect_response("**/api/notes/*"):  # what is not sent yet would be lost with the page
        budget.blur()
    page.reload()
    again = card(page, "Letters")
    expect(again.get_by_label("Most tokens for notes: Letters")).to_have_value("9000")
    expect(again.get_by_role("switch")).to_be_checked()
    again.get_by_role("switch").uncheck()
    expect(again.locator(".note-words")).to_have_text("3 of 3 documents noted")


def test_news_of_notes_changes_its_card_alone_and_loads_nothing(desk: Desk, page: Page) -> None:
    letters = card(page, "Letters")
    switch = letters.get_by_role("switch", name="Notes while idle: Letters")
    budget = letters.get_by_label("Most tokens for notes: Letters")
    for title in ("Post", "Letters"):  # news reach the page, and what it asked for before has come
        desk.workbench.library.rename(desk.corpus, title)
        expect(card(page, title)).to_be_visible()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    name = letters.get_attribute("data-card")
    desk.workbench.notes.set(name, True, 7000)
    expect(switch).to_be_checked()
    expect(budget).to_have_value("7000")
    expect(letters.locator(".note-words")).to_have_text("3 of 3 documents noted")
    budget.fill("8")
    desk.workbench.notes.set(name, True, 6000)
    expect(budget).to_have_js_property("defaultValue", "6000")
    expect(budget).to_have_value("8")  # what a person writes stays
    assert [url for url in asked if "/api/corpora" in url] == []
    budget.fill("6000")
    desk.workbench.notes.set(name, False)
    expect(switch).not_to_be_checked()


def test_a_note_leads_to_its_place_in_the_document(desk: Desk, page: Page) -> None:
    make_notes(desk.workbench.engine.store, ScriptedModel(answer), desk.corpus)
    visit(page, f"view=library&corpus={desk.corpus}&doc=1")
    notes = page.locator("#viewer .viewer-notes")
    expect(notes.locator("summary")).to_have_text("3 notes by scripted")
    notes.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(notes.get_by_role("button")).to_have_text(["abouta paper", "headingNotes", "fact450 crowns"])
    notes.get_by_role("button", name="fact 450 crowns").press("Enter")
    expect(page.locator("#viewer mark.span")).to_have_text("450 crowns")
    page.get_by_role("button", name="Close the document (Esc)").click()
    visit(page, "view=library")


def test_words_of_a_model_are_shown_as_words(desk: Desk, page: Page, tmp_path: Path) -> None:
    corpus = desk.add("Hostile", {"a.txt": f"{HOSTILE} 12\n"})
    make_notes(desk.workbench.engine.store, ScriptedModel(lambda request: f"{HOSTILE}"), corpus)
    visit(page, f"view=library&corpus={corpus}&doc=0")
    page.locator("#viewer .viewer-notes summary").click()
    expect(page.locator("#viewer .note").first).to_contain_text(HOSTILE)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_a_narrow_window_holds_it(desk: Desk, browser: Browser, scheme: str) -> None:
    make_notes(desk.workbench.engine.store, ScriptedModel(answer), desk.corpus)
    page = desk.visit(browser, "view=library", color_scheme=scheme)
    letters = card(page, "Letters")
    letters.get_by_role("switch").check()
    expect(letters.locator(".note-words")).to_contain_text("noted")
    found = Axe().run(page, context="#library-host")
    assert found.response["violations"] == [], found.generate_report()
    page.set_viewport_size({"width": 400, "height": 800})
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 400
    page.set_viewport_size({"width": 1280, "height": 860})
    visit(page, f"view=library&corpus={desk.corpus}&doc=1")
    page.locator("#viewer .viewer-notes summary").click()
    expect(page.locator("#viewer .note").first).to_be_visible()
    found = Axe().run(page, context="#viewer")
    assert found.response["violations"] == [], found.generate_report()
    leave(page)
