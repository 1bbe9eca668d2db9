"""Addresses of cells: any stretch of the text of a workbook leads to the cells of the file that hold it."""

from __future__ import annotations

import io
import re
import tempfile
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.comments import Comment
from openpyxl.utils import get_column_letter
from openpyxl.utils.cell import range_boundaries

from engine import grid as grids
from engine.corpus import Corpus
from engine.corpus.archive import Archive, ArchiveWriter
from engine.corpus.place.address import address, address_of, column_letters
from engine.corpus.place.place import part_of, place_of
from engine.documents.formats.detect import parse
from engine.documents.ingest import ingest
from tests.engine.conftest import stored

FOLDER = Path(__file__).parents[3] / "fixtures" / "documents"
Cells = dict[tuple[int, int], str | int]


def read(folder: Path, files: dict[str, bytes]) -> Corpus:
    """Files as the parsers and the archive have them, without processes in between."""
    writer = ArchiveWriter(folder)
    for name, data in files.items():
        parsed = parse(data, name)
        writer.add(name, parsed.text.encode(), len(parsed.text), passages=[0], grid=parsed.grid)
    writer.close()
    return Corpus(Archive(folder))


def workbook(sheets: dict[str, Cells], hidden: tuple[int, ...] = (), merged: tuple[str, ...] = ()) -> bytes:
    book = openpyxl.Workbook()
    for name, cells in sheets.items():
        sheet = book.create_sheet(name)
        for (row, column), value in cells.items():
            sheet.cell(row, column, value)
        for row in hidden:
            sheet.row_dimensions[row].hidden = True
        for area in merged:
            sheet.merge_cells(area)
    del book["Sheet"]
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def spot(corpus: Corpus, name: str, words: str) -> str:
    number = corpus.names.index(name)
    start = str(corpus[number]).index(words)
    return address_of(corpus.archive, number, start, start + len(words))


def told(value: object) -> str:
    """A value of openpyxl as the text has it."""
    return " ".join(str(value).split()).replace("|", "/") if value is not None else ""


@pytest.mark.parametrize("ending", ["xlsx", "ods", "xls"])
@pytest.mark.parametrize(
    ("words", "cells"),
    [
        ("Ship", "'Fees 2024'!D7"),
        ("Note", "'Fees 2024'!G7"),
        ("of Bergen", "'Fees 2024'!D9"),
        ("1250", "'Fees 2024'!E9"),
        ("| Halcyon II / of Bergen | 1250 |", "'Fees 2024'!D9:E9"),
        ("far out", "'Fees 2024'!G12"),
        ("laid up", "'Fees 2024'!D14"),
        ("37.5", "Crew!C43"),
        ("[ashore]", "Crew!A44"),
        ("Åse | 37.5 |\n| [ash", "Crew!A43:C44"),
        ("# Crew\n\n|  | Name | Hours |\n| ---", "Crew!B2:C2"),
        ("laid up |  |  |  |\n\n# Crew\n\n|  | Name", "'Fees 2024'!D14 to Crew!B2"),
        ("# Crew", ""),
    ],
)
def test_cells_of_a_foreign_workbook_have_their_own_addresses(tmp_path, ending, words, cells) -> None:
    name = f"cells.{ending}"
    corpus = read(tmp_path, {name: (FOLDER / "libreoffice" / name).read_bytes()})
    assert spot(corpus, name, words) == cells


VALUES = st.one_of(
    st.integers(0, 10**6),
    st.sampled_from(["a\nb", "x | y", "[note] c", "# Total", "--- ", "Åse\r\n\r\nII", "e\u0301tat", "q" * 300]),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Co")), min_size=1, max_size=8).filter(
        lambda text: not text.startswith("=") and text.strip() and not re.search("[\ufffe\uffff]|_x[0-9A-Fa-f]{4}_", text)
    ),
)  # fmt: skip
CELLS = st.dictionaries(st.tuples(st.integers(1, 30), st.integers(1, 40)), VALUES, min_size=1, max_size=12)
NAMES = st.sampled_from(["Fees", "A b", "O'Neil", "R1C1", "Ærø", "Q1", "2024", "# x", "a.b"])


@settings(max_examples=120)
@given(st.dictionaries(NAMES, CELLS, min_size=1, max_size=3), st.data())
def test_any_stretch_of_a_workbook_leads_to_the_cells_that_hold_it(sheets: dict[str, Cells], data) -> None:
    book = workbook(sheets, hidden=(2, 5))
    source = openpyxl.load_workbook(io.BytesIO(book))
    with tempfile.TemporaryDirectory() as folder:
        corpus = read(Path(folder), {"a.xlsx": book})
        text = str(corpus[0])
        for _ in range(12):
            start = data.draw(st.integers(0, len(text) - 1))
            rest = text.find("\n", start)
            end = data.draw(st.integers(start + 1, max(start + 1, rest if rest > 0 else len(text))))
            found = address_of(corpus.archive, 0, start, end)
            part = text[start:end].strip(" |\n")
            line = text[text.rfind("\n", 0, start) + 1 : rest if rest >= 0 else None]
            if not found:
                heading = line.removeprefix("# ") in (*sheets, "") and len(sheets) > 1
                assert heading or not part or set(line) <= set("| -") or line.startswith("[properties")
                continue
            sheet, _, area = found.rpartition("!")
            name = sheet[1:-1].replace("''", "'") if sheet.startswith("'") else sheet
            left, top, right, bottom = range_boundaries(area)
            assert top == bottom
            row = " | ".join(told(source[name].cell(top, column).value) for column in range(left, right + 1))
            assert _same(part, row)
            first, last = part_of(corpus.archive, 0, place_of(corpus.archive, 0, start, end))
            assert first <= start < last


def _same(part: str, row: str) -> bool:
    import unicodedata

    return unicodedata.normalize("NFC", part) in unicodedata.normalize("NFC", row)


@settings(max_examples=60)
@given(CELLS)
def test_every_cell_that_holds_something_is_found_at_its_own_address(cells: Cells) -> None:
    book = workbook({"Fees": cells})
    with tempfile.TemporaryDirectory() as folder:
        corpus = read(Path(folder), {"a.xlsx": book})
        text, archive, at = str(corpus[0]), corpus.archive, 0
        lines = [line for line in text.split("\n") if line.strip() and not line.startswith("[properties")]
        found: list[str] = []
        for line in lines:
            at = text.index(line, at)
            values = line.split(" | ")
            for value in values:
                found += [address_of(archive, 0, at, at + len(value))] if value.strip() else []
                at += len(value) + 3
            at -= 3
    rows = sorted(place for place, value in cells.items() if told(value))
    assert found == [f"Fees!{get_column_letter(column)}{row}" for row, column in rows]


def test_a_comment_and_a_formula_without_a_value_are_at_their_cell(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Fees"
    sheet["C4"], sheet["C9"] = "Fee", "=SUM(\nC5:C8)"
    sheet["C4"].comment = Comment("per\nmonth", "Bo\nLi")
    target = io.BytesIO()
    book.save(target)
    corpus = read(tmp_path, {"a.xlsx": target.getvalue()})
    assert spot(corpus, "a.xlsx", "per month") == "Fees!C4"
    assert spot(corpus, "a.xlsx", "C5:C8") == "Fees!C9"
    assert spot(corpus, "a.xlsx", "[properties") == ""


def test_letters_of_columns_are_those_of_a_spreadsheet() -> None:
    assert all(column_letters(n) == get_column_letter(n) for n in (*range(1, 800), 16_384))


@pytest.mark.parametrize(
    ("sheet", "said"),
    [("Fees", "Fees!A1"), ("Fees 2024", "'Fees 2024'!A1"), ("O'Neil", "'O''Neil'!A1"), ("Q1", "'Q1'!A1"), ("R1C1", "'R1C1'!A1"),
     ("2024", "'2024'!A1"), ("a-b", "'a-b'!A1"), ("Ærø", "Ærø!A1"), ("横浜", "横浜!A1"), ("", "''!A1")],
)  # fmt: skip
def test_a_sheet_is_quoted_where_a_spreadsheet_quotes_it(sheet: str, said: str) -> None:
    assert address((sheet, 1, 1)) == said


def test_a_corpus_of_an_older_version_says_what_it_said(tmp_path: Path) -> None:
    corpus = stored(
        tmp_path, {"a.xlsx": "# Fees\n\n| Ship | Fee |\n| --- | --- |\n| Halcyon | 1250 |\n", "b.txt": "x"}
    )
    start = str(corpus[0]).index("1250")
    assert place_of(corpus.archive, 0, start, start + 4).said() == "line 5, sheet Fees, row 2, column Fee"
    assert address_of(corpus.archive, 0, start, start + 4) == ""
    assert len(corpus.archive.grid(1)) == 0


def test_documents_without_cells_take_no_room_in_the_index(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    stored(tmp_path / "one", {"a.txt": "x"})
    book = workbook({"Fees": {(1, 1): "x"}})
    corpus = read(tmp_path / "two", {"a.txt": b"x", "b.xlsx": book, "c.txt": b"y", "d.xlsx": book})
    assert b"TAPGRID1" not in (tmp_path / "one" / "index.bin").read_bytes()
    assert [len(corpus.archive.grid(n)) > 0 for n in range(4)] == [False, True, False, True]
    assert address_of(corpus.archive, 3, 0, 1) == "Fees!A1" and address_of(corpus.archive, 2, 0, 1) == ""


GOOD = [1, 0, 7, 4, 1, 2, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("sheets", "marks"),
    [("Fees", GOOD), (["Fees"], GOOD[:-1]), ([], GOOD), (["Fees"], [0, *GOOD[1:]]), (["Fees"], GOOD[5:] + GOOD[:5]),
     (["Fees"], [1, 0, 1 << 40, 4, 1]), (["Fees"], [1, 0, 7, 4, 2]), (["x"] * 20_000, GOOD), (["Fees"], GOOD[:5] * 2)],
)  # fmt: skip
def test_what_another_process_says_of_cells_is_not_believed(sheets, marks) -> None:
    assert grids.vetted(["Fees"], GOOD)[0].sheet == "Fees"
    with pytest.raises(ValueError, match="grid"):
        grids.vetted(sheets, marks)


def test_a_workbook_that_is_taken_over_from_the_reading_before_keeps_its_addresses(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.xlsx").write_bytes(workbook({"Fees": {(7, 4): "Ship", (9, 4): "Halcyon"}}))
    first = ingest([tmp_path / "in"], tmp_path / "corpora")
    (tmp_path / "in" / "b.txt").write_text("new")
    second = ingest([tmp_path / "in"], tmp_path / "corpora")
    assert first.id != second.id
    assert [spot(Corpus.open(info.path), "a.xlsx", "Halcyon") for info in (first, second)] == ["Fees!D9"] * 2
