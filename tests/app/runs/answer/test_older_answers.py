"""Answers of databases that earlier code wrote are laid out as those of today are."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.runs.answer.panel import answer_panel, as_text
from app.text.elements import text_of
from engine.store import Store
from tests.engine.store.stored import STORED, lay_out


@pytest.mark.parametrize("name", STORED)
def test_every_stored_run_has_a_panel_and_a_text(name: str, tmp_path: Path) -> None:
    with Store(lay_out(name, tmp_path / "data")) as store:
        rows = [store.run(found["run"]) for found in store.runs()]
    assert rows
    for row in rows:
        shown, text = text_of([answer_panel(row)]), as_text(row)
        assert text.startswith(row["question"]) and "documents searched" in text
        for source in row["sources"] or ():
            assert source["text"][:40] in shown and source["text"][:40] in text
        if row["answer"]:
            assert row["answer"].split()[0] in shown and row["answer"] in text
