"""A run saved as a file from its page: by mouse and by keys, refused in a sentence, and never without the cookie."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from engine.kernel.host.host import KernelHost
from tests.app.contexts import leave
from tests.app.desk import TOKEN, Desk, ask

pytestmark = [pytest.mark.browser, pytest.mark.sandbox]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, kernels: KernelHost):
    """An app with one answered run, in `desk.run`."""
    data = tmp_path_factory.mktemp("exports") / "data"
    data.mkdir(mode=0o700)
    desk = Desk(data, kernels)
    desk.run = desk.workbench.runs.start("When does the ferry leave?", desk.corpus).run  # type: ignore[attr-defined]
    desk.ended(desk.run)  # type: ignore[attr-defined]
    yield desk
    desk.model.go.set()
    desk.close()


@pytest.fixture
def page(desk: Desk, browser: Browser):
    """The page of the run; it must not have complained."""
    page = desk.visit(browser, f"run={desk.run}")  # type: ignore[attr-defined]
    expect(page.locator(".export-menu summary")).to_be_visible()
    yield page
    problems = page.problems  # type: ignore[attr-defined]
    leave(page)
    assert problems == []


@pytest.mark.parametrize(
    ("name", "suffix", "begins"),
    [
        ("Notebook with its documents", ".ipynb", "{"),
        ("Page", ".html", "<!doctype html>"),
        ("Report", ".md", "# When does the ferry leave?"),
        ("Log", ".jsonl", '{"type": "metadata"'),
        ("Lessons", ".train.jsonl", '{"messages"'),
    ],
)
def test_each_format_is_saved_as_a_file_named_after_the_run(desk, page, tmp_path, name, suffix, begins):
    page.locator(".export-menu summary").click()
    with page.expect_download() as saving:
        page.locator(".export-form", has=page.get_by_text(name, exact=True)).click()
    expect(page.get_by_text(f"{name} saved as {desk.run}{suffix}")).to_be_visible()  # it leaves by itself
    assert saving.value.suggested_filename == f"{desk.run}{suffix}"
    saving.value.save_as(tmp_path / "file")
    assert Path(tmp_path / "file").read_text("utf-8").startswith(begins)


def test_the_menu_works_by_keys_and_is_accessible(page):
    summary = page.locator(".export-menu summary")
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".export-form")).to_have_count(6)
    found = Axe().run(page, ".export-menu")
    assert found.violations_count == 0, found.generate_report()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".export-form").first).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.locator(".export-form").last).to_be_focused()
    page.keyboard.press("Escape")
    expect(summary).to_be_focused()
    expect(page.locator(".export-form").first).not_to_be_visible()


def test_a_refusal_is_told_in_its_sentence(page):
    page.route(
        "**/export?**", lambda route: route.fulfill(status=400, json={"error": "It makes no lessons."})
    )
    page.locator(".export-menu summary").click()
    page.locator(".export-form", has_text="Lessons").click()
    expect(page.get_by_text("It makes no lessons.")).to_be_visible()
    page.problems.clear()  # the browser tells of the status by itself


def test_while_a_run_goes_on_there_is_nothing_to_save(desk, browser):
    page = desk.visit(browser)
    run = ask(page, "Look for ever")
    expect(page.locator(".run-head .danger")).to_be_visible()
    expect(page.locator(".export-menu")).to_be_hidden()
    desk.workbench.runs.stop(run)
    expect(page.locator(".export-menu")).to_be_visible()
    leave(page)


def test_the_route_needs_the_cookie_names_what_is_wrong_and_is_never_a_page(desk):
    base = f"http://127.0.0.1:{desk.port}"
    path = f"/api/runs/{desk.run}/export"
    with httpx.Client(base_url=base, follow_redirects=True, timeout=60) as client:
        assert client.get(path, params={"to": "html"}).status_code == 401
        client.get("/", params={"t": TOKEN})
        page = client.get(path, params={"to": "html"})
        assert page.status_code == 200 and page.headers["content-type"] == "application/octet-stream"
        assert page.headers["content-disposition"] == f'attachment; filename="{desk.run}.html"'
        assert page.headers["x-content-type-options"] == "nosniff" and "nonce=" not in page.text
        assert client.get(path, params={"to": "docx"}).status_code == 400
        assert client.get("/api/runs/unknown/export", params={"to": "md"}).status_code == 404
        notebook = client.get(path, params={"to": "ipynb", "documents": "none"}).json()
        assert notebook["metadata"]["taproot"]["documents"] == "none"
        assert client.get(path, params={"to": "ipynb", "documents": "all"}).status_code == 400
