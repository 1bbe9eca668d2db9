"""Lists in the app: asked, followed, stopped, gone on with, sorted, filtered, saved, deleted, in a real browser."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import openpyxl
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from app.errors import NotFound
from engine.errors import InputError
from engine.kernel.host.host import KernelHost
from engine.llm.base import Request
from engine.llm.scripted import ScriptedModel
from tests.app.contexts import leave
from tests.app.desk import TOKEN, Desk, run_of, until

pytestmark = [pytest.mark.browser, pytest.mark.sandbox]
PEOPLE = {f"{n}.txt": f"Letter {n}.\nNumber {n} is Ada{n} Fenn.\n" for n in range(1, 7)}
QUESTIONS = "\n".join(f"Who is number {n}?" for n in range(1, 7))
CELL = "```repl\nFINAL(context.search(question, 1)[0])\n```"


class Gate:
    """A model that answers when it may; the first `free` questions always."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.free = 2

    def __call__(self, request: Request) -> str:
        if self.free <= 0:
            self.open.wait(300)
        self.free -= 1
        return CELL


@pytest.fixture(scope="module")
def gate() -> Gate:
    return Gate()


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where Gradio puts the files that a page sends."""
    return tmp_path_factory.mktemp("copies")


@pytest.fixture(scope="module")
def desk(
    tmp_path_factory: pytest.TempPathFactory, kernels: KernelHost, gate: Gate, copies: Path
) -> Iterator[Desk]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(copies))
        made = Desk(tmp_path_factory.mktemp("lists") / "data", kernels)
        made.workbench.engine.use(ScriptedModel(gate, name="reader"))
        made.add("People", PEOPLE)
        yield made
        gate.open.set()
        made.close()


@pytest.fixture
def page(desk: Desk, browser: Browser) -> Iterator[Page]:
    opened = desk.visit(browser, "view=questions")
    yield opened
    problems = opened.problems  # type: ignore[attr-defined]
    leave(opened)
    assert problems == []


@pytest.fixture(scope="module")
def web(desk: Desk) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://127.0.0.1:{desk.port}", trust_env=False, timeout=60) as client:
        client.get("/", params={"t": TOKEN})
        yield client


def send(page: Page, file: Path) -> None:
    """Choose a file of questions with the keyboard."""
    with page.expect_file_chooser() as asked:
        page.locator("#questions-open").press("Enter")
    asked.value.set_files(file)


def test_a_list_is_asked_stopped_and_goes_on_and_each_row_opens_its_run(
    desk: Desk, gate: Gate, page: Page, tmp_path: Path
) -> None:
    expect(page.locator("#questions-host")).to_contain_text("Nothing has been asked yet")
    expect(page.locator("#view-questions :is(input, textarea):visible")).to_have_count(3)
    page.locator("#questions-corpus input").click()
    page.get_by_role("option", name="People · 6 documents").click()
    (tmp_path / "people.csv").write_text(f"question\n{QUESTIONS}\n\nWho is number 1?\n")
    send(page, tmp_path / "people.csv")
    expect(page.locator("#questions-told")).to_have_text(
        "6 questions read. 1 question stands there again; each is asked once."
    )
    expect(page.locator("#questions-text textarea")).to_have_value(QUESTIONS)
    page.locator("#questions-start").press("Enter")
    expect(page.locator("#list-progress")).to_contain_text("2 of 6 rows answered, 4 to ask")
    expect(page.locator("tr[data-status=running]")).to_have_count(1)
    expect(page.locator("#questions-start")).to_be_disabled()
    assert desk.workbench.questions.overview()["lists"][0]["title"] == "people.csv"
    with page.expect_response("**/api/questions/stop"):
        page.get_by_role("button", name="Stop").press("Enter")
    gate.open.set()
    expect(page.locator(".questions-message")).to_contain_text("Stopped. What was answered is kept")
    go_on = page.get_by_role("button", name="Go on with 4")
    go_on.press("Enter")
    expect(page.locator("#list-progress")).to_have_text("People · 6 of 6 rows answered")
    rows = page.locator(".questions-table tbody tr")
    expect(rows).to_have_count(6)
    expect(rows.nth(3)).to_contain_text("Number 4 is Ada4 Fenn.")
    expect(rows.nth(3)).to_contain_text("Stated there")
    expect(rows.nth(3)).to_contain_text("4.txt, line 2: Number 4 is Ada4 Fenn.")
    page.get_by_role("button", name="Open the run of row 4").press("Enter")
    page.wait_for_selector("rlm-tree[ready]")
    assert desk.workbench.engine.store.run(str(run_of(page)))["question"] == "Who is number 4?"
    page.go_back()
    expect(page.locator("#view-questions")).to_be_visible()


def test_what_is_wrong_stands_beside_the_form_as_text_and_no_copy_of_a_file_stays(
    desk: Desk, page: Page, tmp_path: Path, copies: Path
) -> None:
    told = page.get_by_role("status").and_(page.locator("#questions-told"))
    page.locator("#questions-start").click()
    expect(told).to_have_text("There is no question in what you typed. Write one on each line.")
    bad = tmp_path / "bad.csv"
    bad.write_text("![p](https://evil.example/p.png),<b>who</b>\n1,2\n")
    send(page, bad)
    expect(told).to_contain_text("its first row holds '![p](https://evil.example/p.png)', '<b>who</b>'.")
    expect(told.locator("p > strong > *")).to_have_count(0)
    expect(page.locator("#questions-open")).to_be_focused()
    assert [found for found in copies.rglob("*") if found.is_file() and found.stat().st_size] == []


def test_rows_are_sorted_and_filtered_from_the_keyboard(page: Page) -> None:
    rows = page.locator(".questions-table tbody tr")
    expect(rows).to_have_count(6)
    sort = page.get_by_role("button", name="Question", exact=True)
    sort.press("Enter")
    expect(page.locator("th.col-question")).to_have_attribute("aria-sort", "ascending")
    page.get_by_role("button", name="Question").and_(page.locator(".questions-sort")).press("Enter")
    expect(page.locator("th.col-question")).to_have_attribute("aria-sort", "descending")
    expect(rows.first).to_contain_text("Who is number 6?")
    search = page.get_by_label("Filter the rows")
    search.focus()
    page.keyboard.type("ada3")
    expect(rows).to_have_count(1)
    expect(search).to_be_focused()
    expect(rows.first).to_contain_text("Who is number 3?")
    search.fill("")
    page.get_by_label("Status").select_option("answered")
    expect(rows).to_have_count(6)


def test_every_document_gets_a_row_and_the_table_is_saved(desk: Desk, gate: Gate, web: httpx.Client) -> None:
    gate.open.set()
    corpus = next(card["id"] for card in desk.workbench.library.cards() if card["name"] == "People")
    begun = desk.workbench.questions.start(corpus, "Who is it?", each=True, title="")
    until(lambda: web.get("/api/questions").json()["running"] is None)
    rows = desk.workbench.questions.rows(begun["list"])
    assert [row["name"] for row in rows] == [*PEOPLE]
    book = web.get(f"/api/questions/{begun['list']}/table.xlsx")
    assert book.headers["content-disposition"] == 'attachment; filename="answers.xlsx"'
    assert openpyxl.load_workbook(io.BytesIO(book.content)).active["B7"].value == "6.txt"
    text = web.get(f"/api/questions/{begun['list']}/table.csv").content.decode("utf-8-sig")
    assert text.splitlines()[0].startswith("number,document,question")
    assert web.get("/api/sessions").json() == []


def test_what_cannot_be_done_is_said_with_its_status(desk: Desk, web: httpx.Client) -> None:
    start = desk.workbench.questions.start
    with pytest.raises(InputError, match="There is no question in what you typed"):
        start(desk.corpus, " \n", each=False, title="")
    with pytest.raises(NotFound):
        start("none", "Who?", each=False, title="")
    assert web.post("/api/questions/none/resume").status_code == 404
    assert web.get("/api/questions/none/table.csv").status_code == 404


def test_the_form_neither_reads_nor_removes_a_file_that_was_not_sent(
    web: httpx.Client, tmp_path: Path
) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_text("Who?\n")
    config = web.get("/config").json()
    (button,) = [one["id"] for one in config["components"] if one["type"] == "uploadbutton"]
    (handler,) = [one["id"] for one in config["dependencies"] if [button, "upload"] in one["targets"]]
    sent = {"path": str(mine), "meta": {"_type": "gradio.FileData"}}
    answer = web.post(
        "/gradio_api/run/predict", json={"fn_index": handler, "data": [sent], "session_hash": "mine"}
    )
    assert answer.status_code >= 400 and "Who?" not in answer.text
    assert mine.read_text() == "Who?\n"
    copy = web.post("/gradio_api/upload", files={"files": ("q.txt", b"Who?\n")}).json()[0]
    answer = web.post(
        "/gradio_api/run/predict",
        json={"fn_index": handler, "data": [{**sent, "path": copy}], "session_hash": "mine"},
    )
    assert answer.status_code == 200 and answer.json()["data"][0] == "Who?"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_narrow_windows_hold_it(desk: Desk, browser: Browser, scheme: str) -> None:
    page = desk.visit(browser, "view=questions", color_scheme=scheme)
    expect(page.locator(".questions-table tbody tr")).to_have_count(6)
    found = Axe().run(page, context="#view-questions")
    assert found.response["violations"] == []
    for width in (900, 380):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    leave(page)


def test_a_list_is_deleted_with_its_runs_after_asking_twice(desk: Desk, page: Page) -> None:
    store = desk.workbench.engine.store
    lists = len(store.question_lists())
    button = page.get_by_role("button", name="Delete")
    button.click()
    expect(button).to_contain_text("with their runs?", use_inner_text=True)
    assert len(store.question_lists()) == lists
    button.click()
    until(lambda: len(store.question_lists()) == lists - 1)
    until(lambda: len(store.runs()) == sum(row["rows"] for row in store.question_lists()))
    expect(button).to_have_count(int(lists > 1))


def test_a_list_that_begins_is_shown_and_the_form_knows_new_documents(
    desk: Desk, gate: Gate, page: Page
) -> None:
    gate.open.set()
    expect(page.locator(".questions-main h2")).to_be_visible()  # it knows which lists there are
    desk.workbench.questions.start(desk.corpus, "When does the ferry leave?", each=False, title="Old")
    expect(page.locator("#list-title")).to_have_text("Old")  # begun by somebody else, while the view is shown
    expect(page).to_have_url(re.compile("list="))
    expect(page.locator("#list-progress")).to_have_text("Letters · 1 of 1 row answered")
    desk.add("Ships", {"ship.txt": "The ship is the Fern.\n"})
    desk.workbench.hub.tell("corpora")
    page.locator("#questions-corpus input").click()
    page.get_by_role("option", name="Ships · 1 document").click()
    page.locator("#questions-text textarea").fill("Which ship is it?")
    expect(page.locator("#questions-start")).to_be_enabled()  # the list before has ended
    page.locator("#questions-start").press("Enter")
    expect(page.locator("#list-title")).to_have_text("Which ship is it?")
    expect(page.locator("#list-progress")).to_have_text("Ships · 1 of 1 row answered")
    expect(page.locator("#questions-corpus input")).to_have_value("Ships · 1 document")
    expect(page.locator("#questions-start")).to_be_enabled()
    page.get_by_role("button", name="Old").click()
    expect(page.locator("#list-title")).to_have_text("Old")
