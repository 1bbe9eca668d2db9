"""Quotation marks in an answer: exact quotes stay, altered, stitched, misattributed and invented ones are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.answer.evidence import Evidence
from engine.answer.quotations import is_literal, quotations, spans
from engine.corpus import Corpus
from engine.corpus.search import grep
from engine.documents.ingest import ingest
from engine.run.node import Outcome
from tests.proof.quotations import prove

FILES = {
    "lease.txt": "The rent is 450.75 crowns, payable in ad-\nvance on the\nfirst day of each month.\nThe tenant keeps the roof.\n",
    "mail/anna.txt": 'Dear Tom,\nI said "the ferry leaves at noon" and it does.\nIt costs 1,250 crowns.\n',
    "book.csv": "item,price\nplank,450\noak,12\n",
}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    folder = tmp_path_factory.mktemp("quotes")
    for name, text in FILES.items():
        (folder / "papers" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "papers" / name).write_text(text)
    return Corpus.open(ingest([folder / "papers"], folder / "corpora").path)


def statuses(answer: str, corpus: Corpus, question: str = "", cited: tuple[int, ...] = ()) -> list[str]:
    return [quote.status for quote in quotations(answer, question, corpus, cited)]


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        ("It says “The tenant keeps the roof.”", "exact"),
        ("It says “payable in advance on the first day”", "exact"),
        ("It says “…keeps the roof …”.", "exact"),
        ("It says “the ferry leaves at noon,” Anna wrote.", "exact"),
        ("It says “450.75 crowns”.", "exact"),
        ("A plank costs “450”.", "exact"),
        ("It says “The tenant keeps the barn.”", "missing"),
        ("It says “the tenant keeps the roof”", "missing"),
        ("It says “The rent is 450”.", "missing"),
        ("It says “It costs 250 crowns.”", "missing"),
        ("It says “enant keeps the roof”", "missing"),
        ("It says “The rent is … the roof.”", "missing"),
        ("It says “The rent is 450.75 crowns. The tenant keeps the roof.”", "missing"),
        ("lease.txt says “The tenant keeps the roof.”", "exact"),
        ("anna.txt says “The tenant keeps the roof.”", "elsewhere"),
        ("“The tenant keeps the roof.” (mail/anna.txt)", "elsewhere"),
        ("mail/anna.txt:\n\n- “The tenant keeps the roof.”", "elsewhere"),
        ("**lease.txt**\n- “The tenant keeps the roof.”", "exact"),
        ("In lease.txt and anna.txt: “The tenant keeps the roof.”", "exact"),
        ("It says “never closed", "missing"),
        ("它说\"nobody wrote this\"", "missing"),
    ],
)  # fmt: skip
def test_a_quote_stands_word_for_word_or_is_told(corpus: Corpus, answer: str, status: str) -> None:
    assert statuses(answer, corpus) == [status]


def test_each_quote_of_a_sentence_is_given_to_its_own_file(corpus: Corpus) -> None:
    roof, ferry = "“The tenant keeps the roof.”", "“the ferry leaves at noon”"
    for right in (
        f"lease.txt says {roof}, and anna.txt says {ferry}",
        f"{roof} says lease.txt, {ferry} says anna.txt",
        f"{roof} (lease.txt) and {ferry} (anna.txt)",
        f"lease.txt says {roof}, but {ferry} is in anna.txt",
    ):
        assert statuses(right, corpus) == ["exact", "exact"]
        swapped = right.replace("lease.txt", "?").replace("anna.txt", "lease.txt").replace("?", "anna.txt")
        assert statuses(swapped, corpus) == ["elsewhere", "elsewhere"]


def test_the_number_of_a_source_gives_a_quote_to_its_document(corpus: Corpus) -> None:
    lease, anna = corpus.archive.number("lease.txt"), corpus.archive.number("mail/anna.txt")
    assert lease is not None and anna is not None
    assert statuses("„The tenant keeps the roof.“ [1]", corpus, cited=(lease, anna)) == ["exact"]
    assert statuses("„The tenant keeps the roof.“ [2]", corpus, cited=(lease, anna)) == ["elsewhere"]


def test_a_false_quote_is_offered_the_nearest_passage_and_a_misplaced_one_its_true_place(
    corpus: Corpus,
) -> None:
    (altered,) = quotations("It says “The tenant keeps the barn.”", "", corpus)
    assert (altered.name, altered.line, altered.nearest) == ("lease.txt", 4, "The tenant keeps the roof.")
    (wrong,) = quotations("anna.txt: “The tenant keeps the roof.”", "", corpus)
    assert (wrong.given, wrong.name, wrong.line) == ("mail/anna.txt", "lease.txt", 4)


def test_names_of_files_words_of_the_question_and_notations_are_no_quotes(corpus: Corpus) -> None:
    assert statuses('It stands in "lease.txt".', corpus) == []
    assert statuses("None mentions “a blue whale”.", corpus, "Which mentions a blue whale?") == ["asked"]
    assert statuses("lease.txt says “a blue whale”.", corpus, "Which mentions a blue whale?") == ["missing"]
    assert is_literal('{"rent": 450}') and is_literal("['a', 'b']") and not is_literal('"The rent"')
    assert not is_literal(f"[{'9' * 400} + 1j]")  # too large for a float
    assert statuses("['nobody', 'wrote']", corpus) == []


def test_apostrophes_and_inches_are_no_quotation_marks() -> None:
    for text in (
        "the tenants' and the landlords' roofs",
        "Tom's and Anna's",
        'a 5" pipe and a 6" pipe',
        "“ ”",
    ):
        assert spans(text) == [], text


def test_an_answer_of_hostile_length_is_checked_in_time(corpus: Corpus) -> None:
    for text in ("“" * 50_000, '"a' * 50_000, "'a " * 50_000, "“x” " * 20_000, "[1]" * 30_000):
        quotations(text, "", corpus, (0,))


def test_a_run_keeps_what_became_of_its_quotes(corpus: Corpus) -> None:
    evidence = Evidence(corpus)
    outcome = Outcome("It says “The tenant keeps the roof.” and “all is free”.")
    found = evidence.agreement(outcome, evidence.citations(outcome), [], "What does it say?")
    assert found is not None and [quote.status for quote in found.quotations] == ["exact", "missing"]


def test_no_false_quote_passes_and_no_exact_one_is_struck(tmp_path: Path) -> None:
    found = prove(tmp_path, answers=40, seed=7)
    assert found["false quotes that pass"] == [] and found["exact quotes that are struck"] == []
    assert found["without a place or a nearest passage"] == 0
    assert sum(found["quotes"].values()) > 60 and len(found["quotes"]) == 7


def test_quotes_that_would_take_too_much_work_are_not_judged(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[int] = []
    real = grep.matches
    monkeypatch.setattr(grep, "matches", lambda *args: read.append(args[1]) or real(*args))
    answer = " ".join(f"“nobody wrote {n} of these”" for n in range(100))
    monkeypatch.setattr("engine.answer.quotations.SEARCH", 0)
    monkeypatch.setattr("engine.answer.quotations.WORK", 20 * corpus.archive.chars_total)
    told = quotations(f"“The tenant keeps the roof.” {answer} “keeps the roof”", "", corpus)
    assert [quote.status for quote in told[:3]] == ["exact", "missing", "missing"]
    assert 5 < len(told) < 12 and len(read) < 60
