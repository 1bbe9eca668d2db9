"""Values near the words of a question, the phrase it asks to count, the kind of documents it names."""

from __future__ import annotations

import re

import pytest

from engine.corpus import Corpus
from engine.corpus.forms import FORMS
from engine.corpus.phrase import of_kind, pair, phrase

FILES = {
    "leases/mill-lane.txt": "Lease: 4 Mill Lane\n\nNotice period: six months\nUnit price ..... 410 EUR\n"
    "The landlord of 4 Mill Lane is Jan P. Mansour. Ruth Smith showed the house on Sunday.\n",
    "leases/harbour-court.txt": "Lease: Harbour Court\n\nPeriod of notice - 30 days\nThe deposit is $900.\n",
    "log.txt": "2026-05-06 07:49 INFO Ms Barker inspected the Maple lamp on 2011-10-28 for 40 euros.\n"
    "2026-05-07 07:49 INFO Nobody inspected the Fir lamp.\n",
    "pool.txt": "The fee is 9 euros for adults and 4 euros for children, towels 2 euros.\n",
    "birch-38-locker.txt": "Locker: birch-38\n\nTowels: 17\nOrder 74620 has to be paid by 25 September 2022.\n",
    "orders.csv": "order,item,amount,state\nA-76,rope,17.90,open\nA-77,lamp oil,61.40,paid\n",
    "diary.txt": "Ines Falk inspected R-2026-074 on 25/04/2026.\nIn the end Greta Stone found Quidake.\n"
    "Late delivery costs the seller 28.2 percent of the price.\nRajesh Wood opened the early kiln on 7 May 2022.\n"
    "Nine miles to Sallow Bay. Slept at the hostel, £19 a person.\n"
    "Jo Starn resigns as pastor; Ben Nagy takes over.\n",
    "notes.md": "# Notes\n\nDried lentils came on Friday. We ate dried  lentils again; dried lentil soup too.\n",
}


@pytest.mark.parametrize(
    ("form", "question", "about", "value"),
    [
        ("name", "Who is the landlord of 4 Mill Lane?", "landlord", "Jan P. Mansour"),
        (
            "duration",
            "What is the notice period at Mill Lane?",
            "notice period|period of notice",
            "six months",
        ),
        ("duration", "How long is the notice at Harbour Court?", "notice period|period of notice", "30 days"),
        ("date", "When was the Maple lamp inspected?", "inspected|inspect", "2011-10-28"),
        ("name", "who inspected the maple lamp", "inspected|inspect", "Ms Barker"),
        ("money", "What did it cost to inspect the Maple lamp?", "inspected", "40 euros"),
        ("money", "What is the unit price of 4 Mill Lane?", "unit price", "410 EUR"),
        (r"\$\d+", "What is the deposit of Harbour Court?", "", "$900"),
        ("money", "How much does a child pay at the pool?", "fee|adults|children", "4 euros"),
        ("number", "One more thing: how many towels does locker birch-38 have?", "", "17"),
        ("date", "When must order 74620 be paid? Please check.", "due|paid", "25 September 2022"),
        ("money", "How much was order A-77?", "price|cost", "61.40"),
        ("date", "When did Ines Falk inspect R-2026-074?", "inspected", "25/04/2026"),
        ("name", "By whom was Project Quidake found?", "found|find", "Greta Stone"),
        ("percent", "What percentage is the late fee?", "late fee|late|delay", "28.2 percent"),
        ("name", "who opened the early kiln", "opened|open", "Rajesh Wood"),
        ("name", "Who's the new pastor?", "resigns|takes|over", "Ben Nagy"),
        ("money", "What was the price per person at the hostel in Sallow Bay?", "cost|price|fee|pay", "£19"),
    ],
)
def test_the_value_nearest_to_a_question_is_found(
    corpus: Corpus, form: str, question: str, about: str, value: str
) -> None:
    hits = corpus.nearest(form, question, about)
    assert hits[0].match == value
    assert corpus.text(hits[0].id, hits[0].match_start, hits[0].match_end) == value


@pytest.mark.parametrize(
    ("form", "question", "about"),
    [
        ("name", "Who is the landlord of Harbour Court?", "landlord"),
        ("date", "When was the Maple lamp painted?", "painted|paint"),
        ("date", "When was the Fir lamp inspected?", "inspected|inspect"),
        ("money", "What is the deposit of 4 Mill Lane?", "deposit"),
        ("name", "Who inspected the Willow lamp?", "inspected|inspect"),
    ],
)
def test_what_nobody_states_has_no_value(corpus: Corpus, form: str, question: str, about: str) -> None:
    assert not corpus.nearest(form, question, about)


def test_one_document_need_not_say_what_it_is_about(corpus: Corpus) -> None:
    document = corpus.document("leases/harbour-court.txt")
    assert document.nearest("money", "What is the deposit?")[0].match == "$900"


def test_a_bad_expression_is_named(corpus: Corpus) -> None:
    with pytest.raises(ValueError, match="no regular expression"):
        corpus.nearest("(", "Who?")
    with pytest.raises(ValueError, match="there is no form 'colour'"):
        corpus.values("colour")


def test_all_values_of_a_form_are_listed(corpus: Corpus) -> None:
    assert [hit.match for hit in corpus.values("money")] == [
        *("£19", "$900", "410 EUR", "40 euros", "9 euros", "4 euros", "2 euros")
    ]
    assert [hit.match for hit in corpus.document("log.txt").values("date")] == ["2011-10-28"]


@pytest.mark.parametrize(
    ("form", "text", "found"),
    [
        ("money", "It cost EUR 1,204.50, not $1.2 million.", ["EUR 1,204.50", "$1.2 million"]),
        ("date", "On 3 May 2031, 2031-05-03, May 3, 2031 and 03.05.2031", ["3 May 2031", "2031-05-03", "May 3, 2031", "03.05.2031"]),
        ("duration", "the month of twelve years and 5 working days", ["twelve years", "5 working days"]),
        ("name", "On Monday Dr. Ida Holm and the Harbour Board of Trade met.", ["Dr. Ida Holm", "Harbour Board of Trade"]),
        ("date", "the 3rd of May 2031, May 3rd, 2031, 12th March and May 2031", ["3rd of May 2031", "May 3rd, 2031", "12th March", "May 2031"]),
        ("money", "1,200 €, £3.50 or 2 thousand pounds, 80 cents", ["1,200 €", "£3.50", "2 thousand pounds", "80 cents"]),
        ("duration", "1.5 hours, a 6-month trial, 90 seconds and three nights", ["1.5 hours", "6-month", "90 seconds", "three nights"]),
        ("measure", "45 cm by 3 m², 2.5 kW and 40 GB for 3 ml", ["45 cm", "3 m²", "2.5 kW", "40 GB", "3 ml"]),
        ("percent", "12.5 % or 3 percent", ["12.5 %", "3 percent"]),
        ("code", "order HR24-0068 of 12 pieces", ["HR24-0068"]),
        ("code", "#194,Korir,1534.22,2025-11-08", ["#194"]),
        ("code", "2025-11-08,REP-1425,7731-0462-B,12,499.10", ["REP-1425", "7731-0462-B"]),
        ("phone", "2031-05-03 07:15 call 0461 55120", ["0461 55120"]),
    ],
)  # fmt: skip
def test_forms_match_what_people_write(form: str, text: str, found: list[str]) -> None:
    assert [match[0] for match in re.finditer(FORMS[form], text)] == found


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("How many documents mention dried lentils?", "dried lentils"),
        ("How many letters mention dried lentils? Please check.", "dried lentils"),
        ("How often does Ruth Smith appear in the documents?", "Ruth Smith"),
        ('Which files hold "six months"?', "six months"),
        ("How many times does the shift log mention a broken strand?", "broken strand"),
        ("Is the Bank of Leeds & Sons named in these papers?", "Bank of Leeds & Sons"),
        ("How many invoices are marked disputed?", "disputed"),
    ],
)
def test_the_phrase_of_a_question(question: str, words: str) -> None:
    assert re.fullmatch(phrase(question, lambda pattern: True), words)


def test_a_phrase_is_found_in_any_case_spacing_and_number(corpus: Corpus) -> None:
    assert corpus.count(corpus.phrase("How often are dried lentils mentioned?")) == 3


def test_a_name_is_told_from_the_words_beside_it_where_only_the_name_is_known() -> None:
    known = lambda pattern: bool(re.search(pattern, "Ruth Smith came."))  # noqa: E731
    assert re.fullmatch(phrase("In which documents does Ruth Smith turn up?", known), "Ruth Smith")
    assert re.fullmatch(phrase("Does the Smith contract say so?", known), "Smith")


def test_words_that_stand_for_a_thing_are_no_part_of_a_pair() -> None:
    question = "Which barge sails sooner, the one at Velden Quay or that of the Orme Trust?"
    assert pair(question) == ["Velden Quay", "Orme Trust"]


def test_a_question_that_names_nothing_says_so(corpus: Corpus) -> None:
    with pytest.raises(ValueError, match="names nothing"):
        corpus.phrase("How many documents are there?")


@pytest.mark.parametrize(
    ("question", "chosen"),
    [
        ("What is the deposit in each of the leases?", [0, 1]),
        ("How many lines of the log mention rain?", [2]),
        ("What does every document say about rain?", [0, 1, 2, 3]),
        ("Where is the cat?", [0, 1, 2, 3]),
    ],
)
def test_the_kind_of_documents_a_question_names(question: str, chosen: list[int]) -> None:
    assert of_kind(question, ["leases/a.txt Lease: A", "leases/b.txt", "log.txt", "notes.md"]) == chosen


@pytest.mark.parametrize(
    ("question", "chosen"),
    [
        ("What is the earliest date among the quotes?", [2, 3]),
        ("How many lines of the harbour log mention rain?", [0]),
        ("What do the logs say?", [0, 1]),
        ("What is in the log?", [0, 1]),
    ],
)
def test_words_of_a_kind_begin_words_and_a_full_name_in_the_singular_is_one_document(
    question: str, chosen: list[int]
) -> None:
    names = ["harbour.log", "mill-log.txt", "quotes/a.txt", "quotes/b.txt", "catalogue.md"]
    heads = [
        *names[:2],
        "quotes/a.txt Date: May",
        "quotes/b.txt",
        "catalogue.md Date: June, analogous to the harbour",
    ]
    assert of_kind(question, heads, names) == chosen


def test_the_kind_is_a_view_of_the_corpus(corpus: Corpus) -> None:
    assert corpus.kind("What is the notice in each lease?").names == [
        "leases/harbour-court.txt",
        "leases/mill-lane.txt",
    ]


def test_a_bare_name_is_a_phrase_as_a_whole(corpus: Corpus) -> None:
    assert corpus.phrase("Ruth Smith") == r"(?i)\bRuth\s+Smiths?\b"
    assert corpus.phrase("dried lentils") == r"(?i)\bdried\s+lentils?\b"
