"""What a cell did to the variables, in words and as a table."""

from __future__ import annotations

import pytest

from app.runs.cells.variables import variables
from app.text.elements import elements, text_of


def test_changes_are_counted_and_listed_by_kind() -> None:
    one = {"name": "hits", "type": "list", "size": 1200, "repr": "[<b>\u202e\n, 2]"}
    found = variables(
        {"added": [one, {"name": "x"}], "changed": [{"name": "y", "size": None}], "removed": ["z"]}
    )
    assert found["words"] == "2 variables added, 1 changed, 1 removed"
    rows = [row for row in elements([found["table"]]) if row[0] == "tr"]
    assert [row[1]["class"] for row in rows] == ["added", "added", "changed", "removed"]
    assert [text_of([cell]) for cell in rows[0][2:]] == [
        "+ added",
        "hits",
        "list",
        "1,200",
        "[<b>U+202E , 2]",
    ]
    assert text_of(rows[3:]) == "\u2212 removedz"


@pytest.mark.parametrize("changes", [None, {}, {"added": [], "changed": [], "removed": []}])
def test_nothing_is_said_where_nothing_changed(changes: object) -> None:
    assert variables(changes) is None
