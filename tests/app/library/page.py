"""The page of the library in a browser, and what its tests do there."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect


def visit(page: Page, query: str) -> None:
    """Go to another address of the page without loading it again."""
    page.evaluate(
        "(to) => { history.pushState(null, '', to); dispatchEvent(new PopStateEvent('popstate')); }",
        f"/?{query}",
    )


def add(page: Page, path: Path | str) -> None:
    box = page.get_by_label("Path of a folder or file")
    box.fill(str(path))
    box.press("Enter")


def card(page: Page, name: str):
    return page.locator(".corpus", has=page.get_by_role("button", name=name, exact=True))


def open_card(page: Page, name: str) -> None:
    card(page, name).get_by_role("button", name="Documents").click()
    expect(page.locator(".doc-row:not([data-wait])").first).to_be_visible()


def expect_names(page: Page, names: list[str]) -> None:
    expect(page.locator(".doc-row .doc-name")).to_have_text(names)
