"""Sources, values and the account of an answer name the cells of a workbook; hits and pieces in a cell know theirs."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.answer.evidence import Evidence
from engine.corpus import Corpus
from engine.corpus.document import Hit
from engine.corpus.place.said import said
from engine.run.node import Outcome
from engine.types import to_json
from tests.engine.corpus.place.test_address import read, workbook

FEES = {(7, 4): "Ship", (7, 5): "Fee", (9, 4): "Halcyon", (9, 5): 1250, (12, 4): "Zeemeeuw", (12, 5): 980}


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return read(
        tmp_path, {"fees.xlsx": workbook({"Fees": FEES, "Notes": {(1, 1): "x"}}), "a.txt": b"The fee is 980."}
    )


def row(corpus: Corpus, words: str) -> tuple[int, int, int]:
    start = str(corpus[0]).index(words)
    return 0, *corpus.archive.line_bounds(0, start, start)


def test_a_source_names_its_cells_and_a_value_the_very_cell(corpus: Corpus) -> None:
    evidence = Evidence(corpus)
    outcome = Outcome(
        "Halcyon pays 1,250, Zeemeeuw 980.", (row(corpus, "Halcyon"), row(corpus, "Zeemeeuw"), (1, 0, 15))
    )
    sources = evidence.citations(outcome)
    assert [source.cell for source in sources] == ["Fees!D9:E9", "Fees!D12:E12", ""]
    assert said(to_json(sources[0])) == "line 5, Fees!D9:E9" and said(to_json(sources[2])) == "line 1"
    checked = evidence.agreement(outcome, sources, [])
    assert checked is not None
    assert [(mark.source, mark.cell) for mark in checked.cells] == [(1, "Fees!E9"), (2, "Fees!E12")]
    for mark in checked.cells:
        value = corpus.text(mark.document, mark.start, mark.end)
        assert outcome.answer[: mark.at].replace(",", "").endswith(value)
        assert mark.line == corpus.locate(mark.document, mark.start)[0]
    assert {at for at, _ in checked.marks} >= {mark.at for mark in checked.cells}


def test_the_account_of_a_workbook_names_the_cells_that_were_quoted(corpus: Corpus) -> None:
    evidence = Evidence(corpus)
    sources = evidence.citations(Outcome("x", (row(corpus, "Halcyon"), (1, 0, 15))))
    files = {file["name"]: file for file in evidence.coverage(sources)["files"]}
    assert files["fees.xlsx"]["cells"] == ["Fees!D9:E9"] and files["a.txt"]["cells"] == []


def test_hits_and_pieces_know_their_cells(corpus: Corpus) -> None:
    start = str(corpus[0]).index("1250")
    hit = Hit(corpus, 0, start, start + 4)
    assert (hit.cell, hit.text.cell, hit.name, hit.document, hit.page) == (
        "Fees!E9",
        "Fees!D9:E9",
        "fees.xlsx",
        0,
        None,
    )
    assert corpus.piece(0, start, start + 4).cell == "Fees!E9"
    assert corpus[1].cell == ""  # type: ignore[attr-defined]
