"""What written values amount to; hits ranked by it; two sets of documents; the two things of a question."""

from __future__ import annotations

from datetime import date

import pytest

from engine.corpus import Corpus
from engine.corpus.amounts import amount
from engine.corpus.phrase import pair

FILES = {
    "leases/elm.txt": "Lease: Elm House\n\nDeposit: EUR 1,200.50\nEnds on 3 June 2008.\nRuth Smith keeps the old mill.\n",
    "leases/fir.txt": "Lease: Fir House\n\nDeposit: EUR 900\nEnds on 2007-12-31.\nRuth Smith likes cats.\n",
    "leases/oak.txt": "Lease: Oak House\n\nDeposit: EUR 0.9 million\nNo end was agreed. The old mill is near.\n",
}


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("EUR 1,200.50", 1200.5), ("CHF 1.234,50", 1234.5), ("1.234.567", 1_234_567), ("17,523 pounds", 17_523),
        ("$0.9 million", 900_000), ("12,5 %", 12.5), ("17 percent", 17), ("-30 °C", -30), ("Room 12", 12),
        ("nine working days", 9), ("3 weeks", 21), ("twenty-one days", 21), ("half an hour", 1 / 48), ("90 minutes", 1 / 16),
        ("500 grams", 0.5), ("2 tonnes", 2000), ("1.5 km", 1500), ("12 m", 12),
        ("45 cm", 0.45), ("90 seconds", 90 / 86_400), ("1.5 hours", 1.5 / 24), ("6-month", 6 * 30.44), ("2 ha", 20_000), ("40 GB", 40e9), ("3 ml", 0.003),
        ("3rd of May 2024", date(2024, 5, 3).toordinal()), ("May 2024", date(2024, 5, 1).toordinal()), ("1.5 thousand", 1500),
        ("3 June 2008", date(2008, 6, 3).toordinal()), ("June 3, 2008", date(2008, 6, 3).toordinal()),
        ("2008-06-03", date(2008, 6, 3).toordinal()), ("03/06/2008", date(2008, 6, 3).toordinal()),
        ("03.06.2008", date(2008, 6, 3).toordinal()), ("June 11", None), ("31 February 2008", None), ("none", None),
    ],
)  # fmt: skip
def test_a_value_amounts_to_a_number(text: str, number: float | None) -> None:
    assert amount(text) == (number if number is None else pytest.approx(number))


def test_the_values_of_all_documents_are_ranked(corpus: Corpus) -> None:
    hits = corpus.nearest_each("money", "What is the highest deposit of all leases?", "deposit").ranked()
    assert [hit.number for hit in hits] == [900, 1200.5, 900_000]
    assert hits[-1].name == "leases/oak.txt" and hits[-1].match == "EUR 0.9 million"
    ends = corpus.nearest_each("date", "Which lease ends first?", "ends").ranked()
    assert ends.names == ["leases/fir.txt", "leases/elm.txt"]  # what states no date is left out


def test_views_are_cut_and_subtracted(corpus: Corpus) -> None:
    ruth, mill = corpus.matching("Ruth Smith"), corpus.matching("old mill")
    assert (ruth & mill).names == ["leases/elm.txt"]
    assert (ruth - mill).names == ["leases/fir.txt"]
    assert (mill - ruth).names == ["leases/oak.txt"]
    assert len(corpus - corpus) == 0


@pytest.mark.parametrize(
    ("question", "two"),
    [
        ("Which has the higher rent, the Mill Lane shop or the Harbour kiosk?", ["Mill Lane shop", "Harbour kiosk"]),
        ("Is the deposit of Falcon higher than that of Hawk?", ["Falcon", "Hawk"]),
        ("Which documents mention old mills but not Karl Coe?", ["old mills", "Karl Coe"]),
        ("which files mention both the old mill and the red door", ["old mill", "red door"]),
        ("How many files name Orion Metals as well as Wang & Parker?", ["Orion Metals", "Wang & Parker"]),
        ("Compare grant L-81031 and grant W-53358: which has the lower sum?", ["grant L-81031", "grant W-53358"]),
        ("Which came first, the Elm agreement or our contract with Orion Metals?", ["Elm agreement", "contract with Orion Metals"]),
        ('Which documents mention "fire door" but not "exit"?', ["fire door", "exit"]),
    ],
)  # fmt: skip
def test_the_two_things_of_a_question(corpus: Corpus, question: str, two: list[str]) -> None:
    assert pair(question) == two
    assert corpus.pair(question) == two


def test_a_question_without_two_things_says_so() -> None:
    with pytest.raises(ValueError, match="two things"):
        pair("How many are there?")
