"""Tables of a cell's HTML made anew of their text, whatever the HTML holds."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from app.runs.cells.table import CHARS, COLUMNS, ROWS, table
from app.text.elements import elements, text_of
from tests.app.text.hostile import hostile

PANDAS = """<div><style scoped>.x td {color: red}</style><table border="1" class="dataframe">
  <thead><tr style="text-align: right;"><th></th><th>name</th><th>sum</th></tr></thead>
  <tbody><tr><th>0</th><td>Tollen &amp; S&ouml;hne</td><td>1,250.50</td></tr><tr><th>1</th><td>a<br>b</td><td>-3</td></tr></tbody>
</table><table><tr><td>second</td></tr></table></div>"""


def cells(source: str) -> list[list[Any]]:
    found = table(source)
    return [cell for cell in elements([found] if found else []) if cell[0] in ("td", "th")]


def test_a_frame_keeps_its_head_its_numbers_and_its_letters() -> None:
    found = table(PANDAS)
    assert [element[0] for element in elements([found])][:4] == ["div", "table", "thead", "tr"]
    assert [text_of([cell]) for cell in cells(PANDAS)] == [
        *("", "name", "sum"), *("0", "Tollen & Söhne", "1,250.50"), *("1", "a\nb", "-3")
    ]  # fmt: skip
    assert [text_of([c]) for c in cells(PANDAS) if c[1].get("class") == "numeric"] == [
        "0",
        "1,250.50",
        "1",
        "-3",
    ]


def test_cells_that_span_are_kept_within_bounds() -> None:
    (cell,) = cells("<table><tr><td colspan='3' rowspan=999>x</td></tr></table>")
    assert (cell[1]["colSpan"], cell[1]["rowSpan"]) == (3, 40)


def test_what_is_much_is_cut_and_the_rest_counted() -> None:
    source = "<table>" + ("<tr>" + "<td>é</td>" * 60 + "</tr>") * 250 + "</table>"
    assert len(cells(source)) == ROWS * COLUMNS
    assert text_of([table(source)])[-26:] == "150 more rows not shown here."[-26:]
    assert len(text_of(cells(f"<table><tr><td>{'x' * 9000}"))) == CHARS


@pytest.mark.parametrize(
    "source", ["", "no table", "<table></table>", "<td>x</td>", "<!-- <table><tr><td>x -->", "<table><tr"]
)
def test_without_a_table_there_is_none(source: str) -> None:
    assert table(source) is None


def test_scripts_and_attributes_are_left_out_and_hostile_words_are_text() -> None:
    source = "<table onclick=window.pwned=1><tr><td onclick=x><script>window.pwned=1</script>&lt;b&gt;<img src=x onerror=y>z</td></tr></table>"
    (cell,) = cells(source)
    assert cell == ["td", {"colSpan": 1, "rowSpan": 1}, "<b>z"]
    for text in (text for seed in range(10) for text in hostile(seed, 10)):
        found = table(f"<table><tr><td>{text}</td></tr></table>")
        assert {element[0] for element in elements([found])} <= {"div", "table", "tbody", "tr", "td", "th"}
        for element in elements([found]):
            assert element[1].keys() <= {"class", "tabIndex", "role", "aria-label", "colSpan", "rowSpan"}


@pytest.mark.parametrize("piece", ["<", "<a ", '<a "', "<a '\"", "<!--", "<td>", "&#60;", "<br>", "<td x=''"])
def test_html_made_to_be_slow_costs_steps_in_proportion_to_its_length(piece: str) -> None:
    """Counted in calls of functions, not in time."""

    def steps(length: int) -> int:
        count = 0

        def step(*_: Any) -> None:
            nonlocal count
            count += 1

        sys.setprofile(step)
        try:
            table("<table><tr><td>" + piece * (length // len(piece)))
        finally:
            sys.setprofile(None)
        return count

    assert steps(16_000) < 16 * steps(2_000)


def test_a_letter_given_by_an_endless_number_leaves_the_table_shown() -> None:
    assert "fee" in str(table(f"<table><tr><td>&#{'9' * 5000};</td><td>fee</td></tr></table>"))
