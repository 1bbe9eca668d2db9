"""RTF, saved web pages, JSON, notebooks, XML and INI give what a reader sees, and say what they cannot give."""

from __future__ import annotations

import json
from email.message import EmailMessage

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.documents.formats.detect import parse
from engine.documents.formats.text.json_text import readable
from engine.documents.formats.unreadable import Unreadable

# --- RTF ------------------------------------------------------------------------------------------------


def rtf(
    body: str, head: str = r"\ansi\ansicpg1252\deff0{\fonttbl{\f0 Arial;}{\f1\fcharset204 Arial Cyr;}}"
) -> bytes:
    return ("{\\rtf1" + head + "\n" + body + "}").encode("latin-1")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (r"Gr\'fc\'dfe an \b Zo\'eb\b0 .\par Ende", "Grüße an Zoë.\nEnde"),
        (r"\uc1 \u379?\u243?\u322?w \u-10179?\u-8704?!", "Żółw 😀!"),
        (r"{\f1 \'ea\'eb\'fe\'f7}", "ключ"),
        (rf"before \u{'9' * 5000}? after", "before \ufffd after"),
        ("Größe 5", "Größe 5"),  # bytes that should have been escaped
        (r"seen{\v  unseen} and\v  not \v0  seen", "seen and seen"),
        (r"Visible {\v \u1089?\u1077?secret}after {\v s\tab\par\emdash\u8364?}9 end", "Visible after 9 end"),
        (r"\trowd a\v b\cell c\v0 \u1089?d\cell\row end{\v {\footnote no}}", "a | сd\nend"),
        (r"kept{\deleted\revauthdel0  struck} words", "kept words"),
        (r"word{\super 1{\footnote\pard{\super 1} The note.}} goes on", "word1 [1 The note.] goes on"),
        (r"{\header\pard File RK-12\par}{\footerf Page}Text", "File RK-12\n\nPage\nText"),
        (r"\trowd a\cell b\cell\row c\cell d\cell\row end", "a | b\nc | d\nend"),
        (r"{\info{\author Nobody}}{\*\generator X;}Text", "Text"),
        (r"\ldblquote so\rdblquote\~it\_is\emdash", "“so”\xa0it‑is—"),
    ],
)
def test_rtf_gives_its_text(body: str, text: str) -> None:
    parsed = parse(rtf(body), "a.doc")
    assert (parsed.format, parsed.text, parsed.notices) == ("rtf", text + "\n", [])


def test_rtf_in_another_code_page_is_read() -> None:
    assert parse(rtf(r"\'a3\'f3d\'9f", r"\ansi\ansicpg1250"), "a.rtf").text == "Łódź\n"


def test_rtf_says_what_it_cannot_give() -> None:
    body = r"Text{\pict\pngblip 89504e47}{\pict\bin4 }}{{}{\object{\*\objdata 0102}}"
    assert parse(rtf(body), "a.rtf").notices == [
        "2 images in it cannot be read",
        "1 embedded object in it cannot be read",
    ]
    with pytest.raises(Unreadable, match="no text"):
        parse(rtf(r"{\pict 89504e47}"), "a.rtf")


# --- saved web pages ------------------------------------------------------------------------------------


def saved(charset: str, coding: str, **headers: str) -> bytes:
    mail = EmailMessage()
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    page = "<html><body><h1>Größe</h1><p>Die Frist beträgt drei Wochen.</p></body></html>"
    mail.set_content(page, subtype="html", charset=charset, cte=coding)
    mail.make_related()
    mail.add_related(b"\x89PNG....", "image", "png")
    return bytes(mail)


@pytest.mark.parametrize(
    ("charset", "coding"), [("utf-8", "quoted-printable"), ("cp1252", "base64"), ("utf-8", "8bit")]
)
def test_a_saved_web_page_is_read(charset: str, coding: str) -> None:
    data = saved(charset, coding, Subject="Miete für die Halle", Snapshot_Content_Location="http://x/")
    for name in ("a.mhtml", "a.txt"):
        parsed = parse(data, name)
        assert parsed.format == "html"
        assert parsed.text == "Miete für die Halle\n\n# Größe\n\nDie Frist beträgt drei Wochen.\n"
    with pytest.raises(Unreadable, match="no text"):
        parse(b"MIME-Version: 1.0\nContent-Type: image/png\n\nxyz\n", "a.mht")


def test_what_a_saved_web_page_hides_is_said() -> None:
    page = "MIME-Version: 1.0\nContent-Type: text/html\n\n<p>Rent</p><p hidden>x</p>\n"
    parsed = parse(page.encode(), "a.mht")
    assert (parsed.text.strip(), parsed.notices) == ("Rent", ["1 hidden part of it left out"])


# --- JSON -----------------------------------------------------------------------------------------------

VALUE = {
    "city": "Münster – 5 €",
    "b": "😀 \ud800 \\u00fc",
    "q": 'a "b"\n\x07\x00',
    "p": "a/b<c>&'",
    "z": ["Zoë"] * 90,
}


@pytest.mark.parametrize("indent", [None, 2])
def test_escaped_letters_in_json_are_written_out(indent: int | None) -> None:
    text = parse(json.dumps(VALUE, indent=indent).replace("/", "\\/").encode(), "a.json").text
    assert json.loads(text) == VALUE
    assert "Münster – 5 €" in text and '"😀 \\ud800 \\\\u00fc"' in text and "a/b<c>&'" in text
    assert "\\u0007\\u0000" in text and "\n\\u" not in text


@pytest.mark.parametrize("name", ["a.jsonl", "a.log"])
def test_escaped_letters_in_lines_of_json_are_written_out(name: str) -> None:
    rows = [{"id": n, "city": "Köln" if n % 2 else "Łódź"} for n in range(6)]
    text = parse("".join(json.dumps(row) + "\n" for row in rows).encode(), name).text
    assert text == "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def test_escaped_letters_in_json_at_the_end_of_a_line_of_a_log_are_written_out() -> None:
    log = '12:01 INFO {"city": "M\\u00fcnster"}\n12:02 WARN {no "M\\u00fcnster"}\n12:03 M\\u00fcnster\n'
    assert parse(log.encode(), "a.log").text == log.replace('"M\\u00fcnster"}', '"Münster"}', 1)


def test_what_is_no_json_keeps_its_escapes() -> None:
    for text in ('x = "M\\u00fcnster"\n', '["M\\u00fcnster", ...\n', "{not json \\u00fc}\n"):
        assert parse(text.encode(), "a.js").text == text
    assert parse(b"city=M\\u00fcnster\\:1\n", "a.properties").text == "city=Münster\\:1\n"


@given(
    st.recursive(
        st.none() | st.floats(allow_nan=False) | st.text(),
        lambda x: st.lists(x) | st.dictionaries(st.text(), x),
    )
)
def test_json_written_out_is_the_same_value(value: object) -> None:
    assert json.loads(readable(json.dumps(value))) == value


# --- notebooks ------------------------------------------------------------------------------------------


def test_a_notebook_gives_its_cells_in_order() -> None:
    new = nbformat.v4
    code = new.new_code_cell("rent = 900\nrent")
    code.outputs = [
        new.new_output("stream", text="counting\n"),
        new.new_output("execute_result", data={"text/plain": "900"}),
        new.new_output(
            "display_data", data={"image/png": "iVBOR", "text/plain": "<Figure size 640x480 with 1 Axes>"}
        ),
        new.new_output("error", ename="KeyError", evalue="x", traceback=["\x1b[31mKeyError\x1b[0m: x"]),
    ]
    book = new.new_notebook(cells=[new.new_markdown_cell("# Miete\nfür Köln"), code, new.new_raw_cell("raw")])
    parsed = parse(nbformat.writes(book).encode(), "a.ipynb")
    assert (
        parsed.text
        == "# Miete\nfür Köln\n\n```python\nrent = 900\nrent\n```\n\ncounting\n\n900\n\nKeyError: x\n\nraw\n"
    )
    assert (parsed.format, parsed.notices) == ("notebook", ["1 of its outputs are images or hold no text"])


def test_an_old_notebook_is_read_and_a_broken_one_is_json() -> None:
    old = {
        "nbformat": 3,
        "worksheets": [{"cells": [{"cell_type": "code", "input": ["a = 1"], "outputs": []}]}],
    }
    assert parse(json.dumps(old).encode(), "a.ipynb").text == "```python\na = 1\n```\n"
    assert parse(b'{"cells": [{"cell_type": 5}]}', "a.ipynb").format == "json"


# --- XML ------------------------------------------------------------------------------------------------


def test_letters_given_by_number_in_xml_are_written_out() -> None:
    xml = "<?xml version='1.0'?>\n<a b='M&#252;n'>K&#xF6;ln &#60;&amp;&#160;&#x20AC;<![CDATA[&#252;]]><!-- &#252; --></a>\n"
    text = "<?xml version='1.0'?>\n<a b='Mün'>Köln &#60;&amp;\xa0€<![CDATA[&#252;]]><!-- &#252; --></a>\n"
    assert parse(xml.encode(), "a.txt").text == text
    assert parse(xml.split("\n", 1)[1].encode(), "a.xml").text == text.split("\n", 1)[1]
    assert parse(b"<a>&#252;</a>\n", "a.txt").text == "<a>&#252;</a>\n"


# --- INI ------------------------------------------------------------------------------------------------

SETTINGS = (
    "# of the office\n[mail]\nport = 25\n; of old\nhosts = a,\n    b\n\n[[Größe]]  # of a list\ntls=no\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("name", ["a.ini", "a.txt", "config"])
def test_settings_under_sections_are_kept_as_they_stand(encoding: str, name: str) -> None:
    parsed = parse(SETTINGS.replace("\n", "\r\n").encode(encoding), name)
    assert (parsed.format, parsed.text, parsed.notices) == ("ini", SETTINGS, [])


def test_bare_words_under_a_section_are_settings_where_the_name_says_so() -> None:
    bare = b"[mysqld]\nskip-networking\nlocal-infile\nport: 3306\n"
    assert parse(bare, "my.cnf").format == "ini" and parse(bare, "my.txt").format == "text"
    assert parse(b"port = 25\n", "a.ini").format == "text"  # no section


@pytest.mark.parametrize(
    "text",
    [
        "port = 25\nhost = [mail]\n",
        "# Notes\n[draft]\nThe port is 25.\nport = 25\n",
        "[Verse]\nOh come\n[Chorus]\nOh go\n",
        "[12:01] port = 25\n[12:02] port = 26\n",
        "[mail]\n",
    ],
)
def test_lines_in_brackets_alone_make_no_settings(text: str) -> None:
    assert parse(text.encode(), "a.txt").format == "text"
