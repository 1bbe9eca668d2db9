"""What an answer panel says of values, quotes and files: chips behind each value, struck quotes, a strip per file."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import expect

from app.runs.answer.panel import answer_panel, as_text
from app.runs.answer.quotes import SIGNS
from app.text.elements import elements
from tests.app.runs.answer.test_answer import agreement, page, run, show, source  # noqa: F401

ANSWER = "😀 Mill: 450 crowns\n- quay: 300 crowns\n\nIt says “all is free” and “the roof is dry”."


def checked(**more: Any) -> dict[str, Any]:
    false, moved = ANSWER.index("all is free"), ANSWER.index("the roof")
    near = {
        "document": 2,
        "name": "a.txt",
        "line": 7,
        "page": None,
        "at": 40,
        "to": 60,
        "nearest": "nothing is free",
    }
    quotations = [
        {"start": false, "end": false + 11, "status": "missing", "given": "", **near},
        {"start": moved, "end": moved + 15, "status": "elsewhere", "given": "b.txt", **near, "nearest": "the roof is dry"},
    ]  # fmt: skip
    marks = [[ANSWER.index("\n-"), [1]], [ANSWER.index("\n\nIt"), [2, 3]]]
    return {**agreement("absent"), "marks": marks, "quotations": quotations, **more}


def row(**more: Any) -> dict[str, Any]:
    sources = [source("a.txt", "450"), source("b.txt", "300"), source("c.txt", "300 crowns")]
    return run(answer=ANSWER, sources=sources, agreement=checked(), **more)


def test_each_value_carries_its_own_chips(page) -> None:  # noqa: F811
    show(page, row())
    text = page.locator(".answer-text")
    assert text.locator("p").first.locator(".cite").all_inner_texts() == ["1"]
    assert text.locator("li").locator(".cite").all_inner_texts() == ["2", "3"]
    assert text.locator("button.cite:not(.quote-near)").count() == 3
    assert not SIGNS.search(text.inner_text())


def test_a_value_that_came_from_a_cell_leads_to_that_cell(page) -> None:  # noqa: F811
    at = ANSWER.index("\n-")
    cell = {"at": at, "source": 1, "cell": "Fees!E9", "document": 4, "start": 50, "end": 53, "line": 5}
    wide = {**source("a.xlsx", "Mill | 450"), "cell": "Fees!D9:E9"}
    show(
        page,
        run(
            answer=ANSWER,
            sources=[wide, source("b.txt", "300"), source("c.txt", "x")],
            agreement=checked(cells=[cell]),
        ),
    )
    chip = page.locator(".answer-text p").first.locator("button.cite")
    expect(chip).to_have_attribute("title", "a.xlsx, line 5, Fees!E9")
    chip.click()
    assert page.evaluate("window.opened") == [["c1", 4, {"start": 50, "end": 53}]]
    assert page.locator(".sources-box .source-place").first.inner_text().endswith(", Fees!D9:E9")


def test_a_false_quote_is_struck_and_its_nearest_passage_opens(page) -> None:  # noqa: F811
    show(page, row())
    struck = page.locator(".answer-text s.quote-false")
    assert struck.all_inner_texts() == ["all is free", "the roof is dry"]
    assert page.locator(".quotes-box .source-place").all_inner_texts() == [
        "Not word for word in the documents",
        "Nearest passage: a.txt, line 7",
        "Not in b.txt: it stands in a.txt, line 7",
        "Nearest passage: a.txt, line 7",
    ]
    page.locator(".answer-text button.quote-near").first.click()
    page.locator(".quotes-box button").last.click()
    assert page.evaluate("window.opened") == [["c1", 2, {"start": 40, "end": 60}]] * 2
    text = as_text(row()).splitlines()
    assert "Not word for word in the documents: “all is free”" in text


def test_what_markdown_leaves_out_gives_its_sources_to_no_other_value() -> None:
    answer = "| a | b |\n|---|---|\n| x | y | 111 |\n\nthe rent is 222"
    found = {**agreement("stated"), "marks": [[answer.index("111") + 3, [1]], [len(answer), [2]]]}
    shown = run(answer=answer, sources=[source("a.txt", "111"), source("b.txt", "222")], agreement=found)
    paragraph = next(one for one in elements([answer_panel(shown)]) if one[2:3] == ["the rent is 222"])
    (chip,) = [one for one in elements([paragraph]) if one[0] == "button"]
    assert chip[2] == "2" and chip[1]["aria-label"].startswith("Source 2: b.txt")


def test_signs_that_an_answer_has_itself_and_marks_that_lie_move_nothing(page) -> None:  # noqa: F811
    bad = run(
        answer="a\U00100000b\U0010a000c",
        sources=[source("a", "x")],
        agreement=checked(marks=[[1, [9]], [999, [1]]]),
    )
    show(page, bad)
    expect(page.locator(".answer-text")).to_contain_text("a")
    assert page.locator(".answer-text").inner_text().replace("1", "").strip().startswith("a\ufffdb\ufffdc")


def test_the_account_says_the_share_of_lines_and_why_files_could_not_be_read(page) -> None:  # noqa: F811
    file = {
        "document": 2, "name": "mail/a.txt", "searched": True, "first_line": 1, "lines": 200, "lines_read": 20,
        "lines_quoted": 1, "read": [[1, 20]], "quoted": [[5, 5]], "characters_read": 5, "characters_total": 9000,
    }  # fmt: skip
    gone = [{"path": f"<b>{n}.pdf", "reason": "it is encrypted"} for n in range(4)]
    coverage = {
        "documents": 465, "documents_searched": 465, "documents_read": 1, "lines": 1000, "lines_read": 20, "lines_quoted": 1,
        "characters_read": 5, "characters_total": 9000, "skipped": 4, "unreadable": gone, "files": [file],
    }  # fmt: skip
    show(page, run(coverage=coverage))
    assert page.inner_text(".coverage").startswith(
        "465 of 465 documents searched, 2.0 % of lines read by the model (20 of 1,000), 1 quoted, 4 files unreadable: "
        "<b>0.pdf (it is encrypted), <b>1.pdf (it is encrypted), <b>2.pdf (it is encrypted) and 1 more."
    )
    page.get_by_text("What was read").click()
    expect(page.get_by_role("img", name="Of mail/a.txt: 20 lines, 10 %, 1 quoted")).to_be_visible()
    places = page.evaluate(
        "[...document.querySelectorAll('.heat rect')].map((r) => [r.className.baseVal, r.x.baseVal.value, r.width.baseVal.value])"
    )
    assert [[kind, round(x), round(width)] for kind, x, width in places] == [
        ["heat-read", 0, 100],
        ["heat-quoted", 20, 8],
    ]
    expect(page.locator(".heat-gone li")).to_have_count(4)
