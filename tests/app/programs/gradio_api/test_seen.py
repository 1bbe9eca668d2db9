"""A run that a Gradio client began, seen in the app while it goes on."""

from __future__ import annotations

import pytest
from gradio_client import Client
from playwright.sync_api import Browser, expect

from tests.app.contexts import leave
from tests.app.desk import Desk

pytestmark = [pytest.mark.browser, pytest.mark.sandbox]


def test_a_run_of_a_client_is_seen_live_and_ends_there_when_the_client_cancels_it(
    desk: Desk, client: Client, browser: Browser
) -> None:
    page = desk.visit(browser)
    job = client.submit("Look for ever", "letters", api_name="/ask")
    page.locator(".recent .earlier", has_text="Look for ever").click()
    expect(page.locator(".phase")).to_have_text("Turn 1 · the model writes")
    job.cancel()
    expect(page.locator(".answer-none")).to_contain_text("stopped by the user")
    assert page.problems == []  # type: ignore[attr-defined]
    leave(page)
