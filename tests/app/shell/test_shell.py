"""The frame around the views in a real browser: navigation, keys, colours, type, messages, narrow windows, axe."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.app.contexts import PATIENCE, leave, spoil
from tests.app.desk import READY, until

pytestmark = [pytest.mark.browser, pytest.mark.sandbox]

VIEWS = ("ask", "library", "sessions", "models", "bench", "questions")
Visit = Callable[..., Page]


def shown(page: Page) -> list[str]:
    """The views that are to be seen."""
    return [view for view in VIEWS if page.locator(f"#view-{view}").is_visible()]


# --- navigation -------------------------------------------------------------------------------------------


def test_one_view_is_shown_and_the_address_the_history_and_the_title_follow(visit: Visit) -> None:
    page = visit()
    assert shown(page) == ["ask"] and page.title() == "Taproot"
    expect(page).not_to_have_url(re.compile(r"[?&]t="))
    for view in VIEWS[1:]:
        page.click(f"#nav-{view}")
        assert shown(page) == [view]
        expect(page.locator("[aria-current=page]")).to_have_id(f"nav-{view}")
        expect(page).to_have_url(re.compile(rf"/\?view={view}$"))
        expect(page).to_have_title(f"{view.title()} · Taproot")
    page.go_back()
    expect(page.locator(f"#view-{VIEWS[-2]}")).to_be_visible()
    page.reload()
    page.wait_for_selector(READY)
    assert shown(page) == [VIEWS[-2]]
    page.goto(re.sub(r"\?.*", "?view=nowhere", page.url))
    page.wait_for_selector(READY)
    assert shown(page) == ["ask"]


def test_shortcuts_go_to_views_and_are_listed(visit: Visit) -> None:
    page = visit()
    page.locator("#question textarea").focus()
    page.keyboard.type("why?")
    assert page.locator("#question textarea").input_value() == "why?"
    expect(page.locator("#shortcuts")).to_be_hidden()
    page.keyboard.press("Alt+2")
    assert shown(page) == ["library"]
    page.locator("#nav-library").focus()
    page.keyboard.press("?")
    sheet = page.locator("#shortcuts")
    for heading in ("Everywhere", "Ask", "Tree", "Library", "Document", "Sessions"):
        expect(sheet.get_by_role("heading", name=heading, exact=True)).to_be_visible()
    keys = set(sheet.locator("kbd").all_inner_texts())
    assert {"Ctrl+Enter", "/", "Space", ",", ".", "*", "Up", "Esc", "F2"} <= keys
    page.keyboard.press("?")
    expect(sheet).to_be_hidden()
    expect(page.locator("#nav-library")).to_be_focused()
    page.keyboard.press("?")
    page.keyboard.press("Alt+3")  # nothing behind the list moves
    assert shown(page) == ["library"]
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()


def test_the_tab_key_reaches_everything_in_order_and_comes_round(visit: Visit) -> None:
    """Every stop has a name, is to be seen, and shows that it has the focus; the view that is hidden has none."""
    where = """() => {
      let e = document.activeElement;
      while (e.shadowRoot?.activeElement) e = e.shadowRoot.activeElement;
      const box = e.getBoundingClientRect(), style = getComputedStyle(e);
      const name = e.ariaLabel || e.labels?.[0]?.textContent || e.textContent || e.title || e.placeholder;
      const view = e.closest('.view')?.id ?? '';
      const ring = (s) => s.outlineStyle !== 'none' || s.boxShadow !== 'none';
      let seen = ring(style);
      for (let p = e; p && !seen; p = p.parentElement) seen = ring(getComputedStyle(p));
      return { tag: e.tagName, id: e.id, name: name.trim(), view, seen, size: box.width * box.height };
    }"""
    for view in VIEWS:
        page = visit(f"view={view}")
        stops: list[dict] = []
        for _ in range(120):
            page.keyboard.press("Tab")
            stop = page.evaluate(where)
            if len(stops) > 1 and stop == stops[0]:
                break
            stops += [stop] if stop["tag"] != "BODY" else []
        else:
            raise AssertionError(f"{view}: Tab never comes round")
        nav = [stop["id"] for stop in stops if stop["id"].startswith("nav-")]
        assert set(nav) == {f"nav-{v}" for v in VIEWS}, view
        assert {stop["view"] for stop in stops} <= {"", f"view-{view}"}
        assert [s for s in stops if not s["name"] or not s["seen"] or s["size"] < 1] == [], view
        leave(page)


def test_the_first_stop_skips_to_the_content(visit: Visit) -> None:
    page = visit("view=models")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.closest('#view-models')")


# --- look -------------------------------------------------------------------------------------------------


def test_colours_follow_the_system_until_they_are_chosen_and_the_choice_is_kept(visit: Visit) -> None:
    page = visit(color_scheme="light")
    ink = "getComputedStyle(document.body).color"
    light = page.evaluate(ink)
    page.emulate_media(color_scheme="dark")
    expect(page.locator("body")).to_have_class(re.compile(r"\bdark\b"))
    dark = page.evaluate(ink)
    assert light != dark
    page.click("#theme")  # system -> light, although the system is dark
    assert page.evaluate(ink) == light
    page.reload()
    page.wait_for_selector(READY)
    assert page.evaluate(ink) == light
    page.click("#theme")
    page.emulate_media(color_scheme="light")
    assert page.evaluate(ink) == dark
    assert page.get_attribute("#theme", "aria-label") == "Colours: dark. Change"


def test_our_own_type_is_what_is_drawn(visit: Visit) -> None:
    """Asked of the browser's own count of glyphs: a face without the letters would fall back in silence."""
    page = visit()
    page.wait_for_function("document.fonts.ready.then(() => document.fonts.status === 'loaded')")
    session = page.context.new_cdp_session(page)
    session.send("DOM.enable")
    session.send("CSS.enable")
    root = session.send("DOM.getDocument")["root"]["nodeId"]
    for selector in ("#bar .brand span", "#nav-ask span", "#question textarea", "#ask", ".sample"):
        node = session.send("DOM.querySelector", {"nodeId": root, "selector": selector})["nodeId"]
        fonts = session.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
        assert {font["familyName"].removesuffix(" SmBld").removesuffix(" SemiBold") for font in fonts} <= {
            "IBM Plex Sans"
        }, selector
        assert all(font["isCustomFont"] for font in fonts), selector
    page.click("#nav-models")
    page.wait_for_function("document.fonts.check('12px \"IBM Plex Mono\"')")


def test_a_narrow_window_needs_no_sideways_scrolling(visit: Visit) -> None:
    page = visit(viewport={"width": 380, "height": 720})
    for width, view in itertools.product((380, 640, 900), VIEWS):
        page.set_viewport_size({"width": width, "height": 720})
        page.click(f"#nav-{view}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, view
        for link in VIEWS:
            box = page.locator(f"#nav-{link}").bounding_box()
            assert box and box["x"] >= 0 and box["x"] + box["width"] <= width, (view, link)


# --- messages ---------------------------------------------------------------------------------------------


def test_messages_are_text_errors_stay_and_others_leave_by_themselves(visit: Visit) -> None:
    page = visit()
    spoil(page)
    page.clock.install(time=0)
    page.clock.pause_at(3_600_000)  # it goes on only as it is told to
    page.evaluate(
        """async () => {
          document.querySelector("#toasts").remove();
          const { createToasts, during } = await import("/ui/shell/toasts.js");
          const toast = createToasts();
          toast("<b>kept</b>", "ok");
          toast("It failed.", "error");
          toast("It failed.", "error");
          window.working = new Promise((end) => { window.endWork = end; });
          during(toast, "Deleting…", window.working);
          toast("Undo?", "info", { label: "Undo", run: () => { document.body.dataset.undone = "yes"; } });
        }"""
    )
    toasts = page.locator(".toast")
    expect(toasts).to_have_count(3)
    expect(toasts.first).to_contain_text("<b>kept</b>")
    expect(page.get_by_role("alert")).to_have_text("It failed.")
    page.get_by_role("button", name="Undo").click()
    assert page.evaluate("document.body.dataset.undone") == "yes"
    page.mouse.move(0, 0)
    page.clock.run_for(7000)
    expect(toasts).to_have_text(["It failed.", "Deleting…"])
    page.evaluate("window.endWork()")
    expect(toasts).to_have_text(["It failed."])
    page.get_by_role("button", name="Close this message").click()
    expect(toasts).to_have_count(0)


# --- the stream -------------------------------------------------------------------------------------------


def test_a_hidden_tab_lets_go_of_its_stream_and_takes_it_up_again(visit: Visit) -> None:
    """A browser opens six connections to one host: more tabs work because those in the back hold none."""
    page = visit()
    streams: list[str] = []
    page.on("request", lambda r: streams.append(r.url) if "/api/live" in r.url else None)
    ended: list[str] = []
    page.on("requestfailed", lambda r: ended.append(r.url) if "/api/live" in r.url else None)
    hide = """(hidden) => {
      Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }"""
    page.evaluate(hide, True)
    until(lambda: ended, page)
    assert len(ended) == 1 and streams == []
    page.evaluate(hide, False)
    until(lambda: streams, page)
    assert len(streams) == 1
    expect(page.locator("#connection")).to_be_empty()
    page.context.set_default_timeout(PATIENCE)
    tabs = [page]
    for _ in range(7):
        tabs[-1].evaluate(hide, True)
        tabs.append(page.context.new_page())
        tabs[-1].goto(page.url)
        tabs[-1].wait_for_selector(READY)
        expect(tabs[-1].locator("#corpus input")).not_to_have_value("")


# --- accessibility ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_our_own_elements(visit: Visit, scheme: str) -> None:
    page = visit(color_scheme=scheme)
    for view in VIEWS:
        page.click(f"#nav-{view}")
        assert violations(page) == [], view
    page.click("#nav-library")
    page.get_by_role("button", name="Documents").first.click()
    page.locator("#library-host").get_by_text("handbook.html").first.click()
    expect(page.locator("#viewer")).to_be_visible()
    assert violations(page) == [], "viewer"
    page.keyboard.press("Escape")
    page.click("#nav-ask")
    page.get_by_role("button", name="Who is the landlord of the harbour warehouse?", exact=True).click()
    expect(page.locator(".answer-text")).to_contain_text("Grenfold Estates", timeout=90_000)
    assert violations(page) == [], "answer and tree"
    page.click("#nav-sessions")
    expect(page.locator(".session").first).to_be_visible()
    assert violations(page) == [], "a session"
    page.click("#nav-ask")
    page.get_by_role("button", name="New session").click()
    expect(page.locator(".recent .earlier").first).to_be_visible()
    assert violations(page) == [], "asked lately"
    page.locator("#nav-ask").focus()
    page.keyboard.press("?")
    assert violations(page) == [], "shortcuts"


def violations(page: Page) -> list[str]:
    """What axe calls serious or critical outside of Gradio's own widgets, each with the elements it is about."""
    found = Axe().run(page, options={"resultTypes": ["violations"], "preload": False}).response["violations"]
    bad = []
    for rule in found:
        if rule["impact"] not in ("serious", "critical"):
            continue
        for node in rule["nodes"]:
            target = node["target"][0]
            selector = target[0] if isinstance(target, list) else target
            ours = page.evaluate(
                "(s) => { const e = document.querySelector(s); return !e?.closest('.gradio-container') || !!e.closest('.host'); }",
                selector,
            )
            scrolled_by_its_grid = rule["id"] == "scrollable-region-focusable" and page.evaluate(
                "(s) => Boolean(document.querySelector(s)?.parentElement.closest('[role=grid][tabindex=\"0\"]'))",
                selector,
            )
            if ours and not scrolled_by_its_grid:
                bad.append(f"{rule['id']}: {node['target']} {node.get('failureSummary', '')}")
    return bad
