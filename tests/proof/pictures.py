"""Takes the pictures of the README: a question about the sample documents, asked of the default model in the app itself.

    .venv/bin/python -m tests.proof.pictures [--question TEXT]

Writes docs/answer.png (an answer beside its first source) and docs/tree.png (playback of its run, three quarters through), each
with 256 colours, and prints their sizes in bytes.
"""

from __future__ import annotations

import argparse
import io
import shutil
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from app.paths import ROOT
from app.workbench import Workbench
from engine.errors import ModelError
from tests.app.conftest import ARGUMENTS, NAMES
from tests.app.desk import READY, TOKEN, ask, served, until

QUESTION = "How much is the deposit for the Mill Lane shop?"
MINUTES = 10  # that loading and answering may take
SHARE = 0.75  # of the run that playback shows


def keep(png: bytes, name: str) -> None:
    """Save a picture with few colours, as these have."""
    target = ROOT / "docs" / name
    Image.open(io.BytesIO(png)).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(
        target, optimize=True
    )
    print(f"docs/{name}: {target.stat().st_size:,} bytes")


def opened(browser: Browser, port: int) -> Page:
    """The app, once its views are there."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light").new_page()
    page.goto(f"http://127.0.0.1:{port}/?t={TOKEN}")
    page.wait_for_selector(READY)
    return page


def ready(workbench: Workbench) -> bool:
    """Whether the default model is loaded and the sample is read."""
    try:
        workbench.engine.model  # noqa: B018  raises while there is none
    except ModelError:
        return False
    return bool(workbench.library.cards())


def take(workbench: Workbench, browser: Browser, port: int, question: str) -> None:
    """Ask, and take both pictures."""
    until(lambda: ready(workbench), seconds=60 * MINUTES)
    page = opened(browser, port)
    run = ask(page, question)
    until(lambda: workbench.runs.row(run)["status"] != "running", page, 60 * MINUTES)
    print(f"{question} {workbench.runs.row(run)['answer']!r}")
    page.locator(".source").first.click()
    expect(page.locator("mark").first).to_be_visible()
    page.wait_for_timeout(1000)
    keep(page.screenshot(), "answer.png")

    page.goto(f"http://127.0.0.1:{port}/?view=ask&run={run}")
    page.wait_for_selector(f'rlm-tree[run="{run}"][ready]')
    tree = page.locator("rlm-tree")
    if not tree.locator(".timeline").is_visible():
        tree.get_by_role("button", name="Timeline").click()
    slider = tree.locator("input.slider")
    slider.evaluate(
        "(slider, share) => { slider.value = share * slider.max; slider.dispatchEvent(new Event('input')); }",
        SHARE,
    )
    page.wait_for_timeout(1000)
    keep(tree.screenshot(), "tree.png")


def main() -> None:
    """Take the pictures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--question", default=QUESTION)
    options = parser.parse_args()
    program = next((found for name in NAMES if (found := shutil.which(name))), None)
    with tempfile.TemporaryDirectory() as place, Workbench(Path(place) / "data") as workbench:
        workbench.start()
        with served(workbench) as port, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
            take(workbench, browser, port, options.question)
            browser.close()


if __name__ == "__main__":
    main()
