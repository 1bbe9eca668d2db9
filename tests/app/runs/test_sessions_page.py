"""The sessions page in a real browser: found again by any word, renamed, opened at a hit, deleted with a receipt."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from engine.kernel.host.host import KernelHost
from tests.app.contexts import PATIENCE, leave
from tests.app.desk import Desk, run_of, watch

pytestmark = [pytest.mark.browser, pytest.mark.sandbox]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, kernels: KernelHost):
    """An app with four sessions, one of them with a follow-up, one stopped."""
    data = tmp_path_factory.mktemp("sessions") / "data"
    data.mkdir(mode=0o700)
    desk = Desk(data, kernels)
    runs = desk.workbench.runs
    asked = []
    for question in ("When does the ferry leave?", "Ask about each letter", "Draw the crowns"):
        asked.append(runs.start(question, desk.corpus).run)
        desk.ended(asked[-1])
    desk.ended(runs.start("And where to?", desk.corpus, follows=asked[0]).run)
    held = runs.start("Look for ever", desk.corpus).run
    runs.stop(held)
    desk.ended(held)
    yield desk
    desk.model.go.set()
    desk.close()


@pytest.fixture
def page(desk: Desk, browser: Browser):
    """The sessions page; it must not have complained."""
    page = desk.visit(browser, "view=sessions")
    expect(page.locator(".session").first).to_be_visible()
    yield page
    problems = page.problems
    leave(page)
    assert problems == []


def test_all_sessions_are_listed_newest_first_with_how_they_ended(page):
    expect(page.locator(".session-title")).to_have_text(
        [
            "Look for ever",
            "When does the ferry leave?",  # a follow-up makes a session news again
            "Draw the crowns",
            "Ask about each letter",
        ]
    )
    first, second = page.locator(".session").nth(0), page.locator(".session").nth(1)
    expect(first.locator(".chip")).to_have_text("Interrupted")
    expect(second.locator(".session-meta")).to_contain_text("2 questions")
    expect(second.locator(".session-answer")).to_have_text("To Halden.")


def test_words_of_questions_answers_code_and_outputs_find_a_session(page):
    search = page.get_by_role("searchbox", name="Search sessions")
    for words, found, kind in (
        ("crowns", "Draw the crowns", "Question"),
        ("halden", "When does the ferry leave?", "Answer"),
        ("matplotlib", "Draw the crowns", "Code"),
        ("blue trunk", None, None),
    ):
        search.fill(words)
        if found is None:
            expect(page.locator(".sessions .empty")).to_contain_text("Nothing found")
            continue
        hit = page.locator(".session", has_text=found).locator(".session-hit", has_text=kind).first
        expect(hit.locator("mark").first).to_have_text(words, ignore_case=True)
    search.fill("matplotlib")
    expect(page.locator(".session")).to_have_count(1)
    page.locator(".session-hit").first.click()
    expect(page.locator(".run-question")).to_have_text("Draw the crowns")
    assert run_of(page) is not None


def test_a_session_is_renamed_in_place(page):
    row = page.locator(".session", has_text="Ask about each letter")
    row.locator(".session-open").focus()
    page.keyboard.press("F2")
    field = page.get_by_role("textbox", name="Title of the session")
    expect(field).to_be_focused()
    field.fill("Writers <b>of</b> letters")
    field.press("Enter")
    expect(page.locator(".session-title", has_text="Writers <b>of</b> letters")).to_be_visible()
    page.locator(".session", has_text="Writers").locator(".session-open").focus()
    page.keyboard.press("F2")
    page.get_by_role("textbox", name="Title of the session").fill("not kept")
    page.keyboard.press("Escape")
    expect(page.locator(".session-title", has_text="Writers <b>of</b> letters")).to_be_visible()
    page.keyboard.press("F2")
    page.get_by_role("searchbox", name="Search sessions").click()
    expect(page.get_by_role("textbox", name="Title of the session")).to_have_count(0)
    expect(page.get_by_role("searchbox", name="Search sessions")).to_be_focused()  # where it was left for
    page.reload()
    expect(page.locator(".session", has_text="Writers")).to_contain_text("Ask about each letter")


def test_a_title_that_is_being_typed_survives_news(desk, page):
    page.locator(".session", has_text="Look for ever").locator(".session-open").focus()
    page.keyboard.press("F2")
    page.keyboard.type("Half a ti")
    with page.expect_response(re.compile("/api/sessions")) as told:
        desk.workbench.hub.tell("runs")
    told.value.finished()
    page.keyboard.type("tle")
    expect(page.get_by_role("textbox", name="Title of the session")).to_have_value("Half a title")
    page.keyboard.press("Escape")
    expect(page.locator(".session-title").first).to_have_text("Look for ever")
    expect(page.locator(".session-open").first).to_be_focused()


def test_arrows_move_and_enter_opens_the_last_question_of_a_session(page):
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Search sessions")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("End")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".run-question")).to_have_text("And where to?")
    expect(page.locator(".thread .earlier")).to_contain_text("When does the ferry leave?")


def test_deleting_asks_first_and_tells_what_went_in_every_tab(desk, page):
    other = page.context.new_page()
    other.set_default_timeout(PATIENCE)
    watch(other)
    shown = desk.workbench.sessions.list("Draw")[0]["id"]
    other.goto(f"http://127.0.0.1:{desk.port}/?view=ask&run={shown}")
    expect(other.locator(".run-question")).to_have_text("Draw the crowns")
    page.bring_to_front()
    row = page.locator(".session", has_text="Draw the crowns")
    row.locator(".session-open").focus()
    page.keyboard.press("Delete")
    dialog = page.get_by_role("dialog", name="Delete this session?")
    expect(dialog).to_contain_text("Draw the crowns")
    page.keyboard.press("Escape")
    expect(row).to_be_visible()
    page.keyboard.press("Delete")
    dialog.get_by_role("button", name="Delete").click()
    expect(page.locator(".toast.ok")).to_contain_text("Deleted: 1 question")
    expect(row).to_have_count(0)
    expect(other.locator(".run-panel")).to_be_hidden()
    assert desk.workbench.sessions.list("matplotlib") == []


def test_a_title_that_was_only_looked_at_is_not_kept(desk, page):
    run = desk.workbench.runs.start("Count\nall crowns", desk.corpus).run
    desk.ended(run)
    page.locator(".session", has_text="all crowns").locator(".session-open").focus()
    page.keyboard.press("F2")
    field = page.get_by_role("textbox", name="Title of the session")
    expect(field).to_be_focused()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method))
    with page.expect_request(re.compile("/api/sessions/shown")):
        page.get_by_role("searchbox", name="Search sessions").focus()
    expect(field).to_have_count(0)
    assert "PATCH" not in sent and desk.workbench.sessions.thread(run)["title"] == ""
