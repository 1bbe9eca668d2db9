"""Each row of a table in delimited text comes to stand on one line, and what is no table stays as it is."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.documents.formats.detect import parse
from engine.documents.formats.text.delimited import rows_on_lines
from engine.text.columns import fields
from tests.engine.documents.effort import units

CELLS = st.text('ab ,;"\n', max_size=8)


@settings(max_examples=300)
@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=6), st.sampled_from(",;\t|"))
def test_what_the_csv_module_writes_is_read_row_by_row(rows: list[list[str]], delimiter: str) -> None:
    file = io.StringIO()
    writer = csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows([["x", "y", "z"], *rows])
    lines = rows_on_lines(file.getvalue(), ".csv").splitlines()
    cut = [[line[a:b].replace('""', '"') for a, b in fields(line, delimiter)] for line in lines]
    assert cut == [["x", "y", "z"], *([cell.replace("\n", " ").rstrip() for cell in row] for row in rows)]


def test_a_delimiter_that_cuts_into_quoted_cells_is_none() -> None:
    """With commas nearly all rows here are two fields wide, and there would be more of them."""
    rows = [
        ["", ",,;", ""],
        [",;,;;\n,;", ",;\n,;,", ""],
        ["\n;,", ",\n,,;;", ""],
        [",;,\n\n,;,", "\n", ",,\n,;,"],
    ]
    written = "\n".join("\t".join(f'"{cell}"' for cell in row) for row in [["x", "y", "z"], *rows]) + "\n"
    assert [len(fields(line, "\t")) for line in rows_on_lines(written, ".csv").splitlines()] == [3] * 5


def test_a_table_is_known_without_its_name() -> None:
    table = 'a;b;c\n1;"two\nlines";3\n4;5;6\n'
    assert parse(table.encode(), "a.txt").text == 'a;b;c\n1;"two lines";3\n4;5;6\n'


@pytest.mark.parametrize(
    "text",
    [
        'He said, "come\nin", and she,\nquietly, "went\naway".\n',
        'size,note\n5" pipe,a\n"b" c,"d\n"e",f\n',
        'x = ["a,\nb", 1]\ny = 2\n',
        '1,"never closed\n2,3\n4,5\n',
    ],
)
def test_what_is_no_quoted_cell_keeps_its_line_ends(text: str) -> None:
    assert parse(text.encode(), "a.txt").text == text


def test_quotes_without_an_end_cost_little_time() -> None:
    for line in ('1,"a\n', '"', '"",', '1,"a\nb\n'):
        text = "x,y\n" + line * 100_000
        assert units(lambda: rows_on_lines(text, ".csv")) < 60  # noqa: B023


def test_a_row_of_many_cells_that_run_over_lines_costs_little_time() -> None:
    text, rows = "a,b\n1," + '"x\ny",' * 60_000 + "z\n", []
    assert units(lambda: rows.append(rows_on_lines(text, ".csv"))) < 60
    assert rows[0].count("\n") == 2
