"""Pages as images: the stretch of text that is asked for is the one that is coloured."""

from __future__ import annotations

import io
from functools import partial

import numpy as np
import pytest
from PIL import Image
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from engine.documents import pictures
from engine.documents.formats.pdf.document import parse_pdf
from engine.documents.formats.pdf.wanted import Wanted
from engine.errors import InputError, LockedError
from tests.engine.documents.test_formats import pdf

WIDTH = 800
picture = partial(pictures.picture, seconds=300.0)  # also on a slow machine


def canvas(draw, rotation: int = 0) -> bytes:
    file = io.BytesIO()
    made = Canvas(file, pagesize=A4)
    made.setPageRotation(rotation)
    draw(made)
    made.showPage()
    made.save()
    return file.getvalue()


def coloured(png: bytes) -> tuple[int, int, int, int]:
    """The box around what is marker yellow: left, top, right, bottom in pixels; raises ValueError when nothing is."""
    pixels = np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)
    yellow = (pixels[:, :, 0] > 200) & (pixels[:, :, 2] < 150)
    rows, columns = np.flatnonzero(yellow.any(1)), np.flatnonzero(yellow.any(0))
    return int(columns.min()), int(rows.min()), int(columns.max()), int(rows.max())


def marked(data: bytes, words: str, page: int = 1, number: int = 0) -> tuple[int, int, int, int]:
    """Draw a page with the `number`-th place of `words` in its stored text marked; where the colour is."""
    text = parse_pdf(data)[0][page - 1]
    at = -1
    for _ in range(number + 1):
        at = text.index(words, at + 1)
    drawn = picture(data, Wanted(page, WIDTH, text, at, at + len(words)))
    assert drawn.marked
    return coloured(drawn.png)


def test_the_words_that_are_asked_for_are_coloured_and_no_others() -> None:
    data = pdf("The lease.\nThe deposit is 1,250 EUR today.\nThe deposit is due.")
    scale = WIDTH / A4[0]
    left, top, right, bottom = marked(data, "1,250 EUR")
    line = (A4[1] - (760 - 16)) * scale  # the base line of the second line, from the top
    assert top < line - 5 and line - 14 * scale < top and bottom < line + 8
    assert 72 * scale < left < right < WIDTH / 2
    first, second = marked(data, "The deposit"), marked(data, "The deposit", number=1)
    assert second[1] > first[1] + 10, "the second place of the same words is another"


def test_a_stretch_over_lines_columns_and_a_hyphen_is_found() -> None:
    def two_columns(made: Canvas) -> None:
        for number in range(12):
            made.drawString(50, 700 - 16 * number, f"left column line {number} of the long")
            made.drawString(330, 700 - 16 * number, f"right column line {number} of all")

    box = marked(canvas(two_columns), "right column line 3 of all")
    assert box[0] > WIDTH / 2, "only in the right column"
    hyphen = pdf("The Verwal-\ntung of the house answered.")
    text = parse_pdf(hyphen)[0][0]
    at = text.index("Verwal")
    drawn = picture(hyphen, Wanted(1, WIDTH, text, at, at + len("Verwaltung")))
    _, top, _, bottom = coloured(drawn.png)
    assert bottom - top > 25, "on both lines"


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_turned_pages_are_marked_where_the_words_are(rotation: int) -> None:
    data = canvas(lambda made: made.drawString(60, 500, "Find the harbour wall here"), rotation)
    text = parse_pdf(data)[0][0]
    at = text.index("harbour")
    drawn = picture(data, Wanted(1, WIDTH, text, at, at + 7))
    plain = picture(data, Wanted(1, WIDTH, text, 0, 0))
    assert drawn.marked and not plain.marked
    box = coloured(drawn.png)
    before = np.asarray(Image.open(io.BytesIO(plain.png)).convert("L"))
    ink = before[box[1] : box[3], box[0] : box[2]] < 128
    assert 0.05 < ink.mean() < 0.6, "ink lies under the colour"


def test_what_cannot_be_drawn_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    data = pdf("One page.")
    with pytest.raises(InputError, match="there is no page 2 in it"):
        picture(data, Wanted(2, WIDTH, "", 0, 0))
    with pytest.raises(InputError, match="damaged"):
        picture(b"%PDF-1.7\nnothing", Wanted(1, WIDTH, "", 0, 0))
    locked = pdf("Secret.", encrypt="harbour")
    with pytest.raises(LockedError, match="protected by a password"):
        picture(locked, Wanted(1, WIDTH, "", 0, 0))
    assert picture(locked, Wanted(1, WIDTH, "Secret.", 0, 6), ["harbour"]).marked
    monkeypatch.setattr(pictures, "PARSER", "tests.engine.documents.bad_parser")
    with pytest.raises(InputError, match="longer than 1 seconds"):
        picture(data + b"SLEEP", Wanted(1, WIDTH, "", 0, 0), seconds=1.0)


def test_a_picture_is_bounded_in_size() -> None:
    drawn = picture(pdf("One page.", pagesize=(20, 14_000)), Wanted(1, 100_000, "One page.", 0, 3))
    wide, high = Image.open(io.BytesIO(drawn.png)).size
    assert wide <= 2400 and high <= 6001


def test_what_was_filled_into_a_form_is_drawn() -> None:
    def form(made: Canvas) -> None:
        made.acroForm.textfield(value="Ada Fenn", x=100, y=600, width=200, height=30, borderWidth=0)

    drawn = picture(canvas(form), Wanted(1, WIDTH, "", 0, 0))
    assert (np.asarray(Image.open(io.BytesIO(drawn.png)).convert("L")) < 100).sum() > 100


def test_of_several_places_the_one_is_marked_that_stands_in_the_same_words() -> None:
    first = marked(pdf("Room 2, 22 EUR and 22 more"), "22 EUR")
    second = marked(pdf("Room 2, 22 EUR and 22 more"), "22 more")
    assert second[0] > first[2]

    def by_rows(made: Canvas) -> None:
        for number, (left, right) in enumerate((("open: Ash", "paid: Elm"), ("paid: Oak", "open: Fir"))):
            made.drawString(50, 700 - 16 * number, left)
            made.drawString(330, 700 - 16 * number, right)

    assert marked(canvas(by_rows), "paid: Oak")[2] < WIDTH / 2
    same = pdf("paid\npaid\npaid")
    text = parse_pdf(same)[0][0]
    assert not picture(same, Wanted(1, WIDTH, text.replace("paid\n", "", 1), 5, 9)).marked, (
        "which, cannot be told"
    )
