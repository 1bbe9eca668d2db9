"""The command itself, with the default model: a first run on a fresh machine, then killed in mid-run and started again."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.app.command import Taproot
from tests.app.desk import ask, until
from tests.app.script import HOLD

pytestmark = [pytest.mark.browser, pytest.mark.sandbox, pytest.mark.realmodel]

# The app itself, but for the model that is opened.
SCRIPTED = """import sys, app.models.loader
from tests.app.script import Model
app.models.loader.open_model = lambda spec, **options: Model()
from app.command_line.main import run
sys.exit(run(sys.argv[1:]))"""


def test_a_fresh_machine_answers_a_sample_question_and_survives_a_kill_in_mid_run(
    browser: Browser, tmp_path: Path, default_gguf: Path
):
    data = tmp_path / "data"
    first = Taproot(data, model=None)
    try:
        page = first.visit(browser)
        expect(page.locator("#model input")).to_have_value(re.compile("SmolLM2-135M"), timeout=180_000)
        page.get_by_role("button", name="Who is the landlord of the harbour warehouse?", exact=True).click(
            timeout=180_000
        )
        expect(page.locator(".answer-text")).to_contain_text("Grenfold Estates", timeout=300_000)
        expect(page.locator("rlm-tree .row:visible").first).to_contain_text("Who is the landlord")
        page.locator(".answer-text button.cite").first.click()
        viewer = page.locator("#viewer")
        expect(viewer).to_contain_text("lease-harbour-warehouse.txt")
        expect(viewer.locator("mark.span").first).to_contain_text("Grenfold Estates")
        expect(viewer.locator("mark.span").first).to_be_in_viewport(ratio=1)
        page.close()
    finally:
        first.end()

    second = Taproot(data, model="scripted:tests", program=[sys.executable, "-c", SCRIPTED])
    try:
        page = second.visit(browser)
        run = ask(page, "Look, then look for ever")
        expect(page.locator("rlm-tree .detail")).to_contain_text("seen before the kill")
        expect(page.locator("rlm-tree .writing")).to_contain_text(HOLD.strip())
        # The draft is stored every second; only what is stored is promised.
        draft = "async (run) => (await (await fetch(`/api/runs/${run}/nodes/0`)).json()).draft"
        until(lambda: HOLD.strip() in page.evaluate(draft, run))
    finally:
        second.kill()
    expect(page.locator("#connection")).to_contain_text("not connected")
    page.close()

    third = Taproot(data, model=None)
    try:
        page = third.visit(browser, f"view=ask&run={run}")
        expect(page.locator(".answer-none")).to_have_text(
            "Interrupted before there was an answer: The program that ran it ended before the run did."
        )
        expect(page.locator("rlm-tree .detail")).to_contain_text("seen before the kill")
        expect(page.locator("rlm-tree .writing")).to_contain_text(HOLD.strip())
        page.click("#nav-sessions")
        expect(page.locator(".session")).to_have_count(2)
        expect(page.locator(".session").first.locator(".chip")).to_have_text("Interrupted")
        page.locator(".session-open").last.click()
        expect(page.locator(".answer-text")).to_contain_text("Grenfold Estates")
        until(lambda: page.locator("#corpus input").input_value())
        page.close()
    finally:
        third.end()
