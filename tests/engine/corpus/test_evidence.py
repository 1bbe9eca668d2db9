"""References, citations, claims and coverage: what is said about documents is checked against them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.corpus import Corpus, Document, reference, resolve
from engine.corpus.citations import check
from engine.corpus.coverage import Coverage, merge
from engine.errors import InputError
from tests.engine.conftest import LEASE, stored

PAPER = "The so-called “final” agree-\nment was signed\n  by Anna’s lawyer.\nThe sum is 10.\nThe sum is 10.\n"


@pytest.fixture
def corpus(ingested) -> Corpus:
    return ingested(
        {"lease.md": LEASE, "paper.txt": PAPER, "köln.txt": "Grüße aus Köln.\n", "z.txt": "last\n"}
    )


# --- references -----------------------------------------------------------------------------------------


def test_references_name_data_and_come_back(corpus: Corpus) -> None:
    lease, paper = corpus["lease.md"], corpus["paper.txt"]
    hit = corpus.grep("six")[0]
    for data in (
        corpus,
        corpus[1:3],
        corpus[::-1],
        corpus.select([3, 0]),
        lease,
        lease[5:50],
        "text",
        [lease[:9], "b"],
    ):
        ref = json.loads(json.dumps(reference(data)))
        back = resolve(ref, corpus)
        if isinstance(data, Corpus):
            assert isinstance(back, Corpus) and back.names == data.names
        else:
            assert back == data and type(back) is type(data)
    assert reference(corpus) == {"kind": "corpus", "documents": None}
    assert reference(corpus.select([0, 1, 3])) == {"kind": "corpus", "documents": [[0, 2], [3, 4]]}
    assert reference([lease, paper]) == reference(corpus.select(["lease.md", "paper.txt"]))
    assert resolve(reference(hit), corpus).span == hit.span
    assert (
        type(reference(lease.upper())["text"]) is str
        and reference(None) is None
        and resolve(None, corpus) is None
    )
    assert isinstance(resolve(reference(lease), corpus), Document)
    with pytest.raises(TypeError, match="not int"):
        reference(3)


@pytest.mark.parametrize(
    "ref",
    [
        {"kind": "file", "path": "/etc/passwd"},
        {"kind": "document", "document": 99, "start": 0, "end": 1},
        {"kind": "document", "document": 0, "start": 5, "end": 2},
        {"kind": "document", "document": 0, "start": 0, "end": 10**9},
        {"kind": "document", "document": -1},
        {"kind": "corpus", "documents": [[0, 10**9]]},
        {"kind": "corpus", "documents": [[0, 4]] * 1000},
        {"kind": "corpus", "documents": "all"},
        {"kind": "text", "text": 5},
        {"kind": "list", "items": 5},
        {},
        [],
        "text",
    ],
)
def test_a_reference_that_names_nothing_is_refused(corpus: Corpus, ref: object) -> None:
    with pytest.raises(InputError, match="names no data"):
        resolve(ref, corpus)


def test_lists_nested_without_end_are_refused(corpus: Corpus) -> None:
    ref: dict = {"kind": "text", "text": ""}
    for _ in range(500):
        ref = {"kind": "list", "items": [ref]}
    with pytest.raises(InputError):
        resolve(ref, corpus)


# --- citations ------------------------------------------------------------------------------------------


def test_an_exact_quotation_is_exact(corpus: Corpus) -> None:
    hit = corpus.grep("six months")[0]
    citation = check(corpus, *(hit.id, hit.start, hit.end), hit.text)
    assert (citation.status, citation.name, citation.line, citation.page) == ("exact", "lease.md", 7, None)
    assert check(corpus, hit.id, hit.start, hit.end) == citation
    assert check(corpus, hit.id, hit.start, hit.end, "") == citation


def test_a_quotation_with_a_wrong_place_gets_the_nearest_true_one(corpus: Corpus) -> None:
    document = corpus["paper.txt"]
    first, second = (h.start for h in document.grep("The sum is 10."))
    assert check(corpus, document.id, 0, 3, "The sum is 10.").start == first
    assert check(corpus, document.id, len(document), len(document), "The sum is 10.").start == second
    assert check(corpus, document.id, -5, 10**9, "The sum is 10.").status == "exact"


@pytest.mark.parametrize(
    "quoted",
    [
        'The so-called "final" agreement was signed by Anna\'s lawyer.',
        "The so-called “final” agree-ment was  signed\nby Anna’s lawyer.",
        '"final" agreement was signed',
        "  The sum\tis 10. ",
    ],
)
def test_only_space_hyphenation_and_quotes_may_differ(corpus: Corpus, quoted: str) -> None:
    citation = check(corpus, corpus["paper.txt"].id, 0, 10, quoted)
    assert citation.status == "folded"
    stands = corpus.text(citation.document, citation.start, citation.end)
    assert stands.split()[-1] == quoted.split()[-1].replace("'", "’") and citation.text == quoted


@pytest.mark.parametrize(
    "quoted",
    [
        "The notice period is seven months.",
        "the notice period is six months.",
        "Thenotice period is six months.",
    ],
)
def test_anything_else_is_missing_with_the_nearest_line(corpus: Corpus, quoted: str) -> None:
    citation = check(corpus, corpus["lease.md"].id, 0, 10, quoted)
    assert (citation.status, citation.nearest) == ("missing", "The notice period is six months.")
    assert corpus.text(citation.document, citation.start, citation.end) == citation.nearest


def test_a_quotation_of_nothing_is_missing(corpus: Corpus) -> None:
    assert check(corpus, 0, 5, 5, "").status == "missing"
    assert check(corpus, 99, 0, 5, "six months").status == "missing"
    assert check(corpus, 99, 0, 5, "six months").nearest == "The notice period is six months."
    assert check(corpus, 0, 0, 5, "xylophone zebra").nearest is None


# --- claims ---------------------------------------------------------------------------------------------


def test_what_was_handed_out_can_be_claimed(corpus: Corpus) -> None:
    hit = corpus.grep("six months")[0]
    line = corpus["paper.txt"].lines()[0]
    other = corpus["lease.md"][:30]
    prompt = f"Read: {hit.text} and {line}"
    assert sorted(corpus.claims(prompt)) == sorted(
        [[line.id, line.start, line.end], [hit.id, hit.start, hit.end]]
    )
    assert [other.id, 0, 30] in corpus.claims(str(other)) and corpus.claims("something else entirely") == []
    assert corpus[1:].claims(prompt) == corpus.claims(prompt)


def test_only_the_latest_pieces_are_remembered(tmp_path: Path) -> None:
    corpus = stored(tmp_path, {"a.txt": "".join(f"line number {n}\n" for n in range(7000))})
    lines = corpus[0].lines()
    assert len(corpus.claims(str(lines[6999]))) == 1 and corpus.claims(str(lines[0])) == []
    assert len(corpus.claims("\n".join(lines))) <= 500


def test_searched_documents_are_remembered(corpus: Corpus) -> None:
    assert corpus.tracker.searched_ranges() == []
    corpus[1:3].grep("x")
    corpus["z.txt"].search("x")
    assert corpus.tracker.searched_ranges() == [[1, 4]]
    corpus.count("x")
    assert corpus.tracker.searched_ranges() == [[0, 4]]


# --- coverage -------------------------------------------------------------------------------------------


def test_only_lines_that_stand_in_the_prompt_count(corpus: Corpus) -> None:
    lease = corpus["lease.md"]
    coverage = Coverage(corpus, skipped=[{"path": "a.pdf", "reason": "it is encrypted"}] * 2)
    coverage.searched()
    start = LEASE.index("The notice")
    prompt = "Answer from this:\nThe notice period is six months.\n> It must be given in writing.\nEnd"
    verified = coverage.read(prompt, [[lease.id, 0, len(lease)]])
    assert [corpus.text(*span) for span in verified] == [
        "The notice period is six months.",
        "It must be given in writing.",
    ]
    assert verified[0][1] == start
    summary = coverage.summary()
    assert {key: value for key, value in summary.items() if key != "files"} == {
        "documents": 4, "documents_searched": 4, "documents_read": 1, "documents_quoted": 0, "lines_read": 2,
        "lines": sum(len(document.splitlines()) for document in corpus), "lines_quoted": 0, "searched": [(0, 4)],
        "characters_read": 60, "characters_total": corpus.total_chars, "skipped": 2,
        "unreadable": [{"path": "a.pdf", "reason": "it is encrypted"}] * 2,
    }  # fmt: skip
    assert summary["files"] == [
        {
            "document": lease.id,
            "name": "lease.md",
            "searched": True,
            "first_line": 1,
            "lines": len(lease.splitlines()),
            "lines_read": 2,
            "lines_quoted": 0,
            "read": summary["files"][0]["read"],
            "quoted": [],
            "cells": [],
            "characters_read": 60,
            "characters_total": len(lease),
        }
    ]


def test_a_whole_span_in_a_prompt_counts_whole_and_once(corpus: Corpus) -> None:
    coverage = Coverage(corpus)
    paper = corpus["paper.txt"]
    for _ in range(2):
        assert coverage.read(f"{paper}\n\nQuestion?", [[paper.id, 0, len(paper)]]) == [
            [paper.id, 0, len(paper)]
        ]
    assert coverage.summary()["lines_read"] == 5 and coverage.summary()["characters_read"] == len(paper)
    assert coverage.ranges(paper.id) == [(0, len(paper))]


def test_false_and_malformed_claims_count_nothing(corpus: Corpus) -> None:
    coverage = Coverage(corpus)
    claims = [
        [0, 0, 50],
        [9, 0, 5],
        [0, -1, 5],
        [0, 5, 5],
        [0, 1],
        "abc",
        [0, "a", 3],
        [True, 0, 9],
        [0, 10**9, 10**10],
    ]
    assert coverage.read("nothing of this stands here", claims) == []
    assert coverage.summary()["characters_read"] == 0


def test_ranges_are_merged() -> None:
    assert merge([(5, 9), (0, 2), (2, 4), (8, 12)]) == [(0, 4), (5, 12)]
