"""Verify, fork and variables in a real browser: a verdict for each node, a cell edited and gone on from, its branch."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from engine.kernel.host.host import KernelHost
from tests.app.contexts import leave
from tests.app.desk import Desk, run_of, until

pytestmark = [pytest.mark.browser, pytest.mark.sandbox]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, kernels: KernelHost):
    data = tmp_path_factory.mktemp("forks") / "data"
    data.mkdir(mode=0o700)
    desk = Desk(data, kernels)
    yield desk
    desk.model.go.set()
    desk.close()


@pytest.fixture
def asked(desk: Desk) -> str:
    """A run that asked about each letter."""
    run = desk.workbench.runs.start("Ask about each letter", desk.corpus).run
    desk.ended(run)
    return run


@pytest.fixture
def open_run(desk: Desk, browser: Browser):
    """Opens a run in a page, which must not complain."""
    pages = []

    def open_it(run: str, **options):
        pages.append(desk.visit(browser, f"view=ask&run={run}", **options))
        pages[-1].wait_for_selector(f'rlm-tree[run="{run}"][ready]')
        return pages[-1]

    yield open_it
    problems = [problem for page in pages for problem in page.problems]
    for page in pages:
        leave(page)
    assert problems == []


def picture(page, name: str) -> None:
    """Keep a screenshot where TAPROOT_SHOTS names a folder."""
    if folder := os.environ.get("TAPROOT_SHOTS"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


def test_a_run_is_verified_and_each_node_says_so(open_run, asked):
    page = open_run(asked)
    page.get_by_role("button", name="Verify").click()
    expect(page.locator(".verdict .chip").first).to_have_text("Verified")
    rows = page.locator("rlm-tree .row:visible")
    expect(rows.first).to_have_attribute("data-verdict", "holds")
    assert "verified" in rows.first.get_attribute("aria-label")
    picture(page, "verified")


def test_a_changed_document_is_told_where_it_matters(desk, open_run, asked):
    store = desk.workbench.engine.store
    text = Path(store.corpus(desk.corpus)["path"]) / "text.utf8"
    good = text.read_bytes()
    text.write_bytes(good.replace(b"blue trunk", b"grey trunk"))
    try:
        page = open_run(asked)
        page.get_by_role("button", name="Verify").click()
        expect(page.locator(".verdict .chip").first).to_have_text("Not verified")
        expect(page.locator(".verdict-list")).to_contain_text(
            "stored text of the documents was changed after the run"
        )
        picture(page, "not_verified")
    finally:
        text.write_bytes(good)


def test_variables_of_a_cell_are_told_while_stepping_too(open_run, asked):
    page = open_run(asked)
    switch = page.locator(".after .fold-switch").first
    expect(switch).to_contain_text("added")
    switch.click()
    expect(page.locator(".variables tr.added").first).to_be_visible()
    done = page.evaluate(
        "() => [...document.querySelector('rlm-tree').shadowRoot.querySelectorAll('.after')].map((e) => e.hidden)"
    )
    assert not any(done)
    page.evaluate("document.querySelector('rlm-tree').seek(4)")
    expect(switch).to_be_hidden()


def test_a_cell_is_forked_with_other_code_and_both_runs_tell_of_it(desk, open_run, asked):
    page = open_run(asked)
    page.get_by_role("button", name="Fork from cell 1").click()
    code = page.get_by_label("Code in place of cell 1")
    expect(code).to_be_focused()
    code.fill("FINAL('<img src=x> from a branch')")
    picture(page, "fork_editor")
    code.press("Control+Enter")
    until(lambda: run_of(page) != asked, page)
    fork = run_of(page)
    desk.ended(fork)
    expect(page.locator(".answer-slot")).to_contain_text("<img src=x> from a branch")
    back = page.locator("button.forked")
    expect(back).to_have_text(f"forked from {asked} at cell 1")
    picture(page, "forked")
    back.click()
    until(lambda: run_of(page) == asked, page)
    expect(page.locator("button.forked").first).to_have_text("branch at cell 1")
    page.goto(page.url.replace("view=ask", "view=sessions").split("&run")[0])
    expect(page.locator(".session-forked button").first).to_contain_text(f"forked from {asked}")
    picture(page, "sessions")


def test_the_editor_works_on_a_narrow_dark_page_and_closes_with_escape(open_run, asked):
    page = open_run(asked, color_scheme="dark")
    page.set_viewport_size({"width": 420, "height": 860})
    page.get_by_role("button", name="Fork from cell 1").click()
    code = page.get_by_label("Code in place of cell 1")
    expect(code).to_be_visible()
    picture(page, "narrow")
    code.press("Escape")
    expect(code).to_be_hidden()
    expect(page.get_by_role("button", name="Fork from cell 1")).to_be_focused()


def test_a_fork_of_what_is_not_there_is_refused_in_words(desk, asked):
    from engine.errors import InputError

    with pytest.raises(InputError, match="has no cell 99"):
        desk.workbench.runs.fork(asked, 99)
    with pytest.raises(InputError, match="'turns' is not a setting"):
        desk.workbench.runs.fork(asked, 1, settings={"turns": 3})
