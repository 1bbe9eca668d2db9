"""A page that has our static files and nothing else: no server, no Gradio. For modules that are pure."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page, Route

from app.server import static
from tests.app.contexts import PATIENCE

TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2"}
HTML = '<!doctype html><html lang="en"><title>bare</title><link rel="stylesheet" href="/ui/shell/style.css"><body class="ready"><main id="host" class="host"></main>'


def open_bare(page: Page) -> list[str]:
    """Go to the page; the list that is returned fills with every request for something that is not ours."""
    strange: list[str] = []

    def serve(route: Route) -> None:
        path = route.request.url.removeprefix("http://taproot.test")
        file = static.find(path)
        if path == "/":
            route.fulfill(body=HTML, content_type="text/html")
        elif file is not None:
            route.fulfill(body=file.read_bytes(), content_type=TYPES.get(file.suffix, "text/plain"))
        else:
            strange.append(route.request.url)
            route.fulfill(status=404)

    page.set_default_timeout(PATIENCE)
    page.route("**/*", serve)
    page.goto("http://taproot.test/")
    return strange


def call(page: Page, module: str, body: str, argument: Any = None) -> Any:
    """Run `body` (the inside of a function of `m`, the module, and `x`, the argument) in the page."""
    script = f"async (x) => {{ const m = await import('/ui/{module}'); {body} }}"
    return page.evaluate(script, argument)
