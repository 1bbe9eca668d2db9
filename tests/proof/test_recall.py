"""What counts as found in the measure of recall."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.proof.recall import Question, main, measure, needed, place

TEXT = "The pump\nstands in the cellar. It was bought in May. Nobody knows why. It holds 90 litres.\n"


@pytest.mark.parametrize(
    ("answer", "proof", "wanted"),
    [
        ("90 litres", "It holds 90 litres.", ["90 litres", "It holds 90 litres."]),
        ("yes", "The pump stands in the cellar.", ["The pump stands in the cellar."]),
        ("May", "It was bought in May. It holds 90 litres.", ["May", "It was bought in May.", "It holds 90 litres."]),
    ],
)  # fmt: skip
def test_the_answer_and_each_sentence_of_its_proof_are_needed(
    answer: str, proof: str, wanted: list[str]
) -> None:
    assert [*needed({"a": answer, "from": proof}, TEXT)] == wanted


def test_a_question_is_found_where_the_last_of_what_it_needs_stands_in_its_document() -> None:
    question = Question("?", ("in the cellar", "90 litres"), "a.txt")
    found = [("b.txt", TEXT), ("a.txt", "stands in\nthe cellar"), ("a.txt", "It holds 90 litres.")]
    assert [place(question, found[:n]) for n in (1, 2, 3)] == [float("inf"), float("inf"), 3]


def test_the_measure_counts_places_and_characters() -> None:
    asked = [Question("one", ("x",)), Question("two", ("y",))]
    row = measure(None, asked, lambda _, text: [("d", "a"), ("d", "x" if text == "one" else "bb")])  # type: ignore[arg-type]
    assert (row["at 1"], row["at 3"], row["at 8"]) == (0, 1, 1)
    assert row["characters"] == 2


def test_lines_and_passages_of_an_exam_are_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "pump.txt").write_text(TEXT, "utf-8")
    asked = {"family": "look-up", "question": "How much does it hold?", "answer": "90 litres", "kind": "text"}
    (tmp_path / "questions.json").write_text(json.dumps([asked]), "utf-8")
    monkeypatch.setattr(sys, "argv", ["recall", str(tmp_path), "--json"])
    assert not main()
    rows = json.loads(capsys.readouterr().out)
    assert {row["way"]: row["at 8"] for row in rows} == {"lines": 1, "passages": 1}
