"""Verify in the app: how far it is, a Stop, and an end when whoever asked for it has gone away."""

from __future__ import annotations

import contextlib
import http.client
import threading
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, expect

from app.runs import service
from engine.errors import Cancelled
from engine.kernel.host.host import KernelHost, Worker
from engine.llm.scripted import ScriptedModel
from engine.types import Settings
from tests.app.desk import TOKEN, Desk, until
from tests.app.script import cell

pytestmark = [pytest.mark.browser, pytest.mark.sandbox]
QUICK, ENDLESS = "time.sleep(0)", "time.sleep(300)"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, kernels: KernelHost):
    data = tmp_path_factory.mktemp("verifying") / "data"
    data.mkdir(mode=0o700)
    made = Desk(data, kernels)
    yield made
    made.close()


@pytest.fixture(scope="module")
def slept(desk: Desk) -> str:
    """A run of three cells, of which the second sleeps."""
    cells = ["x = 1", f"import time\n{QUICK}", "FINAL('done')"]
    desk.workbench.engine.use(ScriptedModel([cell(code) for code in cells]))
    corpus = desk.workbench.library.info(desk.corpus)
    return desk.workbench.engine.ask("Wait", corpus, Settings()).run


@pytest.fixture
def ends(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How the verifications ended that began during a test."""
    found: list[str] = []
    real = service.verify

    def verify(*given, **named):
        found.append("begun")
        try:
            verdict = real(*given, **named)
        except Cancelled:
            found.append("stopped")
            raise
        found.append("held" if verdict.holds else "failed")
        return verdict

    monkeypatch.setattr(service, "verify", verify)
    return found


@pytest.fixture
def endless(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """While it is set, the cell that sleeps does so until it is stopped, however slow the machine is."""
    held = threading.Event()
    real = Worker.execute

    def execute(worker: Worker, code: str, **given):
        if held.is_set() and QUICK in code:
            code, given = code.replace(QUICK, ENDLESS), given | {"timeout": 300}
        return real(worker, code, **given)

    monkeypatch.setattr(Worker, "execute", execute)
    return held


def news(desk: Desk) -> tuple[list, threading.Event]:
    """What followers are told of verifications from now on, and an event that ends the listening."""
    heard, over = [], threading.Event()
    subscription = desk.workbench.hub.subscribe()

    def listen() -> None:
        while not over.is_set():
            subscription.wait(0.1)
            told = [message.data for message in subscription.take()]
            heard.extend((one["done"], one["of"]) for one in told if one["kind"] == "verify")
        subscription.close()

    threading.Thread(target=listen, daemon=True).start()
    return heard, over


@contextlib.contextmanager
def client(desk: Desk) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://127.0.0.1:{desk.port}", trust_env=False, timeout=60) as made:
        made.get("/", params={"t": TOKEN})
        yield made


def test_a_program_hears_how_far_it_is_and_gets_the_verdict(desk: Desk, slept: str, ends) -> None:
    heard, over = news(desk)
    with client(desk) as web:
        verdict = web.post(f"/api/runs/{slept}/verify").json()
        assert web.post("/api/runs/none/verify").status_code == 404
    assert verdict["holds"] and ends == ["begun", "held"]
    until(lambda: heard[-1:] == [(3, 3)])
    over.set()
    assert heard[0] == (0, 3) and (2, 3) in heard


def test_who_goes_away_leaves_nothing_running(desk: Desk, slept: str, ends, endless) -> None:
    endless.set()
    heard, over = news(desk)
    path = f"/api/runs/{slept}/verify"
    with client(desk) as web:
        headers = dict(web.build_request("POST", path).headers)
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", desk.port)) as connection:
        connection.request("POST", path, headers=headers)
        until(lambda: (1, 3) in heard)
    until(lambda: len(ends) == 2)
    over.set()
    assert ends == ["begun", "stopped"] and (3, 3) not in heard


def test_verify_shows_its_progress_and_is_stopped_and_begun_again(
    desk: Desk, slept: str, ends, endless, browser: Browser
) -> None:
    endless.set()
    page = desk.visit(browser, f"view=ask&run={slept}")
    page.get_by_role("button", name="Verify").press("Enter")
    expect(page.locator(".verdict")).to_contain_text("Executing the cells again: 1 of 3")
    stop = page.locator("button.verify")
    expect(stop).to_have_text("Stop")
    expect(stop).to_be_focused()
    stop.press("Enter")
    expect(stop).to_have_text("Verify")
    expect(page.locator(".verdict")).to_be_hidden()
    until(lambda: ends == ["begun", "stopped"], page)
    endless.clear()
    stop.press("Enter")
    expect(page.locator(".verdict .chip").first).to_have_text("Verified")
    assert page.problems == []  # type: ignore[attr-defined]

    endless.set()
    stop.press("Enter")
    expect(page.locator(".verdict")).to_contain_text("1 of 3")
    page.close()
    until(lambda: len(ends) == 6)
    assert ends[-1] == "stopped"
