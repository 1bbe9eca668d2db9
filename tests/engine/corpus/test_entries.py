"""The lines that a question counts: rows of a table, lines of a log, entries of a list."""

from __future__ import annotations

import pytest

from engine.corpus import Corpus

FILES = {
    "expenses-spring.csv": "date,employee,category,amount\n2031-04-02,Ruth Hale,train,58.40\n2031-04-03,Ruth Hale,taxi,21.90\n"
    "2031-04-09,Ben Orr,taxi,14.00\n",
    "purchases.csv": "number,supplier,status\n#1,Meyer Paper,paid\n#2,Holm Heating,open\n#3,Meyer Paper,open\n",
    "gateway.log": "2031-05-13 02:00:04 INFO backup started\n2031-05-13 09:05:42 ERROR payment refused\n"
    "2031-05-13 09:09:42 ERROR payment refused, paid nothing\n",
    "prices.md": "# Bakery: price list\n\n| Article | Price |\n|---|---|\n| Rye loaf | 4.80 |\n| Wheat roll | 0.45 |\n\nClosed on Mondays.\n",
    "diary.txt": "Plot 23, my year\n\n4 March. Dug over the bed.\n9 April. Frost in the night.\n\n5 May. Frost again.\n",
}


@pytest.mark.parametrize(
    ("question", "count"),
    [
        ("How many taxi rides are in the spring expenses?", 2),
        ("How many trips did Ruth Hale make according to the spring expenses?", 2),
        ("How many purchases are open?", 2),
        ("How many of the spring expenses were made by Ruth Hale?", 2),
        ("How many of the purchases are overdue?", 0),
        ("How many purchases are there from Meyer Paper?", 2),
        ('How many purchases are from "Holm Heating"?', 1),
        ("how many error lines are there in the gateway log", 2),
        ("How many lines of the gateway log mention a payment?", 2),
        ("How many articles are on the price list of the bakery?", 2),
        ("How many entries does the diary have?", 3),
        ("How many entries of the diary mention frost?", 2),
    ],
)
def test_the_lines_that_a_question_counts(corpus: Corpus, question: str, count: int) -> None:
    assert len(corpus.entries(question)) == count


def test_an_entry_is_a_whole_line_with_its_place(corpus: Corpus) -> None:
    hit = corpus.entries("How many purchases are paid?")[0]
    assert (hit.name, hit.line, hit.text) == ("purchases.csv", 2, "#1,Meyer Paper,paid")


def test_a_column_is_taken_of_the_entries_alone(corpus: Corpus) -> None:
    rows = corpus.entries("How much did Ruth Hale spend in the spring expenses?")
    assert [hit.number for hit in corpus.column("amount", rows)] == [58.4, 21.9]
    assert not corpus.column("amount", corpus.entries("How many spring expenses are from Zoe Nobody?"))


def test_a_question_that_says_neither_what_nor_where_is_refused(corpus: Corpus) -> None:
    with pytest.raises(ValueError, match="does not say what to count"):
        corpus.entries("How many are there?")


def test_a_document_does_what_its_corpus_of_one_does(corpus: Corpus) -> None:
    document = corpus.document("purchases.csv")
    assert len(document.entries("How many are open?")) == 2
    assert document.parts("What are the rent and the fee of Elm House?") == corpus.parts(
        "What are the rent and the fee of Elm House?"
    )
    assert document.kind("How many of each?").names == document.names == ["purchases.csv"]
    assert [hit.match for hit in document.column("supplier", "open")] == ["Holm Heating", "Meyer Paper"]
    with pytest.raises(AttributeError, match="'Document' object has no attribute 'colour'"):
        _ = document.colour
