"""Fields of a row that a question asks for, several values of one line, and forms that were added with them."""

from __future__ import annotations

import re

import pytest

from engine.corpus.amounts import amount
from engine.corpus.forms import FORMS
from engine.corpus.names import joined
from engine.corpus.phrase import pair

FILES = {
    "museum.csv": "no;object;year;given_by\nT-1;ship's bell;1788;Town Council\nT-2;salt chest;1655;Lind family\nT-3;clock;1836;Ann Grey\n",
    "rules.md": "**Password.** Two persons know the password of the safe. At present these are Colm Roe and Ida Penn.\n\nThe firm is at 12 Abbey Street, Harrow.\n",
    "prices.md": "| Frame | Wood | up to A4 | up to A3 | up to A2 |\n|---|---|---|---|---|\n| Plain | ash | £12.00 | £18.00 | £25.00 |\n| Plain | oak | £14.00 | £21.00 | £29.00 |\n",
    "minutes.md": "# Minutes\n\nPresent at the spring meeting: Ann Grey (chair), Dr. Tom Reed, Bo Lind and Zoe Hall.\n\nApologies: Kay Moss.\n",
}


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("What is the oldest object?", "salt chest"),
        ("Who gave the oldest piece?", "Lind family"),
        ("Which is the oldest of all?", "T-2"),  # no word of a header: the number of the row
        ("Who owned the oldest of the pieces?", "Lind family"),
    ],
)
def test_a_row_gives_the_field_that_is_asked_for(corpus, question, found):
    hit = corpus.column("year").ranked()[0]
    assert hit.match == "1655"
    told = hit.field(question)
    assert told == found
    assert corpus.document("museum.csv")[told.start : told.end] == told


@pytest.mark.parametrize(("size", "found"), [("A4", "£14.00"), ("A3", "£21.00"), ("A2", "£29.00")])
def test_of_the_values_of_a_row_that_whose_header_the_question_names_comes_first(corpus, size, found):
    hits = corpus.nearest(
        "money", f"What do they take for a plain oak frame up to {size}?", "cost|price|take"
    )
    assert hits[0].match == found


def test_a_line_that_is_no_row_is_its_own_field(corpus):
    hit = corpus.grep("Apologies")[0]
    assert hit.field("Who sent apologies?") == "Apologies: Kay Moss."


def test_all_values_of_the_best_line_in_their_order(corpus):
    hits = corpus.nearest_all("name", "Who was present at the spring meeting?", "present|attended")
    assert [hit.match for hit in hits] == ["Ann Grey", "Dr. Tom Reed", "Bo Lind", "Zoe Hall"]
    assert {hit.line for hit in hits} == {3}
    assert corpus.document("minutes.md").nearest_all("name", "Who was present?", "present")
    assert corpus.nearest_all("email", "Who was present?", "present") == []


def test_a_sentence_may_say_who_those_of_the_sentence_before_are(corpus):
    hits = corpus.nearest_all("name", "Who knows the password of the safe?", "password")
    assert [hit.match for hit in hits] == ["Colm Roe", "Ida Penn"]


def test_an_address_is_whole_though_the_question_says_street(corpus):
    assert (
        corpus.nearest("street", "In which street is the firm?", "street|address")[0].match
        == "12 Abbey Street, Harrow"
    )


def test_the_last_day_of_a_range_counts():
    assert amount("5 to 23 August 2024") == amount("23 August 2024") == amount("5-23 August 2024")
    assert amount("3 May 2021") < amount("5 to 23 August 2024")


def test_all_values_of_the_line_come_though_other_lines_have_many(ingested):
    months = "January February March April May June July August".split()
    first = "Ann Bo Cy Dee Eve Flo Guy Hal Ida Jon Kay Lee".split()
    text = "".join(
        f"Present at the meeting in {m}: {', '.join(f'{f} {m[:3]}er' for f in first)}.\n\n" for m in months
    )
    found = ingested({"minutes.md": text})
    hits = found.nearest_all("name", "Who was present at the meeting in June?", "present")
    assert [hit.match for hit in hits] == [f"{f} Juner" for f in first]


@pytest.mark.parametrize(
    ("question", "count"),
    [
        ("How many errors are there in the log?", 2),
        ("How many warnings are in the log file?", 0),
        ("How many lines has the log?", 4),
    ],
)
def test_a_log_that_is_called_a_log(ingested, question, count):
    lines = "2031-01-01 10:00 ERROR a\n2031-01-01 10:01 INFO b\n2031-01-01 10:02 ERROR c\n2031-01-01 10:03 INFO d\n"
    assert len(ingested({"gateway.log": lines, "notes.txt": "Nothing.\n"}).entries(question)) == count


def test_the_rows_of_a_table_that_is_called_a_table(corpus):
    assert len(corpus.entries("How many objects are there in the museum's table?")) == 3


def test_names_that_and_joins():
    assert joined("Ann Grey and Bo Lind", 1) == [(0, 8), (13, 20)]
    assert joined("Grey and Sons", 1) == [(0, 13)]
    assert joined("Grey and Lind", 3) == [(0, 4), (9, 13)]
    assert joined("Grey", 3) == [(0, 4)]
    assert [*joined("Ann Grey and Bo Lind and Zoe Hall", 1)] == [(0, 8), (13, 20), (25, 33)]
    assert joined("Ministry of Food and Rural Affairs", 1) == [(0, 34)]
    assert joined("Reed and Partners", 4) == [(0, 17)]


@pytest.mark.parametrize(
    ("form", "text", "found"),
    [
        ("version", "The controller was updated to 3.8.2 on Monday.", ["3.8.2"]),
        ("version", "a rise of 3.5 % and 1,200.50, 3.5 kg on 12.05.2024 at 192.168.1.10 for €12.50", []),
        ("street", "In 2031 The Old Park reopened on 3 March Hill", []),
        ("street", "at 71 Station Road, Monday to Friday", ["71 Station Road"]),
        (
            "date",
            "Chapter 2 – 14 March 2031, clause 3.2 - 14 May 2031, 10:30 - 12 May 2031",
            ["14 March 2031", "14 May 2031", "12 May 2031"],
        ),
        ("name", "We live at 4 Mill St. Ann Grey owns it.", ["Mill St", "Ann Grey"]),
        ("weekday", "Closed on Mondays, open Friday.", ["Mondays", "Friday"]),
        ("street", "We moved to 71 Station Road, Harrowmere.", ["71 Station Road, Harrowmere"]),
        ("date", "shut from 5 to 23 August, and 3-5 May 2024", ["5 to 23 August", "3-5 May 2024"]),
    ],
)
def test_forms(form, text, found):
    assert [m[0] for m in re.finditer(FORMS[form], text)] == found


def test_a_pair_is_without_its_apostrophes():
    assert pair("Whose service cost more, Joel Baptiste's or Elm School's?") == [
        "Joel Baptiste",
        "Elm School",
    ]
