"""Everything that a Word document says is read once, and what it no longer says is not."""

from __future__ import annotations

import datetime
import io
import re
import zipfile

import docx
import pytest

from engine.documents.formats.detect import Parsed, parse
from engine.documents.formats.unreadable import Unreadable

NAMES = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:v="urn:schemas-microsoft-com:vml" xmlns:wps="urn:wps"'
)


def word(body: str, **parts: str) -> Parsed:
    """A document of this body, with other parts as `footnotes="<w:footnote ...>"`."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", f"<w:document {NAMES}><w:body>{body}</w:body></w:document>")
        for name, content in parts.items():
            archive.writestr(f"word/{name}.xml", f"<w:{name} {NAMES}>{content}</w:{name}>")
    return parse(file.getvalue(), "a.docx")


def run(text: str) -> str:
    return f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>'


def paragraph(*inside: str) -> str:
    return f"<w:p>{''.join(i if i.startswith('<') else run(i) for i in inside)}</w:p>"


def test_notes_and_comments_follow_their_paragraph_and_headers_stand_at_the_edges() -> None:
    parsed = word(
        paragraph(
            "The pier was mended.",
            '<w:r><w:footnoteReference w:id="3"/></w:r><w:r><w:commentReference w:id="0"/></w:r>',
        )
        + paragraph("It was dear.", '<w:r><w:endnoteReference w:id="2"/></w:r>'),
        footnotes='<w:footnote w:id="-1" w:type="separator"><w:p/></w:footnote>'
        f'<w:footnote w:id="3">{paragraph("Bill SV-12 of Ansgar Ruud.")}</w:footnote>',
        endnotes=f'<w:endnote w:id="2">{paragraph("See the bill.")}</w:endnote>',
        comments=f'<w:comment w:id="0" w:author="Runa Lie" w:date="2025-03-02T08:00:00Z">{paragraph("Really?")}'
        f'</w:comment><w:comment w:id="9">{paragraph("Nowhere.")}</w:comment>',
        header1=paragraph("File 12-C"),
        header2=paragraph("File 12-C"),
        footer1=paragraph("Vik harbour"),
    )
    assert parsed.text.split("\n") == [
        "[header] File 12-C",
        "The pier was mended.",
        "[footnote 1] Bill SV-12 of Ansgar Ruud.",
        "[comment by Runa Lie, 2025-03-02] Really?",
        "It was dear.",
        "[endnote 1] See the bill.",
        "[comment] Nowhere.",
        "[footer] Vik harbour",
        "",
    ]


def test_tracked_changes_give_what_holds_now() -> None:
    parsed = word(
        paragraph(
            "The fee is ",
            "<w:del><w:r><w:delText>310</w:delText></w:r></w:del>",
            f"<w:ins>{run('345')}</w:ins>",
            " euro.",
        )
        + f"<w:p><w:moveFrom>{run('Ask Odd.')}</w:moveFrom></w:p><w:p><w:moveTo>{run('Ask Odd.')}</w:moveTo></w:p>"
        + f"<w:tbl><w:tr><w:trPr><w:del/></w:trPr><w:tc>{paragraph('old row')}</w:tc></w:tr></w:tbl>"
    )
    assert parsed.text == "The fee is 345 euro.\n\nAsk Odd.\n"
    assert parsed.notices == ["3 deleted or moved stretches of its tracked changes were left out"]


def test_a_text_box_is_read_once_after_its_paragraph() -> None:
    box = f"<w:txbxContent>{paragraph('Mind the gap 7719.')}</w:txbxContent>"
    both = (
        "<w:r><mc:AlternateContent><mc:Choice><w:drawing><wps:txbx>"
        f"{box}</wps:txbx></w:drawing></mc:Choice><mc:Fallback><w:pict><v:textbox>{box}</v:textbox></w:pict>"
        "</mc:Fallback></mc:AlternateContent></w:r>"
    )
    assert word(paragraph("Before", both, " and after.")).text == "Before and after.\nMind the gap 7719.\n"


def test_signs_hidden_text_formulas_and_cells() -> None:
    fraction = "<m:f><m:num><m:r><m:t>a+b</m:t></m:r></m:num><m:den><m:r><m:t>2</m:t></m:r></m:den></m:f>"
    power = "<m:sSup><m:e><m:r><m:t>x</m:t></m:r></m:e><m:sup><m:r><m:t>2</m:t></m:r></m:sup></m:sSup>"
    parsed = word(
        "<w:p><w:r><w:t>Part SV</w:t><w:noBreakHyphen/><w:t>88 in the boat</w:t><w:softHyphen/><w:t>house</w:t></w:r></w:p>"
        + paragraph("Seen", f"<w:r><w:rPr><w:vanish/></w:rPr><w:t>Unseen</w:t></w:r>{run('.')}")
        + f"<w:p><m:oMath><m:r><m:t>y=</m:t></m:r>{fraction}<m:r><m:t>+</m:t></m:r>{power}</m:oMath></w:p>"
        + f"<w:tbl><w:tr><w:tc>{paragraph('one')}{paragraph('two')}</w:tc><w:tc><w:p/></w:tc><w:tc>{paragraph('5')}"
        "</w:tc></w:tr></w:tbl>"
    )
    assert parsed.text == "Part SV-88 in the boathouse\nSeen.\ny=(a+b)/2+x^2\none two |  | 5\n"
    assert parsed.notices == ["1 hidden stretches of text were left out"]


def test_numbers_that_word_counts_itself_are_written_down() -> None:
    levels = "".join(
        f'<w:lvl w:ilvl="{n}"><w:start w:val="1"/><w:numFmt w:val="{kind}"/><w:lvlText w:val="{text}"/></w:lvl>'
        for n, (kind, text) in enumerate([("decimal", "%1."), ("decimal", "%1.%2"), ("lowerLetter", "%3)")])
    )

    def item(text: str, depth: int) -> str:
        return paragraph(
            f'<w:pPr><w:numPr><w:ilvl w:val="{depth}"/><w:numId w:val="5"/></w:numPr></w:pPr>', text
        )

    parsed = word(
        item("Berths", 0)
        + item("Fee", 1)
        + item("Term", 1)
        + item("day", 2)
        + item("Keys", 0)
        + item("Loss", 1),
        numbering=f'<w:abstractNum w:abstractNumId="1">{levels}</w:abstractNum>'
        '<w:num w:numId="5"><w:abstractNumId w:val="1"/></w:num>',
    )
    assert parsed.text == "1. Berths\n1.1 Fee\n1.2 Term\na) day\n2. Keys\n2.1 Loss\n"


def test_a_document_of_another_program_with_headings_lists_comments_and_properties() -> None:
    document = docx.Document()
    document.add_heading("Berths", 1)
    line = document.add_paragraph("The berth is ")
    document.add_comment(line.add_run("31."), text="Or 13?", author="Runa Lie", initials="RL")
    document.add_paragraph("rope", style="List Bullet")
    document.add_paragraph("first", style="List Number")
    table = document.add_table(2, 2)
    for cell, text in zip(table._cells, ("a", "b", "c", "d"), strict=True):
        cell.text = text
    document.sections[0].footer.paragraphs[0].text = "Vik"
    document.core_properties.author = "Ansgar Ruud"
    document.core_properties.title = "Berths of 2025"
    document.core_properties.created = datetime.datetime(2025, 4, 1, 9, 30)
    file = io.BytesIO()
    document.save(file)
    text = parse(file.getvalue(), "a.docx").text
    assert re.sub(r"Lie, [\d-]+\]", "Lie]", text).split("\n")[:9] == [
        "# Berths",
        "The berth is 31.",
        "[comment by Runa Lie] Or 13?",
        "- rope",
        "1. first",
        "a | b",
        "c | d",
        "[footer] Vik",
        "",
    ]
    assert "[properties of the file] title: Berths of 2025; author: Ansgar Ruud; " in text
    assert "created: 2025-04-01 09:30" in text


def test_a_document_of_endless_depth_costs_one_file() -> None:
    with pytest.raises(Unreadable, match="nested too deeply"):
        word("<w:sdt>" * 5000 + paragraph("x") + "</w:sdt>" * 5000)


def test_a_part_that_unpacks_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.documents.formats.office.package.LARGEST", 10_000)
    with pytest.raises(Unreadable, match="larger than 256 MB"):
        word(paragraph("x" * 20_000))


def test_files_whose_text_stands_in_a_document_are_named() -> None:
    chunk = '<w:altChunk xmlns:r="urn:r" r:id="r9"/>'
    assert word(paragraph("Contract") + chunk).notices == [
        "1 files whose text stands in it were not read: r9"
    ]
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(
            "word/document.xml", f"<w:document {NAMES}><w:body>{paragraph('A') + chunk}</w:body></w:document>"
        )
        archive.writestr(
            "word/_rels/document.xml.rels",
            '<Relationships><Relationship Id="r9" Type="x/aFChunk" Target="more.htm"/></Relationships>',
        )
    parsed = parse(file.getvalue(), "a.docx")
    assert (parsed.text, parsed.notices) == (
        "A\n",
        ["1 files whose text stands in it were not read: word/more.htm"],
    )
