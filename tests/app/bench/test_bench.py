"""The bench in the app: its routes, and its page in a real browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from app.errors import Conflict
from engine.errors import InputError
from engine.kernel.host.host import KernelHost
from engine.llm.base import Request
from engine.llm.scripted import ScriptedModel
from tests.app.contexts import leave
from tests.app.desk import TOKEN, Desk, run_of, until

pytestmark = [pytest.mark.browser, pytest.mark.sandbox]
CELL = "```repl\nline = context.search(question, 1)[0].text\nFINAL(line.split(' is ')[-1].strip('.'))\n```"


class Gate:
    """A model that answers when it may."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.open.set()

    def __call__(self, request: Request) -> str:
        self.open.wait(300)
        return CELL if request.stop_at_cell else "EUR 5"


@pytest.fixture(scope="module")
def gate() -> Gate:
    return Gate()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, kernels: KernelHost, gate: Gate) -> Iterator[Desk]:
    made = Desk(tmp_path_factory.mktemp("bench") / "data", kernels)
    made.workbench.engine.use(ScriptedModel(gate, n_ctx=1024, name="reader"))
    yield made
    gate.open.set()
    made.close()


@pytest.fixture
def page(desk: Desk, browser: Browser, gate: Gate) -> Iterator[Page]:
    opened = desk.visit(browser, "view=bench")
    yield opened
    gate.open.set()
    problems = opened.problems  # type: ignore[attr-defined]
    leave(opened)
    assert problems == []


@pytest.fixture(scope="module")
def web(desk: Desk) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://127.0.0.1:{desk.port}", trust_env=False, timeout=60) as client:
        client.get("/", params={"t": TOKEN})
        yield client


def choose(page: Page, methods: set[str], lengths: set[str], questions: int) -> None:
    """Fill the form with these choices, of the suite `needle`."""
    page.get_by_label("Choose").check()
    for name, wanted in (("Ways to the answer", methods), ("Length of the text", lengths)):
        boxes = page.get_by_role("group", name=name).get_by_role("checkbox")
        boxes.first.wait_for()
        for box in boxes.all():
            box.set_checked(box.get_attribute("name") in wanted)
    page.get_by_label("Questions for each").fill(str(questions))


def test_a_bench_is_chosen_followed_stopped_and_goes_on(desk: Desk, gate: Gate, page: Page) -> None:
    expect(page.locator("#bench-host")).to_contain_text("Nothing has been measured yet")
    choose(page, {"direct", "rlm"}, {"0.5", "4"}, 3)
    gate.open.clear()
    page.locator("#bench-start").press("Enter")
    expect(page.locator("#bench-stop")).to_be_focused()
    expect(page.locator("#bench-doing")).to_contain_text("needle at 0.5 windows, direct")
    expect(page.locator("#bench-count")).to_contain_text("0 of about 12 questions")
    page.locator("#bench-stop").press("Enter")
    expect(page.locator("#bench-doing")).to_have_text("Stopping")
    gate.open.set()
    expect(page.locator(".bench-message")).to_contain_text("Stopped. What was measured is kept")
    expect(page.locator("#bench-start")).to_be_focused()

    page.locator("#bench-start").press("Enter")
    expect(page.locator(".bench-table tbody tr")).to_have_count(4)
    until(lambda: desk.workbench.bench.overview()["running"] is None)
    expect(page.locator("#bench-start")).to_be_visible()
    expect(page.locator("#bench-verdict")).to_contain_text("Writes valid cells 100%, finishes 100%")
    expect(page.locator(".bench-void")).to_contain_text("direct is right in 0% of 3 questions")
    expect(page.locator(".bench-charts svg")).to_have_count(2)
    first = page.locator(".bench-table tbody tr").first
    assert first.inner_text().split()[:5] == ["needle", "0.5×", "direct", "3", "0"]


def test_what_is_wrong_with_the_choices_stands_beside_the_form_until_it_is_mended(
    desk: Desk, page: Page
) -> None:
    choose(page, set(), {"0.5"}, 3)
    page.get_by_label("Questions for each").press("Enter")
    told = page.get_by_role("status").and_(page.locator("#bench-told"))
    expect(told).to_have_text("A bench needs at least one suite, one method and one length.")
    expect(page.get_by_label("Questions for each")).to_be_focused()
    page.get_by_role("checkbox", name="direct").check()
    page.get_by_label("Minutes for each").fill("0")
    page.locator("#bench-start").click()
    expect(told).to_have_text("Minutes for each have to be more than 0 and at most 1,440, not 0.")
    assert desk.workbench.bench.overview()["running"] is None


def test_the_form_waits_for_a_model_and_names_it(desk: Desk, gate: Gate, page: Page) -> None:
    about = page.locator("#bench-about")
    name = "b_o_ld **reader** <i>x</i> $$y$$ `c` &lt; ![p](https://evil.example/p.png) https://evil.example"
    desk.workbench.engine.use(None)
    desk.workbench.hub.tell("models")
    expect(about).to_have_text("No model is loaded yet.")
    expect(page.locator("#bench-start")).to_be_disabled()
    desk.workbench.engine.use(ScriptedModel(gate, n_ctx=2048, name=name))
    desk.workbench.hub.tell("models")
    expect(about).to_contain_text(f"{name}, with a window of 2,048 tokens.")
    expect(about.locator("p *")).to_have_count(0)
    expect(page.locator("#bench-start")).to_be_enabled()
    desk.workbench.engine.use(ScriptedModel(gate, n_ctx=1024, name="reader"))


def test_each_question_opens_its_run_as_a_tree(desk: Desk, page: Page) -> None:
    runs = page.get_by_role("button", name="Runs of needle at 4 windows, rlm")
    runs.focus()
    runs.press("Enter")
    expect(runs).to_have_attribute("aria-expanded", "true")
    expect(runs).to_be_focused()
    rows = page.locator(".bench-trials li")
    expect(rows).to_have_count(3)
    question = rows.first.locator(".what > span").first.inner_text()
    rows.first.get_by_role("button").press("Enter")
    page.wait_for_selector("rlm-tree[ready]")
    run = run_of(page)
    assert desk.workbench.engine.store.run(str(run))["question"] == question
    page.go_back()
    expect(page.locator("#view-bench")).to_be_visible()


def test_texts_and_runs_of_the_bench_are_not_in_the_library_nor_the_sessions(
    desk: Desk, web: httpx.Client, page: Page
) -> None:
    assert [card["name"] for card in desk.workbench.library.cards()] == ["Letters"]
    assert web.get("/api/sessions").json() == []
    assert len(desk.workbench.engine.store.runs()) >= 12


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_narrow_windows_hold_it(desk: Desk, browser: Browser, scheme: str) -> None:
    page = desk.visit(browser, "view=bench", color_scheme=scheme)
    page.get_by_label("Choose").check()
    page.get_by_role("button", name="Runs of needle at 4 windows, rlm").click()
    expect(page.locator(".bench-trials li").first).to_be_visible()
    found = Axe().run(page, context="#view-bench")
    assert found.response["violations"] == []
    for width in (900, 380):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    leave(page)


def test_what_cannot_be_done_is_said_with_its_status(desk: Desk, gate: Gate, web: httpx.Client) -> None:
    start = desk.workbench.bench.start
    with pytest.raises(InputError, match="no suite 'noodle'"):
        start({"suites": ["noodle"]})
    with pytest.raises(InputError):
        start({"lengths": []})
    assert web.get("/api/bench/none/chart.png").status_code == 404
    assert web.delete("/api/bench/none").status_code == 404
    gate.open.clear()
    series = start({"suites": ["needle"], "methods": ["rlm"], "lengths": [1], "questions": 2})["series"]
    with pytest.raises(Conflict):
        start({"quick": True})
    assert web.delete(f"/api/bench/{series}").status_code == 409
    gate.open.set()
    until(lambda: not web.get("/api/bench").json()["running"])
    chart = web.get(f"/api/bench/{series}/chart.png")
    assert chart.content.startswith(b"\x89PNG")
    gone = web.get("/api/bench", params={"series": "gone"}).json()  # another page has deleted it
    assert gone["series"] == series and "Nothing has been measured yet" not in str(gone["results"])


def test_another_model_ends_a_bench_and_keeps_what_it_measured(
    desk: Desk, gate: Gate, web: httpx.Client
) -> None:
    gate.open.clear()
    wanted = {"suites": ["needle"], "methods": ["rlm"], "lengths": [2], "questions": 4}
    series = desk.workbench.bench.start(wanted)["series"]
    before = desk.workbench.engine.store.trials(series)
    until(lambda: desk.workbench.bench.overview()["running"]["doing"].startswith("needle"))
    desk.workbench.engine.use(ScriptedModel(gate, n_ctx=2048, name="other"))
    gate.open.set()
    until(lambda: not web.get("/api/bench").json()["running"])
    assert "another model was loaded" in str(web.get("/api/bench").json()["progress"])
    assert len(desk.workbench.engine.store.trials(series)) - len(before) <= 1
    desk.workbench.engine.use(ScriptedModel(gate, n_ctx=1024, name="reader"))


def test_the_focus_stays_in_the_results_when_those_of_one_model_are_deleted(
    desk: Desk, gate: Gate, page: Page
) -> None:
    wanted = {"suites": ["needle"], "methods": ["direct"], "lengths": [0.5], "questions": 1}
    for window, name in ((1024, "reader"), (2048, "other")):
        desk.workbench.engine.use(ScriptedModel(gate, n_ctx=window, name=name))
        desk.workbench.bench.start(wanted)
        until(lambda: desk.workbench.bench.overview()["running"] is None)
    expect(page.locator("#bench-title")).to_have_text("other")
    for _ in range(2):
        page.get_by_role("button", name="Delete").press("Enter")
    expect(page.locator("#bench-title")).to_have_text("reader")
    expect(page.locator("#bench-host :focus")).to_have_count(1)
    desk.workbench.engine.use(ScriptedModel(gate, n_ctx=1024, name="reader"))


def test_results_are_deleted_with_their_runs_and_texts_after_asking_twice(desk: Desk, page: Page) -> None:
    store = desk.workbench.engine.store
    button = page.get_by_role("button", name="Delete")
    button.click()
    expect(button).to_contain_text("questions with their runs?", use_inner_text=True)
    assert store.runs()
    button.click()
    expect(page.locator("#bench-host")).to_contain_text("Nothing has been measured yet")
    assert store.runs() == [] and [row["kind"] for row in store.collections()] == ["folder"]
    assert store.series() == []
