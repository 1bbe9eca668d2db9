"""Rows of a document: every character in exactly one row, found by line or by character."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.corpus import rows as module
from engine.corpus.rows import Rows
from tests.engine.conftest import stored


def rows_of(folder: Path, text: str) -> Rows:
    return Rows(stored(folder, {"a.txt": text}).archive, 0)


def test_lines_have_their_numbers_and_places(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, "one\n\ntwö 🌳\nend\n")
    assert [(r.line, r.start, r.text) for r in rows.rows(0, 9)] == [
        (1, 0, "one"),
        (2, 4, ""),
        (3, 5, "twö 🌳"),
        (4, 11, "end"),
    ]
    assert rows.lines == len(rows) == 4
    assert [rows.row_of(char) for char in (0, 3, 4, 5, 10, 11, 15, 99)] == [0, 0, 1, 2, 2, 3, 3, 3]
    assert rows.rows_of([0, 5, 99]) == [0, 2, 3] and rows.rows_of([]) == []
    assert [rows.row_of_line(line) for line in (-5, 1, 3, 99)] == [0, 0, 2, 3]


def test_a_long_line_is_cut_at_spaces_and_never_in_a_character(tmp_path: Path) -> None:
    text = "word " * 1000 + "\n" + "🌳" * 3000 + "\nend"
    rows = rows_of(tmp_path, text)
    found = rows.rows(0, len(rows))
    assert [row.line for row in found if row.first] == [1, 2, 3] and rows.lines == 3
    assert max(len(row.text.encode()) for row in found) <= module.LONGEST
    assert all(row.text.endswith(" ") for row in found if row.line == 1)
    assert rows.row_of_line(3) == len(rows) - 1


@settings(max_examples=150)
@given(text=st.text(alphabet="a é🌳\n ", min_size=1, max_size=120), longest=st.integers(8, 20))
def test_rows_together_are_the_text(tmp_path_factory, text: str, longest: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "LONGEST", longest)
        patch.setattr(module, "BLOCK", 7)
        rows = rows_of(tmp_path_factory.mktemp("rows"), text)
        found = rows.rows(0, len(rows))
        assert "".join(row.text + "\n" * row.last for row in found).removesuffix("\n") == text.removesuffix(
            "\n"
        )
        assert all(text[row.start : row.start + len(row.text)] == row.text for row in found)
        for char in range(len(text)):
            row = found[rows.row_of(char)]
            assert row.start <= char <= row.start + len(row.text)
        assert np.all(np.diff([row.start for row in found]) > 0)
