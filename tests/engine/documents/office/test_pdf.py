"""A PDF is read as a person reads it: columns, hyphens, tables, what was entered in forms, what images hold."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable

import pytest
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from engine.corpus import Corpus
from engine.documents.formats.detect import Parsed, parse
from engine.documents.formats.pdf import scans
from engine.documents.formats.pdf.hyphens import Joiner
from engine.documents.formats.unreadable import Unreadable
from tests.engine.documents.effort import units

HEIGHT = 842
LEFT = ["The boathouse was let to", "the rowing club in May and", "the club pays a rent of 640", "euro. Keys are kept at the", "office by Jorun Falk."]  # fmt: skip
RIGHT = ["Repairs of the roof fall to", "the owner. The insurance is", "renewed each January for a", "premium of 1,310 euro and", "lapses without notice."]  # fmt: skip
SCANNED = pytest.mark.skipif(scans.data_folder() is None, reason="tesseract is not installed")


def made(draw: Callable[[Canvas], object], **options: object) -> bytes:
    file = io.BytesIO()
    canvas = Canvas(file, pagesize=(595, HEIGHT), **options)
    draw(canvas)
    canvas.showPage()
    canvas.save()
    return file.getvalue()


def read(draw: Callable[[Canvas], object], **options: object) -> Parsed:
    return parse(made(draw, **options), "a.pdf")


def column(canvas: Canvas, x: float, lines: list[str], y: float = 700) -> None:
    for number, line in enumerate(lines):
        canvas.drawString(x, y - 14 * number, line)


def rows(canvas: Canvas, xs: tuple[float, ...], *lines: tuple[str, ...], y: float = 700) -> None:
    for number, line in enumerate(lines):
        for x, cell in zip(xs, line, strict=True):
            canvas.drawString(x, y - 14 * number, cell)


def by_row(canvas: Canvas) -> None:
    rows(canvas, (72, 320), *itertools.zip_longest(LEFT, RIGHT, fillvalue=""))


def by_column(canvas: Canvas) -> None:
    column(canvas, 72, LEFT)
    column(canvas, 320, RIGHT)


def right_column_first(canvas: Canvas) -> None:
    column(canvas, 320, RIGHT)
    column(canvas, 72, LEFT)


@pytest.mark.parametrize("draw", [by_row, by_column, right_column_first])
def test_columns_are_read_one_after_the_other_however_they_were_drawn(draw: Callable) -> None:
    assert read(draw).text == "\n".join(LEFT + RIGHT)


def test_columns_stand_between_the_lines_that_span_them() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(
            72, 740, "Terms for the use of the boathouse and the slipway, agreed by all of the members"
        )
        by_row(canvas)
        canvas.drawString(
            72, 600, "Both sides have signed these terms on the ninth of April in the town hall of Vik"
        )
        canvas.drawString(290, 40, "Page 1")

    lines = read(draw).text.split("\n")
    assert lines[1:-2] == LEFT + RIGHT
    assert (lines[0][:5], lines[-2][:4], lines[-1]) == ("Terms", "Both", "Page 1")


def test_what_stands_below_a_blank_is_no_part_of_the_columns_above() -> None:
    def draw(canvas: Canvas) -> None:
        column(canvas, 72, LEFT)
        column(canvas, 320, RIGHT)
        for number, (name, value) in enumerate(
            (("Name:", "Runa Lie"), ("Date:", "4 June"), ("Place:", "Vik"))
        ):
            canvas.drawString(72, 580 - 14 * number, name)
            canvas.drawString(200, 580 - 14 * number, value)

    lines = read(draw).text.split("\n")
    assert lines[:10] == LEFT + RIGHT and "Runa Lie" in lines[10] and len(lines) == 13


def test_three_columns_of_unequal_length_with_lines_that_do_not_align() -> None:
    third = ["The slipway may be used", "from six in the morning", "until the ferry has left"]

    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 9)
        column(canvas, 50, LEFT)
        column(canvas, 220, RIGHT, y=693)
        column(canvas, 390, third, y=697)

    assert read(draw).text == "\n".join(LEFT + RIGHT + third)


def test_a_table_is_read_by_rows_and_a_blank_cell_stays_one() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(72, 740, "What was bought for the boathouse this year")
        rows(
            canvas,
            (72, 200, 300),
            ("Article", "Pieces", "Price"),
            ("Oars", "14", "96.00"),
            ("Lantern", "", "18.50"),
            ("Rope", "3", ""),
        )

    assert read(draw).text.split("\n")[1:] == [
        "Article | Pieces | Price",
        "Oars | 14 | 96.00",
        "Lantern |  | 18.50",
        "Rope | 3",
    ]


def test_cells_that_hold_sentences_are_a_table_where_lines_are_drawn_between_them() -> None:
    def draw(canvas: Canvas) -> None:
        by_row(canvas)
        for number in range(len(LEFT)):
            canvas.line(60, 696 - 14 * number, 540, 696 - 14 * number)

    assert read(draw).text.split("\n")[0] == f"{LEFT[0]} | {RIGHT[0]}"


def test_a_turned_page_and_a_note_at_its_edge_are_read() -> None:
    def turned(canvas: Canvas) -> None:
        canvas.saveState()
        canvas.translate(595, 0)
        canvas.rotate(90)
        rows(canvas, (72, 320), *zip(LEFT, RIGHT, strict=True), y=500)
        canvas.restoreState()
        canvas.drawString(72, 40, "Scanned in Vik")

    text = read(turned).text
    assert text == "\n".join([*LEFT, *RIGHT, "Scanned in Vik"])


def test_a_mark_across_the_page_is_read_apart() -> None:
    def draw(canvas: Canvas) -> None:
        by_row(canvas)
        canvas.rotate(45)
        canvas.drawString(500, 200, "DRAFT COPY")

    assert read(draw).text == "\n".join([*LEFT, *RIGHT, "DRAFT COPY"])


@pytest.mark.parametrize(
    ("lines", "joined"),
    [
        (["The contract of employ-", "ment ends."], ["The contract of employment", "ends."]),
        (["The sum is non-", "negotiable here."], ["The sum is non-negotiable", "here."]),
        (["Order no. TB-", "2290 of the pre-", "1990 kind"], ["Order no. TB-2290", "of the pre-1990", "kind"]),
        (["Stay 4-", "6 nights, until 2030-", "01-05."], ["Stay 4-6", "nights, until 2030-01-05."]),
        (["A soft\u00ad", "ware licence is here."], ["A software", "licence is here."]),
        (["These are short-", "and long-term loans."], ["These are short-", "and long-term loans."]),
        (["We live in Saint-", "Pierre now."], ["We live in Saint-Pierre", "now."]),
        (["An up-to-", "date list is here."], ["An up-to-date", "list is here."]),
        (["Die Kündi-", "gungsfrist beträgt sechs Monate und läuft"], ["Die Kündigungsfrist", "beträgt sechs Monate und läuft"]),
        (["Die Haupt-", "und Nebenkosten werden jährlich abgerechnet"], ["Die Haupt-", "und Nebenkosten werden jährlich abgerechnet"]),
        (["Der Kvelm-", "drosk ward gezwirbt."], ["Der Kvelmdrosk", "ward gezwirbt."]),
        (["A dash -", "and more."], ["A dash -", "and more."]),
    ],
)  # fmt: skip
def test_hyphens_at_line_ends(lines: list[str], joined: list[str]) -> None:
    assert Joiner([lines]).join(lines) == joined


def test_how_a_word_stands_elsewhere_in_the_document_decides() -> None:
    lines = ["The re-", "sort is open."]
    assert Joiner([lines, ["We re-sort and re-sort."]]).join(lines)[0] == "The re-sort"
    assert Joiner([lines, ["A resort by the sea."]]).join(lines)[0] == "The resort"


def test_what_was_entered_in_a_form_stands_beside_its_label() -> None:
    def draw(canvas: Canvas) -> None:
        form = canvas.acroForm
        canvas.drawString(72, 700, "Name of keeper:")
        form.textfield(name="f1", x=200, y=692, width=200, height=20, value="Wenzel Aamot")
        canvas.drawString(72, 660, "Berth:")
        form.choice(name="f2", x=200, y=652, width=200, height=20, value="North", options=["North", "South"])
        canvas.drawString(120, 620, "has a dog")
        form.checkbox(name="f3", x=72, y=616, size=16, checked=True)
        canvas.drawString(120, 590, "has a cat")
        form.checkbox(name="f4", x=72, y=586, size=16, checked=False)
        form.textfield(name="f5", tooltip="Remarks", x=200, y=500, width=200, height=20, value="mooring 31")

    assert read(draw).text == (
        "Name of keeper: Wenzel Aamot\nBerth: North\n[x] has a dog\n[ ] has a cat\nRemarks: mooring 31"
    )


def test_a_comment_is_marked_as_one() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(72, 700, "The berth is 31.")
        canvas.textAnnotation("Should it not be 13?", Rect=[300, 690, 320, 710])

    assert read(draw).text == "The berth is 31.\n[comment] Should it not be 13?"


def test_properties_are_marked_and_empty_ones_left_out() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(72, 700, "The berth is 31.")
        canvas.setAuthor("Hedvig Brun")

    text = read(draw, invariant=1).text
    assert text == (
        "The berth is 31.\n\n[properties of the file] author: Hedvig Brun; "
        "created: 2000-01-01 00:00; changed: 2000-01-01 00:00"
    )
    assert "properties" not in read(lambda canvas: canvas.drawString(72, 700, "Nobody.")).text


def scan(*words: str) -> Callable[[Canvas], None]:
    def draw(canvas: Canvas) -> None:
        image = Image.new("L", (1200, 300), 255)
        for number, line in enumerate(words):
            font = ImageFont.load_default(60)
            ImageDraw.Draw(image).text((40, 40 + 100 * number), line, fill=0, font=font)
        canvas.drawImage(ImageReader(image), 72, 500, 450, 112)

    return draw


def with_a_scan(canvas: Canvas) -> None:
    canvas.drawString(72, 700, "Cover of the file.")
    canvas.showPage()
    scan("Mooring fee 275 euro", "for the harbour")(canvas)


def test_a_word_that_the_end_of_a_page_divides_is_whole() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.drawString(72, 100, "The contract of employ-")
        canvas.showPage()
        canvas.drawString(72, 700, "ment ends.")

    parsed = read(draw)
    assert parsed.text == "The contract of employment\n\nends." and parsed.text[parsed.pages[1] :] == "ends."


@SCANNED
def test_a_scan_with_a_number_stamped_on_it_is_read_as_an_image() -> None:
    def draw(canvas: Canvas) -> None:
        image = Image.new("L", (1190, 1684), 255)
        ImageDraw.Draw(image).text((150, 300), "Mooring fee 275", fill=0, font=ImageFont.load_default(60))
        canvas.drawImage(ImageReader(image), 0, 0, 595, HEIGHT)
        canvas.drawString(500, 20, "SV 0012")

    parsed = read(draw)
    assert parsed.text.split("\n")[:2] == ["SV 0012", "Mooring fee 275"]
    assert "page 1 is an image" in parsed.notices[0]


@SCANNED
def test_words_in_images_are_read_and_said_to_be() -> None:
    parsed = read(with_a_scan)
    assert parsed.text[parsed.pages[1] :] == "Mooring fee 275 euro\nfor the harbour"
    assert parsed.notices == ["page 2 is an image; the words were read by tesseract and may be wrong"]


def test_without_tesseract_images_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scans, "data_folder", lambda: None)
    parsed = read(with_a_scan)
    assert parsed.text == "Cover of the file.\n\n"
    assert parsed.notices[1] == (
        "page 2 is an image whose words, if it has any, were not read; "
        "tesseract, which reads words in images, is not installed"
    )
    with pytest.raises(Unreadable, match=r"only scanned images, and tesseract.*not installed"):
        read(scan("words"))


def test_a_page_of_many_cells_takes_no_time_to_speak_of() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setFont("Helvetica", 4)
        for y in range(150):
            for x in range(20):
                canvas.drawString(20 + 28 * x, 820 - 5 * y, f"{x}{y}")

    data, texts = made(draw), []
    assert units(lambda: texts.append(parse(data, "a.pdf").text)) < 60
    assert texts[0].count("\n") == 149 and texts[0].startswith("00 | 10 | 20 | 30")


def test_a_file_that_takes_long_is_read_to_its_end_as_it_was_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.documents.formats.pdf.document.SECONDS", -1.0)
    parsed = read(lambda canvas: column(canvas, 72, ["The contract of employ-", "ment ends."]))
    assert parsed.text == "The contract of employment\nends."
    assert parsed.notices == ["its pages from 1 on were read in the order in which they were drawn"]


@SCANNED
def test_dictionaries_and_images_are_within_reach_of_the_confined_parser(add) -> None:
    info = add(
        {
            "hyphen.pdf": made(lambda canvas: column(canvas, 72, ["The contract of employ-", "ment ends."])),
            "scan.pdf": made(scan("Mooring fee 275 euro")),
        }
    )
    assert info.skipped == ()
    first, second = Corpus.open(info.path)
    assert (first, second) == ("The contract of employment\nends.", "Mooring fee 275 euro")
