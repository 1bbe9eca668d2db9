"""The answer panel as a pure module in a bare page: what is shown for which record."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from app.runs.answer.panel import answer_panel, as_text, may_be_kept
from engine.answer.agreement import sentence
from tests.app.bare_page import call, open_bare

pytestmark = pytest.mark.browser

SHOW = """window.opened = []; window.said = [];
const app = {openDocument: (...a) => window.opened.push(a), toast: (...a) => window.said.push(a)};
document.getElementById('host').replaceChildren(m.answerPanel(x, app));"""


@pytest.fixture(scope="module")
def page(browser: Browser):
    """One bare page for all tests of the module."""
    page = browser.new_page()
    strange = open_bare(page)
    yield page
    assert strange == []
    page.close()


def source(name: str, text: str, status: str = "exact", **more: Any) -> dict[str, Any]:
    return {
        "document": 2,
        "name": name,
        "start": 40,
        "end": 40 + len(text),
        "line": 7,
        "page": None,
        "text": text,
        "status": status,
        "nearest": None,
        **more,
    }


def run(**more: Any) -> dict[str, Any]:
    coverage = {
        "documents": 31,
        "documents_searched": 31,
        "documents_read": 2,
        "lines_read": 214,
        "characters_read": 900,
        "characters_total": 9000,
        "skipped": 1,
        "files": [
            {
                "document": 2,
                "name": "mail/a.txt",
                "lines_read": 1,
                "characters_read": 5,
                "characters_total": 9000,
            }
        ],
    }
    return {
        "run": "r1",
        "question": "Who?",
        "corpus": "c1",
        "status": "answered",
        "answer": "Ada Fenn",
        "reason": "",
        "sources": [],
        "coverage": coverage,
        "usage": {"calls": 3, "prompt_tokens": 3000, "completion_tokens": 120},
        "seconds": 12.4,
        "nodes": 2,
        "strategy": "recursive",
        "model": {"name": "small"},
        **more,
    }


def show(page: Page, row: dict[str, Any]) -> None:
    call(page, "runs/answer/answer.js", SHOW, row | {"panel": answer_panel(row)})


def test_sources_open_the_document_at_their_span(page):
    show(
        page, run(sources=[source("mail/a.txt", "Ada Fenn was appointed"), source("b.pdf", "keeper", page=3)])
    )
    chips = page.locator(".answer-text button.cite")
    assert chips.all_inner_texts() == ["1", "2"]
    assert page.locator(".sources .source-place").all_inner_texts() == [
        "mail/a.txt, line 7",
        "b.pdf, line 7, page 3",
    ]
    chips.first.click()
    page.locator(".sources button.source").nth(1).click()
    assert page.evaluate("window.opened") == [
        ["c1", 2, {"start": 40, "end": 62}],
        ["c1", 2, {"start": 40, "end": 46}],
    ]
    assert page.get_by_role("button", name="Source 2: b.pdf, line 7, page 3").count() == 1


def test_a_source_that_is_not_there_is_struck_through_and_the_nearest_offered(page):
    missing = source("b.txt", "made up words", "missing", nearest="real words stand here")
    show(page, run(sources=[missing, source("c.txt", "a “quoted” part", "folded")]))
    assert page.locator(".source-missing s").inner_text() == "made up words"
    assert page.locator("button.cite").all_inner_texts() == ["2"]
    assert "1 not found in the documents" in page.inner_text(".sources-box h3")
    assert "white space or quotes differ" in page.inner_text(".sources")
    page.get_by_role("button", name="Nearest passage").click()
    assert page.evaluate("window.opened.length") == 1
    page.locator(".cite-missing").first.click()
    assert page.evaluate("window.opened.length") == 1


def test_markers_in_the_answer_become_the_chips(page):
    show(page, run(answer="Ada [1] and Bo [2], not [9].", sources=[source("a", "Ada"), source("b", "Bo")]))
    assert page.locator(".answer-text").inner_text() == "Ada 1 and Bo 2, not [9]."
    assert page.locator(".answer-text button.cite").count() == 2


def test_the_account_says_what_was_searched_and_what_it_cost(page):
    show(page, run())
    assert page.inner_text(".coverage").startswith(
        "31 of 31 documents searched, 214 lines read by the model, 1 file could not be read."
    )
    assert page.inner_text(".cost") == "Recursive · 2 nodes · 3 model calls · 3,120 tokens · 12.4 s · small"
    page.get_by_text("What was read").click()
    expect(page.locator(".files li")).to_have_count(1)
    assert "under 0.1 %" in page.inner_text(".files")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"status": "unanswered", "answer": None, "reason": "the limit of 3 turns is reached"}, "No answer: the limit of 3 turns is reached."),
        ({"status": "failed", "answer": None, "reason": "The model stopped."}, "The run failed: The model stopped."),
        ({"status": "interrupted", "answer": None, "reason": "stopped by the user", "coverage": None, "usage": None}, "Interrupted before there was an answer: stopped by the user."),
        ({"status": "answered", "forced": True, "reason": "the limit of 5 turns is reached"}, "Asked for before the model was done: the limit of 5 turns is reached."),
    ],
)  # fmt: skip
def test_what_ended_otherwise_says_why(page, more, words):
    show(page, run(**more))
    assert words in page.inner_text(".answer")


def test_an_answer_asked_for_at_a_limit_bears_a_mark_and_another_does_not(page):
    for row in (run(forced=True, reason="the limit of 5 turns is reached"), run(reason="an older record")):
        show(page, row)
        expect(page.locator(".answer .chip.warn")).to_have_text("At a limit")
        assert "before the model was done" in as_text(row)
    for row in (run(forced=False), run(status="unanswered", answer=None, reason="why")):
        show(page, row)
        expect(page.locator(".answer .chip")).to_have_count(0)


def test_without_an_answer_passages_are_offered_as_found_by_search_and_open_the_document(page):
    found = [source("mail/a.txt", "The deposit is 450 crowns."), source("b.txt", "No deposit.", page=3)]
    row = run(status="unanswered", answer=None, reason="the answer is empty", passages=found)
    show(page, row)
    expect(page.locator(".passages-box h3")).to_have_text("Found by search, not by the model")
    places = page.locator(".passages-box .source-place")
    expect(places).to_have_text(["mail/a.txt, line 7", "b.txt, line 7, page 3"])
    expect(page.locator(".answer .cite")).to_have_count(0)
    page.get_by_role("button", name="450 crowns").click()
    assert page.evaluate("window.opened") == [["c1", 2, {"start": 40, "end": 66}]]
    text = as_text(row).splitlines()
    assert text[4:6] == [
        "Found by search, not by the model",
        "- mail/a.txt, line 7: The deposit is 450 crowns.",
    ]


def agreement(status: str, **more: Any) -> dict[str, Any]:
    return {"status": status, "value": "", "where": [], "cell": None, "how": "", "items": [], **more}


def stands(number: int, written: str = "") -> dict[str, Any]:
    return {"source": number, "document": 2, "start": 40, "end": 48, "written": written}


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (agreement("stated", where=[stands(2)]), "Stated there"),
        (agreement("stated", where=[stands(2, "1.250,00")]), "Stated there, written 1.250,00"),
        (agreement("stated", items=[agreement("stated", where=[stands(2)])] * 3), "Stated there, each of 3"),
        (agreement("computed", cell=2, how="the number of documents cited"), "Computed from them by cell 2: the number of documents cited"),
        (agreement("judged"), "Judged from them, stated nowhere"),
        (agreement("absent"), "Not found there"),
        (agreement("absent", how="1 of 2 items", items=[agreement("stated"), agreement("absent", value="Ada Fern")]), "Not found there: 1 of 2 items"),
        (agreement("unneeded"), ""),
        (agreement("of a later version"), ""),
        (None, ""),
    ],
)  # fmt: skip
def test_above_the_sources_stands_whether_the_answer_agrees_with_them(page, found, words):
    row = run(sources=[source("a.txt", "x"), source("b.txt", "Ada Fenn")], agreement=found)
    show(page, row)
    expect(page.locator(".sources-box .agreed-words")).to_have_count(1 if words else 0)
    if words:
        expect(page.locator(".sources-box .agreed-words")).to_have_text(words)
        expect(page.locator(f".agreed-{found['status']}")).to_have_count(1)
        assert len(page.locator(".agreed .visually-hidden").inner_text()) > 40  # for screen readers, too
    stated = [
        item for item in page.locator(".sources .source-place").all_inner_texts() if "stated here" in item
    ]
    assert stated == (["b.txt, line 7 · stated here"] if found and "Stated" in words else [])
    text = as_text(row)
    assert (f"Sources\n({words})" if words else "Sources\n[1]") in text
    assert sentence(found) == words or found["status"] == "of a later version"  # as the terminal says it


def test_items_that_are_not_found_are_named_and_many_are_counted(page):
    gone = [agreement("absent", value=f"name {n}") for n in range(8)]
    show(
        page,
        run(sources=[source("a.txt", "x")], agreement=agreement("absent", how="8 of 8 items", items=gone)),
    )
    expect(page.locator(".agreed-items")).to_have_text(
        " · ".join(f"name {n}" for n in range(6)) + " and 2 more"
    )


def test_an_answer_without_a_source_says_so_below_itself(page):
    row = run(agreement=agreement("uncited"))
    show(page, row)
    expect(page.locator(".answer-body .agreed-words")).to_have_text("No source is named")
    assert "No source is named." in as_text(row).splitlines()


def test_many_sources_are_folded(page):
    show(page, run(sources=[source(f"{n}.txt", "x") for n in range(30)]))
    assert page.locator(".sources li").count() == 5
    page.get_by_role("button", name="Show all 30 sources").click()
    assert page.locator(".sources li").count() == 30
    assert page.evaluate(
        "document.activeElement.closest('li') === document.querySelectorAll('.sources li')[5]"
    )


def test_copied_text_has_the_sources(page):
    row = run(
        answer="**Ada** Fenn", sources=[source("a.txt", "Ada\nFenn"), source("b.txt", "nowhere", "missing")]
    )
    text = as_text(row)
    assert text.splitlines() == [
        "Who?",
        "",
        "**Ada** Fenn",
        "",
        "Sources",
        "[1] a.txt, line 7: Ada Fenn",
        "[2] NOT FOUND IN THE DOCUMENTS: nowhere",
        "",
        "31 of 31 documents searched, 214 lines read by the model, 1 file could not be read.",
    ]


def test_names_and_quotes_of_documents_stay_text(page):
    bad = "<img src=x onerror=window.pwned=1>\u202e${1}"
    show(
        page,
        run(
            question=bad,
            reason=bad,
            answer=bad,
            sources=[source(bad, bad), source(bad, bad, "missing", nearest=bad)],
            model={"name": bad},
            strategy=bad,
        ),
    )
    assert page.locator("#host img").count() == 0
    assert page.evaluate("window.pwned") is None
    assert "\u202e" not in page.inner_text("#host")


@pytest.mark.parametrize(
    "more, kept",
    [
        ({}, True),
        ({"strategy": "direct"}, True),
        ({"strategy": "imported"}, False),
        ({"follows": "r0"}, False),
        ({"status": "unanswered"}, False),
    ],
)
def test_a_question_may_be_kept_that_was_asked_here_by_itself_and_has_an_answer(more, kept):
    assert may_be_kept(run(follows=None) | more) is kept


def test_below_an_answer_it_can_be_kept_and_copied(page):
    show(page, run())
    assert page.locator(".answer-foot button.button").all_inner_texts() == ["Copy"]
    row = run(kept=True, sources=[source("a.txt", "Ada")], text="Who?")
    show(page, row)
    assert page.locator(".answer-foot button.button").all_inner_texts() == [
        "Kept as a check",
        "Copy with sources",
    ]
    page.evaluate(
        "Object.defineProperty(navigator, 'clipboard', {value: {writeText: async (t) => { window.copied = t; }}})"
    )
    page.get_by_role("button", name="Copy with sources").click()
    page.wait_for_function("window.said.length")
    assert page.evaluate("[window.copied, ...window.said]") == ["Who?", ["Copied with its sources", "ok"]]
