"""Workbooks, presentations, OpenDocument files and e-books, made by other programs, give all that they say."""

from __future__ import annotations

import datetime
import io
import zipfile
from pathlib import Path

import msoffcrypto
import openpyxl
import pptx
import pytest
from msoffcrypto.format.ooxml import OOXMLFile
from odf import draw, office, style, table, text
from odf.opendocument import (
    OpenDocument,
    OpenDocumentPresentation,
    OpenDocumentSpreadsheet,
    OpenDocumentText,
)
from openpyxl.comments import Comment
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from engine.corpus import Corpus
from engine.documents.formats.detect import Parsed, parse
from engine.documents.formats.unreadable import Unreadable


def workbook(*sheets: tuple[str, list[list[object]]], author: str = "") -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    book.remove(book.active)
    book.properties.creator = author
    for name, rows in sheets:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    return book


def saved(document: object) -> bytes:
    file = io.BytesIO()
    document.save(file)  # type: ignore[attr-defined]
    return file.getvalue()


RENTS = [
    ["Berth", "Rent", "Since", "Paid"],
    [31, 640.5, datetime.date(2025, 3, 2), True],
    ["A-7", None, datetime.datetime(2024, 1, 5, 14, 30), False],
    [8, 1200.0, None, None],
]


def test_one_sheet_is_rows_under_the_names_of_their_columns(ingested) -> None:
    data = saved(workbook(("Rents", RENTS)))
    assert parse(data, "a.xlsx").text == (
        "Berth | Rent | Since | Paid\n31 | 640.5 | 2025-03-02 | TRUE\nA-7 |  | 2024-01-05 14:30 | FALSE\n8 | 1200 |  | \n"
    )
    assert [hit.number for hit in ingested({"a.xlsx": data})[0].column("Rent")] == [640.5, 1200]


def test_rows_of_one_sheet_are_as_wide_as_its_header_and_cells_hold_no_bars(ingested) -> None:
    rows = [["Rents, as of May"], ["Berth", "Rent", "Note"], *([f"A|{n}, Pier", 10 * n] for n in range(1, 9))]
    data = saved(workbook(("Rents", rows)))
    assert parse(data, "a.xlsx").text.startswith("Rents, as of May\nBerth | Rent | Note\nA/1, Pier | 10 | \n")
    found = ingested({"a.xlsx": data})[0].column("Rent")
    assert [hit.number for hit in found] == [10 * n for n in range(1, 9)]


def test_several_sheets_are_tables_and_hidden_ones_are_marked() -> None:
    book = workbook(("Rents", RENTS[:2]), ("Old", [["Berth"], [4]]), author="Runa Lie")
    book["Old"].sheet_state = "hidden"
    book["Rents"]["B2"].comment = Comment("Or 604?", "Odd Moe")
    book["Rents"]["D5"] = "=SUM(B2:B4)"
    parsed = parse(saved(book), "a.xlsx")
    lines = parsed.text.split("\n")
    assert lines[:5] == [
        "# Rents",
        "",
        "| Berth | Rent | Since | Paid |",
        "| --- | --- | --- | --- |",
        "| 31 | 640.5 | 2025-03-02 | TRUE |",
    ]
    assert lines[5:7] == ["[formula in D5, never computed] =SUM(B2:B4)", "[comment on B2 by Odd Moe] Or 604?"]
    assert lines[8:13] == ["# Old (hidden sheet)", "", "| Berth |", "| --- |", "| 4 |"]
    assert "[properties of the file] author: Runa Lie" in parsed.text
    assert parsed.notices == ["1 of its sheets are hidden: Old"]


def test_cells_that_lie_too_far_apart_cost_their_sheet_and_it_is_said() -> None:
    book = workbook(("Far", [["x"]]), ("Near", [["Berth"], [31]]))
    book["Far"]["XFD1048576"] = "y"
    parsed = parse(saved(book), "a.xlsx")
    assert parsed.text.startswith("# Near") and "Far" in parsed.notices[0]
    book.remove(book["Near"])
    with pytest.raises(Unreadable, match="too far apart"):
        parse(saved(book), "a.xlsx")


def test_a_workbook_without_a_cell_is_said_to_hold_no_text() -> None:
    for sheets in ([("Blank", [])], [("Blank", []), ("Bare", [])]):
        with pytest.raises(Unreadable, match="this Excel workbook holds no text"):
            parse(saved(workbook(*sheets)), "a.xlsx")


def test_a_workbook_of_opendocument_is_read() -> None:
    book = OpenDocumentSpreadsheet()
    sheet = table.Table(name="Rents")
    for cells in (("Berth", "Rent"), ("31", "640")):
        row = table.TableRow()
        for cell in cells:
            one = table.TableCell(valuetype="string")
            one.addElement(text.P(text=cell))
            row.addElement(one)
        sheet.addElement(row)
    book.spreadsheet.addElement(sheet)
    parsed = parse(written(book), "a.ods")
    assert (parsed.text, parsed.format) == ("Berth | Rent\n31 | 640\n", "ods")


def locked(data: bytes, password: str) -> bytes:
    file = io.BytesIO()
    OOXMLFile(io.BytesIO(data)).encrypt(password, file)
    assert msoffcrypto.OfficeFile(io.BytesIO(file.getvalue())).is_encrypted()
    return file.getvalue()


def test_what_no_password_locks_is_read_and_what_one_locks_is_said() -> None:
    data = saved(workbook(("Rents", RENTS)))
    assert parse(locked(data, "VelvetSweatshop"), "a.xlsx").text == parse(data, "a.xlsx").text
    with pytest.raises(Unreadable, match="protected by a password"):
        parse(locked(data, "harbour"), "a.xlsx")


def test_slides_are_pages_with_notes_tables_and_charts() -> None:
    show = pptx.Presentation()
    first = show.slides.add_slide(show.slide_layouts[1])
    first.shapes.title.text = "Berths"
    first.placeholders[1].text = "Rent is 640\nKeys at the office"
    first.notes_slide.notes_text_frame.text = "Do not mention the leak."
    second = show.slides.add_slide(show.slide_layouts[6])
    grid = second.shapes.add_table(1, 2, Inches(1), Inches(1), Inches(4), Inches(1)).table
    grid.cell(0, 0).text, grid.cell(0, 1).text = "Oars", "14"
    figures = CategoryChartData()
    figures.categories = ["May", "June"]
    figures.add_series("Guests", (12, 19))
    second.shapes.add_chart(
        XL_CHART_TYPE.COLUMN_CLUSTERED, Inches(1), Inches(3), Inches(4), Inches(3), figures
    )
    group = second.shapes.add_group_shape()
    group.shapes.add_textbox(Inches(1), Inches(6), Inches(2), Inches(1)).text_frame.text = "In a group"
    second._element.set("show", "0")
    show.core_properties.author = "Runa Lie"
    parsed = parse(saved(show), "a.pptx")
    assert (parsed.format, len(parsed.pages)) == ("pptx", 2)
    assert parsed.text[: parsed.pages[1]].rstrip() == (
        "# Berths\nRent is 640\nKeys at the office\n[speaker notes] Do not mention the leak."
    )
    after = parsed.text[parsed.pages[1] :].split("\n")
    assert after[:4] == ["[hidden slide]", "Oars | 14", "[chart] Guests: May: 12, June: 19", "In a group"]
    assert "author: Runa Lie" in after[-1] and parsed.notices == ["slides that are hidden: 2"]


def written(document: OpenDocument) -> bytes:
    file = io.BytesIO()
    document.write(file)
    return file.getvalue()


def test_a_text_of_opendocument_gives_notes_comments_boxes_and_rows() -> None:
    document = OpenDocumentText()
    document.text.addElement(text.H(outlinelevel=2, text="Berths"))
    line = text.P(text="The berth")
    line.addElement(text.S(c=2))
    line.addText("is 31.")
    note = text.Note(noteclass="footnote")
    note.addElement(text.NoteCitation(text="1"))
    body = text.NoteBody()
    body.addElement(text.P(text="Bill SV-12."))
    note.addElement(body)
    line.addElement(note)
    remark = office.Annotation()
    remark.addElement(text.P(text="Or 13?"))
    line.addElement(remark)
    document.text.addElement(line)
    frame, box, held = draw.Frame(), draw.TextBox(), text.P()
    box.addElement(text.P(text="Gate 7719"))
    frame.addElement(box)
    held.addElement(frame)
    document.text.addElement(held)
    listed, item = text.List(), text.ListItem()
    item.addElement(text.P(text="rope"))
    listed.addElement(item)
    document.text.addElement(listed)
    edge = style.Header()
    edge.addElement(text.P(text="File 12-C"))
    layout = style.PageLayout(name="L")
    document.automaticstyles.addElement(layout)
    master = style.MasterPage(name="Standard", pagelayoutname=layout)
    master.addElement(edge)
    document.masterstyles.addElement(master)
    parsed = parse(written(document), "a.odt")
    assert parsed.text.split("\n") == [
        "[header] File 12-C",
        "## Berths",
        "The berth  is 31.",
        "[footnote 1] Bill SV-12.",
        "[comment] Or 13?",
        "",
        "Gate 7719",
        "- rope",
        "",
    ]


def test_slides_of_opendocument_are_pages() -> None:
    show = OpenDocumentPresentation()
    layout = style.PageLayout(name="L")
    show.automaticstyles.addElement(layout)
    master = style.MasterPage(name="M", pagelayoutname=layout)
    show.masterstyles.addElement(master)
    for words in ("Rent is 640", "Keys at the office"):
        page, frame, box = draw.Page(masterpagename=master), draw.Frame(), draw.TextBox()
        box.addElement(text.P(text=words))
        frame.addElement(box)
        page.addElement(frame)
        show.presentation.addElement(page)
    parsed = parse(written(show), "a.odp")
    assert (parsed.text, len(parsed.pages)) == ("Rent is 640\n\nKeys at the office", 2)


def odt(content: str, **parts: str) -> Parsed:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr(
            "content.xml",
            '<o:document xmlns:o="urn:o" xmlns:text="urn:text"><o:body><o:text>'
            f"{content}</o:text></o:body></o:document>",
        )
        for name, part in parts.items():
            archive.writestr(name.replace("__", "/") + ".xml", part)
    return parse(file.getvalue(), "a.odt")


def test_deletions_of_opendocument_are_left_out_and_locks_are_said() -> None:
    deleted = "<text:deletion><text:p>310</text:p></text:deletion>"
    parsed = odt(
        f"<text:tracked-changes><text:changed-region>{deleted}</text:changed-region></text:tracked-changes>"
        "<text:p>The fee is 345.</text:p>"
    )
    assert parsed.text == "The fee is 345.\n"
    assert parsed.notices == ["1 deleted stretches of its tracked changes were left out"]
    with pytest.raises(Unreadable, match="locked in a way that is not known here"):
        odt("", **{"META-INF__manifest": '<m xmlns="urn:m"><file-entry><encryption-data/></file-entry></m>'})


def epub(hidden: str = "", **more: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("mimetype", "application/epub+zip")
        archive.writestr(
            "META-INF/container.xml",
            '<container><rootfiles><rootfile full-path="OPS/b.opf"/></rootfiles></container>',
        )
        archive.writestr(
            "OPS/b.opf",
            '<package xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata><dc:title>The Pier</dc:title>'
            "<dc:creator>Runa Lie</dc:creator></metadata><manifest>"
            '<item id="a" href="z%20one.xhtml"/><item id="b" href="a.xhtml"/></manifest>'
            '<spine><itemref idref="a"/><itemref idref="b"/></spine></package>',
        )
        for name, words in (("z one", "It began in May."), ("a", "It ended in June.")):
            archive.writestr(
                f"OPS/{name}.xhtml", f"<html><body><h1>Of it</h1><p>{words}</p>{hidden}</body></html>"
            )
        for name, part in more.items():
            archive.writestr(name.replace("__", "/") + ".xml", part)
    return file.getvalue()


def test_a_word_document_whose_main_part_has_another_name_is_read() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(
            "_rels/.rels",
            '<r><x Id="a" Type="http://a/officeDocument" Target="/word/document2.xml"/></r>',
        )
        archive.writestr(
            "word/document2.xml", '<w:d xmlns:w="urn:w"><w:p><w:r><w:t>Berth 31</w:t></w:r></w:p></w:d>'
        )
    assert parse(file.getvalue(), "a.docx").text == "Berth 31\n"


def test_an_e_book_is_read_in_the_order_of_its_chapters() -> None:
    assert parse(epub(), "a.epub").text == (
        "# Of it\n\nIt began in May.\n\n# Of it\n\nIt ended in June.\n\n"
        "[properties of the file] title: The Pier; author: Runa Lie\n"
    )
    assert parse(epub("<p hidden='hidden'>x</p>"), "a.epub").notices == [
        "2 of its chapters: 1 hidden part of it left out"
    ]
    key = '<e><EncryptedData><EncryptionMethod Algorithm="{}"/><CipherReference URI="OPS/a.xhtml"/></EncryptedData></e>'
    with pytest.raises(Unreadable, match="copy protection"):
        parse(epub(**{"META-INF__encryption": key.format("aes")}), "a.epub")
    assert parse(epub(**{"META-INF__encryption": key.format("http://ns.adobe.com/pdf/enc#RC")}), "a.epub")


def test_all_kinds_are_read_by_the_confined_parser(add, source: Path) -> None:
    info = add(
        {
            "a.xlsx": saved(workbook(("Rents", RENTS))),
            "b.xlsx": locked(saved(workbook(("Rents", RENTS))), "VelvetSweatshop"),
            "c.pptx": saved(one_slide()),
            "d.epub": epub(),
        }
    )
    assert info.skipped == ()
    assert Corpus.open(info.path).names == ["a.xlsx", "b.xlsx", "c.pptx", "d.epub"]


def one_slide() -> object:
    show = pptx.Presentation()
    show.slides.add_slide(show.slide_layouts[1]).shapes.title.text = "Berths"
    return show
