"""Asking in a real browser: from a question to an answer, stopped, reloaded, followed up, by keyboard, in the dark."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from app.ask import service as asking
from engine.kernel.host.host import KernelHost
from tests.app.contexts import leave
from tests.app.desk import Desk, ask, run_of

pytestmark = [pytest.mark.browser, pytest.mark.sandbox]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, kernels: KernelHost):
    """One app for the tests of this module."""
    data = tmp_path_factory.mktemp("ask") / "data"
    data.mkdir(mode=0o700)
    desk = Desk(data, kernels)
    yield desk
    desk.model.go.set()
    desk.close()


@pytest.fixture
def page(desk: Desk, browser: Browser):
    """A page of its own; it must not have complained."""
    desk.model.go.clear()
    page = desk.visit(browser)
    yield page
    problems = [p for p in page.problems if "404" not in p and "dynamically imported" not in p]
    leave(page)
    for run in desk.workbench.runs.live():
        desk.workbench.runs.stop(run)
        desk.ended(run)
    assert problems == []


def rows(page):
    """The tree's rows that are shown."""
    return page.locator("rlm-tree .row:visible")


def test_a_question_is_answered_with_a_source_and_an_account(page):
    ask(page, "When does the ferry leave?")
    answer = page.locator(".answer")
    expect(answer.locator(".answer-text strong")).to_have_text("noon")
    expect(answer.locator(".sources .source-place")).to_have_text("ferry.txt, line 3 · stated here")
    expect(answer.locator(".sources-box .agreed-words")).to_have_text("Stated there, written at noon")
    expect(answer.locator(".coverage")).to_contain_text("of 3 documents searched")
    expect(answer.locator(".cost")).to_contain_text("2 model calls")
    expect(page.locator(".run-meta .chip")).to_have_text("Answered")
    expect(page.locator("#question textarea")).to_have_value("")
    expect(page.locator(".run-live")).to_be_hidden()


def test_what_cannot_be_asked_is_said_and_the_question_kept(desk, page):
    page.click("#ask")
    expect(page.locator(".toast.error")).to_contain_text("The question is empty")
    for _ in range(4):
        desk.workbench.runs.start("Look for ever", desk.corpus)
    box = page.locator("#question textarea")
    box.fill("When does the ferry leave?")
    box.press("Control+Enter")
    expect(page.get_by_text("4 runs are going on already")).to_be_visible()
    expect(box).to_have_value("When does the ferry leave?")
    assert run_of(page) is None


# Messages leave by themselves, on a slow machine before the run that was begun is shown.
KEEP_WHAT_IS_SAID = """() => {
  window.said = [];
  const keep = (changes) => changes.forEach((one) => one.addedNodes.forEach((box) => window.said.push(box.innerText)));
  new MutationObserver(keep).observe(document.getElementById("toasts"), { childList: true });
}"""


def test_a_question_asked_while_the_model_is_loaded_is_asked_once_it_is_there(desk, page, monkeypatch):
    """Also when the news that it is there came before the word that it is not."""
    asked = []

    def start(*given):
        asked.append(given[1])
        if len(asked) == 1:
            raise asking.ModelOnItsWay("the model is still being loaded; your question is asked soon")
        return real(*given)

    real = asking.start
    monkeypatch.setattr(asking, "start", start)
    page.evaluate(KEEP_WHAT_IS_SAID)
    run = ask(page, "When does the ferry leave?")
    assert any("he model is still being loaded" in said for said in page.evaluate("window.said"))
    expect(page.locator(".answer-text")).to_contain_text("noon")
    assert asked == ["When does the ferry leave?"] * 2 and desk.ended(run)["status"] == "answered"


def test_a_run_shows_its_phase_and_stops_with_what_was_done_kept(desk, page):
    run = ask(page, "Look for ever")
    expect(page.locator(".phase")).to_have_text("Turn 1 · the model writes")
    expect(page.locator(".rate")).to_have_text(re.compile(r"^[\d.]+ tokens/s$"))
    expect(page.get_by_role("progressbar", name="Time")).to_be_visible()
    page.locator(".run-head").get_by_role("button", name="Stop").click()
    expect(page.locator(".answer-none")).to_have_text(
        "Interrupted before there was an answer: stopped by the user."
    )
    expect(page.locator(".run-meta .chip")).to_have_text("Interrupted")
    assert desk.ended(run)["status"] == "interrupted"
    expect(page.locator("rlm-tree .writing")).to_contain_text("Written until it was stopped")
    expect(page.locator("rlm-tree .writing")).to_contain_text("I am still looking")


def test_a_run_is_given_more_time_while_it_goes_on_and_a_reload_knows(desk, page):
    run = ask(page, "Look for ever")
    time = page.locator(".budget", has_text="Time")
    expect(time.locator(".budget-words")).to_contain_text("of 10:00")
    page.get_by_role("button", name="+5 min").click()
    expect(time.locator(".budget-words")).to_contain_text("of 15:00")
    page.reload()
    expect(time.locator(".budget-words")).to_contain_text("of 15:00")
    notes = [e.payload for e in desk.workbench.engine.store.events(run) if e.kind == "note"]
    assert [note["seconds"] for note in notes] == [900.0]


def test_one_subtree_is_stopped_and_the_rest_goes_on(desk, page):
    run = ask(page, "Ask two children")
    expect(rows(page)).to_have_count(3)
    expect(page.locator("rlm-tree [data-id='0.1']")).to_have_attribute(
        "aria-label", re.compile("answered", re.I)
    )
    page.locator("rlm-tree [data-id='0.2']").click()
    page.locator("rlm-tree .detail").get_by_role("button", name="Stop this node and all below it").click()
    expect(page.locator("rlm-tree .detail .note.warning, rlm-tree .detail .note.stop").first).to_contain_text(
        "stopped"
    )
    expect(page.locator("rlm-tree .detail .answer-box")).to_have_count(0)  # why there is none is no answer
    expect(page.locator(".answer-text")).to_contain_text("quick done; (no answer")
    assert desk.ended(run)["status"] == "answered"


def test_a_reload_in_mid_run_misses_nothing_and_repeats_nothing(desk, page):
    page.add_init_script(
        """window.seen = []; window.logs = [];
        const Source = window.EventSource;
        window.EventSource = class extends Source { constructor(url) { super(url);
          this.addEventListener('run', (e) => window.seen.push(JSON.parse(e.data).s)); } };
        const ask = window.fetch;
        window.fetch = async (...a) => { const r = await ask(...a);
          if (String(a[0]).includes('/log?')) r.clone().json().then((l) => window.logs.push(l.events.map((e) => e.s)));
          return r; };"""
    )
    run = ask(page, "Ask two children")
    expect(rows(page)).to_have_count(3)
    page.reload()
    page.wait_for_selector("rlm-tree[ready]")
    expect(rows(page)).to_have_count(3)
    expect(page.locator(".run-live")).to_be_visible()
    desk.workbench.runs.stop(run, ["0.2"])
    expect(page.locator(".answer-text")).to_contain_text("quick done")
    log, live = page.evaluate("[window.logs[0], window.seen]")
    whole = [event["s"] for event in desk.workbench.runs.log(run)["events"]]
    assert log + live == whole == list(range(1, len(whole) + 1))
    assert log and live


def test_a_second_tab_follows_the_same_run_and_may_stop_it(desk, page):
    run = ask(page, "Look for ever")
    other = desk.open(page.context, f"view=ask&run={run}")
    expect(other.locator(".phase")).to_have_text("Turn 1 · the model writes")
    other.locator(".run-head").get_by_role("button", name="Stop").click()
    for tab in (page, other):
        expect(tab.locator(".answer-none")).to_be_visible()
    expect(other.locator(".run-question")).to_have_text("Look for ever")


def test_a_follow_up_belongs_to_the_session_until_a_new_one_is_begun(desk, page):
    first = ask(page, "When does the ferry leave?")
    expect(page.locator("#follow-host")).to_contain_text("Follow-up to When does the ferry leave?")
    second = ask(page, "And where to?")
    expect(page.locator(".answer-text")).to_contain_text("To Halden.")
    row = desk.ended(second)
    assert (row["follows"], row["session"]) == (first, first)
    earlier = page.locator(".thread .earlier")
    expect(earlier).to_have_count(1)
    expect(earlier).to_contain_text("At **noon**.")
    page.get_by_role("button", name="New session").click()
    expect(page.locator(".run-panel")).to_be_hidden()
    expect(page.locator("#follow-host")).to_be_hidden()
    third = ask(page, "When does the ferry leave?")
    assert desk.ended(third)["session"] == third
    page.go_back()
    page.go_back()
    expect(page.locator(".run-question")).to_have_text("And where to?")
    earlier.click()
    expect(page.locator(".answer-text strong")).to_have_text("noon")


def test_a_run_survives_a_visit_to_another_view_and_its_address_opens_it_again(desk, page, browser):
    run = ask(page, "Draw the crowns")
    expect(page.locator(".answer-text")).to_contain_text("It falls.")
    page.click("#nav-sessions")
    page.click("#nav-ask")
    expect(page.locator(".answer-text")).to_contain_text("It falls.")
    assert run_of(page) == run
    again = desk.visit(browser, f"view=ask&run={run}&node=0")
    expect(again.locator(".answer-text")).to_contain_text("It falls.")
    picture = again.locator("rlm-tree .detail img")
    expect(picture).to_be_visible()
    assert picture.evaluate("async (i) => { await i.decode(); return i.naturalWidth; }") > 100
    leave(again)


def test_playback_moves_tree_detail_and_slider_together(page):
    ask(page, "Ask about each letter")
    expect(page.locator(".answer-text")).to_contain_text("3")
    expect(rows(page)).to_have_count(4)
    slider = page.get_by_role("slider", name="Playhead")
    slider.focus()
    slider.press("Home")
    expect(rows(page)).to_have_count(0)
    page.get_by_role("button", name="One event on").click()
    expect(rows(page)).to_have_count(1)
    expect(page.locator("rlm-tree .detail .cell:visible")).to_have_count(0)
    page.get_by_role("combobox", name="Speed").select_option("16")
    page.get_by_role("button", name="Play", exact=True).click()
    expect(rows(page)).to_have_count(4)
    expect(slider).to_have_js_property("value", slider.get_attribute("max"))
    expect(page.locator("rlm-tree .detail")).to_contain_text("map_query")


def test_the_form_remembers_and_learns_of_new_documents(desk, page, browser):
    other = desk.add("Minutes", {"may.md": "The board met on 3 May."})
    desk.workbench.hub.tell("corpora")
    page.locator("#corpus input").click()
    page.get_by_role("option", name="Minutes · 1 document").click()
    run = ask(page, "When does the ferry leave?")
    assert desk.ended(run)["corpus"] == other
    again = desk.visit(browser)
    expect(again.locator("#corpus input")).to_have_value("Minutes · 1 document")
    again.locator("#corpus input").click()
    again.get_by_role("option", name=re.compile("^Letters")).click()
    expect(again.locator("#corpus input")).to_have_value("Letters · 3 documents")
    ask(again, "When does the ferry leave?")
    expect(again.locator(".answer-text")).to_contain_text("noon")
    leave(again)


def test_ask_on_a_card_begins_a_new_session_about_its_documents(desk, page):
    desk.add("Harbour", {"log.md": "The ferry left late."})
    ask(page, "When does the ferry leave?")
    expect(page.locator(".answer-text")).to_contain_text("noon")
    for name in ("Harbour", "Letters"):
        page.click("#nav-library")
        card = page.locator(".corpus", has=page.get_by_role("button", name=name, exact=True))
        card.get_by_role("button", name="Ask", exact=True).click()
        expect(page.locator("#corpus input")).to_have_value(re.compile(f"^{name} · "))
        expect(page.locator("#question textarea")).to_be_focused()
        expect(page.locator(".run-panel")).to_be_hidden()
        expect(page.locator("#follow-host")).to_be_hidden()
        assert page.evaluate("[...new URLSearchParams(location.search).keys()]") == ["view"]
    run = ask(page, "When does the ferry leave?")
    row = desk.ended(run)
    assert (row["corpus_name"], row["session"]) == ("Letters", run)


def test_below_an_empty_form_stands_what_was_asked_lately(desk, page):
    run = ask(page, "When does the ferry leave?")
    expect(page.locator(".answer-text")).to_contain_text("noon")
    expect(page.locator(".recent")).to_be_hidden()
    page.get_by_role("button", name="New session").click()
    first = page.locator(".recent .earlier").first
    expect(first).to_contain_text("When does the ferry leave?At **noon**.")
    first.click()
    expect(page.locator(".answer-text strong")).to_have_text("noon")
    assert run_of(page) == run


def test_children_that_are_asked_the_same_are_told_apart_by_their_data(page):
    ask(page, "Ask each letter the same")
    expect(page.locator(".answer-text")).to_contain_text("ferry.txt; notes.md")
    expect(rows(page).locator(".question")).to_have_text(
        ["Ask each letter the same", "ferry.txt", "notes.md"]
    )
    expect(page.locator("rlm-tree .detail .chip span")).to_have_text(["ferry.txt", "notes.md"])


def test_limits_of_the_form_reach_the_run(desk, page):
    page.get_by_role("button", name="Limits and sampling").click()
    page.locator("#set-turns input").fill("3")
    page.locator("#set-seed input").fill("7")
    page.locator("#set-seconds input").fill("90")
    page.locator("#set-reply input").fill("300")
    page.locator("#set-temperature textarea, #set-temperature input").fill("0.4")
    page.locator("#set-temperature textarea, #set-temperature input").blur()
    run = ask(page, "When does the ferry leave?")
    settings = desk.ended(run)["settings"]
    assert (settings["max_turns"], settings["max_seconds"], settings["reply_tokens"]) == (3, 90, 300)
    assert (settings["sampling"]["seed"], settings["sampling"]["temperature"]) == (7, 0.4)


def test_a_temperature_left_empty_is_what_the_models_publisher_recommends(desk, page):
    run = ask(page, "When does the ferry leave?")
    assert desk.ended(run)["settings"]["temperature"] is None


def test_hostile_answers_and_outputs_stay_text(page):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    ask(page, "Be hostile")
    expect(page.locator(".answer-text")).to_contain_text("<img src=x onerror=window.pwned=1>")
    expect(page.locator("rlm-tree .detail")).to_contain_text("<img src=x onerror=window.pwned=1>")
    assert page.evaluate("window.pwned") is None
    assert page.locator(".answer img, .answer script, .answer a").count() == 0
    assert "\u202e" not in page.inner_text(".answer")
    assert {re.match(r"\w+://[^/]+", url).group() for url in asked if url.startswith("http")} == {
        f"http://127.0.0.1:{page.url.split(':')[2].split('/')[0]}"
    }


def test_a_source_that_is_not_there_is_struck_through(page):
    ask(page, "Cite what is not there")
    expect(page.locator(".source-missing s")).to_have_text("The moon is made of green cheese and salt.")
    expect(page.locator(".sources-box h3")).to_contain_text("1 not found in the documents")


def test_everything_is_done_by_keyboard(desk, page):
    keys = page.keyboard
    page.locator("#question textarea").press("Tab")
    page.wait_for_function("document.activeElement.closest('#corpus') !== null")
    keys.press("Alt+q")
    keys.type("Ask about each letter")
    keys.press("Control+Enter")
    expect(page.locator(".answer-text")).to_contain_text("3")
    page.locator(".answer button.cite").first.focus()
    keys.press("Tab")
    page.locator("rlm-tree [role=tree]").focus()
    keys.press("ArrowDown")
    expect(page.locator("rlm-tree [data-id='0.1']")).to_have_attribute("aria-selected", "true")
    keys.press("ArrowLeft")
    expect(page.locator("rlm-tree [data-id='0']")).to_have_attribute("aria-selected", "true")
    keys.press("?")
    expect(page.locator("#shortcuts")).to_contain_text("New session")
    keys.press("Escape")
    keys.press("Alt+n")
    expect(page.locator(".run-panel")).to_be_hidden()
    expect(page.locator("#question textarea")).to_be_focused()
    keys.press("Alt+q")
    keys.type("Look for ever")
    keys.press("Control+Enter")
    expect(page.locator(".phase")).to_contain_text("Turn 1")
    keys.press("Alt+s")
    expect(page.locator(".answer-none")).to_be_visible()
    keys.press("Alt+3")
    expect(page.locator("#view-sessions")).to_be_visible()


LUMINANCE = """(selector) => {
  const part = (c) => { const v = c / 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; };
  const light = (rgb) => { const [r, g, b] = rgb.match(/[\\d.]+/g).map(Number); return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b); };
  const back = (e) => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (!/, 0\\)$/.test(c) && c !== 'transparent') return c; } return 'rgb(255, 255, 255)'; };
  return [...document.querySelectorAll(selector)].filter((e) => e.offsetParent && e.textContent.trim()).map((e) => {
    const [a, b] = [light(getComputedStyle(e).color), light(back(e))].sort((x, y) => y - x);
    return [(a + 0.05) / (b + 0.05), e.className || e.tagName]; });
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_legible_in_both_themes(desk, browser, scheme):
    page = desk.visit(browser, color_scheme=scheme)
    ask(page, "When does the ferry leave?")
    page.wait_for_selector(".answer")
    dark = page.evaluate("document.body.classList.contains('dark')")
    assert dark == (scheme == "dark")
    found = page.evaluate(
        LUMINANCE, ".run-head *, .answer *, #estimate p, #ask, #follow-host *, #settings span"
    )
    assert found and [one for one in found if one[0] < 4.5] == []
    leave(page)


def test_a_narrow_window_needs_no_sideways_scrolling(desk, browser):
    page = desk.visit(browser)
    page.set_viewport_size({"width": 390, "height": 800})
    ask(page, "When does the ferry leave?")
    page.wait_for_selector(".answer")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    for name in ("#ask", ".answer", "rlm-tree"):
        box = page.locator(name).bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390
    leave(page)


def test_the_prediction_is_shown_and_there_is_none_without_documents(desk, page):
    expect(page.locator("#estimate")).to_contain_text("model calls")
    assert asking.predict(desk.workbench, desk.corpus, {"max_calls": 1}).endswith(".")
    assert asking.predict(desk.workbench, "nothing", {}) == ""
    assert asking.predict(desk.workbench, desk.corpus, {"depth": "x"}) == ""
