"""Markdown of models: what it looks like, and that no text of a model can become anything but text."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page

from tests.app.bare_page import call, open_bare

pytestmark = pytest.mark.browser

HOSTILE = [
    "<script>window.pwned = 1</script>",
    "<img src=x onerror='window.pwned=1'>",
    "<svg onload=window.pwned=1>",
    "<iframe srcdoc='<script>parent.pwned=1</script>'></iframe>",
    "![x](https://evil.example/beacon.png)",
    "![x](javascript:window.pwned=1)",
    "[click](javascript:window.pwned=1)",
    "[click](https://evil.example/)",
    "<https://evil.example/>",
    "${window.pwned=1}",
    "{{window.pwned=1}}",
    "```html\n<script>window.pwned=1</script>\n```",
    "| <b onclick=window.pwned=1>a</b> | b |\n|---|---|\n| <i> | 2 |",
    "<form action=https://evil.example><button>x</button></form>",
    "<style>*{background:url(https://evil.example/)}</style>",
    "&lt;script&gt;window.pwned=1&lt;/script&gt;",
    "\u202egnp.exe\u202c and \x1b[31mred\x1b[0m and \x00",
]


@pytest.fixture(scope="module")
def bare(browser: Browser):
    """The page and what it asked for beyond our files."""
    page = browser.new_page()
    yield page, open_bare(page)
    page.close()


def html(page: Page, text: str) -> str:
    body = "const h = document.getElementById('host'); h.replaceChildren(m.render(x)); return h.innerHTML"
    return call(page, "shell/text/markdown.js", body, text)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("# One *two*", "<h3>One <em>two</em></h3>"),
        ("a **b** ~~c~~ `d *e*`", "<p>a <strong>b</strong> <del>c</del> <code>d *e*</code></p>"),
        ("***both***", "<p><strong><em>both</em></strong></p>"),
        ("2*3*4 and snake_case_name", "<p>2*3*4 and snake_case_name</p>"),
        (r"\*not\* and ** and _", "<p>*not* and ** and _</p>"),
        ("one\ntwo", "<p>one<br>two</p>"),
        ("- a\n- b\n  1. c\n  2. d", '<ul><li>a</li><li>b<ol start="1"><li>c</li><li>d</li></ol></li></ul>'),
        ("3. a\n4. b", '<ol start="3"><li>a</li><li>b</li></ol>'),
        ("- [x] a\n- [ ] b", "<ul><li>☑ a</li><li>☐ b</li></ul>"),
        ("> a\n> - b", "<blockquote><p>a</p><ul><li>b</li></ul></blockquote>"),
        ("---", "<hr>"),
        ("a [b](https://c.example/) d", "a <span"),
    ],
)
def test_the_usual_forms_are_understood(bare, text, wanted):
    assert wanted in html(bare[0], text)


def test_tables_have_a_head_alignment_and_bars_inside_cells(bare):
    page, _ = bare
    html(page, "| a | b |\n|---|--:|\n| x \\| y | `c|d` |\n| only one |")
    assert page.locator("th").all_inner_texts() == ["a", "b"]
    assert page.locator("td").all_inner_texts() == ["x | y", "c|d", "only one"]
    assert page.locator("th").nth(1).evaluate("e => getComputedStyle(e).textAlign") == "end"


def test_code_keeps_every_character(bare):
    page, _ = bare
    html(page, "```python\ndef f():\n    return '**<b>**'\n\n```")
    assert page.locator("pre code").text_content() == "def f():\n    return '**<b>**'\n"
    html(page, "~~~\nnever closed\n# not a title")
    assert page.locator("pre code").text_content() == "never closed\n# not a title"


def test_hostile_text_stays_text(bare):
    page, strange = bare
    for text in HOSTILE:
        made = html(page, text)
        assert (
            page.locator("#host :is(script, img, svg, iframe, form, button, style, a, b, i)").count() == 0
        ), made
        assert page.evaluate("window.pwned") is None, text
        assert not page.evaluate(
            "[...document.querySelectorAll('#host *')].some(e => e.attributes.length && [...e.attributes].some(a => /^on|href|src/.test(a.name)))"
        )
    assert strange == []


def test_links_and_images_show_where_they_would_lead(bare):
    page, _ = bare
    html(page, "see [the site](https://evil.example/a) and ![a map](https://evil.example/map.png)")
    assert (
        page.inner_text("#host")
        == "see the site (https://evil.example/a) and a map (https://evil.example/map.png)"
    )


def test_marks_that_would_turn_or_hide_text_are_written_out(bare):
    page, _ = bare
    html(page, "pay \u202e001\u202c euros \x1b[2J")
    assert page.inner_text("#host") == "pay U+202E001U+202C euros ␛[2J"


def test_a_citation_marker_becomes_what_the_caller_makes_of_it(bare):
    page, _ = bare
    body = """const h = document.getElementById('host');
        const cite = (n) => n <= 2 ? Object.assign(document.createElement('button'), {textContent: n}) : null;
        h.replaceChildren(m.render(x, {cite}));"""
    call(page, "shell/text/markdown.js", body, "a [1] b [2, 1] c [3] d [1](https://e.example/) `[1]`")
    assert page.locator("#host button").all_inner_texts() == ["1", "2", "1"]
    assert "[3]" in page.inner_text("#host") and "[1]" in page.inner_text("#host code")


@pytest.mark.parametrize(
    "piece", ["*a ", "_", "`a``", "[", "[a](", ">", "- ", "**a", "![", "word\n", "|-|\n", "  - x\n"]
)
def test_text_made_to_be_slow_costs_steps_in_proportion_to_its_length(bare, piece):
    """Counted in calls of the parser's own searches, not in time: `indexOf` and `exec` with their lengths."""
    page, _ = bare
    body = """let steps = 0;
        const count = (owner, name, cost) => { const old = owner[name];
          owner[name] = function (...a) { steps += cost(this, a); return old.apply(this, a); }; return () => (owner[name] = old); };
        const undo = [count(String.prototype, 'indexOf', (s) => 1 + s.length / 8), count(RegExp.prototype, 'exec', (r, [s]) => 1 + String(s).length / 8),
          count(String.prototype, 'slice', (s) => 1)];
        const one = (n) => { steps = 0; m.render(x.repeat(Math.floor(n / x.length))); return steps; };
        const found = [one(10_000), one(80_000)];
        undo.forEach((u) => u());
        return found;"""
    small, large = call(page, "shell/text/markdown.js", body, piece)
    assert large < 16 * small
