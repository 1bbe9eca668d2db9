"""A web page gives what it shows: no more, whatever hides it, and no less, in forms and pictures too."""

from __future__ import annotations

from itertools import count
from types import SimpleNamespace

import pytest

from engine.documents.formats.detect import parse
from engine.documents.formats.html import parse_html, read_html
from engine.documents.formats.text import unseen
from tests.engine.documents.effort import units


def page(css: str, body: str) -> str:
    return f"<html><head><style>{css}</style></head><body>{body}</body></html>"


@pytest.mark.parametrize(
    ("css", "body"),
    [
        ("", '<p style="display: NONE">x</p>'),
        ("", '<p style="color:red;display:none!important">x</p>'),
        ("", '<div style="visibility:hidden"><p>x</p></div>'),
        ("", '<p style="opacity: 0.0">x</p><p style="font-size:0px">x</p>'),
        ("", "<p hidden>x</p><dialog>x</dialog><template>x</template><datalist><option>x</datalist>"),
        ("", '<input type=hidden value=x><input type="password" value=x><noscript>x</noscript>'),
        (".gone{display:none}", '<p class="a gone">x</p>'),
        ("#a > b, .c i:first-child {display:none}", "<p id=a><b>x</b></p><p class=c><i>x</i></p>"),
        ("/* .x{ */ .gone{color:red;display:none}", "<p class=gone>x</p>"),
        (".gone{display:none} p{display:block}", "<p class=gone>x</p>"),
        ("@media screen{.gone{display:none}}", "<p class=gone>x</p>"),
        (".i{display:none !important}", '<p class=i style="display:block">x</p>'),
        (".tab{display:none} .tab.on{display:block}", "<p class=tab>x</p>"),
        (
            "",
            '<div style="font-size:.0em"><p style="font-size:2em">x</p><p style="font-size:inherit">x</p></div>',
        ),
    ],
)
def test_what_is_hidden_is_no_text(css: str, body: str) -> None:
    assert parse_html(page(css, f"<p>seen</p>{body}<p>too</p>")) == "seen\n\ntoo\n"


@pytest.mark.parametrize(
    ("css", "body"),
    [
        (".gone{display:none} .gone.on{display:block}", "<p class='gone on'>x</p>"),
        (".gone{display:none} .gone{display:block}", "<p class=gone>x</p>"),
        (".gone{display:none}", '<p class=gone style="display:block">x</p>'),
        ("@media print{.gone{display:none}}", "<p class=gone>x</p>"),
        ("@media (max-width:600px){.gone{display:none}}", "<p class=gone>x</p>"),
        (".gone::before{display:none} .gone:hover{display:none}", "<p class=gone>x</p>"),
        ("body{visibility:hidden} html{opacity:0}", "<p>x</p>"),
        (".a{visibility:hidden}.b{visibility:visible}", "<div class=a><p class=b>x</p></div>"),
        (".a{opacity:0.5;font-size:0.8em}", "<p class=a>x</p>"),
        (".a{font-size:small;opacity:inherit}", "<p class=a>x</p>"),
        ("", '<p style="font-size:medium">x</p>'),
        ("", '<div style="font-size:0px"><p style="font-size:13px">x</p></div>'),
        ("p[{display:none} } p:nope(x){display:none}", "<p>x</p>"),
        ("", "<details><p>x</p></details>"),
        ("", "<dialog open><p>x</p></dialog>"),
    ],
)
def test_what_is_shown_is_text(css: str, body: str) -> None:
    assert parse_html(page(css, body)) == "x\n"


def test_style_elements_for_printing_hide_nothing() -> None:
    style = "<style media='{}'>.a{{display:none}}</style><p>seen</p><p class=a>x</p>"
    assert parse_html(style.format("print")) == "seen\n\nx\n"
    assert parse_html(style.format("print, screen")) == "seen\n"


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<html><head><title>T</title><body><p>Rent 1200</html>", "T\n\nRent 1200\n"),
        ("<head><meta charset=utf-8><link href=x><style>p{}</style><p>Rent 1200", "Rent 1200\n"),
        ("<table><tr><td>Rent<td>1200<tr><td><b>Gas<td>9</table>", "Rent | 1200\nGas | 9\n"),
        ("<table><tr><th>a<th>b<tbody><tr><td>1<td>2<td>3", "a | b\n1 | 2 | 3\n"),
        ("<table><tr><td>a<table><tr><td>b</table><td>c</table>", "a\n\nb\n\n| c\n"),
    ],
)
def test_end_tags_may_be_left_out(markup: str, text: str) -> None:
    assert parse_html(markup) == text


def test_preformatted_text_keeps_its_line_ends_however_deep_it_stands() -> None:
    deep = "<pre>" + "<b><i>" * 9 + "a = 1\n  b = 2" + "</i></b>" * 9 + "</pre><p>c\nd</p>"
    assert parse_html(deep) == "a = 1\n  b = 2\n\nc d\n"


def test_hidden_text_is_said_to_be_left_out() -> None:
    text, notices = read_html(
        page(".k{display:none}", "<td><b class=k>1</b>7</td><p class=k></p><p hidden>x</p>")
    )
    assert (text, notices) == ("7\n", ["2 hidden parts of it left out"])
    assert read_html(page("", "<p>x</p>")) == ("x\n", [])


def test_a_page_that_hides_everything_is_read_and_it_is_said() -> None:
    parsed = parse(page("#app{display:none}", "<div id=app><p>words</p></div>").encode(), "a.html")
    assert parsed.text == "words\n" and "nevertheless" in parsed.notices[0]


def test_what_a_form_holds_is_text() -> None:
    form = """<form>Name: <input value="Ida Berg">, <input type=number value=44> years
    <textarea>first
    second</textarea><label><input type=checkbox checked> paid</label> <input type=radio> open
    <select><option>one<option selected>Pier 9</select> <select><option>two<option>three</select>
    <select multiple><option selected>a<option>b<option selected>c</select><button>Send</button></form>"""
    text = parse_html(form)
    assert "Name: Ida Berg , 44 years first\n    second" in text
    assert "[x] paid [ ] open" in text
    assert (
        "Pier 9" in text and "one" not in text and " two " in text and "three" not in text and "a, c" in text
    )


def test_pictures_give_their_words() -> None:
    svg = "<svg><title>no</title><style>no</style><text x=1>Rent <tspan>900</tspan></text><text>total</text></svg>"
    body = f"<p>Chart:<img alt='44 boats' src=x>, <img src=y> {svg}</p>"
    assert parse_html(body) == "Chart: [44 boats] ,  Rent 900 total\n"


def test_many_rules_on_a_large_page_cost_little_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = count()  # a second goes by whenever it is looked at
    monkeypatch.setattr(unseen, "time", SimpleNamespace(monotonic=clock.__next__))
    css = "".join(f"div p .c{n}:not(.d) > b{{display:none}}" for n in range(3000))
    text, notices = read_html(page(css, "<div><p>word</p></div>" * 3000))
    assert next(clock) <= unseen.SECONDS + 3 and text.count("word") == 3000
    assert notices == ["its style rules are too many to tell all that is hidden"]


def test_rules_that_nest_without_end_are_read() -> None:
    css = "@media screen{" * 5000 + "p{display:none}"
    assert "x" in parse_html(page(css + "a{" * 5000, "<p>x</p>"))


def test_invisible_elements_that_nest_without_end_cost_little_time() -> None:
    markup, read = "<html><p>seen</p>" + '<div style="visibility:hidden">x' * 3000, []
    assert units(lambda: read.append(read_html(markup))) < 60
    assert read == [("seen\n", ["3,000 hidden parts of it left out"])]


def test_a_letter_given_by_an_endless_number_takes_nothing_else_away() -> None:
    number = f"&#{'9' * 5000};"
    assert (
        parse_html(page("", f'<p title="{number}">The fee {number} is due.</p>'))
        == "The fee \ufffd is due.\n"
    )
