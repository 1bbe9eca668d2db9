"""The page of the tree: the rows it shows, and keys pressed there."""

from __future__ import annotations

from playwright.sync_api import Page


def chosen(page: Page) -> str:
    return page.evaluate("tree.node")


def shown(page: Page) -> list[str]:
    """Ids of the rows in the document, from top to bottom."""
    return page.evaluate(
        "[...tree.shadowRoot.querySelectorAll('.row:not([hidden])')]"
        ".sort((a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top).map((row) => row.dataset.id)"
    )


def row(page: Page, id: str):
    return page.locator(f'.row[data-id="{id}"]:visible')


def keys(page: Page, *pressed: str) -> str:
    for key in pressed:
        page.keyboard.press(key)
    return chosen(page)
