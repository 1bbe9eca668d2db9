"""The page in Chromium, opened from disk: the whole tree, no request, no script of a document, also with 2,000 nodes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from engine.exchange.export import export
from engine.exchange.page.page import page as page_of
from tests.app.conftest import browser_type_launch_args  # noqa: F401  a fixture
from tests.app.contexts import PATIENCE
from tests.engine.exchange.page.large import large

pytestmark = pytest.mark.browser


@pytest.fixture
def opened(browser: Browser, tmp_path: Path):
    """Open a page from disk in a browser without network; nothing may be asked for, and nothing complained of."""
    asked: list[str] = []
    problems: list[str] = []

    def open_page(html: str, **options) -> Page:
        file = tmp_path / "run.html"
        file.write_text(html, "utf-8")
        context = browser.new_context(offline=True, viewport={"width": 1280, "height": 860}, **options)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on(
            "console", lambda said: problems.append(said.text) if said.type in ("error", "warning") else None
        )
        page.goto(file.as_uri())
        return page

    yield open_page
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == [] and problems == []
    assert len([url for url in asked if url.startswith("file:")]) == 1


@pytest.mark.sandbox
def test_it_shows_answer_sources_tree_cells_outputs_and_prompts(opened, store, made):
    page = opened(export(store, made.run, "html").text)
    expect(page.locator(".said")).to_have_text("2")
    expect(page.locator(".answer li")).to_have_count(2)
    assert "letters/anna.txt, line 2" in page.locator(".answer li").first.inner_text()
    expect(page.get_by_role("treeitem")).to_have_count(len(made.record.nodes))
    detail = page.locator(".detail")
    assert detail.locator("pre.code").count() == len(made.record.root.cells)
    expect(detail.locator("img")).to_have_count(1)
    assert detail.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") > 100
    page.get_by_role("treeitem", name=re.compile("What is the deposit")).click()
    expect(detail).to_contain_text("found = context.grep(")
    page.get_by_role("treeitem", name=re.compile("0.1 ")).click()
    detail.get_by_text("Given to the model").click()
    expect(detail).to_contain_text("Answer from the text above only.")


@pytest.mark.sandbox
def test_text_of_documents_and_models_stays_text(opened, store, made):
    page = opened(export(store, made.run, "html").text)
    for item in page.get_by_role("treeitem").all():
        item.click()
        for summary in page.locator("summary").all():
            summary.click()
    assert page.title().startswith("How many letters mention Halden?")
    assert page.locator("img[onerror], main script:not(#data)").count() == 0
    page.get_by_role("treeitem").first.click()
    assert "<img src=x onerror=" in page.locator(".detail").inner_text()
    assert "\x1b" not in page.content() and "\x07" not in page.content()


def test_its_policy_allows_its_own_script_and_style_and_nothing_else(browser, tmp_path):
    html = page_of(large(11))
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)
    assert policy and policy[1].startswith("default-src &#x27;none&#x27;; script-src &#x27;sha256-")
    assert "unsafe" not in policy[1] and "http" not in policy[1]
    assert re.findall(r"<[^>]*\s(?:src|href)=", html.split("<script>")[0]) == []
    smuggled = "<script>window.ran = 1</script><img src=x onerror='window.ran = 2'></main>"
    (tmp_path / "run.html").write_text(html.replace("</main>", smuggled))
    page = browser.new_context(offline=True).new_page()
    page.set_default_timeout(PATIENCE)
    page.goto((tmp_path / "run.html").as_uri())
    expect(page.get_by_role("treeitem").first).to_be_visible()  # its own script did run
    assert page.evaluate("window.ran ?? 0") == 0
    page.context.close()


def test_2000_nodes_are_found_opened_and_walked_by_keyboard(opened):
    page = opened(page_of(large(2001)))
    expect(page.locator(".side [role=status]")).to_have_text("2001 nodes")
    tree = page.get_by_role("tree")
    expect(tree.get_by_role("treeitem")).to_have_count(201)  # the root and its children; the rest is folded
    tree.get_by_role("treeitem").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(tree.get_by_role("treeitem")).to_have_count(210)
    page.keyboard.press("ArrowDown")
    expect(page.locator(".detail h2")).to_have_text("Node 0.1.1")
    page.get_by_role("searchbox").fill("answer 150.7")
    expect(tree.get_by_role("treeitem")).to_have_count(1)
    tree.get_by_role("treeitem").click()
    expect(page.locator(".detail")).to_contain_text("Piece 7 of 150")
    page.get_by_role("searchbox").fill("")
    expect(tree.locator("[aria-selected=true]")).to_contain_text("0.151.8")


def test_it_finds_what_was_asked_and_written_and_leads_from_a_call_to_its_nodes(opened):
    page = opened(page_of(large(31)))
    detail, rows = page.locator(".detail"), page.get_by_role("treeitem")
    for words, found in (("is it there", 27), ("figure", 1), ("read.", 0), ("turn 1", 0)):
        page.get_by_role("searchbox").fill(words)
        expect(rows).to_have_count(found)
    page.get_by_role("searchbox").fill("child 1")
    rows.click()
    detail.get_by_role("button", name="0.2.9").click()
    expect(page.get_by_role("searchbox")).to_have_value("")
    expect(detail.locator("h2")).to_have_text("Node 0.2.9")
    expect(page.locator("[aria-selected=true]")).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_accessible_and_fits_a_narrow_screen(opened, scheme):
    page = opened(page_of(large(31)), color_scheme=scheme)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    page.set_viewport_size({"width": 380, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 380


@pytest.mark.parametrize("scripts", [True, False])
def test_the_answer_stands_there_without_scripts_too(opened, scripts):
    page = opened(page_of(large(11)), java_script_enabled=scripts)
    expect(page.locator(".said")).to_have_text("much")
