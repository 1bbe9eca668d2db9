"""Every value of an answer carries its own sources; a source inside another is one."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.answer.evidence import Evidence
from engine.answer.sources import joined
from engine.corpus import Corpus
from engine.documents.ingest import ingest
from engine.run.node import Outcome

LINES = ("The mill costs 450 crowns.", "The quay costs 300 crowns.", "Ada Fenn pays on 3 May 2024.")
STARTS = (0, 27, 54)


@pytest.fixture(scope="module")
def evidence(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    folder: Path = tmp_path_factory.mktemp("marks")
    (folder / "papers").mkdir()
    (folder / "papers" / "a.txt").write_text("\n".join(LINES) + "\n")
    (folder / "papers" / "long.txt").write_text("word " * 500 + "\nThe loft costs 999 crowns.\n")
    return Evidence(Corpus.open(ingest([folder / "papers"], folder / "corpora").path))


EACH = tuple((0, start, start + len(line)) for start, line in zip(STARTS, LINES, strict=True))


def marked(evidence: Evidence, answer: str, spans: tuple = EACH, **more) -> list[tuple[str, tuple[int, ...]]]:
    outcome = Outcome(answer, spans, **more)
    found = evidence.agreement(outcome, evidence.citations(outcome), [])
    assert found is not None
    return [(answer[:at].rsplit("\n", 1)[-1], numbers) for at, numbers in found.marks]


def test_each_line_of_an_answer_carries_the_sources_that_state_it(evidence: Evidence) -> None:
    assert marked(evidence, "- 450 crowns\n- 300 crowns\n- **Ada Fenn**") == [
        ("- 450 crowns", (1,)),
        ("- 300 crowns", (2,)),
        ("- **Ada Fenn**", (3,)),
    ]
    pairs = (("mill", "450"), ("quay", "300"))
    assert marked(evidence, "mill: 450\nquay: 300", parts=pairs) == [("mill: 450", (1,)), ("quay: 300", (2,))]


def test_numbers_and_dates_of_a_sentence_carry_theirs(evidence: Evidence) -> None:
    answer = "The mill is 450 and the quay 300, to be paid on 3 May 2024, for 7 years."
    assert [numbers for _, numbers in marked(evidence, answer)] == [(1,), (2,), (3,)]
    assert marked(evidence, "450 crowns") == [("450 crowns", (1,))]


def test_an_answer_with_numbers_of_its_own_gets_no_others(evidence: Evidence) -> None:
    assert marked(evidence, "It is 450 crowns [1].") == []
    assert marked(evidence, "It is 451 crowns.") == []


def test_a_source_that_lies_inside_another_is_one_source(evidence: Evidence) -> None:
    spans = (EACH[1], (0, 0, 53), EACH[2], (0, 4, 8))
    assert [s.span for s in joined(spans)] == [(0, 0, 53), EACH[2]]
    sources = evidence.citations(Outcome("300 crowns", spans))
    assert [(s.start, s.end) for s in sources] == [(0, 53), (54, 82)]
    assert marked(evidence, "300 crowns", spans) == [("300 crowns", (1,))]
    numbered = evidence.citations(Outcome("300 crowns [4]", spans))
    assert len(numbered) == 4  # the answer counts them itself


def test_a_quote_of_a_source_that_is_cited_is_no_other_source(evidence: Evidence) -> None:
    outcome = Outcome("Ada Fenn", (EACH[2],), quotes=("Ada Fenn pays", "The mill costs", "nowhere"))
    found = evidence.citations(outcome)
    assert [(s.text, s.status) for s in found] == [
        (LINES[2], "exact"),
        ("The mill costs", "exact"),
        ("nowhere", "missing"),
    ]
    checked = evidence.agreement(outcome, found, [])
    assert checked is not None and checked.status == "stated"


def test_of_a_long_source_the_place_that_was_named_is_shown(evidence: Evidence) -> None:
    (source,) = evidence.citations(Outcome("999", ((1, 0, 2528), (1, 2501, 2527))))
    assert source.text == "The loft costs 999 crowns." and source.line == 2
    assert marked(evidence, "999", ((1, 0, 2528), (1, 2501, 2527))) == [("999", (1,))]
