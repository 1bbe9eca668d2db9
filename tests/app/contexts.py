"""Contexts of the browser for pages of the app: each begins as in a new browser, but scripts that were fetched stay compiled."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, expect

SIZE = {"width": 1280, "height": 860}
PATIENCE = 60_000  # milliseconds that a page may take for what is done in it; nothing is measured by it
KEPT = 3  # contexts that wait for the next page; of an app that has ended nobody takes one
MEDIA = ("color_scheme", "reduced_motion", "forced_colors")  # options that a page has of its own
STORED = "cookies,local_storage,indexeddb,cache_storage,service_workers"
expect.set_options(timeout=PATIENCE)

_waiting: list[tuple[str, BrowserContext]] = []
_lent: dict[BrowserContext, str] = {}


def enter(browser: Browser, address: str, **options: Any) -> Page:
    """An empty page for the app at an address, in a context where nothing is stored for it and nothing is allowed.

    `options` are those of a context. `leave` gives the context back; closing it is as good.
    """
    size = options.pop("viewport", SIZE)
    media = {name: options.pop(name) for name in MEDIA if name in options}
    parts = urlsplit(address)
    origin = f"{parts.scheme}://{parts.netloc}"
    kind = json.dumps([id(browser), origin, options], sort_keys=True)
    place = next((place for place, (known, _) in enumerate(_waiting) if known == kind), None)
    context = browser.new_context(**options) if place is None else _waiting.pop(place)[1]
    _lent[context] = kind
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.set_viewport_size(size)
    page.emulate_media(**media)
    if place is not None:
        session = context.new_cdp_session(page)
        session.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": STORED})
        session.detach()
    return page


def spoil(page: Page) -> None:
    """Let a page's context go with it: what is done there, such as another clock, would stay for the next page."""
    _lent[page.context] = ""


def leave(page: Page) -> None:
    """Close all pages of a page's context, and keep that for the next one of the same app."""
    context = page.context
    kind = _lent.pop(context, None)
    if kind is None:  # it was left already
        return
    if not kind:
        return context.close()
    for one in context.pages:
        one.close()
    context.clear_cookies()
    context.clear_permissions()
    context.unroute_all()
    context.set_offline(False)
    _waiting.append((kind, context))
    if len(_waiting) > KEPT:
        _waiting.pop(0)[1].close()
