"""Tables of answers: every cell arrives as the text that it is, and none becomes a formula."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from engine.errors import InputError
from engine.questions.table import CUT, HEAD, LONGEST_CELL, as_csv, as_xlsx, save

EVIL = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(1)",
    "\t=1+1",
    "\n=1+1",
    '  =HYPERLINK("https://evil.example")',
    "-2+3+cmd|' /C calc'!A0",
    "＝1+1",
]
PLAIN = [
    "450 crowns",
    "-5",
    "+3.5",
    "-1,250.00",
    "a = b",
    "https://evil.example",
    '"quoted", and; more',
    "two\nlines",
]


def row(**more: Any) -> dict[str, Any]:
    source = {
        "document": 0,
        "name": "a.txt",
        "start": 0,
        "end": 3,
        "line": 3,
        "page": None,
        "text": "the\nferry",
        "status": "exact",
        "nearest": None,
    }
    base = {
        "number": 1, "name": "a.txt", "question": "Who?", "answer": "Ada", "status": "answered", "agreement": None,
        "sources": [source], "seconds": 1.5, "calls": 2, "run": "r1", "reason": "",
    }  # fmt: skip
    return {**base, **more}


def csv_cells(data: bytes) -> list[list[str]]:
    assert data.startswith(b"\xef\xbb\xbf")
    return [*csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))]


def sheet_of(data: bytes) -> Any:
    return openpyxl.load_workbook(io.BytesIO(data)).active


def test_a_row_has_its_answer_its_sources_and_its_run() -> None:
    rows = [row(), row(number=2, answer=None, status="unanswered", sources=[], reason="the model gave none")]
    head, first, second = csv_cells(as_csv(rows))
    assert tuple(head) == HEAD
    assert first == [
        "1",
        "a.txt",
        "Who?",
        "Ada",
        "answered",
        "",
        "a.txt, line 3: the ferry",
        "1.5",
        "2",
        "r1",
        "",
    ]
    assert second[3:5] == ["", "unanswered"] and second[-1] == "the model gave none"
    sheet = sheet_of(as_xlsx(rows))
    assert [cell.value for cell in sheet[2]][:5] == [1, "a.txt", "Who?", "Ada", "answered"]
    assert sheet["D3"].value is None


@pytest.mark.parametrize("text", EVIL)
def test_no_cell_becomes_a_formula(text: str) -> None:
    given = row(question=text, answer=text, name=text, reason=text)
    (cells,) = csv_cells(as_csv([given]))[1:]
    assert [cells[1], cells[2], cells[3], cells[10]] == [f"'{text}"] * 4
    data = as_xlsx([given])
    sheet = sheet_of(data)
    assert [cell.data_type for cell in sheet[2] if isinstance(cell.value, str)] == ["s"] * 8
    assert sheet["D2"].value == text
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        inside = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in inside and "hyperlink" not in inside


@pytest.mark.parametrize("text", PLAIN)
def test_other_texts_and_plain_numbers_stay_as_they_are(text: str) -> None:
    assert csv_cells(as_csv([row(answer=text)]))[1][3] == text
    assert sheet_of(as_xlsx([row(answer=text)]))["D2"].value == text


def test_control_characters_and_very_long_texts_break_no_file() -> None:
    bad = "a\x00\x1b[31m\ud800\uffffb"
    assert csv_cells(as_csv([row(answer=bad)]))[1][3] == "a\ufffd\ufffd[31m\ufffd\ufffdb"
    assert sheet_of(as_xlsx([row(answer=bad)]))["D2"].value == "a\ufffd\ufffd[31m\ufffd\ufffdb"
    long = "x" * 50_000
    assert csv_cells(as_csv([row(answer=long)]))[1][3] == long
    cell = sheet_of(as_xlsx([row(answer=long)]))["D2"].value
    assert len(cell) == LONGEST_CELL and cell.endswith(CUT)


def test_a_table_is_saved_as_its_name_says_and_whole(tmp_path: Path) -> None:
    save(tmp_path / "a.csv", [row()])
    save(tmp_path / "a.XLSX", [row()])
    assert (tmp_path / "a.csv").read_bytes() == as_csv([row()])
    assert openpyxl.load_workbook(tmp_path / "a.XLSX").active["C2"].value == "Who?"
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(InputError, match="cannot be written"):
        save(tmp_path / "folder.csv", [row()])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.XLSX", "a.csv", "folder.csv"]


@pytest.mark.parametrize("mark", [";", "\t"])
def test_no_cell_is_a_formula_where_another_mark_parts_them(mark: str) -> None:
    parts = (
        "{0}=cmd|' /C calc'!A0{0}",
        "\n=cmd|' /C calc'!A0",
        '{0}"=SUM(A1)"',
        '{0} ""-2+cmd|x!A',
        "\r\n@SUM(A1)",
    )
    rows = [row(answer=f"foo{part.format(mark)}bar") for part in parts]
    data = as_csv(rows).decode("utf-8-sig")
    found = [cell for line in csv.reader(io.StringIO(data, newline=""), delimiter=mark) for cell in line]
    assert len(found) > len(rows)
    assert [cell for cell in found if cell.strip('" \r\n')[:1] in tuple("=+-@")] == []
    kept = row(answer="apples; -5; see a;\n- pears; two = 2")
    assert csv_cells(as_csv([kept]))[1][3] == kept["answer"]


def test_a_cell_is_cut_by_what_a_workbook_counts() -> None:
    cell = sheet_of(as_xlsx([row(answer="x" + "\N{ROCKET}" * 20_000)]))["D2"].value
    assert len(cell.encode("utf-16-le")) // 2 <= LONGEST_CELL and cell.endswith(CUT)
    assert cell.startswith("x\N{ROCKET}\N{ROCKET}") and "\N{REPLACEMENT CHARACTER}" not in cell
