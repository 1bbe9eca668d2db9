"""Whatever the bytes are, the text that comes out is right or the reason is."""

from __future__ import annotations

import io
import itertools
import json
import re
import unicodedata
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reportlab.lib import pdfencrypt
from reportlab.pdfgen.canvas import Canvas

from engine.documents import parser
from engine.documents.formats.detect import Parsed, normal, parse
from engine.documents.formats.text.json_text import lay_out_json
from engine.documents.formats.unreadable import Unreadable
from engine.text import passages, sentences

GERMAN = (
    "Über die Straße geht man bei Grün.\nDie Kündigungsfrist beträgt sechs Monate. Öffnungszeiten: täglich.\n"
    * 5
)
JAPANESE = "契約期間は六か月とします。解約の通知は書面で行うものとします。賃料は毎月末日までに支払う。\n" * 5
RUSSIAN = "Срок уведомления составляет шесть месяцев. Арендная плата вносится ежемесячно.\n" * 5


def pdf(*pages: str, **options: object) -> bytes:
    file = io.BytesIO()
    canvas = Canvas(file, **options)
    for page in pages:
        for number, line in enumerate(page.split("\n")):
            canvas.drawString(72, 760 - 16 * number, line)
        canvas.showPage()
    canvas.save()
    return file.getvalue()


def zipped(**parts: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name.replace("__", "/").replace("_", "."), content)
    return file.getvalue()


def reason(data: bytes, name: str) -> str:
    with pytest.raises(Unreadable) as caught:
        parse(data, name)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (GERMAN, "utf-8"),
        (GERMAN, "utf-8-sig"),
        (GERMAN, "utf-16"),
        (GERMAN, "utf-16-le"),
        (GERMAN, "utf-16-be"),
        (GERMAN, "utf-32"),
        (GERMAN, "latin-1"),
        (GERMAN + "“quoted” – 5 €\n", "cp1252"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc_jp"),
        (JAPANESE, "utf-16"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8_r"),
        ("Plain ASCII line.\n" * 5000 + GERMAN, "cp1252"),
        ("One café.\n", "latin-1"),
    ],
)
def test_text_of_common_encodings_is_read(text: str, encoding: str) -> None:
    assert parse(text.encode(encoding), "a.txt").text == text


def test_a_broken_byte_in_utf8_does_not_change_the_rest() -> None:
    parsed = parse(GERMAN.encode() + b"\xff\n", "a.txt")
    assert parsed.text == GERMAN + "\ufffd\n" and parsed.notices == ["some bytes are not valid utf-8"]


@given(st.text(st.characters(), max_size=60))
def test_normal_text_is_nfc_without_carriage_returns_nuls_or_surrogates(text: str) -> None:
    result = normal(text)
    result.encode()
    assert unicodedata.is_normalized("NFC", result) and not set("\r\0") & set(result)
    assert normal(result.lstrip("\ufeff")) == result.lstrip("\ufeff")


def test_normal_joins_surrogate_pairs_and_replaces_lone_ones() -> None:
    assert normal("a\ud83d\ude00b\ud800c\0d\r\ne\rf") == "a😀b\ufffdc\ufffdd\ne\nf"
    assert normal("Cafe\u0301") == "Café"


def test_a_pdf_keeps_its_pages() -> None:
    parsed = parse(pdf("First page.\nNotice period.", "", "Third page."), "a.pdf")
    assert parsed.format == "pdf"
    assert parsed.text == "First page.\nNotice period.\n\n\n\nThird page."
    assert [parsed.text[at : at + 5] for at in parsed.pages] == ["First", "\n\nThi", "Third"]
    assert parsed.notices == ["1 of 3 pages hold no text; they may be scanned images"]


def test_a_text_that_names_the_mark_of_a_pdf_is_text() -> None:
    note = "A PDF begins with %PDF-1.7 and ends with EOF.\n"
    assert parse(note.encode(), "a.txt").text == note
    assert parse(b"junk\n" + pdf("Words."), "a.pdf").pages
    assert "PDF is damaged" in reason(b"\0\xff\n%PDF-1.7\n" + bytes(range(256)) * 9, "a.pdf")
    assert "PDF is damaged" in reason(b"\n%PDF-1.7\nnothing\n", "a.pdf")


def test_pdfs_without_text_or_access_say_so() -> None:
    assert "scanned" in reason(pdf(""), "a.pdf")
    assert "password" in reason(pdf("x", encrypt=pdfencrypt.StandardEncryption("secret")), "a.pdf")
    assert "damaged" in reason(b"%PDF-1.7\nnothing of a PDF", "a.pdf")
    assert "damaged" in reason(pdf("Hello")[:200], "a.pdf")


@pytest.mark.parametrize(
    ("name", "data", "format", "text"),
    [
        ("text.pdf", b"Only text.\n", "text", "Only text.\n"),
        ("page.txt", b"<!DOCTYPE html><p>Hello</p>", "html", "Hello\n"),
        ("notes.html", b"No tags, 1 < 2.\n", "text", "No tags, 1 < 2.\n"),
        ("paper.txt", pdf("Inside a PDF."), "pdf", "Inside a PDF."),
        ("BM.txt", b"BMW is a car maker.\n", "text", "BMW is a car maker.\n"),
        ("code.py", b"print('<html>')\n", "text", "print('<html>')\n"),
        ("table.csv", b"a;b\r\n1;2\r\n", "csv", "a;b\n1;2\n"),
    ],
)
def test_content_decides_the_type(name: str, data: bytes, format: str, text: str) -> None:
    parsed = parse(data, name)
    assert (parsed.format, parsed.text) == (format, text)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\x7fELF\2\1\1" + bytes(100), "program"),
        (b"MZ\x90\0\3" + bytes(100), "program"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "image"),
        (zipped(xl__workbook_xml="x"), "Excel"),
        (b"PK\x03\x04 broken", "damaged"),
        (b"Rar!\x1a\x07\0" + bytes(100), "rar"),
        (b"!BDN" + bytes(100), "Outlook"),
        (b"PAR1\x15\0" + bytes(100), "Parquet"),
        (b"\0\0\0\x18ftypheic" + bytes(100), "HEIC"),
        (b"\0\0\0\x18ftypisom" + bytes(100), "audio or video"),
        (b"SQLite format 3\0" + bytes(100), "database"),
        (bytes(range(256)) * 20, "binary"),
        (bytes(1000), "binary"),
        (b"\x01\x02\x03\x04text\x05\x06" * 40, "binary"),
        (b"", "empty"),
        (b" \n\t ", "white space"),
        (b"<html><script>x()</script></html>", "no text"),
    ],
)
def test_what_is_no_text_is_named_whatever_it_is_called(data: bytes, said: str) -> None:
    assert said in reason(data, "innocent.txt")


@settings(max_examples=300)
@given(
    st.binary(max_size=300),
    st.sampled_from(["a.txt", "a.html", "a.json", "a.ini", "a.srt", "a.pdf", "a.docx"]),
)
def test_any_bytes_give_text_or_a_reason(data: bytes, name: str) -> None:
    try:
        parsed = parse(data, name)
    except Unreadable as said:
        assert str(said)
    else:
        assert isinstance(parsed, Parsed)
        parsed.text.encode()


def test_a_web_page_gives_what_a_reader_sees() -> None:
    page = """<html><head><title>Lease</title><style>p{}</style><script>steal()</script></head><body>
    <h2>Notice</h2><p>The period is<br>six <b>months</b>.</p><!-- secret --><div hidden>unseen</div>
    <ul><li>one</li><li>two</li></ul><table><tr><th>Year</th><th>Rent</th></tr><tr><td>2024</td><td>1,200</td></tr>
    </table><pre>a
      b</pre>&copy; Müller &amp; Co</body></html>"""
    assert parse(page.encode(), "a.html").text == (
        "Lease\n\n## Notice\n\nThe period is\nsix months.\n\n- one\n- two\n\n"
        "Year | Rent\n2024 | 1,200\n\na\n      b\n\n© Müller & Co\n"
    )


def test_a_web_page_in_another_encoding_is_read() -> None:
    page = f"<html><head><meta charset=windows-1251></head><body><p>{RUSSIAN}</p></body></html>"
    assert "Срок уведомления" in parse(page.encode("cp1251"), "a.html").text


def test_an_endlessly_nested_web_page_is_read() -> None:
    assert "deep" in parse(b"<html>" + b"<div>" * 20_000 + b"deep", "a.html").text


def test_json_on_one_line_is_laid_out_and_otherwise_kept() -> None:
    value = {
        "rows": [{"id": n, "name": 'a "b", {c}', "rate": 1.10, "none": [], "not": {}} for n in range(20)]
    }
    parsed = parse(json.dumps(value).encode(), "a.json")
    assert json.loads(parsed.text) == value and parsed.text.count("\n") > 80
    pretty = json.dumps(value, indent=4)
    assert parse(pretty.encode(), "a.json").text == pretty
    assert "1.10" in lay_out_json('{"rate": 1.10}')


def test_a_word_document_gives_paragraphs_headings_and_rows() -> None:
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    xml = f"""<w:document {space}><w:body>
    <w:p><w:pPr><w:pStyle w:val="Heading1"/></w:pPr><w:r><w:t>Lease</w:t></w:r></w:p>
    <w:p><w:r><w:t>Six </w:t></w:r><w:r><w:t>months.</w:t><w:tab/><w:t>Now</w:t></w:r></w:p>
    <w:tbl><w:tr><w:tc><w:p><w:r><w:t>a</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>b</w:t></w:r></w:p></w:tc></w:tr>
    </w:tbl></w:body></w:document>"""
    assert parse(zipped(word__document_xml=xml), "a.docx").text == "# Lease\nSix months.\tNow\na | b\n"
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaa">]><w:document/>'
    assert "damaged" in reason(zipped(word__document_xml=bomb), "a.docx")


def test_a_very_long_text_becomes_several_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parser, "PART_CHARS", 100)
    text = "".join(f"line {n} é\n" for n in range(40))
    frames = [*parser.answer("long.log", text.encode())]
    assert b"".join(payload[0] for _, payload in frames).decode() == text
    assert all(payload[0].endswith(b"\n") for _, payload in frames)
    for header, payload in frames:
        assert text.split("\n")[header["first_line"] - 1] == payload[0].decode().split("\n")[0]
        starts = memoryview(payload[1]).cast("Q").tolist()
        assert starts[0] == 0 and len(starts) == header["passages"]


@given(
    st.text("ab é。.\n#-,|{[]=\t", max_size=400), st.sampled_from([passages.HEADING, passages.SECTION, None])
)
def test_passages_cover_a_text_and_units_stay_inside(text: str, heading: re.Pattern[str] | None) -> None:
    starts, headings = passages.split(text, heading)
    assert starts[0] == 0 and starts == sorted(set(starts)) and (starts[-1] < len(text) or not text)
    assert all(0 <= passage < len(starts) for passage, _ in headings)
    ranges = [*sentences.units(text)]
    assert all(a < b and text[a:b] == text[a:b].strip() for a, b in ranges)
    assert all(b <= c for (_, b), (c, _) in itertools.pairwise(ranges))
    assert "".join("".join(text[a:b].split()) for a, b in ranges) == "".join(text.split())


def test_long_paragraphs_are_cut_at_sentences() -> None:
    text = "This is a sentence of some length about nothing. " * 60
    starts, _ = passages.split(text)
    assert all(0 < b - a <= 600 for a, b in itertools.pairwise([*starts, len(text)]))
    assert all(text[at - 2 : at] == ". " for at in starts[1:])


def test_wrapped_lines_are_one_sentence_and_rows_are_not() -> None:
    wrapped = "The board decided on Friday in the old customs house that Ida\nHolm leads. It was close."
    assert [wrapped[a:b] for a, b in sentences.units(wrapped)] == [wrapped.split(" It")[0], "It was close."]
    rows = "2024-01-01,Ida Holm,director of the harbour,1200,paid\n2024-01-02,Otto Berg,keeper of the light,900,open"
    assert [rows[a:b] for a, b in sentences.units(rows)] == rows.split("\n")
