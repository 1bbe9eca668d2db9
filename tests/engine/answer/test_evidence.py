"""Claims count only as far as they hold; sources are checked against the stored text."""

import pytest

from engine.answer.evidence import MAX_SOURCE_CHARS, MAX_SOURCES, Evidence
from engine.corpus import Corpus
from engine.documents.ingest import ingest
from engine.run.node import Outcome

TEXT = "The keeper is Ada Fenn.\nThe lamp burns oil.\n"


@pytest.fixture
def evidence(tmp_path):
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "a.txt").write_text(TEXT)
    (tmp_path / "papers" / "long.txt").write_text("word " * 1000)
    info = ingest([tmp_path / "papers"], tmp_path / "corpora")
    return Evidence(Corpus.open(info.path), skipped=[{"path": "x.pdf", "reason": "it is encrypted"}])


def test_named_sources_are_cited_with_their_place_and_exact_text(evidence):
    (source,) = evidence.citations(Outcome("Ada Fenn", ((0, 14, 22),)))
    assert (source.text, source.name, source.line, source.status) == ("Ada Fenn", "a.txt", 1, "exact")


def test_claims_outside_the_corpus_are_dropped(evidence):
    wrong = ((7, 0, 5), (0, 0, 10_000), (0, 5, 5), (-1, 0, 3))
    assert evidence.citations(Outcome("x", wrong)) == ()


def test_without_named_sources_the_places_where_sub_calls_found_their_words_stand_in(evidence):
    evidence.answered("Ada Fenn", [(0, 0, 23)])
    evidence.answered("NONE", [(0, 0, 23)])
    evidence.answered("something else", [(0, 0, 23)])
    assert [s.text for s in evidence.citations(Outcome("Ada Fenn"))] == ["Ada Fenn"]


def test_the_sources_of_children_stand_in_too(evidence):
    evidence.child(Outcome("oil", ((0, 24, 43),)))
    assert [s.text for s in evidence.citations(Outcome("oil"))] == ["The lamp burns oil."]


def test_no_answer_has_no_sources(evidence):
    evidence.answered("Ada Fenn", [(0, 0, 23)])
    assert evidence.citations(Outcome(None)) == ()


def test_a_whole_document_is_cited_by_its_beginning(evidence):
    (source,) = evidence.citations(Outcome("x", ((1, 0, 5000),)))
    assert len(source.text) == MAX_SOURCE_CHARS


def agreed(evidence, outcome, codes=()):
    return evidence.agreement(outcome, evidence.citations(outcome), codes)


def test_an_answer_is_compared_with_what_it_cites_and_what_stands_beside_it(evidence):
    assert agreed(evidence, Outcome("Ada Fenn", ((0, 0, 23),))).status == "stated"
    assert agreed(evidence, Outcome("Ada Fenn", ((0, 24, 43),))).status == "absent"
    assert agreed(evidence, Outcome("Fen", ((0, 18, 21),))).status == "absent"  # the source cuts "Fenn"
    assert agreed(evidence, Outcome("Ada Fenn")).status == "uncited"
    assert agreed(evidence, Outcome(None)) is None


def test_quoted_and_likely_sources_state_an_answer_too_and_missing_ones_do_not(evidence):
    found = agreed(evidence, Outcome("oil", quotes=("The lamp burns gas.", "The lamp burns oil.")))
    assert (found.status, [p.source for p in found.where]) == ("stated", [2])
    assert agreed(evidence, Outcome("gas", quotes=("The lamp burns gas.",))).status == "absent"
    evidence.answered("Ada Fenn", [(0, 0, 23)])
    assert agreed(evidence, Outcome("Ada Fenn")).status == "stated"


def test_a_long_source_is_compared_as_a_whole(evidence):
    assert agreed(evidence, Outcome("word word", ((1, 0, 5000),))).status == "stated"
    assert agreed(evidence, Outcome("words word", ((1, 0, 5000),))).status == "absent"


def test_counts_take_all_spans_that_are_cited_also_those_that_are_not_shown(evidence):
    spans = tuple((1, 5 * n, 5 * n + 4) for n in range(300))
    outcome = Outcome("300", spans, cell=1)
    assert len(evidence.citations(outcome)) == MAX_SOURCES
    assert agreed(evidence, outcome, ["FINAL(len(hits), hits)"]).status == "computed"
    assert agreed(evidence, Outcome("200", spans, cell=1), ["FINAL(len(hits), hits)"]).status == "absent"


def test_a_claim_that_is_not_in_the_text_shown_is_not_counted_as_read(evidence):
    evidence.shown("nothing of it", [(0, 0, 43)])
    assert evidence.coverage()["lines_read"] == 0
    evidence.shown("Output: The lamp burns oil.", [(0, 0, 43)])
    assert evidence.coverage()["lines_read"] == 1
    assert evidence.coverage()["skipped"] == 1


def test_searched_ranges_from_a_worker_are_bounded_by_the_corpus(evidence):
    evidence.searched([[0, 1]])
    assert evidence.coverage()["documents_searched"] == 1
    evidence.searched([[0, 10**12]])
    assert evidence.coverage()["documents_searched"] == 2
