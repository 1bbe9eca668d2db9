"""An ended run goes on: over HTTP, and by its button in the browser."""

from __future__ import annotations

import re
import threading

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, expect

from engine.llm.scripted import ScriptedModel
from tests.app.contexts import leave
from tests.app.desk import Desk, ask, run_of, until
from tests.app.runs_fixture import api, opened
from tests.app.script import HOLD, cell

pytestmark = pytest.mark.sandbox


def test_a_stopped_run_goes_on_over_http_and_others_are_refused(data_dir, tmp_path):
    with opened(data_dir, tmp_path / "papers") as bench:
        http = TestClient(api(bench.workbench))
        bench.say = lambda request: cell("kept = 1") if len(request.messages) == 2 else HOLD
        run = bench.start()
        answer = http.post(f"/api/runs/{run}/resume")
        assert answer.status_code == 400 and "still going on" in answer.json()["error"]
        until(lambda: any(event["k"] == "done" for event in bench.runs.log(run)["events"]))
        bench.runs.stop(run)
        bench.ended(run)
        assert http.get(f"/api/runs/{run}/log").json()["run"]["resumes"] is True
        bench.say = lambda request: cell("FINAL(str(kept + 1))")
        answer = http.post(f"/api/runs/{run}/resume", json={"settings": {"max_seconds": 300}})
        assert answer.json() == {"run": run, "session": run}
        row = bench.ended(run)
        assert (row["status"], row["answer"], row["settings"]["max_seconds"]) == ("answered", "2", 300)
        assert http.get(f"/api/runs/{run}/log").json()["run"]["resumes"] is False
        answer = http.post(f"/api/runs/{run}/resume")
        assert answer.status_code == 400 and "has an answer" in answer.json()["error"]
        assert http.post("/api/runs/nothing/resume").status_code == 404
        bad = http.post(f"/api/runs/{run}/resume", json={"settings": {"max_seconds": -1}})
        assert bad.status_code == 400 and "max_seconds has to be a number" in bad.json()["error"]


def test_a_run_that_goes_on_before_its_thread_has_ended_is_at_work_and_can_be_stopped(
    data_dir, tmp_path, kernels, monkeypatch
):
    with opened(data_dir, tmp_path / "papers", kernels) as bench:
        go = threading.Event()
        monkeypatch.setattr(bench.workbench.engine.speeds, "note", lambda *given: go.wait(300))  # at the end
        bench.say = lambda request: HOLD
        run = bench.start()
        bench.runs.stop(run)
        until(lambda: bench.store.run(run)["status"] != "running")
        bench.runs.resume(run)
        going = not bench.runs.stopping(run)
        go.set()
        until(lambda: len(bench.runs._threads) == 1)
        assert going and bench.runs.live() == [run]
        assert bench.runs.stop(run) == ["0"]
        assert bench.ended(run)["status"] == "interrupted"


@pytest.fixture
def desk(tmp_path):
    """An app of its own, with its own kernels."""
    (tmp_path / "data").mkdir(mode=0o700)
    desk = Desk(tmp_path / "data")
    yield desk
    desk.model.go.set()
    desk.close()


@pytest.mark.browser
def test_a_stopped_run_goes_on_by_its_button_and_shows_its_answer(desk, browser: Browser):
    page = desk.visit(browser)
    run = ask(page, "Look, then look for ever")
    expect(page.locator("rlm-tree")).to_contain_text(re.compile("print"))
    button = page.get_by_role("button", name="Go on")
    expect(button).to_be_hidden()
    page.keyboard.press("Alt+S")
    expect(button).to_be_visible()
    assert desk.ended(run)["status"] == "interrupted"
    desk.workbench.engine.use(ScriptedModel(lambda request: cell("FINAL('seen after it went on')")))
    other = desk.visit(browser, f"view=ask&run={run}")
    other.get_by_role("button", name="Verify").click()
    expect(other.locator(".verdict .chip").first).to_be_visible()
    button.focus()
    page.keyboard.press("Enter")
    expect(other.locator(".answer-slot")).to_contain_text("seen after it went on")  # in another tab, too
    expect(other.locator(".verdict")).to_be_hidden()  # that was of the run as it had stopped
    assert other.problems == []  # type: ignore[attr-defined]
    leave(other)
    expect(page.locator(".answer-slot")).to_contain_text("seen after it went on")
    expect(button).to_be_hidden()
    expect(page.locator(".run-meta .chip").first).to_have_text("Answered")
    assert run_of(page) == run
    assert page.problems == []  # type: ignore[attr-defined]
    leave(page)


@pytest.mark.browser
@pytest.mark.parametrize("told", ["before", "after"])
def test_a_run_that_goes_on_as_soon_as_it_ended_is_followed_on(desk, browser: Browser, told):
    """Whether the page is told of its end as it was before it went on or after; its next stream comes late."""
    logs, streams, go = [], [], threading.Event()
    try:
        page = desk.visit(browser)
        run = ask(page, "Look, then look for ever")
        expect(page.locator("rlm-tree")).to_contain_text(re.compile("print"))
        page.route(re.compile(r"/log\?after=[1-9]"), lambda route: logs.append(route), times=1)
        assert desk.workbench.runs.stop(run)
        until(lambda: logs, page)

        def say(request):
            go.wait(300)
            return cell("FINAL('seen after it went on')")

        desk.workbench.engine.use(ScriptedModel(say))
        if told == "before":  # the end is shown, its stream is left, and then it goes on
            page.route("**/api/live*", lambda route: streams.append(route), times=1)
            logs[0].continue_()
            expect(page.locator(".run-meta .chip").first).to_have_text("Interrupted")
            until(lambda: streams, page)
        desk.workbench.runs.resume(run)
        if told == "after":
            logs[0].continue_()
        page.wait_for_timeout(300)  # for what a page does that is not to do it
        for stream in streams:
            stream.continue_()
        expect(page.locator(".run-live")).to_be_visible()
        go.set()
        expect(page.locator(".answer-slot")).to_contain_text("seen after it went on")
        expect(page.locator(".run-live")).to_be_hidden()
        assert page.problems == []  # type: ignore[attr-defined]
        leave(page)
    finally:
        go.set()


@pytest.mark.browser
def test_the_head_acts_on_the_run_it_shows_while_another_one_is_fetched(desk, browser: Browser):
    page = desk.visit(browser)
    run = ask(page, "Look for ever")
    stop = page.get_by_role("button", name="Stop", exact=True)
    expect(stop).to_be_visible()
    told: list[str] = []
    page.route("**/api/runs/other/log*", lambda route: None)  # takes for ever
    page.route("**/stop", lambda route: (told.append(route.request.url), route.continue_()))
    page.evaluate(
        "history.pushState(null, '', '/?view=ask&run=other'); dispatchEvent(new PopStateEvent('popstate'))"
    )
    expect(page.locator("rlm-tree")).to_have_attribute("run", "other")
    with page.expect_response("**/stop"):  # what is routed goes on only while the page is waited for
        page.locator(".run-top").get_by_role("button", name="Stop").click()
    assert desk.ended(run)["status"] == "interrupted"
    assert [url.split("/runs/")[1] for url in told] == [f"{run}/stop"]
    leave(page)
