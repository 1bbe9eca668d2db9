"""Markdown of models: what it looks like, and that no text of a model can become anything but text."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from app.text.elements import Tree, el, elements, text_of
from app.text.markdown import MAX_BRACKETS, MAX_CHARS, render
from tests.app.bare_page import call, open_bare
from tests.app.text.hostile import hostile

PIECES = ("*a ", "_", "`a``", "[", "[a](", ">", "- ", "**a", "![", "word\n", "|-|\n", "  - x\n", "1. \n", "> - ", "a*", "](", "~~a")  # fmt: skip
TAGS = {
    *("h3", "h4", "h5", "h6", "p", "blockquote", "ul", "ol", "li", "pre", "code", "hr", "br", "div", "span"),
    *("table", "thead", "tbody", "tr", "th", "td", "em", "strong", "del"),
}
ATTRIBUTES = {"class", "dataset", "style", "start", "tabindex", "role", "aria-label"}


def html(trees: Iterable[Tree]) -> str:
    """Trees as the page shows them, attributes without style."""
    made = ""
    for tree in trees:
        if isinstance(tree, str):
            made += tree
            continue
        tag, attributes, *children = tree
        named = "".join(f' {name}="{value}"' for name, value in attributes.items() if name != "style")
        made += f"<{tag}{named}>" + ("" if tag in ("br", "hr") else f"{html(children)}</{tag}>")
    return made


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("# One *two*", "<h3>One <em>two</em></h3>"),
        ("###### six", "<h6>six</h6>"),
        ("a **b** ~~c~~ `d *e*`", "<p>a <strong>b</strong> <del>c</del> <code>d *e*</code></p>"),
        ("***both***", "<p><em><strong>both</strong></em></p>"),
        ("2*3*4 and snake_case_name, a__b__c", "<p>2*3*4 and snake_case_name, a__b__c</p>"),
        ("x**y**z", "<p>x<strong>y</strong>z</p>"),
        ("**\u8bf4\uff1a**\u597d", "<p><strong>\u8bf4\uff1a</strong>\u597d</p>"),
        (r"\*not\* and ** and _", "<p>*not* and ** and _</p>"),
        ("one\ntwo", "<p>one<br>two</p>"),
        ("one\r\ntwo\rthree", "<p>one<br>two<br>three</p>"),
        ("    four spaces are no code", "<p>four spaces are no code</p>"),
        ("- a\n- b\n  1. c\n  2. d", '<ul><li>a</li><li>b<ol start="1"><li>c</li><li>d</li></ol></li></ul>'),
        ("3. a\n4. b", '<ol start="3"><li>a</li><li>b</li></ol>'),
        ("1. a\n  - b\n2. c", '<ol start="1"><li>a<ul><li>b</li></ul></li><li>c</li></ol>'),
        (
            "1. a\n  - b\n    - c\n2. d\n  - e\n\nf",
            '<ol start="1"><li>a<ul><li>b<ul><li>c</li></ul></li></ul></li><li>d<ul><li>e</li></ul></li></ol><p>f</p>',
        ),
        ("1. a\n\n- b", '<ol start="1"><li>a</li></ol><ul><li>b</li></ul>'),
        ("- a\n\n- b\n\n  c", "<ul><li>a</li><li>b<p>c</p></li></ul>"),
        ("- [x] a\n- [ ] b", "<ul><li>\u2611 a</li><li>\u2610 b</li></ul>"),
        ("> a\n> - b", "<blockquote><p>a</p><ul><li>b</li></ul></blockquote>"),
        ("> a\nb", "<blockquote><p>a</p></blockquote><p>b</p>"),
        ("---", "<hr>"),
        ("a\n---\nb", "<p>a</p><hr><p>b</p>"),
        ("a [b](https://c.example/) d", '<p>a <span class="md-link">b<span class="md-address"> (https://c.example/)'),
        ("[https://c.example/](https://c.example/)", '<p><span class="md-link">https://c.example/</span></p>'),
        ('[a](b "c")', '<p><span class="md-link">a<span class="md-address"> (b "c")</span></span></p>'),
        ("[a](javascript:b) ![c](data:d)", '<p><span class="md-link">a<span class="md-address"> (javascript:b)</span></span> '),
        ("[a]: https://b.example\n\n[a] &lt; <https://c>", "<p>[a]: https://b.example</p><p>[a] &lt; <https://c></p>"),
        ("```The rent is 500", '<pre class="md-code" tabindex="0"><code>The rent is 500</code></pre>'),
        ("```500", '<pre class="md-code" tabindex="0"><code>500</code></pre>'),
        ("~~~a | b\nc", '<pre class="md-code" tabindex="0"><code>a | b\nc</code></pre>'),
        ("", ""),
        (" \n", ""),
    ],
)  # fmt: skip
def test_the_usual_forms_are_understood(text: str, wanted: str) -> None:
    assert html(render(text)).startswith(wanted) and (wanted or not render(text))


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        ("| 1 | 2 | 3 |", ["1", "2 | 3"]),
        ("1 | 2 | `3|4` | *5*", ["1", "2 | 3|4 | 5"]),
        ("|1|2|", ["1", "2"]),
        ("1|2", ["1", "2"]),
        ("| 1 |", ["1", ""]),
        ("||2||4|", ["", "2 |  | 4"]),
    ],
)
def test_a_row_that_is_longer_than_its_head_loses_nothing(row: str, wanted: list[str]) -> None:
    for prefix in ("", "> "):
        text = "\n".join(prefix + line for line in ("a | b", "--|--", "x | y", row))
        cells = [text_of([one]) for one in elements(render(text)) if one[0] == "td"]
        assert cells == ["x", "y", *wanted]
    assert text_of(render("above\na | b\n-|-\nbelow")) == "aboveabbelow"


def test_tables_have_a_head_alignment_and_bars_inside_cells() -> None:
    text = "| a | b | c | d |\n|---|--:|:-:|:--|\n| x \\| y | `c|d` |\n| only one |\nbelow"
    box, below = render(text)
    cells = [element for element in elements([box]) if element[0] in ("th", "td")]
    assert [text_of([cell]) for cell in cells] == [*"abcd", "x | y", "c|d", "", "", "only one", "", "", ""]
    assert [cell[1]["style"]["text-align"] for cell in cells[:4]] == ["start", "end", "center", "start"]
    assert below == ["p", {}, "below"]
    assert html(render("`a|b` and |\n```\n`c|d`\n```")) == (
        '<p><code>a|b</code> and |</p><pre class="md-code" tabindex="0"><code>`c|d`</code></pre>'
    )


def test_code_keeps_every_character() -> None:
    (block,) = render("```python\ndef f():\n    return '**<b>**'\n\n```")
    assert text_of([block]) == "def f():\n    return '**<b>**'\n" and block[1]["dataset"] == {
        "language": "python"
    }
    assert text_of(render("~~~\nnever closed\n# not a title")) == "never closed\n# not a title"
    assert render('``` "><b\nx\n```')[0][1] == {"class": "md-code", "tabindex": "0"}


def test_a_citation_marker_becomes_what_the_caller_makes_of_it() -> None:
    def cite(number: int) -> Tree | None:
        return el("button", {}, str(number)) if number in (1, 2) else None

    trees = render("a [1] b [2, 1] c [3] d [1](https://e.example/) `[1]` \\[1] **[2]**", cite)
    buttons = [element[2] for element in elements(trees) if element[0] == "button"]
    assert buttons == ["1", "2", "1", "2"]
    assert text_of(trees) == "a 1 b 21 c [3] d 1 (https://e.example/) [1] [1] 2"


@pytest.mark.parametrize("text", [">" * 500 + " deep", "- " * 500 + "deep", "1. " * 500 + "x", "x" * (MAX_CHARS + 1), "[" * (MAX_BRACKETS + 1)])  # fmt: skip
def test_what_is_too_deep_or_too_long_is_shown_as_it_is(text: str) -> None:
    assert render(text) == [["pre", {"class": "md-code"}, text]]


@pytest.mark.parametrize(
    "text", ["*x" * 3000, "_a" * 3000, "[" * 4000, "![" * 2000, "x`" * 999, "[a](" * 2000]
)
def test_marks_that_close_nothing_stay(text: str) -> None:
    assert text_of(render(text)).count(text[0]) >= text.count(text[0]) - 2


@pytest.mark.parametrize("seed", range(20))
def test_hostile_texts_make_none_but_the_known_elements(seed: int) -> None:
    for text in hostile(seed, 10):
        made = [*elements(render(text))]
        assert {element[0] for element in made} <= TAGS, text
        for _, attributes, *_ in made:
            assert attributes.keys() <= ATTRIBUTES, text
            assert attributes.get("class", "md-code") in (
                "md-code",
                "md-link",
                "md-image",
                "md-address",
                "md-table",
            )
            assert attributes.get("style", {}).keys() <= {"text-align"}
        shown = text_of(render(text))
        if (
            "```" not in text and "|" not in text
        ):  # what stands after a fence or beyond the columns is not shown
            for word in ("pwned", "evil.example", "<script", "onerror"):
                assert shown.count(word) >= text.count(word), (text, shown)


@pytest.mark.parametrize("piece", PIECES)
def test_text_made_to_be_slow_costs_steps_in_proportion_to_its_length(piece: str) -> None:
    """Counted in calls of functions, not in time."""

    def steps(length: int) -> int:
        text = piece * (length // len(piece))
        count = 0

        def step(*_: Any) -> None:
            nonlocal count
            count += 1

        sys.setprofile(step)
        try:
            render(text)
        finally:
            sys.setprofile(None)
        return count

    assert steps(8_000) < 16 * steps(1_000)


# --- in the page ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bare(browser: Browser):
    """The page and what it asked for beyond our files."""
    page = browser.new_page()
    yield page, open_bare(page)
    page.close()


def put(page: Page, text: str) -> None:
    body = "document.getElementById('host').replaceChildren(...x.map(m.built))"
    call(page, "shell/text/text.js", body, render(text))


@pytest.mark.browser
def test_hostile_text_stays_text_in_the_page(bare) -> None:
    page, strange = bare
    for text in [text for seed in range(20) for text in hostile(seed, 10)]:
        put(page, text)
        assert page.evaluate("window.pwned") is None, text
        assert (
            page.evaluate(
                """[...document.querySelectorAll('#host *')].filter((e) => /^(script|img|svg|iframe|form|button|style|a|object|math|link|base|input)$/i.test(e.tagName)
              || [...e.attributes].some((a) => /^on|href|src|action|formaction|^id$|^name$/i.test(a.name))).length"""
            )
            == 0
        ), text
    assert strange == []


@pytest.mark.browser
def test_links_and_images_show_where_they_would_lead(bare) -> None:
    put(bare[0], "see [the site](https://evil.example/a) and ![a map](https://evil.example/map.png)")
    shown = "see the site (https://evil.example/a) and a map (https://evil.example/map.png)"
    assert bare[0].inner_text("#host") == shown


@pytest.mark.browser
def test_marks_that_would_turn_or_hide_text_are_written_out(bare) -> None:
    page, _ = bare
    put(page, "pay \u202e001\u202c euros \x1b[2J \x00 `\u200b`")
    assert page.inner_text("#host") == "pay U+202E001U+202C euros \u241b[2J \u2400 U+200B"
    assert page.locator("#host .mark").count() == 5


@pytest.mark.browser
def test_a_column_stands_as_its_table_says(bare) -> None:
    page, _ = bare
    put(page, "| a | b |\n|---|--:|\n| 1 | 2 |")
    sides = page.locator("#host :is(th, td)").evaluate_all(
        "all => all.map((e) => getComputedStyle(e).textAlign)"
    )
    assert sides == ["start", "end"] * 2


@pytest.mark.browser
def test_an_element_that_could_run_something_is_refused(bare) -> None:
    """The second wall: were a tree ever made of a stranger's words, the page would still not take it."""
    for tree in (
        ["p", {"onclick": "window.pwned=1"}],
        ["p", {"innerHTML": "<img src=x>"}],
        ["p", {"srcdoc": "x"}],
    ):
        with pytest.raises(Exception, match="is not allowed"):
            call(bare[0], "shell/text/text.js", "document.body.append(m.built(x))", tree)
