"""What is opened in the library while something else is on its way, or changes: slow answers, new versions, other tabs."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from tests.app.desk import Desk, until
from tests.app.library.page import add, card, open_card, visit
from tests.engine.conftest import fill

pytestmark = [pytest.mark.browser, pytest.mark.sandbox]


def test_a_document_that_is_opened_twice_at_once_is_shown_whole(
    desk: Desk, page: Page, tmp_path: Path
) -> None:
    fill(tmp_path / "Twice", {"a.txt": "one\ntwo\nthree", "b.txt": "four"})
    corpus = desk.workbench.engine.add([tmp_path / "Twice"]).id
    visit(page, f"view=library&corpus={corpus}&doc=0")
    expect(page.locator("#viewer .line")).to_have_count(3)
    held: list[Route] = []
    page.route("**/documents/1/text?*", lambda route: held.append(route))
    for end in (1, 2):
        visit(page, f"view=library&corpus={corpus}&doc=1&start=0&end={end}")
    until(lambda: page.wait_for_timeout(10) or len(held) == 2)
    for route in held:
        route.continue_()
    page.unroute("**/documents/1/text?*")
    expect(page.locator("#viewer h2")).to_have_text("b.txt")
    expect(page.locator("#viewer .line .text")).to_have_text(["four"])


def test_what_was_found_is_found_again_in_a_new_version(desk: Desk, page: Page, tmp_path: Path) -> None:
    folder = tmp_path / "Growing"
    fill(folder, {"m.txt": "the harbour toll"})
    add(page, folder)
    open_card(page, "Growing")
    page.get_by_label("Search in these documents").fill("toll")
    expect(page.locator(".result")).to_have_count(1)
    fill(folder, {"a.txt": "another toll"})
    page.locator(".detail-head").get_by_role("button", name="Read the folder again").click()
    expect(page.locator(".result")).to_have_count(2)
    page.locator(".result", has_text="harbour").click()
    expect(page.locator("#viewer h2")).to_have_text("m.txt")


def test_of_a_card_that_was_deleted_elsewhere_nothing_is_left_in_sight(
    desk: Desk, page: Page, tmp_path: Path
) -> None:
    fill(tmp_path / "Going", {"m.txt": "the harbour toll"})
    add(page, tmp_path / "Going")
    expect(card(page, "Going")).to_be_visible()
    open_card(page, "Going")
    page.locator(".doc-row").click()
    expect(page.locator("#viewer .line")).to_have_count(1)
    page.locator("#viewer .viewer-query").fill("toll")
    expect(page.locator("#viewer .hit")).to_have_count(1)
    found = next(card for card in desk.workbench.library.cards() if card["name"] == "Going")
    until(lambda: not desk.workbench.library.jobs.busy(found["card"]))
    desk.workbench.library.delete(found["card"])
    expect(page.locator(".detail-head")).to_contain_text("it may have been deleted")
    expect(page.locator("#viewer .empty")).to_contain_text("it may have been deleted")
    expect(page.locator("#viewer")).not_to_contain_text("m.txt")
    expect(page.locator("#viewer .line")).to_have_count(0)
    expect(page.locator("#viewer .viewer-query")).to_have_value("")
    expect(page.locator(".doc-row")).not_to_be_visible()
    expect(page.get_by_label("Search in these documents")).not_to_be_visible()


@pytest.mark.parametrize("view", ["ask", "library"])
def test_a_document_stays_open_while_another_card_is_deleted_and_goes_with_its_own(
    desk: Desk, page: Page, tmp_path: Path, view: str
) -> None:
    """In whatever view it is read."""
    cards = {}
    for name in ("Read", "Other"):
        fill(tmp_path / name, {"m.txt": f"the harbour toll of {name}"})
        cards[name] = desk.workbench.engine.add([tmp_path / name]).id
    found = {card["name"]: card["card"] for card in desk.workbench.library.cards()}
    visit(page, f"view=library&corpus={cards['Read']}&doc=0&start=4&end=11")
    expect(page.locator("#viewer .span")).to_have_text("harbour")
    visit(page, f"view={view}&corpus={cards['Read'] if view == 'library' else ''}")
    with page.expect_response("**/documents/0/text?*"):
        desk.workbench.library.delete(found["Other"])
    expect(page.locator("#viewer .span")).to_have_text("harbour")
    desk.workbench.library.delete(found["Read"])
    expect(page.locator("#viewer .empty")).to_contain_text("it may have been deleted")
    expect(page.locator("#viewer")).not_to_contain_text("harbour")
    expect(page.locator("#viewer h2")).to_have_text("Document")
    expect(page.get_by_role("button", name="Close the document (Esc)")).to_be_focused()  # its text had it
    page.keyboard.press("Escape")
    expect(page.locator("#viewer")).to_be_hidden()
    visit(page, "view=library")


@pytest.mark.parametrize(
    ("file", "text", "shown"),
    [
        ("z.txt", "another", "the harbour toll"),
        ("a.txt", "another", None),
        ("m.txt", "the harbour toll is due", "the harbour toll is due"),
    ],
)
def test_a_document_whose_folder_is_read_again_is_never_mixed_with_another(
    page: Page, tmp_path: Path, file: str, text: str, shown: str | None
) -> None:
    folder = tmp_path / "Growing"
    fill(folder, {"m.txt": "the harbour toll"})
    add(page, folder)
    open_card(page, "Growing")
    page.locator(".doc-row").click()
    lines = page.locator("#viewer .line .text")
    expect(lines).to_have_text("the harbour toll")
    fill(folder, {file: text})
    with page.expect_response("**/documents/0/text?*"):
        page.locator(".detail-head").get_by_role("button", name="Read the folder again").click()
    if shown is None:
        expect(page.locator("#viewer .empty")).to_contain_text("The folder was read again")
        expect(lines.first).to_be_hidden()
    else:
        expect(lines).to_have_text(shown)
        expect(page.locator("#viewer .empty")).to_be_hidden()
