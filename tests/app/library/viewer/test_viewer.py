"""The viewer of documents in a real browser: spans, search, scrolling, citations."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from engine.corpus import Corpus
from tests.app.contexts import leave
from tests.app.desk import Desk, until
from tests.app.library.page import open_card, visit
from tests.engine.conftest import fill
from tests.engine.corpus.place.test_address import workbook
from tests.engine.documents.packed.test_mail import mail
from tests.engine.documents.test_formats import pdf
from tests.fixtures.hostile import zipped

pytestmark = [pytest.mark.browser, pytest.mark.sandbox]


HOSTILE = "<img src=x onerror=window.pwned=1>"


@pytest.fixture(scope="module")
def long(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A corpus with one long document of all kinds of characters, and its text."""
    lines = [f"line {n}: naïve 🌳🌲 {'wide 漢字 ' * (n % 9)}end of {n}" for n in range(1, 60_001)]
    lines[100] = "x" * 9_000 + " the far end"
    lines[200] = f"\x1b{{red\x1b}} \u202egnp.exe {HOSTILE} ${{1}} {{{{2}}}}"
    text = "\n".join(lines)
    folder = tmp_path_factory.mktemp("long") / "Long text"
    fill(folder, {"long.txt": text, "other.txt": "other"})
    corpus = desk.workbench.engine.add([folder]).id
    desk.workbench.library.cards()
    return corpus, text


def show(page: Page, corpus: str, text: str, wanted: str, document: int = 0) -> tuple[int, int]:
    """Open the viewer at the first place of `wanted`, as a citation does."""
    start = text.index(wanted)
    end = start + len(wanted)
    visit(page, f"view=library&corpus={corpus}&doc={document}&start={start}&end={end}")
    expect(page.locator(f'#viewer[data-ready="{corpus}/{document}/{start}"]')).to_be_visible()
    return start, end


def expect_in_view(page: Page, selector: str) -> None:
    """Wait until an element stands wholly within the window of the text."""
    page.wait_for_function(
        "(selector) => { const a = document.querySelector(selector)?.getBoundingClientRect(), "
        "b = document.querySelector('#viewer .rows').getBoundingClientRect(); "
        "return a && a.top >= b.top - 1 && a.bottom <= b.bottom + 1 && a.height > 0; }",
        arg=selector,
        timeout=60_000,
    )


@pytest.mark.parametrize("line", [1, 2, 777, 30_000, 59_999, 60_000])
def test_a_span_lands_in_view_exactly_marked(desk: Desk, page: Page, long, line: int) -> None:
    corpus, text = long
    wanted = f"🌲 {'wide 漢字 ' * (line % 9)}end of {line}\n"[:-1] + ("" if line == 60_000 else "\n")
    show(page, corpus, text, wanted)
    marked = page.locator("#viewer mark.span")
    expect(marked.first).to_have_text(wanted.strip("\n"))
    expect_in_view(page, "#viewer mark.span")
    number = page.locator("#viewer .line", has=page.locator("mark.span")).locator(".number")
    expect(number.first).to_have_text(str(line))
    assert page.locator("#viewer .line").count() < 700


def test_a_span_over_many_lines_and_in_a_cut_line(page: Page, long) -> None:
    corpus, text = long
    start = text.index("end of 500\n")
    wanted = text[start : text.index("line 504:") + 8]
    show(page, corpus, text, wanted)
    marks, flat = page.locator("#viewer mark.span"), wanted.replace("\n", "")
    until(lambda: "".join(marks.all_text_contents()) == flat, page)  # rows come a block at a time
    show(page, corpus, text, "the far end")
    expect(page.locator("#viewer mark.span")).to_have_text("the far end")
    expect_in_view(page, "#viewer mark.span")


def test_search_goes_round_and_keeps_the_place(page: Page, long) -> None:
    corpus, text = long
    show(page, corpus, text, "line 40000:")
    page.keyboard.press("/")
    box = page.get_by_label("Search in this document", exact=True)
    expect(box).to_be_focused()
    box.fill("END OF 400")
    found = page.locator(".viewer-found")
    expect(found).to_have_text(re.compile("^2 of 111|^[0-9]+ of 111"))
    first = found.text_content()
    expect(page.locator("#viewer mark.now")).to_have_text("end of 400")
    expect_in_view(page, "#viewer mark.now")
    box.press("Enter")
    expect(found).not_to_have_text(str(first))
    page.locator("#viewer .rows").focus()
    page.keyboard.press("Shift+N")
    expect(found).to_have_text(str(first))
    for _ in range(3):
        page.keyboard.press("n")
    expect_in_view(page, "#viewer mark.now")
    box.fill("not there at all")
    expect(found).to_have_text("not found")
    expect(page.locator("#viewer mark.hit")).to_have_count(0)


def test_hostile_text_is_shown_as_text(page: Page, long) -> None:
    corpus, text = long
    show(page, corpus, text, "gnp.exe")
    line = page.locator("#viewer .line", has=page.locator("mark.span")).locator(".text")
    expect(line).to_have_text(f"␛{{red␛}} U+202Egnp.exe {HOSTILE} ${{1}} {{{{2}}}}")
    assert page.locator("#viewer img").count() == 0


TOP = (
    "() => { const frame = document.querySelector('#viewer .rows').getBoundingClientRect(); "
    "const first = [...document.querySelectorAll('#viewer .line')].filter((one) => one.getBoundingClientRect()"
    ".bottom > frame.top + 1).sort((a, b) => a.dataset.row - b.dataset.row)[0]; return Number(first.dataset.row); }"
)
# The wheel moves the text over some frames: other lines are at the top, and stay there.
AT_REST = f"""async (before) => {{
  const top = {TOP}, frames = async (n) => {{ while (n--) await new Promise(requestAnimationFrame); }};
  for (let tries = 0; tries < 600; tries += 1) {{
    const now = top();
    await frames(6);
    if (now !== before && top() === now) return;
  }}
  throw new Error("it never comes to rest");
}}"""


def test_lines_are_gone_to_and_scrolled_through_without_jumps(page: Page, long) -> None:
    corpus, text = long
    show(page, corpus, text, "line 1:")
    to = page.get_by_label("Go to line")
    to.fill("45678")
    to.press("Enter")
    expect(page.locator("#viewer .line .number", has_text=re.compile("^45678$"))).to_be_visible()
    to.fill("soon")
    to.press("Enter")
    expect(page.locator(".toast.error")).to_contain_text("is no line")

    def top() -> int:
        return page.evaluate(TOP)

    page.locator("#viewer .rows").hover()
    seen = [top()]
    while seen[-1] > seen[0] - 300:
        page.mouse.wheel(0, -400)
        page.evaluate(AT_REST, seen[-1])
        seen.append(top())
    steps = [a - b for a, b in pairwise(seen)]
    assert all(0 <= step < 60 for step in steps)
    page.locator("#viewer .rows").focus()
    page.keyboard.press("End")
    expect(page.locator("#viewer .line .number", has_text=re.compile("^60000$"))).to_be_visible()
    page.keyboard.press("Home")
    expect(page.locator("#viewer .line .number", has_text=re.compile("^1$"))).to_be_visible()


def test_more_rows_than_a_page_has_pixels_for_are_scrolled_through(
    desk: Desk, page: Page, tmp_path: Path
) -> None:
    lines = [f"row {n}: {'many words ' * (80 * (n % 7 == 0))}." for n in range(1, 300_004)]
    fill(tmp_path / "Rows", {"rows.txt": "\n".join(lines)})
    corpus = desk.workbench.engine.add([tmp_path / "Rows"])
    desk.workbench.library.cards()
    show(page, corpus.id, "\n".join(lines), "row 150000:")
    expect_in_view(page, "#viewer mark.span")
    page.locator("#viewer .rows").hover()
    seen = [page.evaluate(TOP)]
    for _ in range(12):
        page.mouse.wheel(0, -700)
        page.evaluate(AT_REST, seen[-1])
        seen.append(page.evaluate(TOP))
    assert all(0 < before - after < 60 for before, after in pairwise(seen))
    assert page.evaluate("() => document.querySelector('#viewer .rows').scrollHeight") < 7_000_000
    page.locator("#viewer .rows").focus()
    page.keyboard.press("End")
    expect_in_view(page, '#viewer .line[data-row="300002"]')
    page.keyboard.press("Home")
    expect_in_view(page, '#viewer .line[data-row="0"]')


def test_what_is_read_stays_in_view_however_wide_it_is(page: Page, long) -> None:
    corpus, text = long
    show(page, corpus, text, "end of 30007")
    first = page.evaluate(TOP)
    page.get_by_role("button", name="Wrap").click()
    grip = page.get_by_role("separator", name="Width of the document")
    before = int(str(grip.get_attribute("aria-valuenow")))
    box = grip.bounding_box()
    page.mouse.move(box["x"] + 2, 300)
    page.mouse.down()
    page.mouse.move(page.viewport_size["width"] - before - 80, 300, steps=4)
    page.mouse.up()
    expect(grip).to_have_attribute("aria-valuenow", str(before + 80))
    assert page.locator("#viewer").bounding_box()["width"] == before + 80
    page.get_by_role("button", name="Wrap").click()
    grip.press("ArrowRight")
    grip.press("ArrowRight")
    expect(grip).to_have_attribute("aria-valuenow", str(before))
    expect_in_view(page, "#viewer mark.span")
    page.wait_for_function(f"(first) => Math.abs(({TOP})() - first) <= 3", arg=first)


def test_a_citation_opens_the_document_beside_the_answer(desk: Desk, page: Page) -> None:
    run = desk.workbench.runs.start("When does the ferry leave?", desk.corpus).run
    desk.ended(run)
    visit(page, f"view=ask&run={run}")
    chip = page.locator(".answer .cite").first
    chip.click()
    mark = page.locator("#viewer mark.span")
    expect(mark).to_have_text("the ferry to Halden leaves at noon.")
    expect_in_view(page, "#viewer mark.span")
    expect(page.locator("#viewer-title")).to_have_text("ferry.txt")
    answer, panel = page.locator(".answer").bounding_box(), page.locator("#viewer").bounding_box()
    assert answer["x"] + answer["width"] <= panel["x"] + 1
    page.keyboard.press("Escape")
    expect(page.locator("#viewer")).to_be_hidden()
    expect(chip).to_be_focused()


def test_the_cell_of_a_span_in_a_workbook_is_named(desk: Desk, page: Page, tmp_path: Path) -> None:
    fill(tmp_path / "Fees", {"fees.xlsx": workbook({"Fees": {(7, 4): "Halcyon", (9, 4): "Zeemeeuw"}})})
    corpus = desk.workbench.engine.add([tmp_path / "Fees"])
    desk.workbench.library.cards()
    text = str(Corpus.open(corpus.path)[0])
    show(page, corpus.id, text, "Zeemeeuw")
    expect(page.locator("#viewer .viewer-facts")).to_contain_text("Fees!D9 · ")
    show(page, corpus.id, text, "Halcyon")
    expect(page.locator("#viewer .viewer-facts")).to_contain_text("Fees!D7 · ")


def test_words_are_found_in_all_documents(page: Page) -> None:
    open_card(page, "Letters")
    page.get_by_label("Search in these documents").fill("blue trunk")
    result = page.locator(".result")
    expect(result.first).to_contain_text("line 3")
    assert page.locator(".result mark").first.text_content() in ("blue", "trunk")
    result.filter(has_text="ferry.txt").click()
    expect(page.locator("#viewer mark.span")).to_have_text("Bring the blue trunk.")
    page.get_by_label("Search in these documents").fill("zeppelin")
    expect(page.locator(".results .empty")).to_have_text("No line has words of “zeppelin”.")


def test_a_narrow_window_is_covered_by_the_document(desk: Desk, browser: Browser) -> None:
    page = desk.visit(browser, "view=library", viewport={"width": 420, "height": 800})
    open_card(page, "Letters")
    page.locator(".doc-row").first.click()
    expect(page.locator("#viewer[data-ready]")).to_be_visible()
    box = page.locator("#viewer").bounding_box()
    assert box["x"] >= 0 and box["width"] <= 420
    wide = page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    leave(page)
    assert wide


def test_a_page_of_a_pdf_is_shown_as_it_looks_with_the_span_marked(
    desk: Desk, page: Page, tmp_path: Path
) -> None:
    folder = tmp_path / "Leases"
    fill(folder, {"lease.pdf": pdf("The first page.", "The deposit is 1,250 EUR.", "The end.")})
    corpus = desk.workbench.engine.add([folder])
    desk.workbench.library.cards()
    text = str(Corpus.open(corpus.path)[0])
    show(page, corpus.id, text, "1,250 EUR")
    page.keyboard.press("p")
    sheet = page.locator(".page-picture[data-drawn='2']")
    expect(sheet).to_be_visible()
    expect(page.locator("#viewer .rows")).to_be_hidden()
    expect(page.get_by_alt_text("Page 2 of lease.pdf, as it looks")).to_be_visible()
    pixel = page.evaluate(
        "() => { const image = document.querySelector('.page-image'), canvas = document.createElement('canvas');"
        " [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];"
        " const draw = canvas.getContext('2d'); draw.drawImage(image, 0, 0);"
        " const found = draw.getImageData(0, 0, canvas.width, canvas.height).data; let yellow = 0;"
        " for (let i = 0; i < found.length; i += 4) if (found[i] > 200 && found[i + 2] < 150) yellow += 1;"
        " return yellow; }"
    )
    assert pixel > 500, "the span is coloured"
    page.keyboard.press("ArrowRight")
    expect(page.locator(".page-picture[data-drawn='3']")).to_be_visible()
    expect(page.get_by_role("button", name="Next page")).to_be_disabled()
    page.locator(".viewer-to").fill("p. 1")
    page.locator(".viewer-to").press("Enter")
    expect(page.locator(".page-picture[data-drawn='1']")).to_be_visible()
    expect(page.locator(".page-turn [role=status]")).to_have_text("Page 1 of 3")
    page.locator("#viewer .page-sheet").focus()
    page.keyboard.press("p")
    expect(page.locator("#viewer .rows")).to_be_visible()
    (folder / "lease.pdf").unlink()
    page.keyboard.press("p")
    expect(page.get_by_text("not where it was read from")).to_be_visible()
    expect(page.locator("#viewer .rows")).to_be_visible()


def test_a_page_of_a_pdf_in_a_mail_is_shown_and_what_is_gone_is_said(
    desk: Desk, page: Page, tmp_path: Path
) -> None:
    message = mail("See below.")
    message.add_attachment(
        zipped({"lease.pdf": pdf("First.", "The deposit is 1,250 EUR.")}),
        maintype="application",
        subtype="zip",
        filename="papers.zip",
    )
    folder = tmp_path / "Mails"
    fill(folder, {"a.eml": message.as_bytes()})
    corpus = Corpus.open(desk.workbench.engine.add([folder]).path)
    desk.workbench.library.cards()
    document = corpus.names.index("a.eml/papers.zip/lease.pdf")
    show(page, corpus.archive.path.name, str(corpus[document]), "1,250 EUR", document)
    page.keyboard.press("p")
    expect(page.locator(".page-picture[data-drawn='2']")).to_be_visible()
    expect(page.get_by_alt_text("Page 2 of a.eml/papers.zip/lease.pdf, as it looks")).to_be_visible()
    show(page, corpus.archive.path.name, str(corpus[0]), "See below", 0)
    expect(page.get_by_role("button", name="Show the page as it looks (p)")).to_be_hidden()
    show(page, corpus.archive.path.name, str(corpus[document]), "1,250 EUR", document)
    page.keyboard.press("p")
    expect(page.locator(".page-picture[data-drawn='2']")).to_be_visible()
    (folder / "a.eml").unlink()
    page.keyboard.press("ArrowLeft")
    expect(
        page.get_by_text("a.eml is not where it was read from, so the pages of a.eml/papers.zip/lease.pdf")
    ).to_be_visible()
    expect(page.locator("#viewer .rows")).to_be_visible()
